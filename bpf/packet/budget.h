/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * budget.h: limits for packets that are sent because of a packet whose sender is not proven. Token
 * buckets for each client prefix, for each node and for all, with a burst of one second.
 *
 * A bucket is one word: the time until which its tokens are spent. If that time is ahead of now,
 * the packet is refused and nothing is written, so a flood causes no more writes than the packets
 * that pass. A CPU takes tokens in batches, at most 4096 times a second from one bucket, and keeps
 * them for itself. So the limit may be off by one batch (a 4096th of the rate) for each CPU.
 *
 * The prefix is asked first: a packet that it refuses takes nothing from the other buckets.
 */
#ifndef AD_BUDGET_H
#define AD_BUDGET_H

#include "packet.h"
#include "prefix.h"

#define BUDGET_SECOND_NS 1000000000ULL
#define BUDGET_BATCHES	 4096 /* batches a second, from one bucket */

static __always_inline void budget_refused(__u32 class, __u32 scope)
{
	struct ad_hunt_stats *stats;
	__u32 zero = 0;

	stats = bpf_map_lookup_elem(&hunt_stats, &zero);
	if (stats && class < AD_BUDGET_CLASSES && scope < AD_BUDGET_SCOPES)
		stats->refused[class][scope]++;
}

/* Tokens for a batch, if the bucket is not overdrawn. */
static __always_inline bool budget_draw(__u64 *spent_until, __u64 cost_ns, __u64 now_ns)
{
	__u64 until = *(volatile __u64 *)spent_until;

	if ((__s64)(until - now_ns) > 0)
		return false;
	if (now_ns - until > BUDGET_SECOND_NS)
		__sync_val_compare_and_swap(spent_until, until, now_ns - BUDGET_SECOND_NS);
	__sync_fetch_and_add(spent_until, cost_ns);
	return true;
}

/* Takes one token of @per_s a second; 0: no limit. @bucket: which one, within its class. */
__noinline int budget_take(__u32 class, __u32 bucket, __u32 per_s, __u64 now_ns)
{
	__u32 at = class * AD_BUDGET_BUCKETS + (bucket & (AD_BUDGET_BUCKETS - 1)), *stock;
	__u32 batch = per_s / BUDGET_BATCHES + 1;
	__u64 *spent_until;

	if (!per_s)
		return true;
	stock = bpf_map_lookup_elem(&budget_stock, &at);
	spent_until = bpf_map_lookup_elem(&budgets, &at);
	if (!stock || !spent_until)
		return true;
	if (*stock) {
		--*stock;
		return true;
	}
	if (!budget_draw(spent_until, batch * (BUDGET_SECOND_NS / per_s), now_ns))
		return false;
	*stock = batch - 1;
	return true;
}

/* May one more packet of this @class be sent to @node? Counts a refusal. */
__noinline int budget_allows(const struct packet *p, __u32 class, __u32 node)
{
	__u32 zero = 0, prefix, scope;
	struct ad_hunt *plan;
	const __u32 *per_s;

	plan = bpf_map_lookup_elem(&hunt, &zero);
	if (!p || !plan || class >= AD_BUDGET_CLASSES)
		return true;
	per_s = plan->budgets[class];
	prefix = AD_BUDGET_PREFIXES | (prefix_hash(p) & (AD_BUDGET_PREFIXES - 1));
	if (!budget_take(class, prefix, per_s[AD_BUDGET_PREFIX], p->mono_ns))
		scope = AD_BUDGET_PREFIX;
	else if (!budget_take(class, AD_BUDGET_NODES | (node & (AD_BUDGET_NODES - 1)),
			      per_s[AD_BUDGET_NODE], p->mono_ns))
		scope = AD_BUDGET_NODE;
	else if (!budget_take(class, 0, per_s[AD_BUDGET_ALL], p->mono_ns))
		scope = AD_BUDGET_ALL;
	else
		return true;
	budget_refused(class, scope);
	return false;
}

#endif
