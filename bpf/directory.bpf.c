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
#include "bpf/base/vip_socket.h"
#include "maps/directory.h"

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
	struct bpf_sock *sk = ctx->sk;
	bool begins = ctx->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB;
	bool ends = ctx->op == BPF_SOCK_OPS_STATE_CB && ctx->args[1] == BPF_TCP_CLOSE;

	if ((!begins && !ends) || !vip_socket_read(ctx, &tuple) ||
	    (sk && vip_socket_is_stamped(sk, &tuple)))
		return 1;
	if (begins)
		bpf_sock_ops_cb_flags_set(ctx,
					  ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
	tell(&tuple, begins);
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
