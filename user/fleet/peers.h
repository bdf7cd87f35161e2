/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peers.h: the fleet as the data path knows it, with what was exchanged with each node.
 */
#ifndef AD_PEERS_H
#define AD_PEERS_H

#include "model.h"
#include "user/state/names.h"
#include "user/state/pins.h"

struct peer {
	__u16 id;
	struct ad_node node; /* flags 0: the data path does not know it */
	struct ad_peer_count count;
	enum ad_told_what told; /* of this node itself: by an operator */
};

/*
 * Every node of the configuration, or without one every node that the data path knows, by rising
 * id, this node included; and what an operator said of it that still holds, zeros if it is not
 * among them. 0, and *peers to free(), or -errno.
 */
int peers_read(const struct pins *pins, const struct names *names, struct peer **peers, size_t *nr,
	       struct ad_told *told);

/* How it stands, by what is pinned. */
struct model_standing peer_standing(const struct peer *peer);
/* "up", "draining", "silent", "dead", or "unknown" to the data path. */
const char *peer_state(const struct peer *peer);

/* A table on stdout; @self is marked, or left out. */
void peers_print(const struct names *names, const struct peer *peers, size_t nr, __u16 self,
		 bool show_self);
json_t *peer_json(const struct names *names, const struct peer *peer);

#endif
