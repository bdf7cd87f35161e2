/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_limit.h: how often one network is told the same thing over UDP.
 *
 * Whoever forges a source address wants many large answers sent there; who is really there asks
 * seldom, for it remembers. So identical answers to one prefix are counted, in accounts as
 * maps/dns_rules.h describes them. What is over the limit is dropped, or slips: then the client is
 * told to come by TCP or with a cookie, which a forger cannot, in a reply hardly longer than the
 * query.
 */
#ifndef AD_DNS_LIMIT_H
#define AD_DNS_LIMIT_H

#include "bpf/base/siphash.h"
#include "dns_put.h"

#define DNS_LIMIT_TRIES 3 /* to write an account that other CPUs write too */

/* An answer is what its name's owner name has, whoever's name the wildcard's took; all else is a
 * zone's, or else one could ask for as many names as one likes. */
static __always_inline __u32 dns_limit_class(const struct dns_work *w)
{
	if (w->rcode == DNS_NXDOMAIN)
		return AD_DNS_CLASS_NXDOMAIN;
	if (w->rcode != DNS_NOERROR)
		return AD_DNS_CLASS_ERROR;
	if (w->count[DNS_ANSWER] || w->tc)
		return AD_DNS_CLASS_ANSWER;
	return w->aa ? AD_DNS_CLASS_NODATA : AD_DNS_CLASS_REFERRAL;
}

static __always_inline __u64 dns_limit_hash(const struct dns_work *w,
					    const struct ad_dns_rules *rules, __u32 class)
{
	__u32 ip4 = dns_from_ip4(w), what = w->zone;
	struct siphash s;

	if (class == AD_DNS_CLASS_ANSWER)
		what = w->asked ? w->asked - 1 : w->cell;
	siphash_start(&s, rules->account_key[0], rules->account_key[1]);
	siphash_word(&s, ip4 ? w->client.w[3] & rules->ip4_mask : w->client.q[0] & rules->ip6_mask);
	return siphash_end(&s, what | (__u64) class << 32 | (__u64)ip4 << 40, 14);
}

/* What is owed at @now. An account from before the ticks wrapped owes nothing. */
static __always_inline __u32 dns_debt(__u64 account, __u32 now, __u32 max)
{
	__u32 debt = (__u32)(account >> 32) - now;

	return debt > max ? 0 : debt;
}

/* The account of @tag, or the one that it may replace. */
static __always_inline __u32 dns_find_account(const struct ad_dns_accounts *line, __u32 tag,
					      __u32 now, __u32 max)
{
	__u32 i, debt, best = 0, least = ~0u;

	for (i = 0; i < AD_DNS_ACCOUNTS; i++) {
		__u64 account = line->slots[i];

		if ((__u32)account == tag)
			return i;
		debt = dns_debt(account, now, max);
		if (debt < least) {
			least = debt;
			best = i;
		}
	}
	return best;
}

/* Adds @cost to the account; true if that is more than it may owe. */
static __always_inline int dns_charge(struct ad_dns_accounts *line, __u32 tag, __u32 now,
				      __u32 cost, __u32 max)
{
	__u64 *slot, old, seen;
	__u32 i, debt = 0;

	slot = &line->slots[dns_find_account(line, tag, now, max) & (AD_DNS_ACCOUNTS - 1)];
	for (i = 0; i < DNS_LIMIT_TRIES; i++) {
		old = *(volatile __u64 *)slot;
		debt = cost + ((__u32)old == tag ? dns_debt(old, now, max) : 0);
		if (debt > max)
			debt = max;
		seen = __sync_val_compare_and_swap(slot, old, tag | (__u64)(now + debt) << 32);
		if (seen == old)
			break;
	}
	return debt > AD_DNS_TICKS_A_SECOND;
}

static __always_inline int dns_is_exempt(struct dns_work *w, const struct ad_dns_rules *rules)
{
	if (w->tcp || (rules->cookies_exempt && w->cookie_state == AD_DNS_COOKIE_GOOD))
		return 1;
	return rules->nr_exempt && dns_in_exempt(w);
}

static __always_inline int dns_over_limit(struct dns_work *w, const struct ad_dns_rules *rules)
{
	__u32 class = dns_limit_class(w), cost = rules->costs[class % AD_DNS_CLASSES], tag;
	struct ad_dns_accounts *line;
	__u64 hash;

	if (!cost || dns_is_exempt(w, rules))
		return 0;
	hash = dns_limit_hash(w, rules, class);
	line = dns_account_line(w, hash);
	tag = hash >> 32;
	return line && dns_charge(line, tag | !tag, dns_tick(w), cost, rules->debt_max);
}

/* DNS_SEND, or DNS_DROP; w->limited says whether and how the limit was met. */
DNS_STAGE int dns_limit(struct dns_work *w)
{
	const struct ad_dns_rules *rules = w ? dns_rules_of(w) : 0;

	if (!rules || !dns_over_limit(w, rules))
		return DNS_SEND;
	w->limited_class = dns_limit_class(w);
	w->limited = AD_DNS_LIMITED_DROPPED;
	if (rules->log_only)
		w->limited = AD_DNS_LIMITED_SPARED;
	else if (rules->slip && dns_random() % rules->slip == 0)
		w->limited = AD_DNS_LIMITED_SLIPPED;
	return w->limited == AD_DNS_LIMITED_DROPPED ? DNS_DROP : DNS_SEND;
}

/* Come again by TCP; or with the cookie that is in this reply, if cookies mean something to you. */
static __always_inline void dns_slip(struct dns_work *w)
{
	dns_truncate(w);
	if (w->cookie_len && w->rcode != DNS_BADVERS) { /* RFC 6891, 6.1.3 */
		w->tc = 0;
		w->aa = 0;
		w->rcode = DNS_BADCOOKIE;
	}
}

#endif
