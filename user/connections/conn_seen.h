/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conn_seen.h: what is counted of connections, in pinned maps that outlive the daemon.
 */
#ifndef AD_CONN_SEEN_H
#define AD_CONN_SEEN_H

#include "maps/connections.h"
#include "user/state/pins.h"

struct conn_seen {
	struct ad_connection_key key;
	struct ad_connection_counts counts;
};

/*
 * Sorted by VIP, port, region and landing node, the further ones first; free() it. 0, also if there
 * are none, or -errno.
 */
int conn_seen_read(const struct pins *pins, struct conn_seen **list, size_t *nr);
/* For these two: fd, to close(), or -errno. */
int conn_seen_open(const struct pins *pins);
int conn_seen_write(int fd, const struct conn_seen *one);
/* Of a VIP that is configured no more. */
int conn_seen_remove(int fd, const struct ad_connection_key *key);

/* Whether the kernel tells of connections. Zeros if no daemon of this version has run yet. */
int conn_state_read(const struct pins *pins, struct ad_connection_state *state);
int conn_state_write(const struct pins *pins, const struct ad_connection_state *state);

#endif
