// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * pass.bpf.c: for the client's end of a veth: without an XDP program there, what the other end
 * sends by XDP_TX stays in the ring.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
