// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * anydoor.bpf.c: the data path, told in order. Each stage is a header of its own (README.md).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps/door_maps.h"
#include "bpf/base/verdict.h"
#include "bpf/packet/catchment.h"
#include "bpf/packet/packet.h"
#include "bpf/flow/owner.h"
#include "bpf/flow/trace.h"
#include "bpf/tunnel/tunnel_in.h"
#include "bpf/tunnel/tunnel_out.h"
#include "bpf/flow/unstamp.h"
#include "bpf/packet/fragment.h"
#include "bpf/tunnel/too_big.h"
#include "bpf/flow/egress.h"
#include "bpf/dns/dns_trace.h"
#include "bpf/dns/dns_xdp.h"

/* A packet for one of our addresses, read to its end. Global: verified once for every way here. */
__noinline int packet_read(struct xdp_md *ctx, struct packet *p)
{
	struct cursor c;
	__u32 reason;

	if (!p)
		return AD_R_INTERNAL;
	c = cursor_at(ctx, p->l3_off);
	reason = packet_read_ip(&c, p, p->frame_bytes, PACKET_IN);
	if (reason)
		return reason;
	c = cursor_at(ctx, p->l4_off);
	return packet_read_transport(&c, p, PACKET_IN);
}

/* Whose is it? Most frames are not ours, and leave here. */
static __always_inline bool packet_is_ours(struct xdp_md *ctx, struct packet *p)
{
	struct cursor c = cursor_at(ctx, 0);
	__be16 proto = packet_read_link(&c, p);

	return packet_read_addresses(&c, p, proto, PACKET_IN) && packet_is_local(p);
}

/*
 * A question for a VIP that answers DNS, nothing unusual in front of it: the program `dns` reads it
 * by itself, and as nearly all are such, nothing here reads it first.
 */
static __always_inline bool packet_is_query(struct xdp_md *ctx, const struct packet *p)
{
	struct cursor c = cursor_at(ctx, p->l3_off);
	struct ipv6hdr *ip6;
	struct iphdr *ip4;
	struct udphdr *udp;

	if ((p->local.flags & (AD_LOCAL_VIP_DNS | AD_LOCAL_TUNNEL)) != AD_LOCAL_VIP_DNS)
		return false;
	if (p->is_ip6) {
		ip6 = cursor_take(&c, sizeof(*ip6));
		if (!ip6 || ip6->version != 6 || ip6->nexthdr != IPPROTO_UDP)
			return false;
	} else {
		ip4 = cursor_take(&c, sizeof(*ip4));
		if (!ip4 || *(__u8 *)ip4 != 0x45 || ip4->protocol != IPPROTO_UDP ||
		    ip4->frag_off & bpf_htons(IP_MF | IP_OFFSET))
			return false;
	}
	udp = cursor_take(&c, sizeof(*udp));
	return udp && udp->dest == bpf_htons(53);
}

static __always_inline bool packet_is_tunnel(const struct packet *p)
{
	return p->local.flags & AD_LOCAL_TUNNEL && p->protocol == IPPROTO_UDP && !p->fragment &&
	       p->vip_port == opt.tunnel_port;
}

/* TCP for a VIP, or ICMP about such, AD_CONTINUE; everything else knows its end here. */
static __always_inline __u32 packet_sort(struct xdp_md *ctx, struct packet *p)
{
	if (p->local.flags & AD_LOCAL_TUNNEL)
		return AD_R_FOREIGN;
	if (p->protocol == IPPROTO_TCP && p->local.flags & AD_LOCAL_VIP_TCP)
		return p->fragment == PACKET_LATER ? fragment_later(p) : AD_CONTINUE;
	if (p->local.flags & AD_LOCAL_VIP_TCP && icmp_read(ctx, p))
		return AD_CONTINUE;
	if (p->protocol == IPPROTO_UDP && p->local.flags & AD_LOCAL_VIP_DNS && !p->fragment &&
	    p->vip_port == bpf_htons(53))
		return packet_is_from_us(p) ? AD_R_DNS_IGNORED : AD_R_DNS_PASSED;
	return AD_R_VIP_OTHER;
}

/* To its target, or, of several that may own it, to the first that can be reached. */
static __always_inline __u32 packet_send(struct xdp_md *ctx, struct packet *p, __u32 reason)
{
	__u32 failed = AD_CONTINUE, next = reason;

	for (int i = 0; i <= AD_CANDIDATES && next; i++) {
		reason = next;
		failed = tunnel_send(ctx, p);
		if (!failed)
			return reason;
		next = hunt_go_round(p, failed);
	}
	return failed;
}

/* The first fragment: kept if it is ours. What is another's cannot travel, but be told so. */
static __always_inline __u32 packet_find_fragment(struct xdp_md *ctx, struct packet *p)
{
	__u32 reason = fragment_first(p, owner_find(ctx, p));

	if (reason != AD_R_TOO_BIG)
		return reason;
	return too_big_tell(ctx, p) == AD_R_TOO_BIG_TOLD ? AD_R_TOO_BIG_TOLD : AD_R_FRAGMENT;
}

/* Whose is it? */
static __always_inline __u32 packet_find_owner(struct xdp_md *ctx, struct packet *p)
{
	if (p->protocol != IPPROTO_TCP)
		return icmp_find(ctx, p);
	if (p->fragment)
		return packet_find_fragment(ctx, p);
	return owner_find(ctx, p);
}

/* Does what the ladder decided. A SYN that cannot be diverted is served here after all. */
static __always_inline __u32 packet_act(struct xdp_md *ctx, struct packet *p, __u32 reason)
{
	__u32 done;

	if (p->unstamp)
		return unstamp(ctx, p) ?: reason;
	if (!p->target)
		return reason;
	done = tunnel_is_partial(ctx, p) ? AD_R_PARTIAL : packet_send(ctx, p, reason);
	if (done != AD_R_DIVERTED && done != AD_R_INTERNAL && reason == AD_R_DIVERTED)
		return AD_R_LOCAL_SYN;
	return done == AD_R_TOO_BIG ? too_big_tell(ctx, p) : done;
}

static __always_inline __u32 packet_decide(struct xdp_md *ctx, struct packet *p)
{
	__u32 reason;

	if (!packet_is_ours(ctx, p))
		return AD_R_FOREIGN;
	if (packet_is_query(ctx, p)) {
		if (packet_is_from_us(p))
			return AD_R_DNS_IGNORED;
		bpf_tail_call(ctx, &door_xdp, AD_DOOR_DNS);
	}
	reason = packet_read(ctx, p);
	if (reason)
		return p->local.flags & AD_LOCAL_TUNNEL ? AD_R_FOREIGN : reason;
	reason = packet_is_tunnel(p) ? tunnel_receive(ctx, p) : packet_sort(ctx, p);
	if (reason)
		return reason;
	return packet_act(ctx, p, packet_find_owner(ctx, p));
}

/*
 * One packet at a time on each CPU: nothing interrupts a program with another that uses this. Not
 * on the stack, which all that `packet` calls has to share with it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct packet);
} packets SEC(".maps");

SEC("xdp")
int packet(struct xdp_md *ctx)
{
	__u32 zero = 0, reason;
	struct packet *p = bpf_map_lookup_elem(&packets, &zero);

	if (!p)
		return XDP_PASS;
	*p = (struct packet){ .frame_bytes = bpf_xdp_get_buff_len(ctx) };
	reason = packet_decide(ctx, p);
	verdict_count(reason, p->frame_bytes);
	if (p->begins && hunt_lands_here(p))
		catchment_flow(p);
	if (trace_is_on())
		trace_packet(ctx, p, reason);
	return action_xdp(reason, p->action);
}

/* What `packet` has read before it handed the frame on: the addresses. */
static __always_inline void dns_exit(struct xdp_md *ctx, __u32 reason, __u32 program)
{
	__u32 zero = 0;

	if (trace_is_on())
		trace_query(ctx, bpf_map_lookup_elem(&packets, &zero), reason, program);
}

SEC("xdp")
int dns(struct xdp_md *ctx)
{
	__u32 bytes = bpf_xdp_get_buff_len(ctx), reason = dns_packet(ctx, bytes);

	dns_sample(reason, verdict_count(reason, bytes));
	dns_exit(ctx, reason, AD_TRACE_DNS);
	return action_xdp(reason, XDP_TX);
}

SEC("xdp")
int dns_copied(struct xdp_md *ctx)
{
	__u32 bytes = bpf_xdp_get_buff_len(ctx), reason = dns_packet_copied(ctx, bytes);

	dns_sample(reason, verdict_count(reason, bytes));
	dns_exit(ctx, reason, AD_TRACE_DNS_COPIED);
	return action_xdp(reason, XDP_TX);
}

SEC("tc")
int egress(struct __sk_buff *skb)
{
	struct packet p = {};
	__u32 reason = egress_packet(skb, &p);

	verdict_count(reason, skb->len);
	if (trace_is_on())
		trace_egress(skb, &p, reason);
	return -1; /* TC_ACT_UNSPEC: whoever else sits on this hook has its say */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
