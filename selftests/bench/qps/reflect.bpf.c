// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * reflect.bpf.c: the rig's ceiling: a query over IPv4 goes back as it came, both ends exchanged and
 * marked as a reply. No DNS server on this interface can send more.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct query {
	__be16 to[3], from[3], type;
	struct iphdr ip;
	struct udphdr udp;
	__be16 id;
	__u8 flags;
} __attribute__((packed));

static __always_inline bool is_query(const struct query *q)
{
	return q->type == bpf_htons(ETH_P_IP) && q->ip.ihl == 5 && q->ip.protocol == IPPROTO_UDP &&
	       q->udp.dest == bpf_htons(53);
}

#define EXCHANGE(a, b)                                                                             \
	do {                                                                                       \
		__typeof__(a) kept = a;                                                            \
		a = b;                                                                             \
		b = kept;                                                                          \
	} while (0)

SEC("xdp.frags")
int reflect(struct xdp_md *ctx)
{
	struct query *q = (void *)(long)ctx->data;

	if ((void *)(q + 1) > (void *)(long)ctx->data_end || !is_query(q))
		return XDP_PASS;
	for (int i = 0; i < 3; i++)
		EXCHANGE(q->to[i], q->from[i]);
	EXCHANGE(q->ip.saddr, q->ip.daddr);
	EXCHANGE(q->udp.source, q->udp.dest);
	q->udp.check = 0; /* none: the flag below is not in it */
	q->flags |= 0x80;
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
