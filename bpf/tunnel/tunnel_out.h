/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tunnel_out.h: wrapping. All that can fail is done before the packet is changed.
 */
#ifndef AD_TUNNEL_OUT_H
#define AD_TUNNEL_OUT_H

#include "ethernet.h"
#include "bpf/flow/owner.h"
#include "tunnel.h"

/* All that is needed to write the outer headers. */
struct tunnel_wrap {
	struct leg *leg;
	__u32 head; /* bytes from outer IP header to inner: AD_OVERHEAD_* */
	__be16 sport;
	__u8 tos; /* DSCP and ECN of the inner packet */
};

struct csum_walk {
	struct xdp_md *ctx;
	__u32 at;
	__u32 end;
	__u32 sum;
	__u32 chunk[16];
};

/* Adds the next 64 bytes, the last ones padded with zeros. */
static long csum_step(__u32 i, struct csum_walk *w)
{
	__u32 bytes = w->end - w->at;

	if (bytes > sizeof(w->chunk))
		bytes = sizeof(w->chunk);
	if (!bytes)
		return 1;
	/*
	 * Linux 6.1 does not learn a lower bound from a comparison with 0, and clang must not
	 * recognise this as one.
	 */
	barrier_var(bytes);
	bytes = ((bytes - 1) & (sizeof(w->chunk) - 1)) + 1;
	__builtin_memset(w->chunk, 0, sizeof(w->chunk));
	if (bpf_xdp_load_bytes(w->ctx, w->at, w->chunk, bytes))
		return 1;
	w->sum = csum_fold(bpf_csum_diff(NULL, 0, w->chunk, sizeof(w->chunk), w->sum));
	w->at += bytes;
	return 0;
}

static __always_inline __u64 tunnel_inner_pseudo(const struct packet *p)
{
	__u32 tcp_bytes = p->ip_bytes - (p->l4_off - p->l3_off);
	__u64 sum = (__u64)bpf_htons(IPPROTO_TCP) + bpf_htons(tcp_bytes);

	if (!p->is_ip6)
		return sum + p->client.w[3] + p->vip.w[3];
	sum = csum_add(sum, p->client.q[0]);
	sum = csum_add(sum, p->client.q[1]);
	sum = csum_add(sum, p->vip.q[0]);
	return csum_add(sum, p->vip.q[1]);
}

/*
 * The sum of @bytes of the packet, from @at on, in 16 bits; 0: the packet is shorter. Global, so
 * that its buffer is on no other function's stack.
 */
__noinline __u32 csum_of_packet(struct xdp_md *ctx, __u32 at, __u32 bytes)
{
	struct csum_walk walk = { .ctx = ctx, .at = at, .end = at + bytes };

	bpf_loop(0x10000 / sizeof(walk.chunk), csum_step, &walk, 0);
	return walk.at == walk.end ? walk.sum : 0;
}

/*
 * Is the TCP checksum complete? Adds up the whole segment, so it is called only if the checksum
 * looks partial.
 */
static __always_inline bool tunnel_checksum_holds(struct xdp_md *ctx, const struct packet *p)
{
	__u32 sum = csum_of_packet(ctx, p->l4_off, p->ip_bytes - (p->l4_off - p->l3_off));

	return csum_fold(sum + tunnel_inner_pseudo(p)) == 0xffff;
}

/*
 * A sender that leaves the checksum to its hardware puts the folded pseudo-header sum there. One of
 * 65536 complete checksums looks the same, so a checksum that looks partial is verified.
 */
static __always_inline bool tunnel_is_partial(struct xdp_md *ctx, const struct packet *p)
{
	struct cursor c = cursor_at(ctx, p->l4_off);
	struct tcphdr *tcp = cursor_take(&c, sizeof(*tcp));

	if (p->protocol != IPPROTO_TCP)
		return false;
	if (!tcp)
		return true;
	return tcp->check == csum_fold(tunnel_inner_pseudo(p)) && !tunnel_checksum_holds(ctx, p);
}

/*
 * TTL and traffic class of the inner packet. If the TTL would become zero, the packet is not sent
 * on.
 */
static __always_inline __u32 tunnel_read_hop(struct xdp_md *ctx, const struct packet *p,
					     struct tunnel_wrap *w)
{
	struct cursor c = cursor_at(ctx, p->l3_off);
	struct ipv6hdr *ip6;
	struct iphdr *ip4;

	if (p->is_ip6) {
		ip6 = cursor_take(&c, sizeof(*ip6));
		if (!ip6)
			return AD_R_INTERNAL;
		w->tos = bpf_ntohs(*(__be16 *)ip6) >> 4;
		return ip6->hop_limit > 1 ? AD_CONTINUE : AD_R_EXPIRED;
	}
	ip4 = cursor_take(&c, sizeof(*ip4));
	if (!ip4)
		return AD_R_INTERNAL;
	w->tos = ip4->tos;
	return ip4->ttl > 1 ? AD_CONTINUE : AD_R_EXPIRED;
}

static __always_inline bool tunnel_decrement_hop(struct xdp_md *ctx, const struct packet *p)
{
	struct cursor c = cursor_at(ctx, p->l3_off);
	struct ipv6hdr *ip6;
	struct iphdr *ip4;

	if (p->is_ip6) {
		ip6 = cursor_take(&c, sizeof(*ip6));
		if (ip6)
			ip6->hop_limit--;
		return ip6;
	}
	ip4 = cursor_take(&c, sizeof(*ip4));
	if (!ip4)
		return false;
	ip4->check = csum_replace(ip4->check, ip4->ttl, ip4->ttl - 1);
	ip4->ttl--;
	return true;
}

/*
 * Finds the way to @target, if the packet fits it; else p->mtu is the size that would have fitted.
 */
static __always_inline __u32 tunnel_find_way(struct xdp_md *ctx, struct packet *p,
					     const struct ad_state *st, const struct ad_addr *from,
					     const struct ad_node *target, struct tunnel_wrap *w)
{
	__u32 bytes = p->ip_bytes + w->head, reason, mtu;

	if (bytes > 0xffff)
		return AD_R_TOO_BIG;
	reason = leg_find(ctx, p, st, from, &target->tunnel, w->sport, bytes, &w->leg);
	if (reason && reason != AD_R_TOO_BIG)
		return reason;
	mtu = w->leg->ethernet.mtu;
	if (target->mtu && (!mtu || target->mtu < mtu))
		mtu = target->mtu;
	if (!reason && (!mtu || bytes <= mtu))
		return AD_CONTINUE;
	p->mtu = mtu > w->head ? mtu - w->head : 0;
	return AD_R_TOO_BIG;
}

/* Everything about the leg that does not change the packet: addresses, port, route. */
static __always_inline __u32 tunnel_plan(struct xdp_md *ctx, struct packet *p,
					 const struct ad_state *st, struct tunnel_wrap *w)
{
	struct ad_node *self = node_find(opt.node_id), *target = node_find(p->target);
	__u32 reason;

	if (p->hop >= AD_HOP_LIMIT)
		return AD_R_TUNNEL_HOPS;
	/* Only for these is it known how far the tag reaches and what the checksum covers. */
	if (!self || !target || (p->protocol != IPPROTO_TCP && !packet_is_icmp(p)))
		return AD_R_INTERNAL;
	w->head = addr_is_ip4(&target->tunnel) ? AD_OVERHEAD_IP4 : AD_OVERHEAD_IP6;
	w->sport = bpf_htons(0xc000 | p->prf >> 50); /* RFC 8926, 3.3: the ephemeral range */
	reason = tunnel_read_hop(ctx, p, w);
	return reason ?: tunnel_find_way(ctx, p, st, &self->tunnel, target, w);
}

/* Removes Ethernet padding and makes room; afterwards p's offsets are those of the inner packet. */
static __always_inline bool tunnel_make_room(struct xdp_md *ctx, struct packet *p,
					     const struct tunnel_wrap *w)
{
	__s32 padding = bpf_xdp_get_buff_len(ctx) - p->l3_off - p->ip_bytes;
	__s32 grow = ethernet_bytes(&w->leg->ethernet) + w->head - p->l3_off;

	if (padding > 0 && bpf_xdp_adjust_tail(ctx, -padding))
		return false;
	if (bpf_xdp_adjust_head(ctx, -grow))
		return false;
	p->l3_off += grow;
	p->l4_off += grow;
	return true;
}

/* Header words in wire order; @landing stays the first node's on every leg. */
static __always_inline void tunnel_fill(const struct packet *p, const struct ad_state *st,
					const struct ad_tunnel_key *key, struct tunnel_words *t)
{
	__u16 landing = p->landing ? p->landing : opt.node_id;
	__u8 hop_why = (p->hop + 1) << 4 | p->why;

	t->geneve = sizeof(struct ad_geneve_opt) / 4 | GENEVE_CRITICAL << 8 |
		    (__u32)bpf_htons(p->is_ip6 ? ETH_P_IPV6 : ETH_P_IP) << 16;
	t->option = bpf_htons(AD_GENEVE_CLASS) |
		    (__u32)(AD_GENEVE_CRITICAL | opt.tunnel_version) << 16 |
		    (__u64)AD_GENEVE_OPT_LEN << 24 | (__u64)bpf_htons(landing) << 32 |
		    (__u64)hop_why << 48 | (__u64)key->epoch << 56;
	t->time_first = bpf_htonl(clock_real_s(p->mono_ns, st)) |
			(__u64)bpf_htons(p->candidates[0]) << 32 |
			(__u64)bpf_htons(p->candidates[1]) << 48;
	t->third = bpf_htons(p->candidates[2]) | (__u32)bpf_htons(p->marks) << 16;
}

/* The sum of @bytes of an inner IP header. Its own checksum is not relied on: it may be wrong. */
static __always_inline __u64 tunnel_sum_words(struct cursor c, __u32 bytes)
{
	__u64 sum = 0;
	__u32 *word;

	for (__u32 at = 0; at < AD_L3_MAX; at += sizeof(*word)) {
		if (at >= bytes)
			break;
		word = cursor_take(&c, sizeof(*word));
		if (!word)
			break;
		sum += *word;
	}
	return sum;
}

/*
 * The sum of the inner transport if its checksum is right: the complement of its pseudo-header,
 * whatever the payload is. ICMP over IPv4 has no pseudo-header.
 */
static __always_inline __u64 tunnel_sum_transport(struct xdp_md *ctx, const struct packet *p)
{
	__u64 sum;

	if (p->protocol == IPPROTO_TCP)
		return (__u16)~csum_fold(tunnel_inner_pseudo(p));
	if (p->protocol != IPPROTO_ICMPV6)
		return 0;
	sum = tunnel_sum_words(cursor_at(ctx, p->l3_off + offsetof(struct ipv6hdr, saddr)), 32);
	sum += bpf_htons(p->ip_bytes - (p->l4_off - p->l3_off)) + bpf_htons(IPPROTO_ICMPV6);
	return (__u16)~csum_fold(sum);
}

/* The outer UDP checksum, from headers only. @sum: outer pseudo-header and UDP. */
static __always_inline __u16 tunnel_checksum(struct xdp_md *ctx, const struct packet *p,
					     const struct tunnel_words *t, __u64 sum)
{
	__u16 check;

	sum += tunnel_sum_words(cursor_at(ctx, p->l3_off), p->l4_off - p->l3_off);
	sum += tunnel_sum_transport(ctx, p);
	sum = csum_add(sum, t->geneve);
	sum = csum_add(sum, t->option);
	sum = csum_add(sum, t->time_first);
	sum = csum_add(sum, t->tag) + t->third;
	check = ~csum_fold(sum);
	return check ? check : 0xffff;
}

/* The outer IP header, at the cursor. Gives the sum of its addresses; 0: it does not fit. */
static __always_inline __u64 tunnel_write_ip4(struct cursor *c, const struct tunnel_wrap *w,
					      __u32 bytes)
{
	__u32 *ip = cursor_take(c, sizeof(struct iphdr));
	__u64 sum;

	if (!ip)
		return 0;
	ip[0] = 0x45 | w->tos << 8 | (__u32)bpf_htons(bytes) << 16;
	ip[1] = (__u32)bpf_htons(0x4000) << 16; /* DF; an atomic datagram needs no id (RFC 6864) */
	ip[2] = TUNNEL_TTL | IPPROTO_UDP << 8;
	ip[3] = w->leg->ends.from.w[3];
	ip[4] = w->leg->ends.to.w[3];
	sum = (__u64)w->leg->ends.from.w[3] + w->leg->ends.to.w[3];
	((struct iphdr *)ip)->check = ~csum_fold(sum + ip[0] + ip[1] + ip[2]);
	return sum;
}

static __always_inline __u64 tunnel_write_ip6(struct cursor *c, const struct tunnel_wrap *w,
					      __u32 bytes, __u64 prf)
{
	struct ipv6hdr *ip = cursor_take(c, sizeof(*ip));
	__u32 label = prf >> 44;
	__u64 sum;

	if (!ip)
		return 0;
	*(__be32 *)ip = bpf_htonl(6 << 28 | (__u32)w->tos << 20 | label);
	ip->payload_len = bpf_htons(bytes - sizeof(*ip));
	ip->nexthdr = IPPROTO_UDP;
	ip->hop_limit = TUNNEL_TTL;
	__builtin_memcpy(&ip->saddr, &w->leg->ends.from, sizeof(ip->saddr));
	__builtin_memcpy(&ip->daddr, &w->leg->ends.to, sizeof(ip->daddr));
	sum = csum_add(w->leg->ends.from.q[0], w->leg->ends.from.q[1]);
	sum = csum_add(sum, w->leg->ends.to.q[0]);
	return csum_add(sum, w->leg->ends.to.q[1]);
}

/* Everything in front of the inner packet, Ethernet to tag. */
static __always_inline bool tunnel_write(struct xdp_md *ctx, const struct packet *p,
					 const struct tunnel_wrap *w, struct tunnel_words *t)
{
	struct cursor c = cursor_at(ctx, ethernet_bytes(&w->leg->ethernet));
	__u32 bytes = p->ip_bytes + w->head, udp_bytes;
	struct tunnel_header *head;
	__u64 sum;

	if (addr_is_ip4(&w->leg->ends.to)) {
		udp_bytes = bytes - sizeof(struct iphdr);
		sum = tunnel_write_ip4(&c, w, bytes);
	} else {
		udp_bytes = bytes - sizeof(struct ipv6hdr);
		sum = tunnel_write_ip6(&c, w, bytes, p->prf);
	}
	head = cursor_take(&c, sizeof(*head));
	if (!sum || !head)
		return false;
	head->udp.source = w->sport;
	head->udp.dest = opt.tunnel_port;
	head->udp.len = bpf_htons(udp_bytes);
	sum = csum_add(sum, (__u64)w->sport + opt.tunnel_port + 2 * bpf_htons(udp_bytes) +
				    bpf_htons(IPPROTO_UDP));
	head->udp.check = tunnel_checksum(ctx, p, t, sum);
	tunnel_words_write(t, &head->geneve);
	return ethernet_write(ctx, &w->leg->ethernet);
}

static __always_inline void tunnel_count_out(const struct packet *p)
{
	__u32 target = p->target;
	struct ad_peer_count *count = bpf_map_lookup_elem(&peers, &target);

	if (!count)
		return;
	count->tx.packets++;
	count->tx.bytes += p->ip_bytes;
}

/* The packet is changed here: a failure from now on can only return INTERNAL. */
static __always_inline bool tunnel_emit(struct xdp_md *ctx, struct packet *p,
					const struct tunnel_wrap *w, const struct ad_state *st,
					const struct ad_tunnel_key *key)
{
	struct tunnel_words t = {};

	if (!tunnel_make_room(ctx, p, w) || !tunnel_decrement_hop(ctx, p))
		return false;
	tunnel_fill(p, st, key, &t);
	p->tagged = tunnel_tagged_bytes(p);
	t.tag = tunnel_tag(ctx, p, &t, &w->leg->ends, key);
	return t.tag && tunnel_write(ctx, p, w, &t);
}

/*
 * Wraps the packet for p->target and sends it. AD_CONTINUE: sent, by p->action. With any reason but
 * INTERNAL the packet is unchanged, so a SYN may still be served here.
 */
__noinline int tunnel_send(struct xdp_md *ctx, struct packet *p)
{
	struct tunnel_wrap w = {};
	struct ad_state *st;
	struct ad_keys *k;
	__u32 zero = 0, reason;

	if (!p)
		return AD_R_INTERNAL;
	k = bpf_map_lookup_elem(&keys, &zero);
	st = bpf_map_lookup_elem(&state, &zero);
	if (!k || !st || !k->tunnel[0].valid)
		return AD_R_INTERNAL;
	reason = tunnel_plan(ctx, p, st, &w);
	if (reason)
		return reason;
	if (!tunnel_emit(ctx, p, &w, st, &k->tunnel[0]))
		return AD_R_INTERNAL;
	tunnel_count_out(p);
	p->action = w.leg->ethernet.ifindex == ctx->ingress_ifindex
			    ? XDP_TX
			    : bpf_redirect(w.leg->ethernet.ifindex, 0);
	return AD_CONTINUE;
}

#endif
