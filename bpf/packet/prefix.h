/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * prefix.h: a client's prefix, /24 or /48, as a keyed hash. Because it is keyed, nobody outside can
 * choose which place in a table he takes.
 */
#ifndef AD_PREFIX_H
#define AD_PREFIX_H

#include "packet.h"
#include "bpf/base/siphash.h"

static __always_inline __u64 prefix_of(const struct ad_addr *client, bool is_ip6)
{
	return is_ip6 ? AD_PREFIX_OF_IP6(client->q[0]) : AD_PREFIX_OF_IP4(client->w[3]);
}

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
	prefix = prefix_of(&p->client, p->is_ip6);
	siphash_start(&s, k->stamp[0], k->stamp[1]);
	siphash_word(&s, prefix);
	return siphash_end(&s, 0, sizeof(prefix));
}

#endif
