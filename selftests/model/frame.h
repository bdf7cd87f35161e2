/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frame.h: a model's packet as bytes, with nothing of the code that is to be tested.
 */
#ifndef AD_MODEL_FRAME_H
#define AD_MODEL_FRAME_H

#include <string.h>
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include "selftests/sum.h"
#include "user/base/addr.h"
#include "model.h"

/* What a segment has beside its flags. */
struct frame_segment {
	const struct ad_tuple *tuple;
	bool out; /* from the VIP to the client */
	__u32 seq, ack;
	__u32 tsval;
};

static inline size_t frame_put_ip4(__u8 *at, __be32 from, __be32 to, __u8 protocol, size_t payload)
{
	struct iphdr *ip = (void *)at;

	*ip = (struct iphdr){ .version = 4,
			      .ihl = 5,
			      .ttl = 57,
			      .protocol = protocol,
			      .tot_len = htons(20 + payload),
			      .saddr = from,
			      .daddr = to };
	ip->check = sum_fold(sum_bytes(0, ip, 20));
	return 20;
}

static inline size_t frame_put_ip(__u8 *at, const struct ad_addr *from, const struct ad_addr *to,
				  __u8 protocol, size_t payload)
{
	struct ip6_hdr *ip = (void *)at;

	if (addr_is_ip4(from))
		return frame_put_ip4(at, from->w[3], to->w[3], protocol, payload);
	memset(ip, 0, sizeof(*ip));
	ip->ip6_vfc = 0x60;
	ip->ip6_plen = htons(payload);
	ip->ip6_nxt = protocol;
	ip->ip6_hlim = 57;
	memcpy(&ip->ip6_src, from, 16);
	memcpy(&ip->ip6_dst, to, 16);
	return sizeof(*ip);
}

/* The TCP header, timestamps and four bytes of payload, if any. */
static inline size_t frame_put_tcp(__u8 *at, const struct frame_segment *segment,
				   const struct model_packet *p)
{
	const struct ad_tuple *tuple = segment->tuple;
	struct tcphdr *tcp = (void *)at;
	size_t head = 20 + (p->timestamps ? 12 : 0), len = head + (p->payload ? 4 : 0);
	__be32 values[2] = { htonl(segment->tsval), htonl(p->tsecr) };
	size_t skip = addr_is_ip4(&tuple->client) ? 12 : 0;
	__u32 sum;

	memset(at, 0, len);
	tcp->th_sport = segment->out ? tuple->vip_port : tuple->client_port;
	tcp->th_dport = segment->out ? tuple->client_port : tuple->vip_port;
	tcp->th_seq = htonl(segment->seq);
	tcp->th_ack = htonl(segment->ack);
	tcp->th_off = head / 4;
	tcp->th_win = htons(501);
	tcp->syn = p->syn;
	tcp->ack = p->ack;
	tcp->rst = p->rst;
	tcp->fin = p->fin;
	if (p->timestamps) {
		memcpy(at + 20, "\x01\x01\x08\x0a", 4);
		memcpy(at + 24, values, sizeof(values));
	}
	sum = sum_bytes(IPPROTO_TCP + len, tuple->client.b + skip, 16 - skip);
	sum = sum_bytes(sum, tuple->vip.b + skip, 16 - skip);
	tcp->th_sum = sum_fold(sum_bytes(sum, at, len));
	return len;
}

#endif
