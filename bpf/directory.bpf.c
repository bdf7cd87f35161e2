// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * directory.bpf.c: tells the daemon of each connection to a VIP that bears no stamp, when it was
 * accepted and when it has ended. Nothing that is not established is told: a forged SYN tells
 * nothing.
 *
 * Attached to the root of cgroup v2, beside others; a packet costs nothing. Not a part of the data
 * path, and loaded apart from it: where a kernel refuses it, the daemon lists sockets instead.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include "bpf/base/sockops.h"
#include "maps/directory.h"

/* Only what we read; CO-RE finds it in the running kernel. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct tcp_options_received {
	__u16 tstamp_ok : 1;
};
struct tcp_sock {
	struct tcp_options_received rx_opt;
};
#pragma clang attribute pop

/* Connections of other network namespaces are others'. */
const volatile __u64 own_netns SEC(".rodata");

/* These two are the data path's. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * AD_VIP_MAX);
	__type(key, struct ad_addr);
	__type(value, struct ad_local);
} locals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AD_UNSTAMPED_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ad_tuple);
	__type(value, __u32);
} unstamped SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, AD_DIRECTORY_RING);
} directory_news SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} directory_lost SEC(".maps");

/* The VIP comes first: of what is not to one, the rest is not read. */
static __always_inline bool read_tuple(struct bpf_sock_ops *ctx, struct ad_tuple *tuple)
{
	struct ad_local *local;

	if (bpf_get_netns_cookie(ctx) != own_netns)
		return false;
	CTX_ADDRESS(ctx, local, &tuple->vip);
	local = bpf_map_lookup_elem(&locals, &tuple->vip);
	if (!local || !(local->flags & AD_LOCAL_VIP_TCP))
		return false;
	CTX_ADDRESS(ctx, remote, &tuple->client);
	tuple->vip_port = bpf_htons(CTX_READ(ctx->local_port));
	tuple->client_port = bpf_htons(bpf_ntohl(CTX_READ(ctx->remote_port)));
	return true;
}

/* It negotiated timestamps, and they are not left alone. */
static __always_inline bool is_stamped(struct bpf_sock_ops *ctx, const struct ad_tuple *tuple)
{
	struct bpf_sock *sk = ctx->sk;
	struct tcp_sock *tcp = sk ? bpf_skc_to_tcp_sock(sk) : 0;

	return tcp && BPF_CORE_READ_BITFIELD(tcp, rx_opt.tstamp_ok) &&
	       !bpf_map_lookup_elem(&unstamped, tuple);
}

static __always_inline void tell(const struct ad_tuple *tuple, bool lives)
{
	struct ad_directory_news *news;
	__u32 zero = 0;
	__u64 *lost;

	news = bpf_ringbuf_reserve(&directory_news, sizeof(*news), 0);
	if (news) {
		news->tuple = *tuple;
		news->lives = lives;
		news->pad = 0;
		bpf_ringbuf_submit(news, 0);
		return;
	}
	lost = bpf_map_lookup_elem(&directory_lost, &zero);
	if (lost)
		__sync_fetch_and_add(lost, 1);
}

SEC("sockops")
int directory_hears(struct bpf_sock_ops *ctx)
{
	struct ad_tuple tuple = {};
	bool begins = ctx->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB;
	bool ends = ctx->op == BPF_SOCK_OPS_STATE_CB && ctx->args[1] == BPF_TCP_CLOSE;

	if ((!begins && !ends) || !read_tuple(ctx, &tuple) || is_stamped(ctx, &tuple))
		return 1;
	if (begins)
		bpf_sock_ops_cb_flags_set(ctx,
					  ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
	tell(&tuple, begins);
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
