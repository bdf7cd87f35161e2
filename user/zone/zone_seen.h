/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_seen.h: how a file was when a zone was read from it. A part of zone.h.
 */
#ifndef AD_ZONE_SEEN_H
#define AD_ZONE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <linux/types.h>

struct zone_seen {
	const char *name; /* the caller's */
	dev_t dev;
	ino_t ino;
	off_t size;
	__u64 data_ns, status_ns; /* CLOCK_REALTIME: its data changed, and anything of it */
	bool young;		  /* it may have changed once more at the same moment */
};

/* Of an open file, before it is read. */
void zone_seen_take(struct zone_seen *seen, const char *name, const struct stat *st);
/* The same file with the same data, so far as its times and its size tell. */
bool zone_seen_same_data(const struct zone_seen *x, const struct zone_seen *y);
/* Its name still leads to the same file, which is sure not to have changed. */
bool zone_seen_holds(const struct zone_seen *seen);

#endif
