// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * door.bpf.c: what is really attached to the interface, and nothing more.
 *
 * Both programs jump through a pinned table into the data path. An empty entry means that nothing
 * is behind the door yet (or no more): the packet passes.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps/door_maps.h"

SEC("xdp.frags")
int anydoor(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &door_xdp, AD_DOOR_PACKET);
	return XDP_PASS;
}

SEC("tc")
int anydoor_out(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &door_tc, AD_DOOR_EGRESS);
	return -1; /* TC_ACT_UNSPEC: whoever else sits on this hook has its say */
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
