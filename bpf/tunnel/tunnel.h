/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tunnel.h: what both ends of the tunnel share: its header as words, and the tag over it.
 *
 * The format is in maps/types.h. The 36 bytes of Geneve and option are handled as five words: the
 * tag hashes them, the checksum adds them, and each is written by one store.
 */
#ifndef AD_TUNNEL_H
#define AD_TUNNEL_H

#include "bpf/base/csum.h"
#include "leg.h"
#include "bpf/packet/packet.h"
#include "bpf/base/siphash.h"

#define GENEVE_CRITICAL 0x40
#define TUNNEL_TTL	64

/*
 * Bytes of the inner transport that the tag covers; of an ICMP error, up to the end of what it must
 * quote.
 */
#define TUNNEL_TCP_TAGGED   20
#define TUNNEL_ICMP4_TAGGED 36
#define TUNNEL_ICMP6_TAGGED 56

/* The same with the IP header. A router's ICMP has no need of so long a header as TCP may have. */
#define TUNNEL_INNER_TAGGED (AD_L3_MAX + TUNNEL_TCP_TAGGED)

/* Geneve and option: what our UDP carries in front of the inner packet. */
#define TUNNEL_UDP_PAYLOAD (sizeof(struct ad_geneve) + sizeof(struct ad_geneve_opt))

_Static_assert(sizeof(struct iphdr) + sizeof(struct udphdr) + TUNNEL_UDP_PAYLOAD == AD_OVERHEAD_IP4,
	       "overhead over IPv4");
_Static_assert(sizeof(struct ipv6hdr) + sizeof(struct udphdr) + TUNNEL_UDP_PAYLOAD ==
		       AD_OVERHEAD_IP6,
	       "overhead over IPv6");

static __always_inline bool packet_is_icmp(const struct packet *p)
{
	return p->protocol == (p->is_ip6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

static __always_inline __u32 tunnel_tagged_bytes(const struct packet *p)
{
	__u32 head = p->l4_off - p->l3_off;

	if (!packet_is_icmp(p))
		return head + TUNNEL_TCP_TAGGED;
	return head + (p->is_ip6 ? TUNNEL_ICMP6_TAGGED : TUNNEL_ICMP4_TAGGED);
}

/* What lies between the outer IP header and the inner one. */
struct tunnel_header {
	struct udphdr udp;
	struct ad_geneve geneve;
	struct ad_geneve_opt option;
};
_Static_assert(sizeof(struct tunnel_header) == sizeof(struct udphdr) + TUNNEL_UDP_PAYLOAD,
	       "no padding on the wire");

/* The same without UDP, each as it lies on the wire. */
struct tunnel_words {
	__u64 geneve;
	__u64 option;	  /* class, type, length, landing, hop and why, epoch */
	__u64 time_first; /* time, candidates 1 and 2 */
	__u64 tag;
	__u32 third; /* candidate 3, marks; before the tag on the wire */
};

static __always_inline void tunnel_words_read(struct tunnel_words *w, const void *geneve)
{
	w->geneve = *(const __u64 *)geneve;
	w->option = *(const __u64 *)(geneve + 8);
	w->time_first = *(const __u64 *)(geneve + 16);
	w->third = *(const __u32 *)(geneve + 24);
	w->tag = *(const __u64 *)(geneve + 28);
}

static __always_inline void tunnel_words_write(const struct tunnel_words *w, void *geneve)
{
	*(__u64 *)geneve = w->geneve;
	*(__u64 *)(geneve + 8) = w->option;
	*(__u64 *)(geneve + 16) = w->time_first;
	*(__u32 *)(geneve + 24) = w->third;
	*(__u64 *)(geneve + 28) = w->tag;
}

static __always_inline void tunnel_hash_ends(struct siphash *s, const struct tunnel_ends *ends)
{
	if (addr_is_ip4(&ends->to)) {
		siphash_word(s, (__u64)ends->to.w[3] << 32 | ends->from.w[3]);
		return;
	}
	siphash_word(s, ends->from.q[0]);
	siphash_word(s, ends->from.q[1]);
	siphash_word(s, ends->to.q[0]);
	siphash_word(s, ends->to.q[1]);
}

/*
 * The first words that the tag covers are the same in all packets of a leg for a second. So the
 * hash up to there is kept, per CPU, with all that it was made of. Working memory of the data path;
 * a new layout needs a new name, because an old map of this name would be used again.
 */
#define TAG_CACHE 256

struct tag_start {
	struct tunnel_ends ends;
	__u64 key[2];
	__u64 geneve;
	__u64 option;
	__u64 time_first;
	struct siphash after;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TAG_CACHE);
	__type(key, __u32);
	__type(value, struct tag_start);
} tag_starts SEC(".maps");

static __always_inline __u32 tag_place(const struct tunnel_words *w, const struct tunnel_ends *ends)
{
	__u64 mix = ends->from.q[0] + ends->to.q[0] + 3 * ends->from.q[1] + ends->to.q[1] +
		    w->option + (w->time_first >> 32);

	return mix * 0x9e3779b97f4a7c15ULL >> 56;
}

/* Without branches in between: the CPU predicts one branch better than nine. */
static __always_inline bool tag_start_is(const struct tag_start *start,
					 const struct tunnel_words *w,
					 const struct tunnel_ends *ends,
					 const struct ad_tunnel_key *key)
{
	return !((start->ends.from.q[0] ^ ends->from.q[0]) |
		 (start->ends.from.q[1] ^ ends->from.q[1]) | (start->ends.to.q[0] ^ ends->to.q[0]) |
		 (start->ends.to.q[1] ^ ends->to.q[1]) | (start->key[0] ^ key->key[0]) |
		 (start->key[1] ^ key->key[1]) | (start->geneve ^ w->geneve) |
		 (start->option ^ w->option) | (start->time_first ^ w->time_first));
}

/* Returns 0. Global: it is called seldom, and so costs the usual path no registers. */
__noinline int tag_start_make(struct tag_start *start, const struct tunnel_words *w,
			      const struct tunnel_ends *ends, const struct ad_tunnel_key *key)
{
	struct siphash s;

	if (!start || !w || !ends || !key)
		return 0;
	siphash_start(&s, key->key[0], key->key[1]);
	tunnel_hash_ends(&s, ends);
	siphash_word(&s, w->geneve);
	siphash_word(&s, w->option);
	siphash_word(&s, w->time_first);
	start->ends = *ends;
	start->key[0] = key->key[0];
	start->key[1] = key->key[1];
	start->geneve = w->geneve;
	start->option = w->option;
	start->time_first = w->time_first;
	start->after = s;
	return 0;
}

/* Hashes the words that begin every tag: addresses, Geneve, option up to the second candidate. */
static __always_inline bool tunnel_hash_start(struct siphash *s, const struct tunnel_words *w,
					      const struct tunnel_ends *ends,
					      const struct ad_tunnel_key *key)
{
	__u32 slot = tag_place(w, ends);
	struct tag_start *start = bpf_map_lookup_elem(&tag_starts, &slot);

	if (!start)
		return false;
	if (!tag_start_is(start, w, ends, key))
		tag_start_make(start, w, ends, key);
	*s = start->after;
	return true;
}

/* @bytes of the inner packet, as far as they are whole words. */
static __always_inline bool tunnel_hash_words(struct siphash *s, struct cursor c, __u32 bytes)
{
	__u64 *word;

	for (__u32 i = 1; i <= TUNNEL_INNER_TAGGED / sizeof(*word); i++) {
		if (i * sizeof(*word) > bytes)
			break;
		word = cursor_take(&c, sizeof(*word));
		if (!word)
			return false;
		siphash_word(s, *word);
	}
	return true;
}

/*
 * The tag over the outer addresses, the header words and p->tagged bytes of the inner packet of p,
 * which must begin at p->l3_off. p->tagged is a multiple of four. 0 means that the packet is too
 * short; it is never accepted or sent as a tag. Global: both ends of the tunnel use it, so it is
 * verified once and is in the instruction cache once.
 */
__noinline __u64 tunnel_tag(struct xdp_md *ctx, const struct packet *p,
			    const struct tunnel_words *w, const struct tunnel_ends *ends,
			    const struct ad_tunnel_key *key)
{
	__u32 inner_bytes, ends_bytes, *half;
	struct siphash s;
	struct cursor c;

	if (!p || !w || !ends || !key)
		return 0;
	inner_bytes = p->tagged;
	ends_bytes = addr_is_ip4(&ends->to) ? 8 : 32;
	if (!tunnel_hash_start(&s, w, ends, key))
		return 0;
	siphash_word(&s, w->third | (__u64)bpf_htons(p->ip_bytes) << 32);
	if (!tunnel_hash_words(&s, cursor_at(ctx, p->l3_off), inner_bytes))
		return 0;
	c = cursor_at(ctx, p->l3_off + inner_bytes - sizeof(*half));
	half = cursor_take(&c, sizeof(*half));
	if (!half)
		return 0;
	return siphash_end(&s, inner_bytes % 8 ? *half : 0, ends_bytes + 32 + inner_bytes);
}

#endif
