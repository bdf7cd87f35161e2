// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * wrap.bpf.c: gives the program under test a fresh, valid packet in every round of
 * BPF_PROG_TEST_RUN's `repeat`, which by itself would feed it its own output.
 *
 * The same wrapper with `empty` behind it is the cost that is subtracted; so it does the same
 * work whatever the program did to the packet, and calls both helpers even to move by nothing.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "bpf/base/siphash.h"
#include "selftests/bench/wrap.h"

const volatile struct bench_layout layout = { .length = BENCH_FRAME_MIN };

/* Written by the bench before each run. */
__u32 next; /* card to play */
__u64 home; /* address of the frame's first byte; 0: learn it in the first round */
__u32 lost; /* rounds whose frame could not be restored */

/* Of no use outside. */
__u64 here;
__u64 last_line;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 8 * BENCH_WORDS); /* both set before load */
	__uint(map_flags, BPF_F_MMAPABLE);
} deck SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} behind SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} behind_tc SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* (cold_mask + 1) * cold_step */
	__type(key, __u32);
	__type(value, __u64[8]);
} cold_lines SEC(".maps");

/*
 * Moves the frame's two ends back to where the first round found them. A packet pointer becomes
 * a number by going through memory.
 */
static __always_inline int frame_home(struct xdp_md *ctx)
{
	*(void *volatile *)&here = (void *)(long)ctx->data;
	__u64 now = *(volatile __u64 *)&here;

	if (!home)
		home = now;
	if (bpf_xdp_adjust_head(ctx, (int)(home - now)))
		return -1;
	return bpf_xdp_adjust_tail(ctx, (int)layout.length - (int)bpf_xdp_get_buff_len(ctx));
}

/*
 * The template, then the next card's words over it. The layout is read again each time, and not
 * kept in a variable: the verifier (6.18) forgets a constant that clang 14 spills as 4 bytes.
 */
static __always_inline int frame_deal(void *data, void *data_end)
{
	__u32 index = next++ & layout.deck_mask;
	__u64 *card = bpf_map_lookup_elem(&deck, &index);

	if (!card || data + layout.length > data_end)
		return -1;
#pragma unroll
	for (__u32 i = 0; i < BENCH_FRAME_MAX / 8; i++)
		if (8 * i + 8 <= layout.length)
			*(__u64 *)(data + 8 * i) = layout.frame[i];
	*(__u64 *)(data + layout.length - 8) = layout.tail;
#pragma unroll
	for (__u32 i = 0; i < BENCH_WORDS; i++)
		if (i < layout.nr_words)
			*(__u64 *)(data + layout.at[i]) = card[i];
	return 0;
}

SEC("xdp.frags")
int wrap(struct xdp_md *ctx)
{
	if (frame_home(ctx) || frame_deal((void *)(long)ctx->data, (void *)(long)ctx->data_end)) {
		lost++;
		return XDP_ABORTED;
	}
	bpf_tail_call(ctx, &behind, 0);
	return XDP_ABORTED;
}

/* Egress changes bytes in place: no end of the packet moves. */
SEC("tc")
int wrap_tc(struct __sk_buff *skb)
{
	if (frame_deal((void *)(long)skb->data, (void *)(long)skb->data_end)) {
		lost++;
		return TC_ACT_SHOT;
	}
	bpf_tail_call(skb, &behind_tc, 0);
	return TC_ACT_SHOT;
}

SEC("xdp.frags")
int empty(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("tc")
int empty_tc(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

/*
 * Yardsticks, to compare machines. `cold` reads one line of many, each address made from what
 * the line before held, so that nothing is fetched ahead; with a small cold_mask it is the cost
 * of the arithmetic alone.
 */
SEC("xdp.frags")
int cold(struct xdp_md *ctx)
{
	__u64 line = last_line * 6364136223846793005ull + 1442695040888963407ull;
	__u32 index = ((line >> 33) & layout.cold_mask) * layout.cold_step;
	__u64 *cell = bpf_map_lookup_elem(&cold_lines, &index);

	if (cell)
		last_line = line + *cell;
	return XDP_PASS;
}

#define CALLS(name, call)                                                                          \
	SEC("xdp.frags")                                                                           \
	int name(struct xdp_md *ctx)                                                               \
	{                                                                                          \
		__u64 sum = 0;                                                                     \
                                                                                                   \
		_Pragma("unroll") for (int i = 0; i < BENCH_CALLS; i++) sum += call;               \
		last_line = sum;                                                                   \
		return XDP_PASS;                                                                   \
	}

CALLS(calls, bpf_xdp_get_buff_len(ctx))
CALLS(clocks, bpf_ktime_get_ns())
CALLS(coarse_clocks, bpf_ktime_get_coarse_ns())

/* One after the other, as in a hash. */
SEC("xdp.frags")
int rounds(struct xdp_md *ctx)
{
	struct siphash s = { last_line, 1, 2, 3 };

#pragma unroll
	for (int i = 0; i < BENCH_CALLS; i++)
		siphash_round(&s);
	last_line = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
	return XDP_PASS;
}

static __always_inline __u64 route_to_other(struct xdp_md *ctx)
{
	struct bpf_fib_lookup fib = {
		.family = 2, /* AF_INET */
		.l4_protocol = 17,
		.tot_len = 1000,
		.ifindex = 1, /* lo, as bpf/tunnel/link.h does */
		.ipv4_src = bpf_htonl(0xc0000201),
		.ipv4_dst = bpf_htonl(0xc0000202),
	};

	return bpf_fib_lookup(ctx, &fib, sizeof(fib), 0);
}

CALLS(routes, route_to_other(ctx))
/* The frame's end, out by a record and back. */
CALLS(resizes, bpf_xdp_adjust_tail(ctx, i & 1 ? -16 : 16))

char LICENSE[] SEC("license") = "Dual BSD/GPL";
