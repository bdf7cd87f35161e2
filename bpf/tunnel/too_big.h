/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * too_big.h: tells a client that its packet does not fit the way to its owner (RFC 1191, 8201).
 *
 * The packet itself becomes the quote: it is cut, gets new headers in front, and is sent back the
 * way it came. The error comes from the VIP, the only address of ours that the client knows. IPv4
 * packets without DF get the same answer: we cannot fragment, and without an answer the connection
 * would hang.
 */
#ifndef AD_TOO_BIG_H
#define AD_TOO_BIG_H

#include "icmp.h"
#include "ethernet.h"
#include "tunnel_out.h"

#define TOO_BIG_IP4_MAX 576  /* RFC 1812, 4.3.2.3 */
#define TOO_BIG_IP6_MAX 1280 /* RFC 4443, 3.2 */
#define TOO_BIG_MTU4	68   /* RFC 791: the least there is */
#define TOO_BIG_MTU6	1280 /* RFC 8200, 5 */
#define TOO_BIG_TTL	64
#define TOO_BIG_TOS	0xc0 /* RFC 1812, 4.3.2.5: internetwork control */

struct too_big4 {
	struct iphdr ip;
	struct icmp_head icmp;
};

struct too_big6 {
	struct ipv6hdr ip;
	struct icmp_head icmp;
};

/*
 * Packets from an unspecified, multicast or broadcast address, or from our own, get no error (RFC
 * 1122, 3.2.2; RFC 4443, 2.4).
 */
static __always_inline bool too_big_is_host(const struct packet *p)
{
	__u32 ip4 = bpf_ntohl(p->client.w[3]);

	if (p->client.q[0] == p->vip.q[0] && p->client.q[1] == p->vip.q[1])
		return false;
	if (!p->is_ip6)
		return ip4 >> 28 < 14 && ip4 >> 24 != 127 && ip4 >> 24;
	return p->client.b[0] != 0xff && (p->client.q[0] || bpf_be64_to_cpu(p->client.q[1]) > 1);
}

/* Would a smaller segment help, and is a smaller one allowed? */
static __always_inline bool too_big_can_help(const struct packet *p)
{
	return p->protocol == IPPROTO_TCP && p->mtu >= (p->is_ip6 ? TOO_BIG_MTU6 : TOO_BIG_MTU4);
}

/*
 * Turns it back to its sender, with the tags that it came with. False: it was sent to several
 * hosts.
 */
static __always_inline bool too_big_turn(struct xdp_md *ctx, const struct packet *p,
					 struct ethernet *ethernet)
{
	struct cursor c = cursor_at(ctx, 0);
	__u16 *macs = cursor_take(&c, sizeof(ethernet->macs));

	if (!macs || macs[0] & 1)
		return false;
	__builtin_memcpy(ethernet->macs, macs + 3, ETH_ALEN);
	__builtin_memcpy(ethernet->macs + 3, macs, ETH_ALEN);
	__builtin_memcpy(ethernet->tags, p->tags, sizeof(ethernet->tags));
	ethernet->nr_tags = p->nr_tags;
	ethernet->proto = p->is_ip6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
	return true;
}

static __always_inline bool too_big_write4(struct xdp_md *ctx, const struct packet *p, __u32 quoted)
{
	struct cursor c = cursor_at(ctx, p->l3_off);
	struct too_big4 *head = cursor_take(&c, sizeof(*head));
	__u32 *ip = (__u32 *)head;
	__u64 sum;

	if (!head)
		return false;
	ip[0] = 0x45 | TOO_BIG_TOS << 8 | (__u32)bpf_htons(sizeof(*head) + quoted) << 16;
	ip[1] = (__u32)bpf_htons(0x4000) << 16; /* DF; an atomic datagram needs no id (RFC 6864) */
	ip[2] = TOO_BIG_TTL | IPPROTO_ICMP << 8;
	ip[3] = p->vip.w[3];
	ip[4] = p->client.w[3];
	head->ip.check = ~csum_fold((__u64)ip[0] + ip[1] + ip[2] + ip[3] + ip[4]);
	ip[5] = ICMP4_UNREACHABLE | ICMP4_FRAG_NEEDED << 8;
	ip[6] = (__u32)bpf_htons(p->mtu) << 16;
	sum = (__u64)ip[5] + ip[6];
	sum += csum_of_packet(ctx, p->l3_off + sizeof(*head), quoted);
	c = cursor_at(ctx, p->l3_off);
	head = cursor_take(&c, sizeof(*head)); /* afresh: the sum was a call */
	if (!head)
		return false;
	head->icmp.check = ~csum_fold(sum);
	return true;
}

static __always_inline bool too_big_write6(struct xdp_md *ctx, const struct packet *p, __u32 quoted)
{
	struct cursor c = cursor_at(ctx, p->l3_off);
	struct too_big6 *head = cursor_take(&c, sizeof(*head));
	__u32 bytes = sizeof(head->icmp) + quoted, *icmp;
	__u64 sum;

	if (!head)
		return false;
	*(__be32 *)head = bpf_htonl(6 << 28 | TOO_BIG_TOS << 20);
	head->ip.payload_len = bpf_htons(bytes);
	head->ip.nexthdr = IPPROTO_ICMPV6;
	head->ip.hop_limit = TOO_BIG_TTL;
	__builtin_memcpy(&head->ip.saddr, &p->vip, sizeof(head->ip.saddr));
	__builtin_memcpy(&head->ip.daddr, &p->client, sizeof(head->ip.daddr));
	icmp = (__u32 *)&head->icmp;
	icmp[0] = ICMP6_TOO_BIG;
	icmp[1] = bpf_htonl(p->mtu);
	sum = (__u64)icmp[0] + icmp[1] + bpf_htons(bytes) + bpf_htons(IPPROTO_ICMPV6);
	sum = csum_add(csum_add(sum, p->vip.q[0]), p->vip.q[1]);
	sum = csum_add(csum_add(sum, p->client.q[0]), p->client.q[1]);
	sum += csum_of_packet(ctx, p->l3_off + sizeof(*head), quoted);
	c = cursor_at(ctx, p->l3_off);
	head = cursor_take(&c, sizeof(*head));
	if (!head)
		return false;
	head->icmp.check = ~csum_fold(sum);
	return true;
}

/* Makes the packet its own answer. */
static __always_inline bool too_big_write(struct xdp_md *ctx, const struct packet *p,
					  const struct ethernet *ethernet)
{
	__u32 head = p->is_ip6 ? sizeof(struct too_big6) : sizeof(struct too_big4);
	__u32 quoted = (p->is_ip6 ? TOO_BIG_IP6_MAX : TOO_BIG_IP4_MAX) - head;
	__s32 cut;

	if (quoted > p->ip_bytes)
		quoted = p->ip_bytes;
	cut = bpf_xdp_get_buff_len(ctx) - p->l3_off - quoted;
	if ((cut > 0 && bpf_xdp_adjust_tail(ctx, -cut)) || bpf_xdp_adjust_head(ctx, -(int)head))
		return false;
	return (p->is_ip6 ? too_big_write6(ctx, p, quoted) : too_big_write4(ctx, p, quoted)) &&
	       ethernet_write(ctx, ethernet);
}

/*
 * For a packet that does not fit: tells its sender so, and p->mtu, which would have fitted. Returns
 * the reason to count: TOO_BIG if nobody is told.
 */
__noinline int too_big_tell(struct xdp_md *ctx, struct packet *p)
{
	struct ethernet ethernet = {};

	if (!p)
		return AD_R_INTERNAL;
	if (!too_big_is_host(p) || !too_big_can_help(p) || !too_big_turn(ctx, p, &ethernet) ||
	    !budget_allows(p, AD_BUDGET_TOO_BIG, p->target))
		return AD_R_TOO_BIG;
	p->action = XDP_TX;
	return too_big_write(ctx, p, &ethernet) ? AD_R_TOO_BIG_TOLD : AD_R_INTERNAL;
}

#endif
