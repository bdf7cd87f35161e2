/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * nodes.h: what we know of the fleet's nodes, and leading a packet to one of them.
 */
#ifndef AD_NODES_H
#define AD_NODES_H

#include "bpf/packet/packet.h"

static __always_inline struct ad_node *node_find(__u32 id)
{
	struct ad_node *node = id ? bpf_map_lookup_elem(&nodes, &id) : NULL;

	return node && node->flags & AD_NODE_KNOWN ? node : NULL;
}

/*
 * Could this node own a flow that is not ours? Global: it is called in loops, which are then
 * verified without it.
 */
__noinline int node_can_take(__u32 id)
{
	struct ad_node *node = node_find(id);

	return id != opt.node_id && node && !(node->flags & AD_NODE_DEAD);
}

/*
 * Chooses a successor by hash; if that one cannot take the flow, the next in the list. 0: no
 * successor can, or new flows stay here. While the part that stays grows, a flow that is not @new
 * may have been diverted, whatever its hash. Global, so that the rungs are verified without this
 * loop.
 */
__noinline int node_successor(__u64 prf, __u32 new)
{
	__u32 zero = 0, nr, at, id;
	struct ad_node *node;
	struct ad_state *st;

	st = bpf_map_lookup_elem(&state, &zero);
	if (!st || !(st->flags & AD_STATE_HANDS_OVER))
		return 0;
	if (new && !(st->flags & AD_STATE_DRAINING) && (__u32)(prf >> 32) < st->kept)
		return 0;
	nr = st->nr_successors;
	if (!nr || nr > AD_SUCCESSOR_MAX)
		return 0;
	at = (__u32)(prf >> 32) % nr;
	for (__u32 i = 0; i < AD_SUCCESSOR_MAX; i++) {
		if (i >= nr)
			break;
		id = st->successors[at & (AD_SUCCESSOR_MAX - 1)];
		node = node_find(id);
		if (node && id != opt.node_id && !(node->flags & (AD_NODE_DEAD | AD_NODE_DRAINING)))
			return id;
		at = at + 1 < nr ? at + 1 : 0;
	}
	return 0;
}

/*
 * The node that is told of flows without stamps in the POP of @id, for the flow with this hash. @id
 * itself, if nobody is told; 0, if there is no such node.
 */
static __always_inline __u32 node_home(__u64 prf, __u32 id)
{
	struct ad_node *node = node_find(id);
	__u32 pop = node ? node->pop : AD_HOME_POPS;
	struct ad_homes *pop_homes = bpf_map_lookup_elem(&homes, &pop);

	if (!node)
		return 0;
	return (pop_homes ? pop_homes->node[AD_HOME_PART(prf)] : 0) ?: id;
}

/* The node of this POP that owns the flow, if its owner has told us; else 0. */
static __always_inline __u32 directory_ask(__u64 prf)
{
	__u32 *owner = bpf_map_lookup_elem(&directory, &prf);

	return owner ? *owner : 0;
}

static __always_inline void packet_lead(struct packet *p, __u16 target, enum ad_why why)
{
	p->target = target;
	p->why = why;
}

#endif
