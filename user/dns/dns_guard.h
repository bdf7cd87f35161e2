/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_guard.h: cookies and rate limits of DNS, from a configuration and its secrets. Knows no
 * libbpf.
 */
#ifndef AD_DNS_GUARD_USER_H
#define AD_DNS_GUARD_USER_H

#include <stdbool.h>
#include <string.h>
#include "maps/dns_guard.h"

struct config;
struct config_errors;

struct dns_guard {
	struct ad_dns_guard rules;
	struct ad_dns_accounts *lines; /* the daemon's own; NULL: no limits */
	__u32 mask;		       /* lines - 1 */
	struct ad_dns_prefix exempt[]; /* rules.nr_exempt of them */
};

/* 0 and *@guard (dns_guard_free()), or -errno with a line in @errors. */
int dns_guard_load(const struct config *config, struct dns_guard **guard,
		   struct config_errors *errors);
void dns_guard_free(struct dns_guard *guard);

/* Lines of eight accounts - 1; 0 if @config sets no limit. */
__u32 dns_guard_mask(const struct config *config);
/* @guard goes on with what @old has counted, if their tables are of one size. */
void dns_guard_inherit(struct dns_guard *guard, struct dns_guard *old);

static inline bool dns_prefix_has(const struct ad_dns_prefix *prefix, const struct ad_addr *addr)
{
	__u32 bytes = prefix->bits / 8, rest = prefix->bits % 8;
	const __u8 *p = (const __u8 *)prefix->address;

	return !memcmp(p, addr->b, bytes) &&
	       (!rest || !((p[bytes] ^ addr->b[bytes]) & 0xff << (8 - rest)));
}

static inline bool dns_guard_exempts(const struct dns_guard *guard, const struct ad_addr *addr)
{
	__u32 i;

	for (i = 0; i < guard->rules.nr_exempt; i++)
		if (dns_prefix_has(&guard->exempt[i], addr))
			return true;
	return false;
}

#endif
