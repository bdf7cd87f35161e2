/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * trace.h: a record of a packet as it leaves, for who traces (maps/trace.h).
 *
 * Off, it costs a load and a branch. What records is in global functions: the verifier walks
 * through them once, and the way of a packet that nobody traces does not get longer.
 */
#ifndef AD_BPF_TRACE_H
#define AD_BPF_TRACE_H

#include "bpf/base/clock.h"
#include "bpf/packet/packet.h"
#include "maps/trace.h"
#include "socket.h"
#include "stamp.h"

#define X(sym, text)                                                                               \
	_Static_assert((int)AD_TRACE_SOCKET_##sym == SOCKET_##sym, "the order of maps/trace.h");
AD_TRACE_SOCKETS(X)
#undef X
_Static_assert(AD_REASON_MAX <= 128, "two words of bits");

static __always_inline bool trace_is_on(void)
{
	__u32 zero = 0;
	const struct ad_state *st = bpf_map_lookup_elem(&state, &zero);

	return st && st->flags & AD_STATE_TRACED;
}

/* Who traced is gone: the flag must not outlive him. */
static __always_inline void trace_end(void)
{
	__u32 zero = 0;
	struct ad_state *st = bpf_map_lookup_elem(&state, &zero);

	if (st)
		__sync_fetch_and_and(&st->flags, ~AD_STATE_TRACED);
}

static __always_inline bool trace_fits(const struct ad_trace *t, const struct packet *p,
				       __u32 reason)
{
	const struct ad_addr *is = &p->client, *mask = &t->client_mask, *client = &t->client;

	if (!((reason < 64 ? t->reasons[0] : t->reasons[1]) >> (reason & 63) & 1))
		return false;
	if ((is->q[0] & mask->q[0]) != client->q[0] || (is->q[1] & mask->q[1]) != client->q[1])
		return false;
	if ((t->vip.q[0] | t->vip.q[1]) &&
	    (p->vip.q[0] != t->vip.q[0] || p->vip.q[1] != t->vip.q[1]))
		return false;
	if (t->peer && t->peer != p->peer && t->peer != p->target)
		return false;
	return !t->port || t->port == p->vip_port;
}

/* Room for the record of a packet that is wanted, with its numbers; NULL: there is none. */
static __always_inline struct ad_trace_record *trace_begin(const struct packet *p, __u32 reason)
{
	__u32 zero = 0;
	struct ad_trace *t = bpf_map_lookup_elem(&trace, &zero);
	void *ring = bpf_map_lookup_elem(&trace_rings, &zero);
	struct ad_trace_record *rec;

	if (!t || clock_mono_ns() > t->until_ns) {
		trace_end();
		return NULL;
	}
	if (!ring || !trace_fits(t, p, reason))
		return NULL;
	if (__sync_fetch_and_add(&t->fitted, 1) % (t->sample ?: 1))
		return NULL;
	rec = bpf_ringbuf_reserve(ring, sizeof(*rec), 0);
	if (!rec) {
		__sync_fetch_and_add(&t->lost, 1);
		return NULL;
	}
	__builtin_memset(rec, 0, offsetof(struct ad_trace_record, bytes));
	return rec;
}

static __always_inline void trace_note_packet(struct ad_trace_record *rec, const struct packet *p,
					      __u32 reason, __u32 program)
{
	rec->mono_ns = clock_mono_exact_ns();
	rec->client = p->client;
	rec->vip = p->vip;
	rec->came_bytes = p->frame_bytes;
	rec->tsecr = p->ts_at ? p->tsecr : 0;
	rec->client_port = p->client_port;
	rec->vip_port = p->vip_port;
	rec->peer = p->peer;
	rec->landing = p->landing;
	rec->target = p->target;
	for (int i = 0; i < AD_CANDIDATES; i++)
		rec->candidates[i] = p->candidates[i];
	rec->reason = reason;
	rec->program = program;
	rec->tcp_flags = p->tcp_flags;
	rec->socket = p->socket;
	rec->came = p->came;
	rec->why = p->why;
	rec->hop = p->hop;
}

/* What the ladder read in TSecr. @p has it without the stamp if that was taken off. */
static __always_inline void trace_note_stamp(struct ad_trace_record *rec, const struct packet *p)
{
	__u32 zero = 0, wall_minus_mono_ms, wall_ms;
	const struct ad_state *st = bpf_map_lookup_elem(&state, &zero);

	if (!st || !p->ts_at || !p->prf || packet_is_syn(p) || !p->tsecr)
		return;
	wall_minus_mono_ms = st->stamp_wall_minus_mono_ms;
	if (p->unstamp)
		rec->tsecr += stamp_delta(wall_minus_mono_ms, opt.node_id, opt.stamp_shift, p->prf);
	wall_ms = clock_mono_ms(p->mono_ns) + wall_minus_mono_ms;
	rec->stamp = stamp_decode(rec->tsecr, wall_ms, opt.stamp_shift, p->prf);
	rec->stamp_age_ms = stamp_age_ms(rec->tsecr, wall_ms, opt.stamp_shift, p->prf);
	rec->flags |= AD_TRACE_STAMPED;
}

/* Of so many bytes the first AD_TRACE_BYTES: at least 1, as the verifier wants to see. */
static __always_inline __u32 trace_last(__u32 bytes)
{
	__u32 last = (bytes < AD_TRACE_BYTES ? bytes : AD_TRACE_BYTES) - 1;

	__asm__ volatile("%0 &= %1" : "+r"(last) : "i"(AD_TRACE_BYTES - 1));
	return last;
}

static __always_inline void trace_note_frame(struct ad_trace_record *rec, struct xdp_md *ctx)
{
	__u32 bytes = bpf_xdp_get_buff_len(ctx), last = trace_last(bytes);

	rec->left_bytes = bytes;
	if (!bpf_xdp_load_bytes(ctx, 0, rec->bytes, last + 1))
		rec->captured = last + 1;
}

/* The exit of `packet`. Global, as the next: verified apart. Returns 0. */
__noinline int trace_packet(struct xdp_md *ctx, struct packet *p, __u32 reason)
{
	struct ad_trace_record *rec = p ? trace_begin(p, reason) : NULL;

	if (!rec)
		return 0;
	trace_note_packet(rec, p, reason, AD_TRACE_PACKET);
	trace_note_stamp(rec, p);
	trace_note_frame(rec, ctx);
	bpf_ringbuf_submit(rec, 0);
	return 0;
}

/* That of `egress`: what our stack sent is no echo, so there is no stamp to read. */
__noinline int trace_egress(struct __sk_buff *skb, struct packet *p, __u32 reason)
{
	struct ad_trace_record *rec = p ? trace_begin(p, reason) : NULL;
	__u32 last;

	if (!rec)
		return 0;
	trace_note_packet(rec, p, reason, AD_TRACE_EGRESS);
	last = trace_last(skb->len);
	rec->came_bytes = skb->len;
	rec->left_bytes = skb->len;
	if (!bpf_skb_load_bytes(skb, 0, rec->bytes, last + 1))
		rec->captured = last + 1;
	bpf_ringbuf_submit(rec, 0);
	return 0;
}

#endif
