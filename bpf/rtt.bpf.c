// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rtt.bpf.c: how far clients are, by the kernel's own measurement: of each connection that a server
 * of ours accepted and that has ended, the least round-trip time counts for the client's location.
 *
 * Attached to the root of cgroup v2, beside others. It hears of a connection twice, when it is
 * established and when it ends; a packet costs nothing. Not a part of the data path, and loaded
 * apart from it: a kernel that refuses it does everything else.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps/dns_maps.h"
#include "maps/rtt.h"
#include "bpf/base/rtt.h"
#include "bpf/base/sockops.h"
#include "bpf/dns/dns_locate.h"

/* Connections of other network namespaces are others'. */
const volatile __u64 own_netns SEC(".rodata");
const volatile struct ad_rtt_counts none SEC(".rodata");

/* Local addresses that clients come to: VIPs, and this POP's service addresses. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AD_RTT_ADDRESSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ad_addr);
	__type(value, __u32);
} rtt_addresses SEC(".maps");

/* The daemon takes out what it has read. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AD_RTT_LOCATIONS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ad_rtt_counts);
} rtt_counts SEC(".maps");

/* What dns_locate.h asks its tables by. */
struct dns_work {
	__u32 slot;
};

static __always_inline const struct ad_steer_line *steer_page(const struct dns_work *w, __u32 n)
{
	__u32 slot = w->slot;
	void *lines = bpf_map_lookup_elem(&steer_places, &slot);

	return lines ? bpf_map_lookup_elem(lines, &n) : 0;
}

static __always_inline bool is_ours(struct bpf_sock_ops *ctx)
{
	struct ad_addr local;

	if (bpf_get_netns_cookie(ctx) != own_netns)
		return false;
	CTX_ADDRESS(ctx, local, &local);
	return bpf_map_lookup_elem(&rtt_addresses, &local) != 0;
}

/* 0: it has not been measured. */
static __always_inline __u32 least_rtt_us(struct bpf_sock_ops *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct bpf_tcp_sock *tcp = sk ? bpf_tcp_sock(sk) : 0;

	return tcp ? sockops_least_rtt_us(tcp) : 0;
}

static __always_inline struct ad_rtt_counts *counts_of(__u32 location)
{
	struct ad_rtt_counts *counts = bpf_map_lookup_elem(&rtt_counts, &location);

	if (counts)
		return counts;
	bpf_map_update_elem(&rtt_counts, &location, (const void *)&none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&rtt_counts, &location);
}

static __always_inline void count(struct bpf_sock_ops *ctx)
{
	__u32 zero = 0, rtt_us = least_rtt_us(ctx), bucket;
	const struct ad_dns_live *live = bpf_map_lookup_elem(&dns_live, &zero);
	struct steer_place place = {};
	struct ad_addr client;
	struct ad_rtt_counts *counts;
	struct dns_work work;

	if (!rtt_us || !live)
		return;
	work.slot = live->slot;
	CTX_ADDRESS(ctx, remote, &client);
	if (steer_locate(&work, &client, 128, &place))
		return;
	counts = counts_of(place.location);
	bucket = rtt_bucket(rtt_us);
	if (counts && bucket < AD_RTT_BUCKETS)
		__sync_fetch_and_add(&counts->count[bucket], 1);
}

SEC("sockops")
int rtt(struct bpf_sock_ops *ctx)
{
	switch (ctx->op) {
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		if (is_ours(ctx))
			bpf_sock_ops_cb_flags_set(ctx, ctx->bpf_sock_ops_cb_flags |
							       BPF_SOCK_OPS_STATE_CB_FLAG);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (ctx->args[1] == BPF_TCP_CLOSE && is_ours(ctx))
			count(ctx);
		break;
	}
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
