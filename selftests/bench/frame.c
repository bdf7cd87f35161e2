// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * frame.c: the packets of the bench, byte for byte.
 */
#include <string.h>
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <linux/if_ether.h>
#include <sodium.h>
#include "selftests/bench/frame.h"
#include "selftests/sum.h"
#include "user/config/config.h"

#define PAYLOAD	    16 /* bytes of TCP data: the headers are what costs */
#define ECHO_AGE_MS 40 /* a client's echo is a round trip old */
/* Addresses of the configuration that site.c writes, and one that is not in it. */
#define IP4(a, b, c, d) htonl((__u32)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define VIP		IP4(203, 0, 113, 1)
#define FOREIGN		IP4(203, 0, 113, 99)
#define TUNNEL_SELF	IP4(192, 0, 2, 1)
#define TUNNEL_LANDING	IP4(192, 0, 2, 3)

static void *put(struct frame *frame, const void *bytes, size_t length)
{
	void *place = frame->bytes + frame->length;

	memcpy(place, bytes, length);
	frame->length += length;
	return place;
}

/* Of TCP or UDP behind @ip, with its pseudo-header (RFC 9293, 3.1; RFC 768). */
static __be16 sum_transport(const struct iphdr *ip)
{
	__u16 length = ntohs(ip->tot_len) - sizeof(*ip);

	return sum_fold(sum_bytes(sum_bytes(ip->protocol + length, &ip->saddr, 8), ip + 1, length));
}

static void put_ethernet(struct frame *frame)
{
	struct ethhdr eth = {
		.h_dest = { 2, 0, 0, 0, 0, 1 },
		.h_source = { 2, 0, 0, 0, 0, 2 },
		.h_proto = htons(ETH_P_IP),
	};

	put(frame, &eth, sizeof(eth));
}

/* The length is left open until the packet is whole. */
static struct iphdr *put_ip(struct frame *frame, __be32 from, __be32 to, __u8 protocol)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.ttl = 60,
		.protocol = protocol,
		.frag_off = htons(IP_DF),
		.saddr = from,
		.daddr = to,
	};

	return put(frame, &ip, sizeof(ip));
}

static void close_ip(struct frame *frame, struct iphdr *ip)
{
	ip->tot_len = htons(frame->bytes + frame->length - (__u8 *)ip);
	ip->check = sum_fold(sum_bytes(0, ip, sizeof(*ip)));
}

struct ends {
	__be32 from, to;
	__be16 from_port, to_port;
	bool syn;
};

/* A data segment, or a SYN; timestamps if @tsval. */
static void put_tcp(struct frame *frame, const struct ends *ends, __u32 tsval, __u32 tsecr)
{
	static const __u8 payload[PAYLOAD] = "GET / HTTP/1.1\r\n";
	__be32 option[3] = { htonl(0x0101080a), htonl(tsval), htonl(tsecr) };
	struct tcphdr header = {
		.source = ends->from_port,
		.dest = ends->to_port,
		.seq = htonl(1000),
		.ack_seq = htonl(2000),
		.doff = tsval ? 8 : 5,
		.syn = ends->syn,
		.ack = !ends->syn,
		.psh = !ends->syn,
		.window = htons(500),
	};
	struct iphdr *ip = put_ip(frame, ends->from, ends->to, IPPROTO_TCP);
	struct tcphdr *tcp = put(frame, &header, sizeof(header));

	if (tsval)
		put(frame, option, sizeof(option));
	put(frame, payload, sizeof(payload));
	close_ip(frame, ip);
	tcp->check = sum_transport(ip);
}

static __u64 siphash(const __u64 key[2], const void *bytes, size_t length)
{
	__u8 out[crypto_shorthash_siphash24_BYTES];
	__u64 value;

	crypto_shorthash_siphash24(out, bytes, length, (const void *)key);
	memcpy(&value, out, sizeof(value));
	return value;
}

__u64 frame_prf(const struct rig *rig, const struct guest *guest)
{
	struct {
		__be32 client, vip;
		__be16 client_port, vip_port;
	} tuple = { guest->address, VIP, guest->port, htons(BENCH_PORT) };

	return siphash(rig->keys.stamp, &tuple, sizeof(tuple));
}

/* What the client echoes: the owner's clock a round trip ago, stamped (deploy/doc/design.md). */
static __u32 stamped_echo(const struct rig *rig, const struct guest *guest)
{
	return rig->mono_ms - ECHO_AGE_MS + (__u32)rig->wall_minus_mono_ms +
	       ((__u32)guest->owner << (32 - rig->config->owner_bits)) +
	       (__u32)frame_prf(rig, guest);
}

static void put_segment_in(struct frame *frame, const struct rig *rig, enum frame_kind kind,
			   const struct guest *guest)
{
	struct ends ends = {
		.from = guest->address,
		.to = kind == FRAME_FOREIGN ? FOREIGN : VIP,
		.from_port = guest->port,
		.to_port = htons(BENCH_PORT),
		.syn = kind == FRAME_SYN,
	};

	if (kind == FRAME_STAMPED || kind >= FRAME_TUNNEL)
		put_tcp(frame, &ends, 12345, stamped_echo(rig, guest));
	else
		put_tcp(frame, &ends, 0, 0);
}

static void put_segment_out(struct frame *frame, const struct rig *rig, const struct guest *guest)
{
	struct ends ends = {
		.from = VIP,
		.to = guest->address,
		.from_port = htons(BENCH_PORT),
		.to_port = guest->port,
	};

	put_tcp(frame, &ends, rig->mono_ms, 12345);
}

/* UDP header to be closed when its payload is in. */
static struct udphdr *put_udp(struct frame *frame, __be16 from, __be16 to)
{
	struct udphdr udp = { .source = from, .dest = to };

	return put(frame, &udp, sizeof(udp));
}

static void close_udp(struct frame *frame, struct iphdr *ip, struct udphdr *udp)
{
	udp->len = htons(frame->bytes + frame->length - (__u8 *)udp);
	close_ip(frame, ip);
	udp->check = sum_transport(ip);
}

/* Over what maps/types.h lists, in that order. */
static __u64 tunnel_tag(const struct rig *rig, const struct iphdr *outer,
			const struct ad_geneve *geneve, const struct iphdr *inner)
{
	struct {
		__be32 addresses[2];
		__u8 headers[sizeof(*geneve) + sizeof(struct ad_geneve_opt) - 8];
		__be16 inner_length, zero;
		__u8 inner[40];
	} covered = { .addresses = { outer->saddr, outer->daddr }, .inner_length = inner->tot_len };

	memcpy(covered.headers, geneve, sizeof(covered.headers));
	memcpy(covered.inner, inner, sizeof(covered.inner));
	return siphash(rig->keys.tunnel[0].key, &covered, sizeof(covered));
}

/* As LANDING sends it: to the first of two candidates, first leg. Or as somebody else would. */
static void put_tunnelled(struct frame *frame, const struct rig *rig, enum frame_kind kind,
			  const struct guest *guest)
{
	__be32 sender = kind == FRAME_STRANGER ? FOREIGN : TUNNEL_LANDING;
	__u32 age_s = kind == FRAME_REPLAYED ? 2 * AD_TUNNEL_FRESH_S : 0;
	__u8 hop = kind == FRAME_LOOPING ? AD_HOP_LIMIT + 1 : 1;
	struct ad_geneve geneve = {
		.ver_optlen = sizeof(struct ad_geneve_opt) / 4,
		.oam_crit = 0x40,
		.protocol = htons(ETH_P_IP),
	};
	struct ad_geneve_opt option = {
		.class = htons(AD_GENEVE_CLASS),
		.type = AD_GENEVE_TYPE,
		.len = AD_GENEVE_OPT_LEN,
		.landing = htons(LANDING),
		.hop_why = hop << 4 | AD_WHY_DATA,
		.epoch = rig->keys.tunnel[0].epoch,
		.time_s = htonl(rig->real_s - age_s),
		.candidates = { htons(SELF), htons(OTHER) },
	};
	struct iphdr *outer = put_ip(frame, sender, TUNNEL_SELF, IPPROTO_UDP);
	struct udphdr *udp = put_udp(frame, htons(50000), htons(AD_TUNNEL_PORT));
	struct ad_geneve *put_geneve = put(frame, &geneve, sizeof(geneve));
	struct ad_geneve_opt *put_option = put(frame, &option, sizeof(option));
	__u64 tag;

	put_segment_in(frame, rig, FRAME_TUNNEL, guest);
	tag = tunnel_tag(rig, outer, put_geneve, (void *)(put_option + 1));
	tag ^= kind == FRAME_FORGED;
	memcpy(put_option->tag, &tag, sizeof(tag));
	close_udp(frame, outer, udp);
}

/* OPT with a cookie as we made it a moment ago (RFC 9018, 4). */
static void put_cookie(struct frame *frame, const struct rig *rig, const struct guest *guest)
{
	static const char opt[] = "\0\0\51\4\320\0\0\0\0\0\34\0\12\0\30";
	struct {
		char client[8];
		__u8 version[4];
		__be32 made;
		__be32 address;
	} covered = { "a client", { 1 }, htonl(rig->real_s), guest->address };
	__u64 hash = siphash(rig->cookie_secret, &covered, 20);

	put(frame, opt, sizeof(opt) - 1);
	put(frame, &covered, 16);
	put(frame, &hash, sizeof(hash));
}

/* What is asked for, behind the label that makes names differ, and what follows the question. */
static const struct query {
	const char *name; /* as on the wire, but its end */
	const char *opt;
	__u16 opt_bytes;
	bool is_one; /* always the same: no such label */
	bool has_cookie;
	bool is_steered; /* the address of the subnet, at its end, is one of many */
} queries[] = {
#define BENCH_ZONE "\5bench\7example"
#define OPT(text)  .opt = (text), .opt_bytes = sizeof(text) - 1
#define OPT_DO	   "\0\0\51\4\320\0\0\200\0\0\0"
/* RFC 7871: 192.0.2.0/24 */
#define OPT_ECS "\0\0\51\4\320\0\0\200\0\0\13\0\10\0\7\0\1\30\0\300\0\2"
	[FRAME_DNS_A] = { .name = BENCH_ZONE },
	[FRAME_DNS_NX] = { .name = "\1y\1z" BENCH_ZONE },
	[FRAME_DNS_WILDCARD] = { .name = "\1w" BENCH_ZONE },
	[FRAME_DNS_COOKIE] = { .name = BENCH_ZONE, .has_cookie = true },
	[FRAME_DNS_UNASKED] = { .name = BENCH_ZONE },
	[FRAME_DNS_SIGNED] = { .name = "\3www\4nsec\7example", OPT(OPT_DO), .is_one = true },
	[FRAME_DNS_STEERED_SIGNED] = { .name = "\3www\6signed\7example",
				       OPT(OPT_DO),
				       .is_one = true },
	[FRAME_DNS_NSEC] = { .name = "\4nsec\7example", OPT(OPT_DO) },
	[FRAME_DNS_NSEC3] = { .name = "\5nsec3\7example", OPT(OPT_DO) },
	[FRAME_DNS_DO] = { .name = BENCH_ZONE, OPT(OPT_DO) },
	[FRAME_DNS_STEERED] = { .name = "\5steer\7example", OPT(OPT_ECS), .is_steered = true },
	[FRAME_DNS_ECS] = { .name = BENCH_ZONE, OPT(OPT_ECS) },
};

/* One of all /24, by an odd factor: no two of a deck are the same, and none is near the one before.
 */
static void put_subnet(struct frame *frame, unsigned int number)
{
	__be32 address = htonl(number * 2654435761u & 0xffffff00);

	memcpy(frame->bytes + frame->length - 3, &address, 3);
}

static void put_query(struct frame *frame, const struct rig *rig, enum frame_kind kind,
		      const struct guest *guest, unsigned int name)
{
	static const char a_in[] = "\0\0\1\0\1";
	const struct query *query = &queries[kind];
	__be16 header[6] = {
		htons(name), 0, htons(1), 0, 0, htons(query->opt || query->has_cookie),
	};
	struct iphdr *ip = put_ip(frame, guest->address, VIP, IPPROTO_UDP);
	struct udphdr *udp = put_udp(frame, kind == FRAME_DNS_UNASKED ? 0 : guest->port, htons(53));
	char label[9] = "\10";

	frame_dns_label(query->is_steered ? name % BENCH_NAMES : name, label + 1);
	put(frame, header, sizeof(header));
	if (!query->is_one)
		put(frame, label, sizeof(label));
	put(frame, query->name, strlen(query->name));
	put(frame, a_in, sizeof(a_in) - 1);
	if (query->opt)
		put(frame, query->opt, query->opt_bytes);
	if (query->is_steered)
		put_subnet(frame, name);
	if (query->has_cookie)
		put_cookie(frame, rig, guest);
	close_udp(frame, ip, udp);
}

void frame_dns_label(unsigned int name, char label[8])
{
	static const char digits[] = "0123456789abcdef";

	/* An odd factor: distinct labels that do not come in order. */
	for (__u32 mixed = name * 2654435761u, i = 0; i < 8; i++, mixed >>= 4)
		label[i] = digits[mixed & 15];
}

void frame_build(struct frame *frame, const struct rig *rig, enum frame_kind kind,
		 const struct guest *guest, unsigned int name)
{
	memset(frame, 0, sizeof(*frame));
	put_ethernet(frame);
	if (kind == FRAME_OUT)
		put_segment_out(frame, rig, guest);
	else if (kind >= FRAME_TUNNEL)
		put_tunnelled(frame, rig, kind, guest);
	else if (kind >= FRAME_DNS_A)
		put_query(frame, rig, kind, guest, name);
	else
		put_segment_in(frame, rig, kind, guest);
}
