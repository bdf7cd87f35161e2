/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * prefix.h: a client's prefix, /24 or /48, as a keyed hash. Because it is keyed, nobody outside can
 * choose which place in a table he takes.
 */
#ifndef AD_PREFIX_H
#define AD_PREFIX_H

#include "packet.h"
#include "bpf/base/siphash.h"

#define PREFIX_IP4	0x0000000000ffffffULL /* the address's bytes, in memory order */
#define PREFIX_IP6	0x0000ffffffffffffULL
#define PREFIX_MARK_IP4 (4ULL << 56) /* so that the two families never have the same hash input */
#define PREFIX_MARK_IP6 (6ULL << 56)

/* Global: several functions call it, none of them often. */
__noinline __u64 prefix_hash(const struct packet *p)
{
	struct siphash s;
	struct ad_keys *k;
	__u32 zero = 0;
	__u64 prefix;

	k = bpf_map_lookup_elem(&keys, &zero);
	if (!p || !k)
		return 0;
	prefix = p->is_ip6 ? (p->client.q[0] & PREFIX_IP6) | PREFIX_MARK_IP6
			   : (p->client.w[3] & PREFIX_IP4) | PREFIX_MARK_IP4;
	siphash_start(&s, k->stamp[0], k->stamp[1]);
	siphash_word(&s, prefix);
	return siphash_end(&s, 0, sizeof(prefix));
}

#endif
