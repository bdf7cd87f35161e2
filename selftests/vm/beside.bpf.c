// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * beside.bpf.c: the other XDP program on the interface. It counts and passes, behind anydoor.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xdp/xdp_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

struct {
	__uint(priority, 60); /* behind anydoor, which asks for an earlier place */
	__uint(XDP_PASS, 1);
} XDP_RUN_CONFIG(beside);

SEC("xdp.frags")
int beside(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&seen, &zero);

	if (count)
		__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
