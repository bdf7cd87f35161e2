/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tunnel_in.h: packets that come by tunnel. They are checked step by step: known peer, fresh, right
 * tag, and only then the inner packet. The packet is not changed before it is unwrapped at the end.
 */
#ifndef AD_TUNNEL_IN_H
#define AD_TUNNEL_IN_H

#include "bpf/base/clock.h"
#include "icmp.h"
#include "ethernet.h"
#include "tunnel.h"

#define ECN_MASK 3
#define ECN_CE	 3
#define ECN_ECT1 1

/* What is still needed of the outer headers while p already describes the inner packet. */
struct tunnel_outer {
	struct tunnel_ends ends;
	struct ad_state *st;
	__u32 time_s;
	__u16 l3_off;
	__u8 epoch;
	__u8 tos;
};

/* Is it ours? Others may use Geneve on this port, so our option's class decides. */
static __always_inline bool tunnel_is_ours(const struct ad_geneve *geneve,
					   const struct ad_geneve_opt *option)
{
	return !(geneve->ver_optlen >> 6) && geneve->ver_optlen & 0x3f &&
	       option->class == bpf_htons(AD_GENEVE_CLASS);
}

/* Our version and the one before. The layout of any other version is not known. */
static __always_inline bool tunnel_is_readable(const struct ad_geneve_opt *option)
{
	__u8 version = option->type & ~AD_GENEVE_CRITICAL;

	return version && (version == AD_TUNNEL_VERSION || version + 1 == AD_TUNNEL_VERSION);
}

/* Must be exactly as we write it. */
static __always_inline bool tunnel_is_sound(const struct ad_geneve *geneve,
					    const struct ad_geneve_opt *option)
{
	__u8 why = option->hop_why & 0xf;

	return geneve->ver_optlen == sizeof(*option) / 4 && geneve->oam_crit == GENEVE_CRITICAL &&
	       !(geneve->vni[0] | geneve->vni[1] | geneve->vni[2] | geneve->reserved) &&
	       (geneve->protocol == bpf_htons(ETH_P_IP) ||
		geneve->protocol == bpf_htons(ETH_P_IPV6)) &&
	       option->type & AD_GENEVE_CRITICAL && option->len == AD_GENEVE_OPT_LEN &&
	       option->landing && !(option->marks & ~bpf_htons(AD_TUNNEL_MARKS)) &&
	       why <= AD_WHY_NO;
}

static __always_inline __u8 tunnel_read_tos(struct xdp_md *ctx, const struct packet *p)
{
	struct cursor c = cursor_at(ctx, p->l3_off);
	__u8 *ip = cursor_take(&c, 2);

	if (!ip)
		return 0;
	return p->is_ip6 ? ip[0] << 4 | ip[1] >> 4 : ip[1];
}

/* Reads UDP, Geneve and option. Afterwards p->l3_off is the inner packet's. */
static __always_inline __u32 tunnel_read_header(struct xdp_md *ctx, struct packet *p,
						struct tunnel_words *t, struct tunnel_outer *outer)
{
	struct cursor c = cursor_at(ctx, p->l4_off);
	struct tunnel_header *head = cursor_take(&c, sizeof(*head));
	struct ad_geneve_opt *option;
	__u32 udp_bytes;

	if (!head || !tunnel_is_ours(&head->geneve, &head->option))
		return AD_R_TUNNEL_FOREIGN;
	udp_bytes = bpf_ntohs(head->udp.len);
	option = &head->option;
	if (!tunnel_is_readable(option))
		return AD_R_TUNNEL_VERSION;
	if (udp_bytes < sizeof(*head) || !tunnel_is_sound(&head->geneve, option))
		return AD_R_TUNNEL_BAD;
	outer->ends.from = p->client;
	outer->ends.to = p->vip;
	outer->l3_off = p->l3_off;
	outer->tos = tunnel_read_tos(ctx, p);
	outer->time_s = bpf_ntohl(option->time_s);
	outer->epoch = option->epoch;
	p->landing = bpf_ntohs(option->landing);
	p->hop = option->hop_why >> 4;
	p->came = option->hop_why & 0xf;
	p->marks = bpf_ntohs(option->marks);
	for (int i = 0; i < AD_CANDIDATES; i++)
		p->candidates[i] = bpf_ntohs(option->candidates[i]);
	tunnel_words_read(t, &head->geneve);
	p->is_ip6 = head->geneve.protocol == bpf_htons(ETH_P_IPV6);
	p->l3_off = p->l4_off + sizeof(*head);
	p->ip_bytes = udp_bytes - sizeof(*head);
	return AD_CONTINUE;
}

static __always_inline __u32 tunnel_check_sender(struct packet *p, const struct tunnel_outer *outer)
{
	__u32 *peer = bpf_map_lookup_elem(&peer_ids, &outer->ends.from);
	__u32 age_s;

	if (!peer || !*peer)
		return AD_R_TUNNEL_PEER;
	p->peer = *peer;
	age_s = clock_real_s(p->mono_ns, outer->st) - outer->time_s;
	return age_s + AD_TUNNEL_FRESH_S <= 2 * AD_TUNNEL_FRESH_S ? AD_CONTINUE : AD_R_TUNNEL_STALE;
}

/*
 * Reads the inner IP header, which says how far the tag reaches. The inner packet must fill the
 * tunnel packet exactly.
 */
static __always_inline __u32 tunnel_read_inner(struct xdp_md *ctx, struct packet *p)
{
	__be16 proto = p->is_ip6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
	struct cursor c = cursor_at(ctx, p->l3_off), again = c;
	__u32 bytes = p->ip_bytes, tagged;

	if (!packet_read_addresses(&c, p, proto, PACKET_IN) ||
	    packet_read_ip(&again, p, p->l3_off + bytes, PACKET_IN) || p->ip_bytes != bytes)
		return AD_R_TUNNEL_BAD;
	tagged = tunnel_tagged_bytes(p);
	if (tagged > bytes || tagged > TUNNEL_INNER_TAGGED)
		return AD_R_TUNNEL_BAD;
	p->tagged = tagged;
	return AD_CONTINUE;
}

static __always_inline __u32 tunnel_check_tag(struct xdp_md *ctx, const struct packet *p,
					      const struct tunnel_words *t,
					      const struct tunnel_outer *outer)
{
	const struct ad_tunnel_key *key;
	struct ad_keys *k;
	__u32 zero = 0;
	__u64 tag;

	k = bpf_map_lookup_elem(&keys, &zero);
	if (!k)
		return AD_R_INTERNAL;
	key = k->tunnel[0].epoch == outer->epoch ? &k->tunnel[0] : &k->tunnel[1];
	if (!key->valid || key->epoch != outer->epoch)
		return AD_R_TUNNEL_AUTH;
	tag = tunnel_tag(ctx, p, t, &outer->ends, key);
	return tag && tag == t->tag ? AD_CONTINUE : AD_R_TUNNEL_AUTH;
}

/* TCP, or an ICMP error about a packet of ours? */
static __always_inline bool tunnel_read_transport(struct xdp_md *ctx, struct packet *p)
{
	struct cursor c = cursor_at(ctx, p->l4_off);

	if (p->protocol == IPPROTO_TCP)
		return !packet_read_tcp(&c, p, PACKET_IN);
	return icmp_read(ctx, p);
}

/* The packet is authentic. May it come by tunnel? */
static __always_inline __u32 tunnel_check_purpose(struct xdp_md *ctx, struct packet *p)
{
	if (p->fragment || !packet_is_local(p) || !(p->local.flags & AD_LOCAL_VIP_TCP) ||
	    !tunnel_read_transport(ctx, p))
		return AD_R_TUNNEL_INNER;
	if (!p->hop || p->hop > AD_HOP_LIMIT)
		return AD_R_TUNNEL_HOPS;
	if (packet_is_syn(p) != (p->came == AD_WHY_DIVERT))
		return AD_R_TUNNEL_SYN;
	if (p->came >= AD_WHY_CLAIM && (p->landing != opt.node_id || p->protocol != IPPROTO_TCP))
		return AD_R_TUNNEL_ANSWER;
	if (p->came == AD_WHY_CLAIM && p->candidates[0] != p->peer)
		return AD_R_TUNNEL_ANSWER;
	return AD_CONTINUE;
}

/*
 * The congestion mark of the outer header moves to the inner one (RFC 6040, 4.2); DSCP stays as the
 * sender set it (RFC 2983, pipe). False: CE on a packet that is not ECN-capable.
 */
static __always_inline bool tunnel_merge_ecn(struct xdp_md *ctx, const struct packet *p,
					     __u8 outer_tos)
{
	struct cursor c = cursor_at(ctx, p->l3_off);
	__u8 *ip = cursor_take(&c, sizeof(struct iphdr));
	__u8 outer = outer_tos & ECN_MASK, inner, merged;
	__sum16 *check;

	if (!ip)
		return false;
	inner = (p->is_ip6 ? ip[1] >> 4 : ip[1]) & ECN_MASK;
	if (outer == ECN_CE && !inner)
		return false;
	if (outer != ECN_CE && !(outer == ECN_ECT1 && inner && inner != ECN_CE))
		return true;
	if (p->is_ip6) {
		ip[1] = (ip[1] & ~(ECN_MASK << 4)) | outer << 4;
		return true;
	}
	merged = (ip[1] & ~ECN_MASK) | outer;
	check = &((struct iphdr *)ip)->check;
	*check = csum_replace(*check, (__u32)ip[1] << 8, (__u32)merged << 8);
	ip[1] = merged;
	return true;
}

/* Ethernet and tags are moved to the front of the inner packet; what was between is removed. */
static __always_inline bool tunnel_unwrap(struct xdp_md *ctx, struct packet *p, __u16 outer_l3)
{
	__u32 shift = p->l3_off - outer_l3;
	struct cursor c = cursor_at(ctx, 0);
	struct ethernet ethernet = {
		.proto = p->is_ip6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP),
		.nr_tags = p->nr_tags,
	};
	__u16 *macs = cursor_take(&c, sizeof(ethernet.macs));

	if (!macs)
		return false;
	__builtin_memcpy(ethernet.macs, macs, sizeof(ethernet.macs));
	__builtin_memcpy(ethernet.tags, p->tags, sizeof(ethernet.tags));
	if (bpf_xdp_adjust_head(ctx, shift))
		return false;
	p->l3_off -= shift;
	p->l4_off -= shift;
	return ethernet_write(ctx, &ethernet);
}

static __always_inline void tunnel_count_in(const struct packet *p)
{
	__u32 peer = p->peer;
	struct ad_peer_count *count = bpf_map_lookup_elem(&peers, &peer);

	if (!count)
		return;
	count->rx.packets++;
	count->rx.bytes += p->ip_bytes;
}

/*
 * UDP for our tunnel address, on our port. AD_CONTINUE: it was an authentic tunnel packet; p and
 * the frame are the inner packet now, and p says how it came.
 */
__noinline int tunnel_receive(struct xdp_md *ctx, struct packet *p)
{
	struct tunnel_outer outer = {};
	struct tunnel_words t = {};
	__u32 zero = 0, reason;

	if (!p)
		return AD_R_INTERNAL;
	outer.st = bpf_map_lookup_elem(&state, &zero);
	if (!outer.st)
		return AD_R_INTERNAL;
	p->mono_ns = clock_mono_ns();
	reason = tunnel_read_header(ctx, p, &t, &outer) ?:
		 tunnel_check_sender(p, &outer) ?:
		 tunnel_read_inner(ctx, p) ?:
		 tunnel_check_tag(ctx, p, &t, &outer) ?:
		 tunnel_check_purpose(ctx, p);
	if (reason)
		return reason;
	if (!tunnel_merge_ecn(ctx, p, outer.tos))
		return AD_R_TUNNEL_ECN;
	tunnel_count_in(p);
	return tunnel_unwrap(ctx, p, outer.l3_off) ? AD_CONTINUE : AD_R_INTERNAL;
}

#endif
