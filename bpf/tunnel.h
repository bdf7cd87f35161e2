/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tunnel.h: what both ends of the tunnel share: its header as words, and the tag over it.
 *
 * The format is in maps/types.h. We handle the 36 bytes of Geneve and option as five words, which
 * the tag hashes, the checksum adds and one store each writes.
 */
#ifndef AD_TUNNEL_H
#define AD_TUNNEL_H

#include "csum.h"
#include "packet.h"
#include "siphash.h"

#define TUNNEL_TTL	   64
#define TUNNEL_TCP_SIGNED  20 /* bytes of the inner transport header that the tag covers */

/* IPv4 or IPv6 header beneath our UDP, UDP, Geneve and option. */
#define TUNNEL_UDP_PAYLOAD (sizeof(struct ad_geneve) + sizeof(struct ad_geneve_opt))

_Static_assert(sizeof(struct iphdr) + sizeof(struct udphdr) + TUNNEL_UDP_PAYLOAD == AD_OVERHEAD_IP4,
	       "overhead over IPv4");
_Static_assert(sizeof(struct ipv6hdr) + sizeof(struct udphdr) + TUNNEL_UDP_PAYLOAD ==
		       AD_OVERHEAD_IP6,
	       "overhead over IPv6");

/* What lies between the outer IP header and the inner one. */
struct tunnel_header {
	struct udphdr udp;
	struct ad_geneve geneve;
	struct ad_geneve_opt option;
};
_Static_assert(sizeof(struct tunnel_header) == sizeof(struct udphdr) + TUNNEL_UDP_PAYLOAD,
	       "no padding on the wire");

struct tunnel_words {
	__u64 geneve;
	__u64 option;	  /* class, type, length, landing, hop and why, epoch */
	__u64 time_first; /* time, candidates 1 and 2 */
	__u32 third;	  /* candidate 3, reserved */
	__u32 tag[2];
} __attribute__((packed));
_Static_assert(sizeof(struct tunnel_words) == TUNNEL_UDP_PAYLOAD, "words cover the header");

static __always_inline void tunnel_hash_addr(struct siphash *s, const struct ad_addr *src,
					     const struct ad_addr *dst)
{
	if (addr_is_ip4(dst)) {
		siphash_word(s, (__u64)dst->w[3] << 32 | src->w[3]);
		return;
	}
	siphash_word(s, src->q[0]);
	siphash_word(s, src->q[1]);
	siphash_word(s, dst->q[0]);
	siphash_word(s, dst->q[1]);
}

/*
 * The tag over outer addresses, header words and the inner packet of p, which must begin at
 * p->l3_off. An IP header and 20 bytes are always whole words of four bytes. 0: the packet is
 * shorter than its headers say, which no tag equals but by a chance of 2^-64.
 */
static __always_inline __u64 tunnel_tag(struct xdp_md *ctx, const struct packet *p,
					const struct tunnel_words *w, const struct ad_addr *src,
					const struct ad_addr *dst, const __u64 key[2])
{
	__u32 inner_bytes = p->l4_off - p->l3_off + TUNNEL_TCP_SIGNED;
	struct cursor c = cursor_at(ctx, p->l3_off);
	struct siphash s;
	__u64 *word;
	__u32 *half = NULL;

	siphash_start(&s, key[0], key[1]);
	tunnel_hash_addr(&s, src, dst);
	siphash_word(&s, w->geneve);
	siphash_word(&s, w->option);
	siphash_word(&s, w->time_first);
	siphash_word(&s, w->third | (__u64)bpf_htons(p->ip_bytes) << 32);
	for (__u32 i = 0; i < (AD_L3_MAX + TUNNEL_TCP_SIGNED) / 8; i++) {
		if (8 * (i + 1) > inner_bytes)
			break;
		word = cursor_take(&c, sizeof(*word));
		if (!word)
			return 0;
		siphash_word(&s, *word);
	}
	if (inner_bytes & 4) {
		half = cursor_take(&c, sizeof(*half));
		if (!half)
			return 0;
	}
	return siphash_end(&s, half ? *half : 0, (addr_is_ip4(dst) ? 8 : 32) + 32 + inner_bytes);
}

#endif
