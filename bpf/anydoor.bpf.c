// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * anydoor.bpf.c: the data path, told in order. Each stage is a header of its own (README.md).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "verdict.h"

SEC("xdp")
int packet(struct xdp_md *ctx)
{
	verdict_count(AD_R_FOREIGN, bpf_xdp_get_buff_len(ctx));
	return verdict_action(AD_R_FOREIGN);
}

SEC("xdp")
int dns(struct xdp_md *ctx)
{
	verdict_count(AD_R_DNS_PASSED, bpf_xdp_get_buff_len(ctx));
	return verdict_action(AD_R_DNS_PASSED);
}

SEC("tc")
int egress(struct __sk_buff *skb)
{
	verdict_count(AD_R_OUT_FOREIGN, skb->len);
	return -1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
