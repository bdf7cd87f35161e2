/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow_set.h: flows by the PRF of their 4-tuple, with a word about each. Knows no libbpf.
 */
#ifndef AD_FLOW_SET_H
#define AD_FLOW_SET_H

#include <stddef.h>
#include <linux/types.h>

#define FLOW_SET_MAX (1u << 22) /* flows: the set stays bounded, whatever it is told */

struct flow_mark {
	__u64 flow;  /* 0: the place is free */
	__u32 owner; /* node id, in a set of others' flows */
	__u32 round; /* when it was last told, or seen */
};

/* Zero: an empty one. Places [0, room) may be read in any order; a removal moves marks to lower
 * places only, but for those that wrap around. */
struct flow_set {
	struct flow_mark *at;
	size_t room, nr;
};

struct flow_mark *flow_set_find(const struct flow_set *set, __u64 flow);
/* The mark that is there, or a new one, zero but for its flow. NULL: no memory, too many, or 0. */
struct flow_mark *flow_set_add(struct flow_set *set, __u64 flow);
void flow_set_remove(struct flow_set *set, struct flow_mark *mark);
void flow_set_free(struct flow_set *set);

#endif
