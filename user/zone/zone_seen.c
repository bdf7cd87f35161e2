// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_seen.c: was a file changed since it was read (zone_seen.h)? The method is that of git's
 * index.
 */
#include <string.h>
#include <time.h>
#include "user/base/clock.h"
#include "zone_seen.h"

#define YOUNG_NS 1000000000ull /* no file system in use has coarser timestamps */

void zone_seen_take(struct zone_seen *seen, const char *name, const struct stat *st)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	memset(seen, 0, sizeof(*seen));
	seen->name = name;
	seen->dev = st->st_dev;
	seen->ino = st->st_ino;
	seen->size = st->st_size;
	seen->data_ns = clock_ns_of(&st->st_mtim);
	seen->status_ns = clock_ns_of(&st->st_ctim);
	seen->young = seen->data_ns + YOUNG_NS > clock_ns_of(&now) ||
		      seen->status_ns + YOUNG_NS > clock_ns_of(&now);
}

bool zone_seen_same_data(const struct zone_seen *x, const struct zone_seen *y)
{
	return x->dev == y->dev && x->ino == y->ino && x->size == y->size &&
	       x->data_ns == y->data_ns;
}

bool zone_seen_holds(const struct zone_seen *seen)
{
	struct zone_seen now;
	struct stat st;

	if (seen->young || stat(seen->name, &st))
		return false;
	zone_seen_take(&now, seen->name, &st);
	return zone_seen_same_data(&now, seen) && now.status_ns == seen->status_ns;
}
