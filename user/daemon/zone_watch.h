/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_watch.h: hears when zone files change, and what steering reads: by a transfer, by an editor
 * (dns.watch).
 *
 * Watched are directories, for a file that is replaced is another file: each on the way to it, and
 * on the way that a link among them leads. A file counts when it has been closed after writing
 * or has come to its name, so nobody reads half of one. Files that a zone includes are watched as
 * the zone's own. What no event tells (a change under another name of the same file, or by another
 * host) is found when all are looked at, which is seldom.
 */
#ifndef AD_ZONE_WATCH_H
#define AD_ZONE_WATCH_H

#include <linux/types.h>

struct config;
struct event_base;
struct worker;
struct zone_watch;

struct zone_watch_times {
	unsigned int moment_ms;	 /* a transfer of several zones is one change */
	unsigned int rest;	 /* times as long as the last call took, if that is longer */
	unsigned int settled_ms; /* without an event: nobody has written a file for so long */
	unsigned int look_ms;	 /* all files are looked at so often */
};

/*
 * Calls @changed a moment after the first of a run of changes; if looking at the files takes long,
 * then seldom enough to leave @worker, which does it, most of its time. Watches nothing yet. 0 or
 * -errno.
 */
int zone_watch_new(struct event_base *base, const struct zone_watch_times *times,
		   void (*changed)(void *arg), void *arg, struct worker *worker,
		   struct zone_watch **watch);
/*
 * From now on the files of @config, or none if it says so; what cannot be watched is logged. After
 * the next call @config must still live until the worker has done what it has to do by then. If a
 * file may have changed since @read_real_ns (CLOCK_REALTIME), when they began to be read, @changed
 * is called soon.
 */
void zone_watch_use(struct zone_watch *watch, const struct config *config, __u64 read_real_ns);
/* Before the worker is freed, or after. */
void zone_watch_free(struct zone_watch *watch);

#endif
