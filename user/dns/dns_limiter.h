/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_limiter.h: cookies and rate limits of DNS, from a configuration and its secrets. Knows no
 * libbpf.
 */
#ifndef AD_DNS_LIMITER_H
#define AD_DNS_LIMITER_H

#include <stdbool.h>
#include <string.h>
#include "maps/dns_rules.h"

struct config;
struct config_errors;

struct dns_limiter {
	struct ad_dns_rules rules;
	struct ad_dns_accounts *lines; /* the daemon's own accounts; NULL: no limits */
	__u32 mask;		       /* lines - 1 */
	struct ad_dns_prefix exempt[]; /* rules.nr_exempt of them */
};

/* 0 and *@limiter (dns_limiter_free()), or -errno with a line in @errors. */
int dns_limiter_load(const struct config *config, struct dns_limiter **limiter,
		     struct config_errors *errors);
void dns_limiter_free(struct dns_limiter *limiter);

/* The number of lines (of eight accounts) minus 1; 0 if @config sets no limit. */
__u32 dns_limiter_mask(const struct config *config);
/* @limiter takes over the accounts of @old if their tables have the same size. */
void dns_limiter_inherit(struct dns_limiter *limiter, struct dns_limiter *old);

static inline bool dns_prefix_has(const struct ad_dns_prefix *prefix, const struct ad_addr *addr)
{
	__u32 bytes = prefix->bits / 8, rest = prefix->bits % 8;
	const __u8 *p = (const __u8 *)prefix->address;

	return !memcmp(p, addr->b, bytes) &&
	       (!rest || !((p[bytes] ^ addr->b[bytes]) & 0xff << (8 - rest)));
}

static inline bool dns_limiter_exempts(const struct dns_limiter *limiter,
				       const struct ad_addr *addr)
{
	__u32 i;

	for (i = 0; i < limiter->rules.nr_exempt; i++)
		if (dns_prefix_has(&limiter->exempt[i], addr))
			return true;
	return false;
}

#endif
