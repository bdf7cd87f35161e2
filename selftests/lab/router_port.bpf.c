// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * router_port.bpf.c: sits on the router's end of a POP's uplink and lets everything pass. A veth
 * wakes its peer for packets sent by XDP_TX only if the peer has an XDP program of its own.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int router_port(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
