/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * budget.h: token buckets for what a stranger could make us send.
 *
 * A bucket is one number, the moment at which it will be full again: taking a token moves it on by
 * an interval, and there is none left if that would be more than a burst ahead (GCRA). Nothing
 * is locked: CPUs that race spend one token twice, which a limit of this kind can bear.
 */
#ifndef AD_BUDGET_H
#define AD_BUDGET_H

#include "packet.h"
#include "siphash.h"

#define BUDGET_NS_PER_S 1000000000ULL

/* Whose packet is it? Everybody in a /24 or a /56 has one bucket. */
static __always_inline __u64 budget_prefix(const struct ad_addr *addr)
{
	return addr_is_ip4(addr) ? addr->w[3] & bpf_htonl(0xffffff00)
				 : addr->q[0] & bpf_cpu_to_be64(~0xffULL);
}

/* Keyed, so that nobody can choose whose bucket he shares. */
static __always_inline __u32 budget_slot(const struct ad_addr *client, enum ad_budget kind,
					 const struct ad_keys *k)
{
	struct siphash s;

	siphash_start(&s, k->stamp[0], k->stamp[1]);
	siphash_word(&s, budget_prefix(client));
	return AD_BUDGET_KINDS + siphash_end(&s, kind, 12) % AD_BUDGET_PREFIXES;
}

/* Is there a token at @now_ns? @full_ns: the bucket; it stays as it is. */
static __always_inline bool budget_has(__u64 full_ns, __u64 now_ns, __u32 per_s, __u32 burst)
{
	return full_ns <= now_ns + (burst - 1) * (BUDGET_NS_PER_S / per_s);
}

static __always_inline void budget_spend(__u64 *full_ns, __u64 now_ns, __u32 per_s)
{
	__u64 from = *full_ns > now_ns ? *full_ns : now_ns;

	*full_ns = from + BUDGET_NS_PER_S / per_s;
}

/*
 * A token of @kind for p->client, of its prefix and of the node; only if both have one is either
 * spent. Wants p->mono_ns. Global: rarely needed, and verified once.
 */
__noinline int budget_take(const struct packet *p, __u32 kind)
{
	__u32 zero = 0, slot, node = kind;
	__u64 *of_prefix, *of_node;
	struct ad_keys *k;

	if (!p)
		return 0;
	k = bpf_map_lookup_elem(&keys, &zero);
	if (!k)
		return 0;
	slot = budget_slot(&p->client, kind, k);
	of_prefix = bpf_map_lookup_elem(&budgets, &slot);
	of_node = bpf_map_lookup_elem(&budgets, &node);
	if (!of_prefix || !of_node ||
	    !budget_has(*of_prefix, p->mono_ns, AD_BUDGET_PREFIX_PER_S, AD_BUDGET_PREFIX_BURST) ||
	    !budget_has(*of_node, p->mono_ns, AD_BUDGET_PER_S, AD_BUDGET_BURST))
		return 0;
	budget_spend(of_prefix, p->mono_ns, AD_BUDGET_PREFIX_PER_S);
	budget_spend(of_node, p->mono_ns, AD_BUDGET_PER_S);
	return 1;
}

#endif
