/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_watch.h: hears when zone files change: by a transfer, by an editor (dns.watch).
 *
 * Watched are directories, for a file that is replaced is another file. A file counts when it has
 * been closed after writing or moved to its name, so nobody reads half of one. Files that a zone
 * includes are watched as the zone's own.
 */
#ifndef AD_ZONE_WATCH_H
#define AD_ZONE_WATCH_H

struct config;
struct event_base;
struct zone_watch;

/*
 * Calls @changed a moment after the first of a run of changes; if it takes long, then seldom
 * enough to leave the loop most of its time. Watches nothing yet. 0 or -errno.
 */
int zone_watch_new(struct event_base *base, void (*changed)(void *arg), void *arg,
		   struct zone_watch **watch);
/*
 * From now on the files of @config, which must live until the next call, or none if it says so;
 * what cannot be watched is logged. For what changed since they were read, @changed is called once
 * in any case.
 */
void zone_watch_use(struct zone_watch *watch, const struct config *config);
void zone_watch_free(struct zone_watch *watch);

#endif
