/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * egress.h: what our stack sends from a VIP: stamps its TSval, clamps the MSS that it offers,
 * counts it.
 *
 * Packets here may be GSO super-packets with checksums that the hardware will complete. So nothing
 * is written directly: bpf_l4_csum_replace() knows which checksums are partial and leaves those
 * alone. And a packet that is not ours is not made writable, which would cost time.
 */
#ifndef AD_EGRESS_H
#define AD_EGRESS_H

#include "bpf/base/csum.h"
#include "bpf/packet/catchment.h"
#include "flow.h"
#include "prf.h"
#include "stamp.h"
#include "unstamped.h"

#define EGRESS_MSS_MIN 536 /* RFC 9293, 3.7.1: not to be clamped below */

/* Replaces a word of the TCP header, @at bytes from its start. */
static __always_inline bool egress_replace(struct __sk_buff *skb, const struct packet *p, __u32 at,
					   __be32 from, __be32 to, __u32 bytes)
{
	__u32 check = p->l4_off + offsetof(struct tcphdr, check);

	return !bpf_l4_csum_replace(skb, check, csum_align(from, at), csum_align(to, at), 4) &&
	       !bpf_skb_store_bytes(skb, p->l4_off + at, &to, bytes, 0);
}

/* A shifted upload goes through our tunnel, so we offer an MSS that still fits there. */
static __always_inline bool egress_clamp_mss(struct __sk_buff *skb, const struct packet *p)
{
	__be16 offered = 0;
	__u32 mss, at = p->mss_at;

	if (!opt.mss_overhead || !at || bpf_skb_load_bytes(skb, p->l4_off + at, &offered, 2))
		return true;
	mss = bpf_ntohs(offered);
	if (mss < EGRESS_MSS_MIN + opt.mss_overhead)
		return true;
	return egress_replace(skb, p, at, offered, bpf_htons(mss - opt.mss_overhead), 2);
}

static __always_inline __u32 egress_note(const struct packet *p, struct ad_state *st, __u32 reason)
{
	return unstamped_note(p, st) ? reason : AD_R_OUT_FULL;
}

/* Adds the stamp, or returns the reason why there is none. */
static __always_inline __u32 egress_stamp(struct __sk_buff *skb, const struct packet *p,
					  struct ad_state *st)
{
	__u32 delta;

	if (unstamped_has(p, st, true))
		return AD_R_OUT_UNSTAMPED;
	if (!p->ts_at)
		return AD_R_OUT_PLAIN;
	if (p->tcp_flags & TCP_SYN && !stamp_clock_is_ours(p->tsval, clock_mono_ms(p->mono_ns)))
		return egress_note(p, st, AD_R_OUT_CLOCK);
	delta = stamp_delta(st->stamp_wall_minus_mono_ms, opt.node_id, opt.stamp_shift, p->prf);
	return egress_replace(skb, p, p->ts_at, bpf_htonl(p->tsval), bpf_htonl(p->tsval + delta), 4)
		       ? AD_R_OUT_STAMPED
		       : AD_R_OUT_BAD;
}

/* A reply that no socket of ours sent: it comes from another server, by DNAT or IPVS. */
static __always_inline void egress_enter(const struct packet *p, const struct flow_ref *flow)
{
	bool begins = p->tcp_flags & TCP_SYN;

	if (p->tcp_flags & (TCP_FIN | TCP_RST) || (begins && flow->slot))
		return;
	flow_enter(p, AD_FLOW_OURS, opt.node_id,
		   AD_FLOW_FORWARDED | (begins ? AD_FLOW_HALF_OPEN : 0));
}

/* Its client uses the ports of an ended flow again. */
static __always_inline void egress_begin_again(const struct flow_ref *flow)
{
	__u8 wanted = AD_FLOW_FORWARDED | AD_FLOW_CLOSING;

	if ((flow->flow->flags & wanted) != wanted)
		return;
	flow_mark(flow->flow, AD_FLOW_HALF_OPEN);
	flow_unmark(flow->flow, AD_FLOW_CLOSING);
}

/*
 * What a socket sends, the socket counts. The rest comes from servers behind this host. Their
 * SYN-ACK is entered for the ACK that follows it, in a slot that any other flow may take: SYNs may
 * be forged. Later packets are proof.
 */
static __always_inline void egress_meter(const struct __sk_buff *skb, const struct packet *p,
					 struct ad_state *st)
{
	bool begins = p->tcp_flags & TCP_SYN;
	struct flow_ref flow;

	if (skb->sk)
		return;
	if (!begins && !(st->flags & AD_STATE_FORWARDS))
		__sync_fetch_and_or(&st->flags, AD_STATE_FORWARDS);
	flow_find(p, &flow);
	if (flow.seen.s.kind != AD_FLOW_OURS) {
		egress_enter(p, &flow);
		return;
	}
	if (begins) {
		egress_begin_again(&flow);
		return;
	}
	if (flow.flow->flags & AD_FLOW_HALF_OPEN) {
		flow_unmark(flow.flow, AD_FLOW_HALF_OPEN);
		if (!flow.flow->via)
			catchment_flow(p);
	}
	flow_count_out(&flow, p);
}

static __always_inline struct cursor egress_cursor(struct __sk_buff *skb, __u32 off)
{
	struct cursor c = {
		.pos = (void *)(long)skb->data + (off & 0xfff),
		.end = (void *)(long)skb->data_end,
	};

	return c;
}

static __always_inline bool egress_is_ours(struct __sk_buff *skb, struct packet *p)
{
	struct cursor c = egress_cursor(skb, 0);
	__be16 proto = packet_read_link(&c, p);

	return packet_read_addresses(&c, p, proto, PACKET_OUT) && packet_is_local(p) &&
	       p->local.flags & AD_LOCAL_VIP_TCP;
}

/* Reads the rest of a packet from a VIP. Global: verified once, not once per VLAN depth. */
__noinline int egress_read(struct __sk_buff *skb, struct packet *p)
{
	struct cursor c;

	if (!p)
		return AD_R_OUT_BAD;
	c = egress_cursor(skb, p->l3_off);
	if (packet_read_ip(&c, p, skb->len, PACKET_OUT))
		return AD_R_OUT_BAD;
	if (p->protocol != IPPROTO_TCP || p->fragment)
		return AD_R_OUT_FOREIGN;
	c = egress_cursor(skb, p->l4_off);
	return packet_read_tcp(&c, p, PACKET_OUT) ? AD_R_OUT_BAD : AD_CONTINUE;
}

static __always_inline __u32 egress_packet(struct __sk_buff *skb, struct packet *p)
{
	struct ad_state *st;
	struct ad_keys *k;
	__u32 zero = 0, reason;

	if (!egress_is_ours(skb, p))
		return AD_R_OUT_FOREIGN;
	reason = egress_read(skb, p);
	if (reason)
		return reason;
	st = bpf_map_lookup_elem(&state, &zero);
	k = bpf_map_lookup_elem(&keys, &zero);
	if (!st || !k)
		return AD_R_OUT_BAD;
	p->mono_ns = clock_mono_ns();
	if (!packet_is_armed(p, st))
		return egress_note(p, st, AD_R_OUT_NOTED);
	p->prf = prf_of_flow(p, k);
	p->weight = 1;
	egress_meter(skb, p, st);
	if (p->tcp_flags & TCP_SYN && !egress_clamp_mss(skb, p))
		return AD_R_OUT_BAD;
	return egress_stamp(skb, p, st);
}

#endif
