// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * peers.c: reading the fleet and its counters (peers.h).
 */
#include <errno.h>
#include <stdlib.h>
#include "peers.h"

static int add_peer(const struct pins *pins, __u16 id, const struct ad_node *node,
		    struct peer **peers, size_t *nr)
{
	struct peer *grown = realloc(*peers, (*nr + 1) * sizeof(**peers));

	if (!grown)
		return -ENOMEM;
	*peers = grown;
	grown[*nr] = (struct peer){ .id = id, .node = *node };
	return pins_read_peer(pins, id, &grown[(*nr)++].count);
}

int peers_read(const struct pins *pins, const struct names *names, struct peer **peers, size_t *nr)
{
	size_t end = names->config ? names->nr_ids : AD_NODE_ID_MAX + 1;
	int err = 0;

	*peers = NULL;
	*nr = 0;
	for (size_t id = 1; !err && id < end; id++) {
		struct ad_node node;

		if (names->config && !names_node(names, id))
			continue;
		err = pins_read_node(pins, id, &node);
		if (!err && (names->config || node.flags & AD_NODE_KNOWN))
			err = add_peer(pins, id, &node, peers, nr);
	}
	if (!err || err == -ENOENT) /* the array ends where the ids of this fleet do */
		return 0;
	free(*peers);
	*peers = NULL;
	*nr = 0;
	return err;
}

const char *peer_state(const struct peer *peer)
{
	if (!(peer->node.flags & AD_NODE_KNOWN))
		return "unknown";
	if (peer->node.flags & AD_NODE_DEAD)
		return "dead";
	return peer->node.flags & AD_NODE_DRAINING ? "draining" : "up";
}
