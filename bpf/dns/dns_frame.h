/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_frame.h: what is around a query in its frame: read, and written for the reply.
 *
 * The query's checksum is not looked at: the NIC has done so, and on a virtual link it may be
 * partial. The reply's is computed in full.
 */
#ifndef AD_DNS_FRAME_H
#define AD_DNS_FRAME_H

#include "bpf/base/csum.h"
#include "bpf/packet/packet.h"
#include "dns_kernel.h"

#define DNS_TTL	      64
#define DNS_HEADS_MAX 128 /* Ethernet, two tags, IPv6 and UDP are 70 bytes */
#define IP_DF	      0x4000

struct dns_frame {
	__u32 bytes; /* all of it */
	__u32 l3_off;
	__u32 dns_off;
	__u32 len; /* of the message */
	__u8 is_ip6;
	__u8 odd; /* source address or port that must not be answered */
};

/* Sources that are no single host (RFC 1122, 3.2.1.3; RFC 4291, 2.7), or ourselves. */
static __always_inline bool dns_odd_ip4(const struct iphdr *ip)
{
	__u32 from = bpf_ntohl(ip->saddr);

	return from >> 28 >= 14 || from >> 24 == 127 || from >> 24 == 0 || ip->saddr == ip->daddr;
}

static __always_inline bool dns_odd_ip6(const struct ipv6hdr *ip)
{
	const __u32 *from = ip->saddr.s6_addr32, *to = ip->daddr.s6_addr32;

	if (ip->saddr.s6_addr[0] == 0xff ||
	    !(from[0] | from[1] | from[2] | (from[3] & ~bpf_htonl(1))))
		return true;
	return from[0] == to[0] && from[1] == to[1] && from[2] == to[2] && from[3] == to[3];
}

/* As packet_read_link(), but the tags are not to be remembered: they stay where they are. */
static __always_inline __be16 dns_skip_ethernet(struct cursor *c, struct dns_frame *f)
{
	struct ethhdr *eth = cursor_take(c, sizeof(*eth));
	struct packet_tag *tag;
	__be16 proto;

	if (!eth)
		return 0;
	f->l3_off = ETH_HLEN;
	proto = eth->h_proto;
	for (int i = 0; i < AD_VLAN_DEPTH; i++) {
		if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
			break;
		tag = cursor_take(c, sizeof(*tag));
		if (!tag)
			return 0;
		f->l3_off += sizeof(*tag);
		proto = tag->proto;
	}
	return proto;
}

/*
 * Up to the message, every length distrusted. `packet` sends only what is plain: no IP options, no
 * extension headers, no fragments.
 */
static __always_inline __u32 dns_read_frame(struct xdp_md *ctx, struct dns_frame *f,
					    struct dns_work *w)
{
	struct cursor c = cursor_at(ctx, 0);
	__be16 proto = dns_skip_ethernet(&c, f);
	__u32 bytes;
	struct ipv6hdr *ip6;
	struct udphdr *udp;
	struct iphdr *ip4;

	f->is_ip6 = proto == bpf_htons(ETH_P_IPV6);
	if (f->is_ip6) {
		ip6 = cursor_take(&c, sizeof(*ip6));
		if (!ip6)
			return AD_R_BAD_IP;
		bytes = bpf_ntohs(ip6->payload_len);
		f->odd = dns_odd_ip6(ip6);
		__builtin_memcpy(&w->client, &ip6->saddr, sizeof(w->client));
		f->dns_off = f->l3_off + sizeof(*ip6) + sizeof(*udp);
	} else {
		ip4 = cursor_take(&c, sizeof(*ip4));
		if (!ip4)
			return AD_R_BAD_IP;
		bytes = bpf_ntohs(ip4->tot_len) - sizeof(*ip4);
		f->odd = dns_odd_ip4(ip4);
		w->client.q[0] = 0;
		w->client.q[1] = bpf_htonl(0xffff) | (__u64)ip4->saddr << 32;
		f->dns_off = f->l3_off + sizeof(*ip4) + sizeof(*udp);
	}
	/* a length below that of its header has become a large one */
	if (bytes > f->bytes - (f->dns_off - sizeof(*udp)))
		return AD_R_BAD_IP;
	udp = cursor_take(&c, sizeof(*udp));
	if (!udp)
		return AD_R_BAD_L4;
	f->odd |= dns_odd_port(bpf_ntohs(udp->source));
	f->len = bpf_ntohs(udp->len) - sizeof(*udp);
	return f->len > bytes - sizeof(*udp) || bytes < sizeof(*udp) ? AD_R_BAD_L4 : AD_CONTINUE;
}

/* The client's port and ours change places; @sum is that of addresses and payload. */
static __always_inline void dns_write_udp(struct udphdr *udp, __u32 bytes, __u64 sum)
{
	__u32 *ports = (void *)udp, len = bpf_htons(bytes);
	__u16 check;

	*ports = *ports << 16 | *ports >> 16;
	sum += *ports + 2 * (__u64)len + bpf_htons(IPPROTO_UDP);
	check = ~csum_fold(sum);
	if (!check)
		check = 0xffff; /* RFC 768: 0 would mean none */
	ports[1] = len | (__u32)check << 16;
}

/* In words; a datagram that is never fragmented needs no identification (RFC 6864, 4.1). */
static __always_inline void dns_write_ip4(struct iphdr *ip, struct udphdr *udp, __u32 bytes,
					  __u64 sum)
{
	__u32 *word = (void *)ip;
	__be32 client = ip->saddr, vip = ip->daddr;
	__u32 lengths = bpf_htons(0x4500) | bpf_htons(sizeof(*ip) + bytes) << 16;
	__u32 fragment = bpf_htons(IP_DF) << 16, life = DNS_TTL | IPPROTO_UDP << 8;
	__u64 ends = (__u64)client + vip;

	word[0] = lengths;
	word[1] = fragment;
	word[2] = life | (__u32)(__u16)~csum_fold(ends + lengths + fragment + life) << 16;
	word[3] = vip;
	word[4] = client;
	dns_write_udp(udp, bytes, sum + ends);
}

static __always_inline void dns_write_ip6(struct ipv6hdr *ip, struct udphdr *udp, __u32 bytes,
					  __u64 sum)
{
	struct in6_addr client = ip->saddr;
	int i;

	ip->saddr = ip->daddr;
	ip->daddr = client;
	*(__be32 *)ip = bpf_htonl(0x60000000);
	ip->payload_len = bpf_htons(bytes);
	ip->hop_limit = DNS_TTL;
	for (i = 0; i < 4; i++)
		sum += (__u64)ip->saddr.s6_addr32[i] + ip->daddr.s6_addr32[i];
	dns_write_udp(udp, bytes, sum);
}

/* Back to where it came from; VLAN tags stay where they are. In words: six, two, four bytes. */
static __always_inline void dns_write_ethernet(struct ethhdr *eth)
{
	__u64 *to = (void *)eth, old = *to;
	__u32 *from = (void *)(to + 1);

	*to = old >> 48 | (__u64)*from << 16 | old << 48;
	*from = old >> 16;
}

static __always_inline bool dns_write_heads(struct xdp_md *ctx, const struct dns_frame *f,
					    __u32 len, __u64 sum)
{
	struct cursor c = cursor_at(ctx, 0);
	struct ethhdr *eth = cursor_take(&c, sizeof(*eth));
	__u32 bytes = sizeof(struct udphdr) + len;
	struct ipv6hdr *ip6;
	struct udphdr *udp;
	struct iphdr *ip4;

	if (!eth)
		return false;
	c = cursor_at(ctx, f->l3_off);
	if (f->is_ip6) {
		ip6 = cursor_take(&c, sizeof(*ip6));
		udp = cursor_take(&c, sizeof(*udp));
		if (!ip6 || !udp)
			return false;
		dns_write_ip6(ip6, udp, bytes, sum);
	} else {
		ip4 = cursor_take(&c, sizeof(*ip4));
		udp = cursor_take(&c, sizeof(*udp));
		if (!ip4 || !udp)
			return false;
		dns_write_ip4(ip4, udp, bytes, sum);
	}
	dns_write_ethernet(eth);
	return true;
}

#endif
