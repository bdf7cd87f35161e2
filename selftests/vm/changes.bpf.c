// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * changes.bpf.c: a program that may change packets, to ask whether libxdp's dispatcher takes any
 * such on this kernel: since 6.13 (and stable 6.12) not before libxdp 1.5.5.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int changes(struct xdp_md *ctx)
{
	bpf_xdp_adjust_tail(ctx, 0);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
