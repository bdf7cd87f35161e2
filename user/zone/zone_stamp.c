// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_stamp.c: was a file changed since it was read (zone_stamp.h)? As git's index does it.
 */
#include <string.h>
#include <time.h>
#include "zone_stamp.h"

#define YOUNG_NS 1000000000ull /* no file system has coarser clocks, but those of long ago */

static __u64 time_ns(const struct timespec *time)
{
	return time->tv_sec * 1000000000ull + time->tv_nsec;
}

void zone_stamp_take(struct zone_stamp *stamp, const char *name, const struct stat *st)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	memset(stamp, 0, sizeof(*stamp));
	stamp->name = name;
	stamp->dev = st->st_dev;
	stamp->ino = st->st_ino;
	stamp->size = st->st_size;
	stamp->data_ns = time_ns(&st->st_mtim);
	stamp->status_ns = time_ns(&st->st_ctim);
	stamp->young = stamp->data_ns + YOUNG_NS > time_ns(&now) ||
		       stamp->status_ns + YOUNG_NS > time_ns(&now);
}

bool zone_stamp_holds(const struct zone_stamp *stamp)
{
	struct zone_stamp now;
	struct stat st;

	if (stamp->young || stat(stamp->name, &st))
		return false;
	zone_stamp_take(&now, stamp->name, &st);
	return now.dev == stamp->dev && now.ino == stamp->ino && now.size == stamp->size &&
	       now.data_ns == stamp->data_ns && now.status_ns == stamp->status_ns;
}
