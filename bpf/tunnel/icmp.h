/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * icmp.h: ICMP errors about packets from a VIP. A router sends them to the VIP, and so to the POP
 * that is nearest to the router: seldom the one whose stack needs them.
 *
 * An error quotes the packet that it is about, TCP from the VIP to the client, at least up to the
 * sequence number (RFC 792). So the flow is the quoted tuple reversed. If the quote reaches as far
 * as the timestamps, TSval there is a stamp, which no client has echoed yet. The owner's stack
 * decides what an error may do: it compares the quoted sequence number with what it has in flight.
 * Errors are never answered, so one that reaches a wrong stack does no harm.
 */
#ifndef AD_ICMP_H
#define AD_ICMP_H

#include "bpf/packet/budget.h"
#include "bpf/flow/owner.h"
#include "tunnel.h"

#define ICMP4_UNREACHABLE   3 /* RFC 792 */
#define ICMP4_FRAG_NEEDED   4 /* its code for a DF packet that is too big (RFC 1191) */
#define ICMP4_TIME_EXCEEDED 11
#define ICMP4_PARAMETER	    12
#define ICMP6_UNREACHABLE   1 /* RFC 4443 */
#define ICMP6_TOO_BIG	    2
#define ICMP6_PARAMETER	    4

/* Of either family. */
struct icmp_head {
	__u8 type;
	__u8 code;
	__sum16 check;
	__be32 rest; /* an MTU, in 16 bits or in 32 */
};

/* What every quote has. Our stack sends TCP without IP options and extension headers. */
struct icmp_quote4 {
	struct icmp_head icmp;
	struct iphdr ip;
	__u32 ports; /* of the VIP, then of the client */
	__be32 seq;
};

struct icmp_quote6 {
	struct icmp_head icmp;
	struct ipv6hdr ip;
	__u32 ports;
	__be32 seq;
};

/* What follows, if the router quotes more than it must. */
struct icmp_quote_rest {
	__be32 ack;
	__u8 doff; /* in the upper half, in words */
	__u8 flags;
	__be16 window;
	__be32 check_and_urgent;
	__u32 options;
	__be32 tsval;
};

#define ICMP_QUOTE_DOFF 8 /* the TCP header with timestamps: at least that many words */

_Static_assert(sizeof(struct icmp_quote4) == TUNNEL_ICMP4_TAGGED, "the tag covers the quote");
_Static_assert(sizeof(struct icmp_quote6) == TUNNEL_ICMP6_TAGGED, "the tag covers the quote");

/* Unreachable (a DF packet too big is one), time exceeded, parameter problem. No redirect. */
static __always_inline bool icmp_is_error4(__u8 type)
{
	return type == ICMP4_UNREACHABLE || type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAMETER;
}

static __always_inline bool icmp_is_error6(__u8 type)
{
	return type >= ICMP6_UNREACHABLE && type <= ICMP6_PARAMETER;
}

/* The client and the ports, if it quotes TCP from p->vip. */
static __always_inline bool icmp_read_quote4(struct cursor *c, struct packet *p, __u32 *ports)
{
	struct icmp_quote4 *quote = cursor_take(c, sizeof(*quote));

	if (!quote || !icmp_is_error4(quote->icmp.type) || quote->ip.version != 4 ||
	    quote->ip.ihl != 5 || quote->ip.protocol != IPPROTO_TCP ||
	    quote->ip.frag_off & bpf_htons(IP_OFFSET) || quote->ip.saddr != p->vip.w[3])
		return false;
	addr_set_ip4(&p->client, quote->ip.daddr);
	*ports = quote->ports;
	return true;
}

static __always_inline bool icmp_read_quote6(struct cursor *c, struct packet *p, __u32 *ports)
{
	struct icmp_quote6 *quote = cursor_take(c, sizeof(*quote));
	struct ad_addr from;

	if (!quote || !icmp_is_error6(quote->icmp.type) || quote->ip.version != 6 ||
	    quote->ip.nexthdr != IPPROTO_TCP)
		return false;
	addr_set_ip6(&from, &quote->ip.saddr);
	if (from.q[0] != p->vip.q[0] || from.q[1] != p->vip.q[1])
		return false;
	addr_set_ip6(&p->client, &quote->ip.daddr);
	*ports = quote->ports;
	return true;
}

/* Puts the quoted flow into p; @c is then after the sequence number. */
static __always_inline bool icmp_read_quote(struct cursor *c, struct packet *p)
{
	__u32 ports;

	if (!(p->is_ip6 ? icmp_read_quote6(c, p, &ports) : icmp_read_quote4(c, p, &ports)))
		return false;
	p->ports = ports << 16 | ports >> 16;
	return true;
}

/* TSval, if that is quoted. Our stack writes it in front of all other options. */
static __always_inline void icmp_read_stamp(struct cursor *c, struct packet *p)
{
	struct icmp_quote_rest *rest = cursor_take(c, sizeof(*rest));

	if (!rest || rest->doff >> 4 < ICMP_QUOTE_DOFF || rest->options != TCP_TS_ALIGNED)
		return;
	p->ts_at = sizeof(struct tcphdr) + sizeof(rest->options);
	p->tsval = bpf_ntohl(rest->tsval);
}

/*
 * Puts the flow that an ICMP packet for a VIP quotes into p. False: it is no error, or not about
 * TCP of this VIP.
 */
__noinline int icmp_read(struct xdp_md *ctx, struct packet *p)
{
	struct cursor c;
	__u32 tagged;

	if (!p || !packet_is_icmp(p) || p->fragment)
		return false;
	tagged = tunnel_tagged_bytes(p);
	c = cursor_at(ctx, p->l4_off);
	if (tagged > p->ip_bytes || tagged > TUNNEL_INNER_TAGGED || !icmp_read_quote(&c, p))
		return false;
	if (tagged + sizeof(struct icmp_quote_rest) <= p->ip_bytes)
		icmp_read_stamp(&c, p);
	return true;
}

/* The node that owns the flow, if anything names it; 0: nothing does. */
static __always_inline __u32 icmp_owner(struct xdp_md *ctx, struct packet *p,
					const struct ad_state *st)
{
	struct flow_ref flow = {};
	__u32 stamp;

	if (owner_ask(ctx, p) >= SOCKET_OURS)
		return opt.node_id;
	stamp = stamp_decode(p->tsval, clock_mono_ms(p->mono_ns) + st->stamp_wall_minus_mono_ms,
			     opt.stamp_shift, p->prf);
	if (p->ts_at && (stamp == opt.node_id || node_can_take(stamp)))
		return stamp;
	if (flow_find(p, &flow) &&
	    (flow.flow->owner == opt.node_id || node_can_take(flow.flow->owner)))
		return flow.flow->owner;
	return p->socket == SOCKET_NONE ? 0 : opt.node_id;
}

/*
 * It came by tunnel: it is ours if there is a socket of any kind, else it goes to the next
 * candidate.
 */
static __always_inline __u32 icmp_settle(struct xdp_md *ctx, struct packet *p)
{
	if (owner_ask(ctx, p) != SOCKET_NONE)
		return AD_R_ICMP_LOCAL;
	return hunt_direct(p) || hunt_pass_on(p, opt.node_id) ? AD_R_ICMP_LED : AD_R_ICMP_NOBODY;
}

/* Sends it to @owner or, if that is 0, to the candidates, one after the other. */
static __always_inline __u32 icmp_lead(struct packet *p, __u32 owner)
{
	__u32 reason;

	if (owner) {
		p->candidates[0] = owner;
		packet_lead(p, owner, AD_WHY_DATA);
		return AD_R_ICMP_LED;
	}
	p->tcp_flags = TCP_ACK; /* if the flow is known, it counts like one of its packets */
	reason = hunt_start(p, 0, false);
	if (reason == AD_R_BUDGET_HUNT)
		return AD_R_ICMP_BUDGET;
	return reason == AD_R_WRAP_HUNT ? AD_R_ICMP_LED : AD_R_ICMP_NOBODY;
}

/* Which node's flow is it about? p is what icmp_read() made of it. Global: verified by itself. */
__noinline int icmp_find(struct xdp_md *ctx, struct packet *p)
{
	__u32 zero = 0, owner;
	struct ad_state *st;
	struct ad_keys *k;

	if (!p)
		return AD_R_INTERNAL;
	st = bpf_map_lookup_elem(&state, &zero);
	k = bpf_map_lookup_elem(&keys, &zero);
	if (!st || !k)
		return AD_R_INTERNAL;
	if (!packet_is_armed(p, st))
		return AD_R_DISARMED;
	if (!p->mono_ns)
		p->mono_ns = clock_mono_ns();
	p->prf = prf_of_flow(p, k);
	if (p->peer)
		return icmp_settle(ctx, p);
	owner = icmp_owner(ctx, p, st);
	if (owner == opt.node_id)
		return AD_R_ICMP_LOCAL;
	return budget_allows(p, AD_BUDGET_ICMP, owner) ? icmp_lead(p, owner) : AD_R_ICMP_BUDGET;
}

#endif
