/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * vip_socket.h: connections to VIPs, as programs that hear of sockets see them: whose they are, and
 * whether they bear stamps.
 */
#ifndef AD_VIP_SOCKET_H
#define AD_VIP_SOCKET_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "maps/socket_maps.h"
#include "sockops.h"

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

/* The VIP comes first: of what is not to one, the rest is not read. */
static __always_inline bool vip_socket_read(struct bpf_sock_ops *ctx, struct ad_tuple *tuple)
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
static __always_inline bool vip_socket_is_stamped(struct bpf_sock *sk, const struct ad_tuple *tuple)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	return tcp && BPF_CORE_READ_BITFIELD(tcp, rx_opt.tstamp_ok) &&
	       !bpf_map_lookup_elem(&unstamped, tuple);
}

#endif
