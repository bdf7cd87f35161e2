/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * neigh.h: keeps the next hops towards peers resolved. XDP can send only to a neighbour that the
 * kernel has resolved, and does not cause it to be resolved.
 */
#ifndef AD_NEIGH_H
#define AD_NEIGH_H

#include "user/config/config.h"

/*
 * Looks up the route to every peer that is not down and makes the kernel use (resolve, or
 * confirm) each next hop on it. Number of next hops.
 */
int neigh_keep_warm(const struct config *config);

/* A next hop towards a peer, and what the kernel knows of it. */
struct neigh_hop {
	const struct config_node *node; /* the first one that it leads to */
	struct ad_addr address;
	__u32 ifindex;
	bool resolved; /* XDP can send there */
};
/*
 * Calls @each for every next hop, of each once for a node. Changes nothing. 0 or -errno.
 */
int neigh_look(const struct config *config, void (*each)(const struct neigh_hop *hop, void *arg),
	       void *arg);

#endif
