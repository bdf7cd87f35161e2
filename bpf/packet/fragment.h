/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fragment.h: fragments of TCP for a VIP.
 *
 * Only the first fragment has the ports that name the flow. If its flow is proven ours, it is
 * passed, and after it the other fragments of its packet; our stack puts them together. All others
 * are dropped: without the first fragment, or without a socket, the stack could only answer with a
 * RST or fill its memory. Fragments are not sent to another node: a packet that was cut to fit a
 * path has no room to be wrapped. For IPv4 the sender is told to send smaller packets.
 */
#ifndef AD_FRAGMENT_H
#define AD_FRAGMENT_H

#include "bpf/base/clock.h"
#include "packet.h"

static __always_inline struct ad_fragment fragment_key(const struct packet *p)
{
	return (struct ad_fragment){ .client = p->client, .vip = p->vip, .id = p->fragment_id };
}

/* Reasons of the ladder that mean: there is a socket of ours. */
static __always_inline bool fragment_is_ours(__u32 reason)
{
	return reason == AD_R_LOCAL_UNSTAMPED || reason == AD_R_LOCAL_STAMP ||
	       reason == AD_R_LOCAL_FLOW || reason == AD_R_LOCAL_SOCKET;
}

/*
 * The first fragment; @reason is what the ladder returned for it. TOO_BIG: it is for another node,
 * and its sender is told the size of the fragment that came through. Global: off the path of whole
 * packets.
 */
__noinline int fragment_first(struct packet *p, __u32 reason)
{
	struct ad_fragment key;
	__u32 now_s;

	if (!p)
		return AD_R_INTERNAL;
	if (fragment_is_ours(reason)) {
		key = fragment_key(p);
		now_s = clock_mono_s(p->mono_ns);
		bpf_map_update_elem(&fragments, &key, &now_s, BPF_ANY);
		return reason;
	}
	if (reason == AD_R_DISARMED)
		return reason;
	reason = p->target && !p->is_ip6 ? AD_R_TOO_BIG : AD_R_FRAGMENT;
	p->target = 0;
	p->mtu = p->ip_bytes;
	return reason;
}

/* A later fragment is treated as its first one was. */
__noinline int fragment_later(const struct packet *p)
{
	struct ad_fragment key;
	struct ad_state *st;
	__u32 zero = 0, *since_s;

	if (!p)
		return AD_R_INTERNAL;
	st = bpf_map_lookup_elem(&state, &zero);
	if (!st)
		return AD_R_INTERNAL;
	if (!packet_is_armed(p, st))
		return AD_R_DISARMED;
	key = fragment_key(p);
	since_s = bpf_map_lookup_elem(&fragments, &key);
	if (!since_s || clock_mono_s(clock_mono_ns()) - *since_s > AD_FRAGMENT_WAIT_S)
		return AD_R_FRAGMENT;
	return AD_R_LOCAL_FRAGMENT;
}

#endif
