/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * unstamped.h: sockets of ours whose timestamps must not be changed, because they are older than
 * anydoor or their clock is not ours. The daemon removes entries that are dead and silent; the data
 * path removes none.
 */
#ifndef AD_BPF_UNSTAMPED_H
#define AD_BPF_UNSTAMPED_H

#include "bpf/base/clock.h"
#include "bpf/packet/packet.h"

static __always_inline struct ad_tuple unstamped_key(const struct packet *p)
{
	return (struct ad_tuple){
		.client = p->client,
		.vip = p->vip,
		.client_port = p->client_port,
		.vip_port = p->vip_port,
	};
}

/*
 * Is the flow on the list? @touch: it has just sent a packet. Global: keeps its key off our stack.
 */
__noinline int unstamped_lists(const struct packet *p, __u32 touch)
{
	struct ad_tuple tuple;
	__u32 *last_s;

	if (!p)
		return 0;
	tuple = unstamped_key(p);
	last_s = bpf_map_lookup_elem(&unstamped, &tuple);
	if (last_s && touch)
		*last_s = clock_mono_s(p->mono_ns);
	return last_s != NULL;
}

static __always_inline bool unstamped_has(const struct packet *p, const struct ad_state *st,
					  bool touch)
{
	return st->unstamped && unstamped_lists(p, touch);
}

/*
 * Puts the flow on the list, or refreshes it. Counted before it is entered, so that no reader
 * skips the list while the entry is in it. False: the list is full.
 */
static __always_inline bool unstamped_note(const struct packet *p, struct ad_state *st)
{
	struct ad_tuple tuple = unstamped_key(p);
	__u32 now_s = clock_mono_s(p->mono_ns);

	if (unstamped_lists(p, true))
		return true;
	__sync_fetch_and_add(&st->unstamped, 1);
	if (!bpf_map_update_elem(&unstamped, &tuple, &now_s, BPF_NOEXIST))
		return true;
	__sync_fetch_and_add(&st->unstamped, -1);
	return unstamped_lists(p, true); /* another CPU may have been faster */
}

#endif
