// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * reflect.bpf.c: the rig's ceiling: a query over IPv4 goes back as it came, both ends exchanged and
 * marked as a reply. No DNS server on this interface can send more. With `more` it goes back as
 * long as an answer would be, which is what a server must be compared with.
 */
#include <stdbool.h>
#include <stddef.h>
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
	__u8 flags, rcode;
} __attribute__((packed));

/* Set by qps_servers.py, which knows them by their place. */
struct {
	__u32 more;  /* bytes that an answer has more than its query */
	__u32 rcode; /* and its rcode */
} reply;

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

/*
 * The frame is @more bytes longer, behind or, where no room is there, in front, as a server has to
 * do it; of what moves nobody reads more than the heads.
 */
static __always_inline struct query *lengthen(struct xdp_md *ctx, __u32 more)
{
	struct query *q = (void *)(long)ctx->data, heads;

	if ((void *)(q + 1) > (void *)(long)ctx->data_end)
		return NULL;
	heads = *q;
	if (bpf_xdp_adjust_tail(ctx, more) && bpf_xdp_adjust_head(ctx, -more))
		return NULL;
	q = (void *)(long)ctx->data;
	if ((void *)(q + 1) > (void *)(long)ctx->data_end)
		return NULL;
	*q = heads;
	return q;
}

/* Both lengths and the header's sum (RFC 1624), as a server has to write them too. */
static __always_inline void write_lengths(struct query *q, __u32 more)
{
	__u32 len = bpf_ntohs(q->ip.tot_len), sum = (__u16)~bpf_ntohs(q->ip.check);

	sum += (__u16)~len + len + more;
	sum = (sum & 0xffff) + (sum >> 16);
	q->ip.check = bpf_htons(~(sum + (sum >> 16)));
	q->ip.tot_len = bpf_htons(len + more);
	q->udp.len = bpf_htons(bpf_ntohs(q->udp.len) + more);
}

SEC("xdp.frags")
int reflect(struct xdp_md *ctx)
{
	struct query *q = (void *)(long)ctx->data;

	if ((void *)(q + 1) > (void *)(long)ctx->data_end || !is_query(q))
		return XDP_PASS;
	if (reply.more) {
		q = lengthen(ctx, reply.more);
		if (!q)
			return XDP_DROP;
		write_lengths(q, reply.more);
	}
	for (int i = 0; i < 3; i++)
		EXCHANGE(q->to[i], q->from[i]);
	EXCHANGE(q->ip.saddr, q->ip.daddr);
	EXCHANGE(q->udp.source, q->udp.dest);
	q->udp.check = 0; /* none: what is changed below is not in it */
	q->flags |= 0x80;
	q->rcode = reply.rcode;
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
