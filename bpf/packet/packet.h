/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * packet.h: from bytes to struct packet, header after header.
 *
 * Reading happens in two steps, because most packets on an uplink are not ours. First the two
 * addresses, which decide whether more is read. Then, for a VIP or a tunnel address, everything up
 * to the TCP options; no length is trusted before it is checked. Nothing here writes to the packet.
 *
 * struct packet holds numbers and no pointers. So it can be given to functions that the verifier
 * checks by themselves, and it stays right when the packet's head moves.
 */
#ifndef AD_PACKET_H
#define AD_PACKET_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "bpf/base/address.h"
#include "bpf/base/cursor.h"
#include "maps/maps.h"
#include "local.h"
#include "tcp.h"

#define IP_OFFSET  0x1fff
#define IP_MF	   0x2000
#define IP6_OFFSET 0xfff8
#define IP6_MF	   0x0001

/* Which end of the packet is the client. */
enum packet_way {
	PACKET_IN,
	PACKET_OUT
};

enum packet_fragment {
	PACKET_WHOLE,
	PACKET_FIRST, /* the first fragment: it has the transport header */
	PACKET_LATER, /* a later fragment: it has no transport header */
};

struct packet {
	struct ad_addr client;
	struct ad_addr vip; /* or our tunnel address, while the packet is still wrapped */
	union {
		struct {
			__be16 client_port;
			__be16 vip_port;
		};
		__u32 ports; /* both, in the order of a packet that comes in */
	};
	__u32 frame_bytes; /* as it came, Ethernet and all */
	__u32 ip_bytes;	   /* what the IP header says; less than the frame if that is padded */
	__u16 l3_off;	   /* from the start of the frame, as all our offsets */
	__u16 l4_off;
	__u8 is_ip6;
	__u8 protocol;
	__u8 fragment; /* enum packet_fragment */
	__u8 nr_tags;
	struct ad_vlan tags[AD_VLAN_DEPTH];
	struct ad_local local; /* what the VIP (or tunnel address) is to us */

	__u8 tcp_flags;
	__u8 ts_at; /* TSval, from the start of the TCP header; 0 = no timestamps to touch */
	union {
		__u8 mss_at; /* on the way out: MSS, likewise */
		__u8 tagged; /* by tunnel: bytes from the IP header on that its tag covers */
	};
	__u8 socket;   /* enum socket_answer, once asked */
	__u8 tcp_head; /* bytes of the TCP header */
	__u8 forwards; /* by the flow table: ours, and its server is behind us */
	__u8 heard;    /* by its socket: ours, and a packet that fits came or left a moment ago */
	__u8 begins;   /* it completes a handshake here */
	__u8 weight;   /* the packets that it stands for in the flow table */
	__u32 ack;     /* of a SYN, which has none, its sequence number */
	__u32 tsval;
	__u32 tsecr;
	__be32 fragment_id; /* of a fragment; IPv4's in the first 16 bits */

	__u64 mono_ns; /* when the clock was read; 0 = not yet */
	__u64 prf;     /* of the 4-tuple: stamp, flow table and successor go by it */

	__u16 mtu; /* with AD_R_TOO_BIG: the size that would have fitted; 0 = unknown */

	/* How it came: all 0 if straight from the client. */
	__u16 peer;    /* node that wrapped it */
	__u16 landing; /* node that the client's route led to */
	__u8 hop;
	__u8 came;   /* enum ad_why */
	__u16 marks; /* enum ad_tunnel_mark, as it came and as it goes */

	/* Where it goes: 0 = nowhere, it stays on this host. */
	__u8 why;     /* enum ad_why */
	__u8 unstamp; /* 1: TSecr is to be restored to @tsecr before the stack sees it */
	__u16 target;
	__u16 candidates[AD_CANDIDATES]; /* owners to ask, in order */
	__u32 action;			 /* XDP action of a packet that was sent */
};

/* What follows a VLAN's TPID. */
struct packet_tag {
	__be16 tci;
	__be16 proto;
};

struct packet_extension {
	__u8 next;
	__u8 len; /* reserved in a fragment header */
	__be16 rest;
	__u32 word;
};

struct packet_timestamps {
	__be32 tsval;
	__be32 tsecr;
};

/* Ethernet and its tags. Returns the EtherType after them, or 0 if the frame ends before. */
static __always_inline __be16 packet_read_link(struct cursor *c, struct packet *p)
{
	struct ethhdr *eth = cursor_take(c, sizeof(*eth));
	struct packet_tag *tag;
	__be16 proto;

	if (!eth)
		return 0;
	p->l3_off = ETH_HLEN;
	proto = eth->h_proto;
	for (int i = 0; i < AD_VLAN_DEPTH; i++) {
		if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
			break;
		tag = cursor_take(c, sizeof(*tag));
		if (!tag)
			return 0;
		p->tags[i].tpid = proto;
		p->tags[i].tci = tag->tci;
		p->nr_tags = i + 1;
		p->l3_off += sizeof(*tag);
		proto = tag->proto;
	}
	return proto;
}

/*
 * The two addresses; nothing is checked yet. False: not IP, or too short. An IPv6 packet with an
 * IPv4-mapped address on the wire must not be taken for an IPv4 packet, whether the address is its
 * source or its destination: it is not ours, and passes.
 */
static __always_inline bool packet_read_addresses(struct cursor *c, struct packet *p, __be16 proto,
						  enum packet_way way)
{
	struct ipv6hdr *ip6;
	struct iphdr *ip4;

	if (proto == bpf_htons(ETH_P_IP)) {
		ip4 = cursor_take(c, sizeof(*ip4));
		if (!ip4)
			return false;
		addr_set_ip4(&p->client, way == PACKET_IN ? ip4->saddr : ip4->daddr);
		addr_set_ip4(&p->vip, way == PACKET_IN ? ip4->daddr : ip4->saddr);
		p->is_ip6 = 0;
		return true;
	}
	if (proto == bpf_htons(ETH_P_IPV6)) {
		ip6 = cursor_take(c, sizeof(*ip6));
		if (!ip6)
			return false;
		addr_set_ip6(&p->client, way == PACKET_IN ? &ip6->saddr : &ip6->daddr);
		addr_set_ip6(&p->vip, way == PACKET_IN ? &ip6->daddr : &ip6->saddr);
		p->is_ip6 = 1;
		return !addr_is_ip4(&p->vip) && !addr_is_ip4(&p->client);
	}
	return false;
}

/* Looks up what p->vip is to us; false: it is not ours. */
static __always_inline bool packet_is_local(struct packet *p)
{
	const struct ad_local *local = local_find(&p->vip);

	if (!local)
		return false;
	p->local = *local;
	return true;
}

/* Does it have an address of ours as its source? Nobody outside has one. */
static __always_inline bool packet_is_from_us(const struct packet *p)
{
	return local_find(&p->client) != NULL;
}

/* Are stamps in use, on this host and for this VIP? If not yet, what egress sees is only noted. */
static __always_inline bool packet_is_armed(const struct packet *p, const struct ad_state *st)
{
	return st->flags & AD_STATE_ARMED && !(p->local.flags & AD_LOCAL_UNARMED);
}

static __always_inline void packet_note_fragment(struct packet *p, bool later, __u32 id)
{
	p->fragment = later ? PACKET_LATER : PACKET_FIRST;
	p->fragment_id = id;
}

/* @avail: bytes from the IP header to the end of the frame. @way OUT: our own stack made it. */
static __always_inline __u32 packet_read_ip4(struct cursor *c, struct packet *p, __u32 avail,
					     enum packet_way way)
{
	struct iphdr *ip = cursor_take(c, sizeof(*ip));
	__u32 head;

	if (!ip)
		return AD_R_BAD_IP;
	head = ip->ihl * 4;
	p->ip_bytes = way == PACKET_OUT ? avail : bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || head < sizeof(*ip) || head > p->ip_bytes || p->ip_bytes > avail)
		return AD_R_BAD_IP;
	p->protocol = ip->protocol;
	if (ip->frag_off & bpf_htons(IP_MF | IP_OFFSET))
		packet_note_fragment(p, ip->frag_off & bpf_htons(IP_OFFSET), ip->id);
	p->l4_off = p->l3_off + head;
	if (!cursor_take(c, head - sizeof(*ip)))
		return AD_R_BAD_IP;
	return AD_CONTINUE;
}

/*
 * Extension headers that we can read past. IPsec, Mobility and unknown ones are left to the stack.
 */
static __always_inline bool packet_is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_FRAGMENT || protocol == IPPROTO_DSTOPTS;
}

/*
 * One extension header (RFC 8200, 4). Returns its length; 0: stop here. With a source route that is
 * not finished the packet is not for the address that it shows, and after the header of a later
 * fragment there is only payload.
 */
static __always_inline __u32 packet_read_extension(struct cursor *c, struct packet *p)
{
	struct packet_extension *ext;
	__u32 bytes;

	if (!packet_is_extension(p->protocol))
		return 0;
	ext = cursor_take(c, sizeof(*ext));
	if (!ext)
		return 0;
	bytes = (ext->len + 1) * 8;
	if (p->protocol == IPPROTO_FRAGMENT) {
		bytes = sizeof(*ext);
		if (ext->rest & bpf_htons(IP6_OFFSET | IP6_MF))
			packet_note_fragment(p, ext->rest & bpf_htons(IP6_OFFSET), ext->word);
		if (p->fragment == PACKET_LATER) {
			p->protocol = ext->next;
			return 0;
		}
	}
	if (p->protocol == IPPROTO_ROUTING && bpf_ntohs(ext->rest) & 0xff) {
		p->protocol = IPPROTO_NONE;
		return 0;
	}
	if (bytes > AD_L3_MAX || !cursor_take(c, bytes - sizeof(*ext)))
		return 0;
	p->protocol = ext->next;
	return bytes;
}

static __always_inline __u32 packet_read_ip6(struct cursor *c, struct packet *p, __u32 avail,
					     enum packet_way way)
{
	struct ipv6hdr *ip = cursor_take(c, sizeof(*ip));
	__u32 head = sizeof(*ip), bytes;

	if (!ip || ip->version != 6)
		return AD_R_BAD_IP;
	p->ip_bytes = way == PACKET_OUT ? avail : sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (p->ip_bytes > avail)
		return AD_R_BAD_IP;
	p->protocol = ip->nexthdr;
	for (int i = 0; i < AD_IP6_EXT_MAX; i++) {
		bytes = packet_read_extension(c, p);
		if (!bytes)
			break;
		head += bytes;
	}
	if (head > p->ip_bytes)
		return AD_R_BAD_IP;
	if (head > AD_L3_MAX || (packet_is_extension(p->protocol) && p->fragment != PACKET_LATER))
		return AD_R_CHAIN; /* the stack would read on, find TCP and answer with a RST */
	p->l4_off = p->l3_off + head;
	return AD_CONTINUE;
}

/* Reads the options one by one. TCP-AO signs the options: with it nothing may be changed. */
static __always_inline __u32 packet_scan_options(struct cursor *c, struct packet *p, __u32 bytes)
{
	union {
		struct tcp_options options;
		__u32 words[TCP_OPTIONS_MAX / 4];
	} copy;
	struct tcp_found found = {};
	__u32 *word;

	for (__u32 i = 0; i < TCP_OPTIONS_MAX / 4; i++) {
		copy.words[i] = 0;
		if (4 * i >= bytes)
			continue;
		word = cursor_take(c, sizeof(*word));
		if (!word)
			return 0;
		copy.words[i] = *word;
	}
	tcp_scan_options(&copy.options, bytes, &found);
	if (found.ao)
		return 0;
	if (found.mss)
		p->mss_at = sizeof(struct tcphdr) + found.mss;
	return found.ts;
}

static __always_inline __u32 packet_read_timestamps(struct cursor *c, struct packet *p, __u32 bytes)
{
	struct cursor start = *c, value = *c;
	__u32 *aligned = cursor_take(c, 12), at;
	struct packet_timestamps *ts;

	if (!bytes)
		return AD_CONTINUE;
	if (bytes == 12 && aligned && *aligned == TCP_TS_ALIGNED)
		at = 4;
	else
		at = packet_scan_options(&start, p, bytes);
	if (!at)
		return AD_CONTINUE;
	if (!cursor_take(&value, at & 0x3f))
		return AD_R_BAD_L4;
	ts = cursor_take(&value, sizeof(*ts));
	if (!ts)
		return AD_R_BAD_L4;
	p->ts_at = sizeof(struct tcphdr) + at;
	p->tsval = bpf_ntohl(ts->tsval);
	p->tsecr = bpf_ntohl(ts->tsecr);
	return AD_CONTINUE;
}

/* A SYN without ACK opens a flow; its TSecr means nothing. */
static __always_inline bool packet_is_syn(const struct packet *p)
{
	return (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static __always_inline __u32 packet_read_tcp(struct cursor *c, struct packet *p,
					     enum packet_way way)
{
	struct tcphdr *tcp = cursor_take(c, sizeof(*tcp));
	__u32 bytes = p->ip_bytes - (p->l4_off - p->l3_off), head, ports;

	if (!tcp || bytes < sizeof(*tcp))
		return AD_R_BAD_L4;
	head = tcp->doff * 4;
	if (head < sizeof(*tcp) || head > bytes)
		return AD_R_BAD_L4;
	ports = *(__u32 *)tcp;
	p->ports = way == PACKET_IN ? ports : ports << 16 | ports >> 16;
	p->tcp_flags = ((__u8 *)tcp)[13];
	p->ack = bpf_ntohl(packet_is_syn(p) ? tcp->seq : tcp->ack_seq);
	p->tcp_head = head;
	return packet_read_timestamps(c, p, head - sizeof(*tcp));
}

static __always_inline __u32 packet_read_udp(struct cursor *c, struct packet *p)
{
	struct udphdr *udp = cursor_take(c, sizeof(*udp));
	__u32 bytes = p->ip_bytes - (p->l4_off - p->l3_off), len;

	if (!udp)
		return AD_R_BAD_L4;
	len = bpf_ntohs(udp->len);
	if (len < sizeof(*udp) || len > bytes)
		return AD_R_BAD_L4;
	p->ports = *(__u32 *)udp;
	return AD_CONTINUE;
}

/*
 * Reads IP from p->l3_off on, with all lengths checked, up to the start of its transport. @c is at
 * p->l3_off.
 */
static __always_inline __u32 packet_read_ip(struct cursor *c, struct packet *p, __u32 frame_bytes,
					    enum packet_way way)
{
	__u32 avail = frame_bytes - p->l3_off;

	return p->is_ip6 ? packet_read_ip6(c, p, avail, way) : packet_read_ip4(c, p, avail, way);
}

/* TCP or UDP. Of fragments only the first one of TCP is read, since it names the flow. */
static __always_inline __u32 packet_read_transport(struct cursor *c, struct packet *p,
						   enum packet_way way)
{
	if (p->fragment == PACKET_LATER)
		return AD_CONTINUE;
	if (p->protocol == IPPROTO_TCP)
		return packet_read_tcp(c, p, way);
	if (p->protocol == IPPROTO_UDP && !p->fragment)
		return packet_read_udp(c, p);
	return AD_CONTINUE;
}

/* An ACK and nothing else: if it comes late or twice, it does no harm. */
static __always_inline bool packet_is_bare_ack(const struct packet *p)
{
	return p->tcp_flags == TCP_ACK && p->ip_bytes == p->l4_off - p->l3_off + p->tcp_head;
}

#endif
