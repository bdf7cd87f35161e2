/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_xdp.h: a query in a frame to its answer in the same frame.
 *
 * `packet` has seen UDP, port 53 of a VIP that answers DNS, no fragment and no options; lengths are
 * read here. What dns_quick.h knows is answered where it is. Else the message is copied out,
 * answered there, and copied back once the frame has its new size; until then the frame is as it
 * came, so that it can still be passed on.
 *
 * The query's checksum is not looked at: the NIC has done so, and on a virtual link it may be
 * partial. The reply's is computed in full.
 */
#ifndef AD_DNS_XDP_H
#define AD_DNS_XDP_H

#include "bpf/base/csum.h"
#include "dns_home.h"
#include "maps/door_maps.h"
#include "bpf/packet/packet.h"

#define DNS_QUERY_MAX 1024 /* longer ones are the daemon's */
#define DNS_TTL	      64
#define DNS_WORDS_MAX 256 /* shorter messages are copied by ourselves */
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

/*
 * Up to the message, every length distrusted. `packet` sends only what is plain: no IP options, no
 * extension headers, no fragments.
 */
static __always_inline __u32 dns_read_frame(struct xdp_md *ctx, struct dns_frame *f,
					    struct dns_work *w)
{
	struct cursor c = cursor_at(ctx, 0);
	struct packet p = {};
	__be16 proto = packet_read_link(&c, &p);
	__u32 bytes;
	struct ipv6hdr *ip6;
	struct udphdr *udp;
	struct iphdr *ip4;

	f->l3_off = p.l3_off;
	f->is_ip6 = proto == bpf_htons(ETH_P_IPV6);
	if (f->is_ip6) {
		ip6 = cursor_take(&c, sizeof(*ip6));
		if (!ip6)
			return AD_R_BAD_IP;
		bytes = bpf_ntohs(ip6->payload_len);
		f->odd = dns_odd_ip6(ip6);
		__builtin_memcpy(&w->client, &ip6->saddr, sizeof(w->client));
		f->dns_off = p.l3_off + sizeof(*ip6) + sizeof(*udp);
	} else {
		ip4 = cursor_take(&c, sizeof(*ip4));
		if (!ip4)
			return AD_R_BAD_IP;
		bytes = bpf_ntohs(ip4->tot_len) - sizeof(*ip4);
		f->odd = dns_odd_ip4(ip4);
		w->client.q[0] = 0;
		w->client.q[1] = bpf_htonl(0xffff) | (__u64)ip4->saddr << 32;
		f->dns_off = p.l3_off + sizeof(*ip4) + sizeof(*udp);
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

/*
 * A message in words, laid so that the name begins with one: what is read back in other words than
 * it was stored in waits until the stores have left the core. No helper, no byte by byte.
 */
static __always_inline bool dns_load_words(struct xdp_md *ctx, const struct dns_frame *f,
					   struct dns_work *w, __u32 len)
{
	struct cursor c = cursor_at(ctx, f->dns_off);
	__u32 i, last = (len - 8) & (DNS_WORDS_MAX - 1), rest = (len - 4) & 7;

	if (c.pos + DNS_HEADER > c.end || c.pos + last + 8 > c.end)
		return false;
	*(__u32 *)w->msg = *(__u32 *)c.pos;
	for (i = 4; i < DNS_WORDS_MAX; i += 8) {
		if (i + 8 > len)
			break;
		if (c.pos + i + 8 > c.end)
			return false;
		dns_store64(w->msg + i, *(__u64 *)(c.pos + i));
	}
	dns_store64(w->msg + ((len - rest) & (DNS_WORDS_MAX - 1)),
		    *(__u64 *)(c.pos + last) >> 8 >> (56 - 8 * rest));
	return true;
}

static __always_inline int dns_load(struct xdp_md *ctx, const struct dns_frame *f,
				    struct dns_work *w)
{
	__u32 len = f->len;

	if (len > DNS_QUERY_MAX)
		return DNS_PASS;
	if (len < DNS_HEADER)
		return DNS_IGNORE;
	w->len = len;
	w->tcp = 0;
	if (len < DNS_WORDS_MAX && dns_load_words(ctx, f, w, len))
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
		word = dns_load64(w->msg + i);
		sum += (word >> 32) + (__u32)word;
	}
	return sum;
}

/* What lies in the frame already: all between header and body. */
static __always_inline __u64 dns_sum_question(const struct dns_work *w)
{
	__u64 sum = 0, word, body = w->body;
	__u32 i;

	for (i = DNS_HEADER; i < DNS_WORDS_MAX; i += 8) {
		if (i >= body)
			break;
		word = dns_load64(w->msg + i);
		if (i + 8 > body)
			word &= (1ull << 8 * (body - i)) - 1;
		sum = csum_add(sum, word);
	}
	return sum;
}

/* The last @left bytes, fewer than eight. */
static __always_inline bool dns_store_rest(struct cursor *c, __u64 word, __u32 left)
{
	void *to;

	if (left & 4) {
		to = cursor_take(c, 4);
		if (!to)
			return false;
		*(__u32 *)to = word;
		word >>= 32;
	}
	if (left & 2) {
		to = cursor_take(c, 2);
		if (!to)
			return false;
		*(__u16 *)to = word;
		word >>= 16;
	}
	if (left & 1) {
		to = cursor_take(c, 1);
		if (!to)
			return false;
		*(__u8 *)to = word;
	}
	return true;
}

/*
 * A short reply goes to the frame and into the sum at once, in the words in which the engine wrote
 * it. The question is there already.
 */
static __always_inline bool dns_store_words(struct xdp_md *ctx, const struct dns_frame *f,
					    struct dns_work *w, __u64 *sum)
{
	struct cursor c = cursor_at(ctx, f->dns_off);
	__u64 question = dns_sum_question(w), tail = 0, word;
	__u32 body, size, whole, i;
	const __u8 *from;
	void *to = c.pos;
	__u16 folded;

	if (to + DNS_HEADER > c.end)
		return false;
	*(__u32 *)to = *(__u32 *)w->msg;
	word = dns_load64(w->msg + 4);
	*(__u64 *)(to + 4) = word;
	question = csum_add(question + *(__u32 *)w->msg, word);
	dns_join();
	body = w->body & (DNS_WORDS_MAX - 1);
	size = (w->len - body) & (DNS_WORDS_MAX - 1);
	from = w->msg + body;
	to += body;
	for (i = 0; i < DNS_WORDS_MAX; i += 8) {
		if (i + 8 > size)
			break;
		if (to + i + 8 > c.end)
			return false;
		word = dns_load64(from + i);
		tail = csum_add(tail, word);
		*(__u64 *)(to + i) = word;
	}
	dns_join();
	size = w->len - body;
	whole = size & (DNS_WORDS_MAX - 8);
	c.pos = to + whole;
	word = dns_load64(from + whole) & ((1ull << 8 * (size & 7)) - 1);
	folded = csum_fold(csum_add(tail, word));
	*sum = question + (body & 1 ? __builtin_bswap16(folded) : folded);
	return dns_store_rest(&c, word, size);
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
static __always_inline void dns_write_link(struct ethhdr *eth)
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
	dns_write_link(eth);
	return true;
}

/*
 * The frame takes the reply's size. A veth (6.18) gives room behind the packet only up to the next
 * multiple of 64 bytes, but always 216 in front: then the heads move forward. If neither goes, the
 * query is still whole.
 */
enum dns_room {
	DNS_ROOM_NONE,
	DNS_ROOM_HERE,	/* behind the question, which has not moved */
	DNS_ROOM_MOVED, /* only the heads are in place */
};

static __always_inline enum dns_room dns_resize(struct xdp_md *ctx, const struct dns_frame *f,
						struct dns_work *w, __u32 len)
{
	int more = f->dns_off + len - f->bytes;
	__u32 heads = f->dns_off & (DNS_HEADS_MAX - 1);

	if (!more || !bpf_xdp_adjust_tail(ctx, more))
		return DNS_ROOM_HERE;
	barrier_var(heads); /* 6.1 wants to see that it is not 0 */
	if (more < 0 || heads < ETH_HLEN || bpf_xdp_load_bytes(ctx, 0, w->name, heads) ||
	    bpf_xdp_adjust_head(ctx, -more) || bpf_xdp_store_bytes(ctx, 0, w->name, heads))
		return DNS_ROOM_NONE;
	return DNS_ROOM_MOVED;
}

/* A reply that is long, or whose question is no longer where it was. */
static __always_inline bool dns_store_all(struct xdp_md *ctx, const struct dns_frame *f,
					  struct dns_work *w, __u64 *sum)
{
	__u32 len = w->len;

	if (len > DNS_REPLY_MAX)
		return false;
	barrier_var(
		len); /* for 6.1: clang 14 would make one comparison of two, of another register */
	if (len < DNS_HEADER || bpf_xdp_store_bytes(ctx, f->dns_off, w->msg, len))
		return false;
	*sum = dns_sum(w);
	return true;
}

/* The reply in w->msg, to a reason. Global: verified once, not for every way to a reply. */
__noinline int dns_send(struct xdp_md *ctx, const struct dns_frame *f, struct dns_work *w)
{
	__u32 len = w ? w->len : 0;
	enum dns_room room;
	__u64 sum;

	if (!f || !w || len < DNS_HEADER || len > DNS_REPLY_MAX)
		return AD_R_INTERNAL;
	room = dns_resize(ctx, f, w, len);
	if (room == DNS_ROOM_NONE)
		return AD_R_DNS_PASSED;
	if ((room == DNS_ROOM_MOVED || len >= DNS_WORDS_MAX || !dns_store_words(ctx, f, w, &sum)) &&
	    !dns_store_all(ctx, f, w, &sum))
		return AD_R_INTERNAL;
	if (!dns_write_heads(ctx, f, len, sum))
		return AD_R_INTERNAL;
	return w->limited == AD_DNS_LIMITED_SLIPPED ? AD_R_DNS_SLIPPED : AD_R_DNS_ANSWERED;
}

#include "dns_quick.h"

static __always_inline void dns_count(const struct dns_frame *f, const struct dns_work *w,
				      const struct ad_dns_image *image)
{
	__u32 zero = 0, slot;
	struct ad_dns_count *count = bpf_map_lookup_elem(&dns_counts, &zero);
	__u64 *hits;

	if (!count)
		return;
	dns_count_reply(w, count, f->is_ip6);
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

/* The image that answers this packet, whatever is published meanwhile. */
static __always_inline const struct ad_dns_image *dns_choose_image(struct dns_work *w)
{
	__u32 zero = 0;
	const struct ad_dns_live *live = bpf_map_lookup_elem(&dns_live, &zero);

	if (!live)
		return NULL;
	w->slot = live->slot;
	w->hashed = 0;
	w->brought = 0;
	return dns_image(w);
}

/* From what the engine made of it to one reason. */
static __always_inline __u32 dns_conclude(struct xdp_md *ctx, const struct dns_frame *f,
					  struct dns_work *w, int verdict)
{
	if (verdict == DNS_IGNORE)
		return AD_R_DNS_IGNORED;
	if (verdict == DNS_DROP)
		return AD_R_DNS_LIMITED;
	return verdict == DNS_SEND ? dns_send(ctx, f, w) : AD_R_DNS_PASSED;
}

static __always_inline void dns_count_all(const struct dns_frame *f, const struct dns_work *w,
					  const struct ad_dns_image *image, __u32 reason)
{
	if (dns_is_sent(reason))
		dns_count(f, w, image);
	if (reason != AD_R_DNS_PASSED)
		dns_count_guard(w);
}

/* The stage: UDP 53 for a VIP, to one reason, or on to the next program. */
static __always_inline __u32 dns_packet(struct xdp_md *ctx, __u32 frame_bytes)
{
	struct dns_frame f = { .bytes = frame_bytes };
	__u32 zero = 0, reason;
	struct dns_work *w = bpf_map_lookup_elem(&dns_work, &zero);
	const struct ad_dns_image *image;

	if (!w)
		return AD_R_INTERNAL;
	reason = dns_read_frame(ctx, &f, w);
	if (reason)
		return reason;
	if (f.odd)
		return AD_R_DNS_IGNORED;
	image = dns_choose_image(w);
	if (!image)
		return AD_R_DNS_PASSED;
	reason = dns_quick(ctx, &f, w, image);
	if (!reason) {
		bpf_tail_call(ctx, &door_xdp, AD_DOOR_DNS_COPIED);
		return AD_R_DNS_PASSED;
	}
	dns_count_all(&f, w, image, reason);
	return reason;
}

/*
 * The next program: the same packet on the same CPU, in a copy, by the engine. What is not answered
 * is as it came. A program of its own, as the one after it, so that what most questions never need
 * costs them nothing, neither time nor the verifier's patience.
 */
static __always_inline __u32 dns_packet_copied(struct xdp_md *ctx, __u32 frame_bytes)
{
	struct dns_frame f = { .bytes = frame_bytes };
	__u32 zero = 0, reason;
	struct dns_work *w = bpf_map_lookup_elem(&dns_work, &zero);
	const struct ad_dns_image *image;
	int verdict;

	if (!w)
		return AD_R_INTERNAL;
	reason = dns_read_frame(ctx, &f, w);
	if (reason)
		return reason;
	image = dns_image(w);
	if (!image)
		return AD_R_DNS_PASSED;
	verdict = dns_load(ctx, &f, w);
	if (verdict == DNS_GO)
		verdict = dns_respond(w, image);
	if (verdict == DNS_MORE)
		bpf_tail_call(ctx, &door_xdp, AD_DOOR_DNS_MORE);
	reason = dns_conclude(ctx, &f, w, verdict);
	dns_count_all(&f, w, image, reason);
	return reason;
}

/* And the last: the question where dns_follow() left it. */
static __always_inline __u32 dns_packet_more(struct xdp_md *ctx, __u32 frame_bytes)
{
	struct dns_frame f = { .bytes = frame_bytes };
	__u32 zero = 0, reason;
	struct dns_work *w = bpf_map_lookup_elem(&dns_work, &zero);
	const struct ad_dns_image *image;

	if (!w)
		return AD_R_INTERNAL;
	reason = dns_read_frame(ctx, &f, w);
	if (reason)
		return reason;
	image = dns_image(w);
	if (!image)
		return AD_R_DNS_PASSED;
	reason = dns_conclude(ctx, &f, w, dns_complete(w, image, dns_follow_more(w, image)));
	dns_count_all(&f, w, image, reason);
	return reason;
}

#endif
