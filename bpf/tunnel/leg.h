/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * leg.h: the way to another node, looked up once per tick.
 *
 * The kernel's answer is kept, per CPU, while the coarse clock shows the same time (1 to 10 ms),
 * and used for the packets that follow. So a change of a route, a neighbour or an MTU is seen in
 * the next tick. Only success is kept; after a failure the kernel is asked again.
 */
#ifndef AD_LEG_H
#define AD_LEG_H

#include "ethernet.h"

#define LEG_CACHE 64 /* nodes that a CPU sends to in one tick, more or less */

/* Outer source and destination. */
struct tunnel_ends {
	struct ad_addr from;
	struct ad_addr to;
};

struct leg {
	__u64 asked_ns; /* p->mono_ns of the packet that asked */
	struct tunnel_ends ends;
	struct ethernet ethernet;
	__u16 target;
	__be16 sport;
	__u32 pad;
};

/*
 * Working memory of the data path. A new layout needs a new name, because an old map of this name
 * would be used again.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LEG_CACHE);
	__type(key, __u32);
	__type(value, struct leg);
} legs SEC(".maps");

/* If multipath may choose by ports, each source port may have a way of its own. */
static __always_inline bool leg_holds(const struct leg *leg, const struct packet *p,
				      const struct ad_state *st, __be16 sport)
{
	return leg->asked_ns == p->mono_ns && leg->target == p->target &&
	       (st->flags & AD_STATE_ROUTES_BY_ADDRESS || leg->sport == sport);
}

/* Asks the kernel. If there is a way, the leg is valid from now on. */
static __always_inline __u32 leg_ask(struct xdp_md *ctx, const struct packet *p,
				     const struct ad_addr *from, const struct ad_addr *to,
				     __be16 sport, __u32 bytes, struct leg *leg)
{
	__u32 reason;

	leg->asked_ns = 0;
	leg->ends.from = *from;
	leg->ends.to = *to;
	reason = ethernet_route(ctx, &leg->ends.from, &leg->ends.to, sport, bytes, &leg->ethernet);
	if (reason)
		return reason;
	leg->target = p->target;
	leg->sport = sport;
	leg->asked_ns = p->mono_ns;
	return AD_CONTINUE;
}

/* Finds the leg to p->target at @to, for @bytes of IP: *@found, or the reason why there is none. */
static __always_inline __u32 leg_find(struct xdp_md *ctx, const struct packet *p,
				      const struct ad_state *st, const struct ad_addr *from,
				      const struct ad_addr *to, __be16 sport, __u32 bytes,
				      struct leg **found)
{
	__u32 slot = p->target & (LEG_CACHE - 1);
	struct leg *leg = bpf_map_lookup_elem(&legs, &slot);

	if (!leg)
		return AD_R_INTERNAL;
	*found = leg;
	if (!leg_holds(leg, p, st, sport))
		return leg_ask(ctx, p, from, to, sport, bytes, leg);
	return leg->ethernet.mtu && bytes > leg->ethernet.mtu ? AD_R_TOO_BIG : AD_CONTINUE;
}

#endif
