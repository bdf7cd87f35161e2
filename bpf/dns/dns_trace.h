/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_trace.h: a record of a query as it leaves. The question is in the frame, answered or not;
 * what is not is where the client was found and which POPs were drawn for it.
 */
#ifndef AD_DNS_TRACE_H
#define AD_DNS_TRACE_H

#include "bpf/flow/trace.h"
#include "dns_xdp.h"

static __always_inline void dns_trace_steering(struct ad_trace_record *rec, __u32 reason)
{
	__u32 zero = 0;
	const struct dns_state *state = bpf_map_lookup_elem(&dns_states, &zero);

	if (!state || !state->work.nr_pops ||
	    (reason != AD_R_DNS_ANSWERED && reason != AD_R_DNS_SLIPPED))
		return;
	rec->location = state->work.location;
	rec->row = state->work.row & AD_STEER_ROW;
	__builtin_memcpy(rec->pops, state->work.pops, sizeof(rec->pops));
	rec->flags |= AD_TRACE_STEERED;
}

/*
 * The exit of `dns` and `dns_copied`. Global: verified apart. @p: what `packet` read of it, the
 * addresses and no more.
 */
__noinline int trace_query(struct xdp_md *ctx, struct packet *p, __u32 reason, __u32 program)
{
	struct ad_trace_record *rec;

	if (!p)
		return 0;
	p->vip_port = bpf_htons(53);
	rec = trace_begin(p, reason);
	if (!rec)
		return 0;
	trace_note_packet(rec, p, reason, program);
	dns_trace_steering(rec, reason);
	trace_note_frame(rec, ctx);
	bpf_ringbuf_submit(rec, 0);
	return 0;
}

#endif
