// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * connections.bpf.c: tells the daemon of each connection to a VIP, once when it was accepted and
 * once when it has ended, with what its socket knew in the end.
 *
 * Attached to the root of cgroup v2, beside others; a packet costs nothing. Not a part of the data
 * path, and loaded apart from it: a kernel that refuses it does everything else. Only what was
 * accepted is told: no forged packet makes news.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/base/vip_socket.h"
#include "maps/connection_map.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, AD_CONNECTIONS_RING);
} connection_news SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} connection_lost SEC(".maps");

static __always_inline void count_lost(void)
{
	__u32 zero = 0;
	__u64 *lost = bpf_map_lookup_elem(&connection_lost, &zero);

	if (lost)
		__sync_fetch_and_add(lost, 1);
}

/* The daemon looks four times a second by itself: it is woken only where that may be too late. */
static __always_inline __u64 wakes(void)
{
	return bpf_ringbuf_query(&connection_news, BPF_RB_AVAIL_DATA) > AD_CONNECTIONS_RING / 2
		       ? BPF_RB_FORCE_WAKEUP
		       : BPF_RB_NO_WAKEUP;
}

static __always_inline void copy_counts(struct bpf_sock *sk, struct ad_connection_news *news)
{
	struct bpf_tcp_sock *tcp = bpf_tcp_sock(sk);

	if (!tcp)
		return;
	news->rx_bytes = tcp->bytes_received;
	news->tx_bytes = tcp->bytes_acked;
	news->rx_packets = tcp->segs_in;
	news->tx_packets = tcp->segs_out;
	news->retransmits = tcp->total_retrans;
	news->min_rtt_us = sockops_least_rtt_us(tcp);
}

static __always_inline void tell(struct bpf_sock *sk, const struct ad_tuple *tuple, __u8 what,
				 const struct ad_connection *own, __u64 now_ns)
{
	struct ad_connection_news *news = bpf_ringbuf_reserve(&connection_news, sizeof(*news), 0);

	if (!news) {
		count_lost();
		return;
	}
	__builtin_memset(news, 0, sizeof(*news));
	news->tuple = *tuple;
	news->what = what;
	news->is_stamped = vip_socket_is_stamped(sk, tuple);
	if (own) {
		news->handshake_us = own->handshake_us;
		news->lived_ns = what == AD_CONNECTION_OPENED ? 0 : now_ns - own->born_ns;
	}
	copy_counts(sk, news);
	bpf_ringbuf_submit(news, wakes());
}

static __always_inline void on_opened(struct bpf_sock_ops *ctx)
{
	struct ad_tuple tuple = {};
	struct bpf_sock *sk = ctx->sk;
	struct ad_connection *own;
	struct bpf_tcp_sock *tcp;

	if (!sk || !vip_socket_read(ctx, &tuple))
		return;
	bpf_sock_ops_cb_flags_set(ctx, ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
	own = bpf_sk_storage_get(&connection, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	tcp = bpf_tcp_sock(sk);
	if (own) {
		own->born_ns = bpf_ktime_get_ns();
		own->handshake_us = tcp ? tcp->srtt_us >> 3 : 0;
	}
	tell(sk, &tuple, AD_CONNECTION_OPENED, own, 0);
}

/* A side that has sent its FIN and has had an answer to it comes to CLOSE by other states. */
static __always_inline bool is_cut_short(__u32 from)
{
	return from == BPF_TCP_ESTABLISHED || from == BPF_TCP_FIN_WAIT1 ||
	       from == BPF_TCP_CLOSE_WAIT || from == BPF_TCP_SYN_RECV;
}

static __always_inline void on_ended(struct bpf_sock_ops *ctx, __u32 from)
{
	struct ad_tuple tuple = {};
	struct bpf_sock *sk = ctx->sk;
	struct ad_connection *own;

	if (!sk || !vip_socket_read(ctx, &tuple))
		return;
	own = bpf_sk_storage_get(&connection, sk, 0, 0);
	tell(sk, &tuple, is_cut_short(from) ? AD_CONNECTION_FAILED : AD_CONNECTION_ENDED, own,
	     bpf_ktime_get_ns());
}

SEC("sockops")
int connections(struct bpf_sock_ops *ctx)
{
	switch (ctx->op) {
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		on_opened(ctx);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (ctx->args[1] == BPF_TCP_CLOSE)
			on_ended(ctx, ctx->args[0]);
		break;
	}
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
