/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_seen.h: the state of a file when it was read: has it changed since? A part of zone.h.
 */
#ifndef AD_ZONE_SEEN_H
#define AD_ZONE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <linux/types.h>

struct zone_seen {
	const char *name; /* owned by the caller */
	dev_t dev;
	ino_t ino;
	off_t size;
	__u64 data_ns, status_ns; /* mtime and ctime */
	bool young; /* read so soon after a change that a later change can have the same time */
};

/* Of an open file, before it is read. */
void zone_seen_take(struct zone_seen *seen, const char *name, const struct stat *st);
/* The same file with the same data, so far as its times and its size tell. */
bool zone_seen_same_data(const struct zone_seen *x, const struct zone_seen *y);
/* Its name still leads to the same file, and that has certainly not changed. */
bool zone_seen_holds(const struct zone_seen *seen);

#endif
