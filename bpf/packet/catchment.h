/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * catchment.h: where the clients are that land here, by prefix. The daemon reads and empties it.
 *
 * A connection is counted with the ACK that completes its handshake, as our socket knows, or when
 * the first reply of a server behind NAT shows it: so its source is proven and a flood of SYNs
 * counts for nothing. Of ACKs with a stamp only a sample asks the socket (rung_fresh()), and counts
 * for those that do not. One that another node led here landed there.
 */
#ifndef AD_CATCHMENT_H
#define AD_CATCHMENT_H

#include "prefix.h"

static __always_inline void catchment_add(void *map, __u64 prefix, __u64 by)
{
	__u64 *count = bpf_map_lookup_elem(map, &prefix);

	if (count)
		__sync_fetch_and_add(count, by);
	else
		bpf_map_update_elem(map, &prefix, &by, BPF_NOEXIST);
}

/* Global: seldom needed, and its callers have no stack to spare. Returns 0. */
__noinline int catchment_flow(const struct packet *p)
{
	if (p)
		catchment_add(&catch_flows, prefix_of(&p->client, p->is_ip6), p->weight);
	return 0;
}

/*
 * Is the @nth answer of this CPU one of those that count? Spread as evenly as can be (Weyl's
 * sequence), so that clients who ask in turns are not always the same ones.
 */
static __always_inline bool catchment_is_sampled(__u64 nth)
{
	return (__u32)nth * 0x9e3779b1u < 0xffffffffu / AD_CATCHMENT_SAMPLE;
}

#endif
