/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * budget.h: how much of what may be sent on somebody's word. Token buckets for each client prefix,
 * for each node and in all, of a second's burst.
 *
 * A bucket is one word: the time until which its tokens are spent. It is ahead of now: refused,
 * and nothing is written, so that a flood costs a bucket no more writes than what it lets through.
 * A CPU takes tokens in batches, at most 4096 times a second from one bucket, and keeps them to
 * itself; what is refused may thus be off by a batch for each CPU, a 4096th of the rate.
 *
 * The prefix is asked first: what it refuses takes nothing from the others.
 */
#ifndef AD_BUDGET_H
#define AD_BUDGET_H

#include "packet.h"
#include "prefix.h"

#define BUDGET_SECOND_NS 1000000000ULL
#define BUDGET_BATCHES	 4096 /* a second, from one bucket */

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

/* One token of @per_s a second; 0: no limit. @bucket: which, within its class. */
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
