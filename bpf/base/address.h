/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * address.h: an IPv4 address as an IPv4-mapped one, so that there is one kind.
 */
#ifndef AD_ADDRESS_H
#define AD_ADDRESS_H

#include <stdbool.h>
#include <linux/in6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "maps/types.h"

/*
 * In whole words, because it is read again at once: a load of what two stores have written waits
 * for both.
 */
static __always_inline void addr_set_ip4(struct ad_addr *addr, __be32 ip4)
{
	addr->q[0] = 0;
	addr->q[1] = (__u64)ip4 << 32 | bpf_htonl(0xffff);
}

static __always_inline void addr_set_ip6(struct ad_addr *addr, const struct in6_addr *ip6)
{
	const __be64 *half = (const void *)ip6;

	addr->q[0] = half[0];
	addr->q[1] = half[1];
}

static __always_inline bool addr_is_ip4(const struct ad_addr *addr)
{
	return !addr->q[0] && addr->w[2] == bpf_htonl(0xffff);
}

#endif
