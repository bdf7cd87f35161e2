/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * dns_rules.h: what keeps DNS over UDP from being somebody's weapon: cookies (RFC 7873, RFC 9018),
 * which show that a client is where it says, and limits on how often the others are answered.
 */
#ifndef AD_DNS_RULES_H
#define AD_DNS_RULES_H

#include "types.h"

/* What is counted together: answers by name, all else by zone. */
enum ad_dns_class {
	AD_DNS_CLASS_ANSWER,
	AD_DNS_CLASS_REFERRAL,
	AD_DNS_CLASS_NODATA,
	AD_DNS_CLASS_NXDOMAIN,
	AD_DNS_CLASS_ERROR,
	AD_DNS_CLASSES
};

enum ad_dns_cookies {
	AD_DNS_COOKIES_OFF,	 /* the option is unknown to us */
	AD_DNS_COOKIES_ON,	 /* given and checked; asked for only of who is over its limit */
	AD_DNS_COOKIES_REQUIRED, /* whoever speaks of cookies must have one of ours */
};

/* A tick is 1024 ns. Accounts are kept in ticks: 32 bits of them wrap after 73 minutes. */
#define AD_DNS_TICK_SHIFT     10
#define AD_DNS_TICKS_A_SECOND 976562u
#define AD_DNS_SECRETS	      2

/* dns_guard[0]; root only. */
struct ad_dns_rules {
	__u64 secrets[AD_DNS_SECRETS][2]; /* SipHash keys: [0] makes cookies, all check them */
	__u64 account_key[2];		  /* chooses the account: nobody else can aim at one */
	__be64 ip6_mask;		  /* of the upper half: what counts as one client */
	__be32 ip4_mask;
	__u32 costs[AD_DNS_CLASSES]; /* ticks that one answer takes; 0 = no limit */
	__u32 debt_max;		     /* ticks: a second, and the window */
	__u32 nr_exempt;	     /* entries in dns_exempt; 0 = not looked up */
	__u8 cookies;		     /* enum ad_dns_cookies */
	__u8 nr_secrets;
	__u8 slip; /* one in so many is told to come back otherwise; 0 = none */
	__u8 cookies_exempt;
	__u8 log_only; /* count what would be dropped, and answer it */
	__u8 pad[3];
};
AD_ASSERT_SIZE(struct ad_dns_rules, 96);

#define AD_DNS_EXEMPT_MAX 1024

/* dns_exempt: prefixes that are never limited; IPv4 as IPv4-mapped IPv6. */
struct ad_dns_prefix {
	__u32 bits; /* of all 128 */
	__be32 address[4];
};
AD_ASSERT_SIZE(struct ad_dns_prefix, 20);

/*
 * dns_accounts: one cache line of eight accounts. An account is a tag (the low half; 0 = free) and
 * the tick at which its debt will be paid: each answer adds its cost. Over a second's worth of
 * debt there is no answer, and refused ones add to the debt up to debt_max. A new one takes the
 * place of whoever is nearest to owing nothing.
 */
#define AD_DNS_ACCOUNTS 8
struct ad_dns_accounts {
	__u64 slots[AD_DNS_ACCOUNTS];
};
AD_ASSERT_SIZE(struct ad_dns_accounts, 64);

/* How a query's cookie was found. */
enum ad_dns_cookie {
	AD_DNS_COOKIE_NONE,
	AD_DNS_COOKIE_NEW,  /* no server cookie yet */
	AD_DNS_COOKIE_GOOD, /* one of ours, of this client, not too old */
	AD_DNS_COOKIE_BAD,  /* some other */
	AD_DNS_COOKIE_STATES
};

/* What became of an answer that was over the limit. */
enum ad_dns_limited {
	AD_DNS_LIMITED_NOT,
	AD_DNS_LIMITED_DROPPED,
	AD_DNS_LIMITED_SLIPPED,
	AD_DNS_LIMITED_SPARED, /* log_only */
	AD_DNS_LIMITED_STATES
};

/* dns_guarded (the kernel, per CPU) and dns_guarded_daemon (the daemon, one writer). */
struct ad_dns_rule_counts {
	AD_DNS_RULE_COUNTERS(AD_COUNTER_FIELD)
};
AD_ASSERT_SIZE(struct ad_dns_rule_counts, 192);

#endif
