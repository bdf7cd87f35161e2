/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * prf.h: the one keyed hash of a TCP packet. The client comes first in both directions, so that
 * ingress and egress get the same value. Its low half is part of the stamp, its high half finds the
 * flow.
 */
#ifndef AD_PRF_H
#define AD_PRF_H

#include "bpf/packet/packet.h"
#include "bpf/base/siphash.h"

static __always_inline __u64 prf_of_flow(const struct packet *p, const struct ad_keys *k)
{
	struct siphash s;

	siphash_start(&s, k->stamp[0], k->stamp[1]);
	if (!p->is_ip6) {
		siphash_word(&s, (__u64)p->vip.w[3] << 32 | p->client.w[3]);
		return siphash_end(&s, p->ports, 12);
	}
	siphash_word(&s, p->client.q[0]);
	siphash_word(&s, p->client.q[1]);
	siphash_word(&s, p->vip.q[0]);
	siphash_word(&s, p->vip.q[1]);
	return siphash_end(&s, p->ports, 36);
}

#endif
