/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_xdp.h: a query in a frame to its answer in the same frame.
 *
 * `packet` has read the frame: UDP, port 53 of a VIP that answers DNS, no fragment, and lengths
 * that agree. The message is copied out, answered there, and copied back once the frame has its
 * new size; until then the frame is as it came, so that it can still be passed on.
 *
 * The query's checksum is not looked at: the NIC has done so, and on a virtual link it may be
 * partial. The reply's is computed in full.
 */
#ifndef AD_DNS_XDP_H
#define AD_DNS_XDP_H

#include "csum.h"
#include "dns_home.h"
#include "packet.h"

#define DNS_QUERY_MAX 1024 /* longer ones are the daemon's */
#define DNS_TTL	      64
#define DNS_WORDS_MAX 256 /* messages up to here are copied by ourselves */
#define DNS_HEADS_MAX 128 /* Ethernet, two tags, IPv6 and UDP are 70 bytes */
#define IP_DF	      0x4000

/* One question at a time on each CPU; no program that uses it can be interrupted by another. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dns_work);
} dns_work SEC(".maps");

struct dns_frame {
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

/* Up to the message. IP options and extension headers are rare enough to be the daemon's. */
static __always_inline bool dns_read_frame(struct xdp_md *ctx, struct dns_frame *f,
					   struct dns_work *w)
{
	struct cursor c = cursor_at(ctx, 0);
	struct packet p = {};
	__be16 proto = packet_read_link(&c, &p);
	struct ipv6hdr *ip6;
	struct udphdr *udp;
	struct iphdr *ip4;

	f->l3_off = p.l3_off;
	f->is_ip6 = proto == bpf_htons(ETH_P_IPV6);
	if (f->is_ip6) {
		ip6 = cursor_take(&c, sizeof(*ip6));
		if (!ip6 || ip6->nexthdr != IPPROTO_UDP)
			return false;
		f->odd = dns_odd_ip6(ip6);
		__builtin_memcpy(&w->client, &ip6->saddr, sizeof(w->client));
		f->dns_off = p.l3_off + sizeof(*ip6) + sizeof(*udp);
	} else {
		ip4 = cursor_take(&c, sizeof(*ip4));
		if (!ip4 || ip4->ihl != 5 || ip4->protocol != IPPROTO_UDP)
			return false;
		f->odd = dns_odd_ip4(ip4);
		w->client.q[0] = 0;
		w->client.q[1] = bpf_htonl(0xffff) | (__u64)ip4->saddr << 32;
		f->dns_off = p.l3_off + sizeof(*ip4) + sizeof(*udp);
	}
	udp = cursor_take(&c, sizeof(*udp));
	if (!udp)
		return false;
	f->odd |= !udp->source;
	f->len = bpf_ntohs(udp->len) - sizeof(*udp);
	return true;
}

/* A message in words, and its last eight bytes once more: no helper, no byte by byte. */
static __always_inline bool dns_load_words(struct xdp_md *ctx, const struct dns_frame *f,
					   struct dns_work *w, __u32 len)
{
	struct cursor c = cursor_at(ctx, f->dns_off);
	__u32 i, last = (len - 8) & (DNS_WORDS_MAX - 1);

	for (i = 0; i < DNS_WORDS_MAX; i += 8) {
		if (i + 8 > len)
			break;
		if (c.pos + i + 8 > c.end)
			return false;
		dns_store64(w->msg + i, *(__u64 *)(c.pos + i));
	}
	if (c.pos + last + 8 > c.end)
		return false;
	dns_store64(w->msg + last, *(__u64 *)(c.pos + last));
	return true;
}

static __always_inline int dns_load(struct xdp_md *ctx, const struct dns_frame *f,
				    struct dns_work *w)
{
	__u32 zero = 0, len = f->len;
	struct ad_dns_live *live = bpf_map_lookup_elem(&dns_live, &zero);

	if (!live || len > DNS_QUERY_MAX)
		return DNS_PASS;
	if (len < DNS_HEADER)
		return DNS_IGNORE;
	w->slot = live->slot;
	w->len = len;
	w->tcp = 0;
	if (len <= DNS_WORDS_MAX && dns_load_words(ctx, f, w, len))
		return DNS_GO;
	return bpf_xdp_load_bytes(ctx, f->dns_off, w->msg, len) ? DNS_PASS : DNS_GO;
}

/* One's complement sum of the reply, not folded. */
__noinline __u64 dns_sum(struct dns_work *w)
{
	__u64 sum = 0, word;
	__u32 i, len;

	if (!w)
		return 0;
	len = w->len;
	dns_put64(w, len, 0);
	for (i = 0; i < DNS_REPLY_MAX; i += 8) {
		if (i >= len)
			break;
		word = dns_load64(&w->msg[i & DNS_MSG_MASK]);
		sum += (word >> 32) + (__u32)word;
	}
	return sum;
}

/* A short reply goes to the frame and into the sum at once. */
static __always_inline bool dns_store_words(struct xdp_md *ctx, const struct dns_frame *f,
					    struct dns_work *w, __u32 len, __u64 *sum)
{
	struct cursor c = cursor_at(ctx, f->dns_off);
	__u32 i, last = (len - 8) & (DNS_WORDS_MAX - 1);
	__u64 word;

	*sum = 0;
	dns_put64(w, len, 0);
	for (i = 0; i < DNS_WORDS_MAX; i += 8) {
		if (i >= len)
			break;
		word = dns_load64(w->msg + i);
		*sum += (word >> 32) + (__u32)word;
		if (i + 8 > len)
			break;
		if (c.pos + i + 8 > c.end)
			return false;
		*(__u64 *)(c.pos + i) = word;
	}
	if (c.pos + last + 8 > c.end)
		return false;
	*(__u64 *)(c.pos + last) = dns_load64(w->msg + last);
	return true;
}

static __always_inline __u16 dns_fold(__u64 sum)
{
	sum = (sum >> 32) + (__u32)sum;
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return ~sum;
}

/* The client's port and ours change places; @sum is that of addresses and payload. */
static __always_inline void dns_write_udp(struct udphdr *udp, __u32 bytes, __u64 sum)
{
	__be16 client = udp->source;

	udp->source = udp->dest;
	udp->dest = client;
	udp->len = bpf_htons(bytes);
	sum += udp->source + udp->dest + 2 * (__u64)udp->len + bpf_htons(IPPROTO_UDP);
	udp->check = dns_fold(sum);
	if (!udp->check)
		udp->check = 0xffff; /* RFC 768: 0 would mean none */
}

/* A datagram that is never fragmented needs no identification (RFC 6864, 4.1). */
static __always_inline void dns_write_ip4(struct iphdr *ip, struct udphdr *udp, __u32 bytes,
					  __u64 sum)
{
	__be32 client = ip->saddr;
	__u64 head;

	ip->saddr = ip->daddr;
	ip->daddr = client;
	ip->tos = 0;
	ip->tot_len = bpf_htons(sizeof(*ip) + bytes);
	ip->id = 0;
	ip->frag_off = bpf_htons(IP_DF);
	ip->ttl = DNS_TTL;
	head = bpf_htons(0x4500) + (__u64)ip->tot_len + ip->frag_off +
	       bpf_htons(DNS_TTL << 8 | IPPROTO_UDP) + (__u64)ip->saddr + ip->daddr;
	ip->check = dns_fold(head);
	dns_write_udp(udp, bytes, sum + ip->saddr + ip->daddr);
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

/* Back to where it came from; VLAN tags stay where they are. */
static __always_inline void dns_write_link(struct ethhdr *eth)
{
	unsigned char client[ETH_ALEN];

	__builtin_memcpy(client, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, client, ETH_ALEN);
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
	dns_write_link(eth);
	return true;
}

/*
 * The frame takes the reply's size. A veth gives little room behind the packet but plenty in
 * front (6.18): then the heads move forward. If neither goes, the query is still whole.
 */
static __always_inline bool dns_resize(struct xdp_md *ctx, const struct dns_frame *f,
				       struct dns_work *w, __u32 len)
{
	int more = f->dns_off + len - bpf_xdp_get_buff_len(ctx);
	__u32 heads = f->dns_off & (DNS_HEADS_MAX - 1);

	if (!more || !bpf_xdp_adjust_tail(ctx, more))
		return true;
	return more > 0 && heads && !bpf_xdp_load_bytes(ctx, 0, w->name, heads) &&
	       !bpf_xdp_adjust_head(ctx, -more) && !bpf_xdp_store_bytes(ctx, 0, w->name, heads);
}

static __always_inline __u32 dns_send(struct xdp_md *ctx, const struct dns_frame *f,
				      struct dns_work *w)
{
	__u32 len = w->len;
	__u64 sum;

	if (len < DNS_HEADER || len > DNS_REPLY_MAX)
		return AD_R_INTERNAL;
	if (!dns_resize(ctx, f, w, len))
		return AD_R_DNS_PASSED;
	if (len > DNS_WORDS_MAX || !dns_store_words(ctx, f, w, len, &sum)) {
		barrier_var(len); /* 6.1 forgets the bounds of what it spills */
		if (len < DNS_HEADER || len > DNS_REPLY_MAX ||
		    bpf_xdp_store_bytes(ctx, f->dns_off, w->msg, len))
			return AD_R_INTERNAL;
		sum = dns_sum(w);
	}
	if (!dns_write_heads(ctx, f, len, sum))
		return AD_R_INTERNAL;
	return w->limited == AD_DNS_LIMITED_SLIPPED ? AD_R_DNS_SLIPPED : AD_R_DNS_ANSWERED;
}

static __always_inline void dns_count(const struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 zero = 0, slot;
	struct ad_dns_count *count = bpf_map_lookup_elem(&dns_counts, &zero);
	__u64 *hits;

	if (!count)
		return;
	if (w->rcode < AD_DNS_RCODES)
		count->rcodes[w->rcode]++;
	count->truncated += w->tc;
	if (w->zone == DNS_NOT_COUNTED)
		return;
	slot = dns_zone(image, w->zone)->slot;
	hits = bpf_map_lookup_elem(&dns_zone_hits, &slot);
	if (hits)
		(*hits)++;
}

static __always_inline bool dns_is_sent(__u32 reason)
{
	return reason == AD_R_DNS_ANSWERED || reason == AD_R_DNS_SLIPPED;
}

/* Few queries have anything to count here. */
static __always_inline void dns_count_guard(const struct dns_work *w)
{
	__u32 zero = 0;
	struct ad_dns_guarded *count;

	if (!w->cookie_state && !w->limited)
		return;
	count = bpf_map_lookup_elem(&dns_guarded, &zero);
	if (!count)
		return;
	if (w->cookie_state)
		count->cookies[w->cookie_state % AD_DNS_COOKIE_STATES]++;
	if (w->limited && w->limited_class < AD_DNS_CLASSES)
		count->limited[w->limited % AD_DNS_LIMITED_STATES][w->limited_class]++;
}

/* The stage: UDP 53 for a VIP, to one reason. */
static __always_inline __u32 dns_packet(struct xdp_md *ctx)
{
	__u32 zero = 0, reason;
	struct dns_work *w = bpf_map_lookup_elem(&dns_work, &zero);
	const struct ad_dns_image *image;
	struct dns_frame f;
	int verdict;

	if (!w || !dns_read_frame(ctx, &f, w))
		return AD_R_DNS_PASSED;
	if (f.odd)
		return AD_R_DNS_IGNORED;
	verdict = dns_load(ctx, &f, w);
	if (verdict == DNS_GO) {
		image = dns_image(w);
		verdict = image ? dns_respond(w, image) : DNS_PASS;
	}
	if (verdict == DNS_IGNORE)
		return AD_R_DNS_IGNORED;
	if (verdict != DNS_SEND && verdict != DNS_DROP)
		return AD_R_DNS_PASSED;
	reason = verdict == DNS_DROP ? AD_R_DNS_LIMITED : dns_send(ctx, &f, w);
	if (dns_is_sent(reason))
		dns_count(w, image);
	if (reason != AD_R_DNS_PASSED)
		dns_count_guard(w);
	return reason;
}

#endif
