// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * stages.bpf.c: a query's way through the program `dns` (dns_packet() and dns_quick()), of the
 * same functions, cut off after each stage: what one takes longer than the one before it is what
 * that stage costs.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/packet/packet.h"
#include "bpf/dns/dns_xdp.h"
#include "selftests/bench/wrap.h"

static __always_inline bool reach_addresses(struct xdp_md *ctx, struct dns_frame *f,
					    struct dns_work *w, const struct ad_dns_image *image,
					    const struct ad_dns_cell *cell, struct dns_quick *q,
					    enum stage last)
{
	q->len = f->len + cell->nr_a * (DNS_RR_FIXED + 4);
	q->flags = DNS_QR | DNS_AA;
	q->counts |= (__u64)cell->nr_a << 24;
	w->zone = cell->zone;
	if (quick_resize(ctx, f, q) != AD_R_DNS_ANSWERED)
		return false;
	return last == STAGE_ROOM || quick_write(ctx, f, w, image, cell, q);
}

/* What the engine chooses. */
static __always_inline bool reach_parts(struct xdp_md *ctx, struct dns_frame *f, struct dns_work *w,
					const struct ad_dns_image *image, struct dns_quick *q,
					int verdict, enum stage last)
{
	dns_begin_answer(w, image);
	if (dns_follow(w, image, verdict, 1) != DNS_SEND)
		return false;
	dns_join();
	if (last != STAGE_ROOM)
		return dns_quick_send(ctx, f, w, image, q) == AD_R_DNS_ANSWERED;
	q->len = w->at + quick_opt_bytes(w, image);
	return quick_resize(ctx, f, q) == AD_R_DNS_ANSWERED;
}

/* From the name's cell on, if it has one. */
static __always_inline bool reach_answer(struct xdp_md *ctx, struct dns_frame *f,
					 struct dns_work *w, const struct ad_dns_image *image,
					 const struct ad_dns_cell *cell, struct dns_quick *q,
					 enum stage last)
{
	int verdict = DNS_GO;

	if (!cell) {
		if (!quick_read_more(ctx, f, w, q))
			return false;
		verdict = quick_reach(w, image);
		cell = verdict == DNS_GO ? dns_cell(w, image, w->cell) : 0;
	}
	if (last == STAGE_SEARCH)
		return true;
	if (!cell || !quick_has(w, cell, q->asked))
		return reach_parts(ctx, f, w, image, q, verdict, last);
	return reach_addresses(ctx, f, w, image, cell, q, last);
}

static __always_inline bool reach_question(struct xdp_md *ctx, struct dns_frame *f,
					   struct dns_work *w, const struct ad_dns_image *image,
					   struct dns_quick *q, enum stage last)
{
	const struct ad_dns_cell *cell;
	struct cursor c;

	if (!quick_read(ctx, f, &c, w, image, q))
		return false;
	if (last == STAGE_NAME)
		return true;
	cell = dns_probe(w, image, w->hash[0], w->hash[1]);
	w->hashed = q->name_len;
	w->probed = cell ? w->cell + 1 : 0;
	if (last == STAGE_CELL)
		return true;
	w->rcode = DNS_NOERROR;
	if (!quick_read_rest(&c, f, w, image, q))
		return false;
	w->tc = 0;
	w->qtype = __builtin_bswap16(q->asked);
	w->edns = !!q->rest;
	return last == STAGE_REST || reach_answer(ctx, f, w, image, cell, q, last);
}

static __always_inline int reach(struct xdp_md *ctx, enum stage last)
{
	__u32 zero = 0;
	struct dns_state *state = bpf_map_lookup_elem(&dns_states, &zero);
	const struct ad_dns_image *image;
	struct dns_frame *f;
	struct dns_work *w;

	if (!state)
		return XDP_DROP;
	w = &state->work;
	f = &state->frame;
	f->bytes = bpf_xdp_get_buff_len(ctx);
	if (dns_read_frame(ctx, f, w) || f->odd)
		return XDP_DROP;
	if (last == STAGE_HEADS)
		return XDP_TX;
	image = dns_choose_image(w);
	if (!image)
		return XDP_DROP;
	return last == STAGE_IMAGE || reach_question(ctx, f, w, image, &state->quick, last)
		       ? XDP_TX
		       : XDP_DROP;
}

/* XDP_TX: it came so far. */
#define STAGE(name, last)                                                                          \
	SEC("xdp.frags")                                                                           \
	int name(struct xdp_md *ctx)                                                               \
	{                                                                                          \
		return reach(ctx, last);                                                           \
	}

STAGE(heads, STAGE_HEADS)
STAGE(image, STAGE_IMAGE)
STAGE(name, STAGE_NAME)
STAGE(cell, STAGE_CELL)
STAGE(rest, STAGE_REST)
STAGE(search, STAGE_SEARCH)
STAGE(room, STAGE_ROOM)
STAGE(written, STAGE_WRITTEN)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
