/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * owner.h: who owns this TCP packet? The ladder of DESIGN.md, rung by rung.
 *
 * A rung returns a reason, and the ladder ends, or AD_CONTINUE, and the next one is asked. No rung
 * touches the packet: a rung that leads it away fills p->target, one that keeps it may
 * set p->unstamp, and the caller acts.
 */
#ifndef AD_OWNER_H
#define AD_OWNER_H

#include "flow.h"
#include "prf.h"
#include "socket.h"
#include "stamp.h"
#include "unstamped.h"

/* What the rungs learn on the way down. */
struct ladder {
	struct ad_state *st;
	struct flow_ref flow;
	bool asked; /* @answer holds */
	enum socket_answer answer;
	bool stamp_ours;		 /* the stamp names us */
	bool stamp_fits;		 /* and restores to what our stack may have sent */
	bool stamp_dead;		 /* it names a node that is known dead */
	__u16 stamp_first, stamp_second; /* other nodes that it names, alive, in the order to ask */
	__u32 tsecr;			 /* what our stack sent, if stamp_fits */
};

static __always_inline struct ad_node *owner_node(__u32 id)
{
	struct ad_node *node = id ? bpf_map_lookup_elem(&nodes, &id) : NULL;

	return node && node->flags & AD_NODE_KNOWN ? node : NULL;
}

static __always_inline bool owner_can_take(__u32 id)
{
	struct ad_node *node = owner_node(id);

	return id != opt.node_id && node && !(node->flags & AD_NODE_DEAD);
}

static __always_inline enum socket_answer owner_ask(struct xdp_md *ctx, struct packet *p,
						    struct ladder *l)
{
	if (!l->asked)
		l->answer = socket_ask(ctx, p);
	l->asked = true;
	return l->answer;
}

static __always_inline bool owner_in_table(const struct ladder *l)
{
	return l->flow.seen.s.kind == AD_FLOW_OURS;
}

/* The table's word is as good as the socket's until somebody closes. */
static __always_inline bool owner_table_is_sure(const struct ladder *l)
{
	return owner_in_table(l) && !(l->flow.flow->flags & AD_FLOW_CLOSING);
}

/*
 * The flow is ours, proven by its socket or by an entry that a socket once proved: count it, enter
 * it if need be. An established socket outlives a FIN that was forged or of an earlier flow.
 */
static __always_inline __u32 owner_keep(struct packet *p, struct ladder *l, __u32 reason)
{
	if (p->tcp_flags & TCP_SYN)
		return reason;
	if (!owner_in_table(l)) {
		flow_enter(p, AD_FLOW_OURS, opt.node_id);
		return reason;
	}
	if (l->asked && l->answer == SOCKET_ESTABLISHED && l->flow.flow->flags & AD_FLOW_CLOSING)
		l->flow.flow->flags &= ~AD_FLOW_CLOSING;
	flow_count_in(&l->flow, p);
	return reason;
}

static __always_inline void owner_lead(struct packet *p, __u16 target, enum ad_why why)
{
	p->target = target;
	p->why = why;
}

/* A flow that passes through is metered where it landed, in whatever room is left. */
static __always_inline void owner_meter_transit(struct packet *p, struct ladder *l, __u16 owner)
{
	if (p->tcp_flags & TCP_SYN)
		return;
	if (!l->flow.slot) {
		flow_enter(p, AD_FLOW_TRANSIT, owner);
		return;
	}
	if (l->flow.seen.s.kind == AD_FLOW_TRANSIT && l->flow.flow->owner != owner)
		l->flow.flow->owner = owner;
	flow_count_in(&l->flow, p);
}

/*
 * A successor by hash; if that one cannot take it, the next in the list. 0: nobody can. Global: a
 * loop that the other rungs need not be verified with.
 */
__noinline int owner_successor(__u64 prf)
{
	__u32 zero = 0, nr, at, id;
	struct ad_node *node;
	struct ad_state *st;

	st = bpf_map_lookup_elem(&state, &zero);
	if (!st)
		return 0;
	nr = st->nr_successors;
	if (!nr || nr > AD_SUCCESSOR_MAX)
		return 0;
	at = (__u32)(prf >> 32) % nr;
	for (__u32 i = 0; i < AD_SUCCESSOR_MAX; i++) {
		if (i >= nr)
			break;
		id = st->successors[at & (AD_SUCCESSOR_MAX - 1)];
		node = owner_node(id);
		if (node && id != opt.node_id && !(node->flags & (AD_NODE_DEAD | AD_NODE_DRAINING)))
			return id;
		at = at + 1 < nr ? at + 1 : 0;
	}
	return 0;
}

/*
 * Rung 0: a SYN is a new flow and stays where it lands. While we drain it goes to a successor,
 * unless it was diverted once or repeats one that we have already answered.
 */
static __always_inline __u32 rung_syn(struct xdp_md *ctx, struct packet *p, struct ladder *l)
{
	enum socket_answer held;
	__u16 successor;

	if (!packet_is_syn(p))
		return AD_CONTINUE;
	if (p->divert || !(l->st->flags & AD_STATE_DRAINING))
		return AD_R_LOCAL_SYN;
	successor = owner_successor(p->prf);
	if (!successor)
		return AD_R_LOCAL_SYN;
	held = owner_ask(ctx, p, l);
	if (held != SOCKET_NONE && held != SOCKET_TIME_WAIT)
		return AD_R_LOCAL_SYN;
	owner_lead(p, successor, AD_WHY_DIVERT);
	return AD_R_DIVERTED;
}

/* Rung 1: ours, and no timestamp of it is to be touched. */
static __always_inline __u32 rung_unstamped(struct xdp_md *ctx, struct packet *p, struct ladder *l)
{
	if (!unstamped_has(p, l->st, false))
		return AD_CONTINUE;
	if (owner_table_is_sure(l) || owner_ask(ctx, p, l) >= SOCKET_OURS)
		return owner_keep(p, l, AD_R_LOCAL_UNSTAMPED);
	return AD_R_LOCAL_UNSTAMPED;
}

/* An echo of the last tick is ahead of the coarse clock: it is measured again before it is false. */
static __always_inline bool stamp_fits_clock(__u32 tsval, const struct packet *p)
{
	return stamp_plausible(tsval, clock_mono_ms(p->mono_ns), opt.stamp_shift) ||
	       stamp_plausible(tsval, clock_mono_ms(clock_mono_exact_ns()), opt.stamp_shift);
}

/* One of the two nodes that a stamp may mean. */
static __always_inline void stamp_consider(struct packet *p, struct ladder *l, __u32 id)
{
	__u32 wall_minus_mono_ms = l->st->stamp_wall_minus_mono_ms;
	struct ad_node *node;

	if (id == opt.node_id) {
		l->tsecr = p->tsecr - stamp_delta(wall_minus_mono_ms, id, opt.stamp_shift, p->prf);
		l->stamp_ours = true;
		l->stamp_fits = stamp_fits_clock(l->tsecr, p);
		return;
	}
	node = owner_node(id);
	if (!node)
		return;
	if (node->flags & AD_NODE_DEAD)
		l->stamp_dead = true;
	else if (!l->stamp_first)
		l->stamp_first = id;
	else
		l->stamp_second = id;
}

static __always_inline void stamp_read(struct packet *p, struct ladder *l)
{
	__u32 wall_ms;
	__u16 id;

	if (!p->ts_at || !p->tsecr)
		return;
	wall_ms = clock_mono_ms(p->mono_ns) + (__u32)l->st->stamp_wall_minus_mono_ms;
	id = stamp_decode(p->tsecr, wall_ms, opt.stamp_shift, p->prf);
	stamp_consider(p, l, id);
	stamp_consider(p, l, id + 1);
}

/*
 * Rung 2: the stamp. Self first: an owner that sent its own idle flow away would see it reset. A
 * stamp of ours makes even TIME_WAIT ours; one of another node outranks our table and
 * our half-open sockets, but not a socket that this very packet belongs to.
 */
static __always_inline __u32 rung_stamp(struct xdp_md *ctx, struct packet *p, struct ladder *l)
{
	stamp_read(p, l);
	if (l->stamp_fits && (owner_table_is_sure(l) || owner_ask(ctx, p, l) >= SOCKET_TIME_WAIT)) {
		p->unstamp = 1;
		p->tsecr = l->tsecr;
		return owner_keep(p, l, AD_R_LOCAL_STAMP);
	}
	if (p->peer)
		return AD_CONTINUE;
	if (!l->stamp_first)
		return l->stamp_dead && !l->stamp_ours ? AD_R_OWNER_DEAD : AD_CONTINUE;
	if (owner_in_table(l) || l->stamp_ours) {
		if (owner_ask(ctx, p, l) >= SOCKET_OURS)
			return owner_keep(p, l, AD_R_LOCAL_SOCKET);
		if (owner_in_table(l))
			flow_drop(&l->flow);
	}
	p->candidates[0] = l->stamp_first;
	p->candidates[1] = l->stamp_second;
	owner_lead(p, l->stamp_first, AD_WHY_DATA);
	owner_meter_transit(p, l, l->stamp_first);
	return AD_R_WRAP_STAMP;
}

/* Rung 3: a remote owner claimed this flow. Not for what comes by tunnel: that would ping-pong. */
static __always_inline __u32 rung_pin(struct packet *p, struct ladder *l)
{
	struct ad_node *node;
	__u16 owner;

	if (p->peer || l->flow.seen.s.kind != AD_FLOW_PIN)
		return AD_CONTINUE;
	owner = l->flow.flow->owner;
	node = owner_node(owner);
	if (!node || owner == opt.node_id || !flow_still(&l->flow))
		return AD_CONTINUE;
	if (node->flags & AD_NODE_DEAD)
		return AD_R_OWNER_DEAD;
	p->candidates[0] = owner;
	owner_lead(p, owner, AD_WHY_DATA);
	flow_count_in(&l->flow, p);
	return AD_R_WRAP_PIN;
}

/* Rung 4: the kernel's own truth, or the table's, if nothing speaks against it. */
static __always_inline __u32 rung_socket(struct xdp_md *ctx, struct packet *p, struct ladder *l)
{
	if (!l->asked && !l->stamp_first && owner_table_is_sure(l))
		return owner_keep(p, l, AD_R_LOCAL_FLOW);
	if (owner_ask(ctx, p, l) >= SOCKET_OURS)
		return owner_keep(p, l, AD_R_LOCAL_SOCKET);
	if (owner_in_table(l))
		flow_drop(&l->flow);
	return AD_CONTINUE;
}

static __always_inline bool owner_is_next(const struct packet *p, __u32 at)
{
	__u16 id = p->candidates[at];

	return at >= p->hop && id != p->peer && id != p->landing && owner_can_take(id);
}

/*
 * Rung 5, as far as it goes today: what came by tunnel and is not ours goes on to the next
 * candidate of its list, never back to a node that had it.
 */
static __always_inline __u32 rung_next(struct packet *p)
{
	if (!p->peer)
		return AD_CONTINUE;
	if (owner_is_next(p, 1))
		owner_lead(p, p->candidates[1], AD_WHY_DATA);
	else if (owner_is_next(p, 2))
		owner_lead(p, p->candidates[2], AD_WHY_DATA);
	else
		return AD_CONTINUE;
	return AD_R_WRAP_NEXT;
}

/* The ladder. Global, so that the verifier climbs it once, not once per way to parse a packet. */
__noinline int owner_find(struct xdp_md *ctx, struct packet *p)
{
	struct ladder l = {};
	struct ad_keys *k;
	__u32 zero = 0, reason;

	if (!p)
		return AD_R_INTERNAL;
	l.st = bpf_map_lookup_elem(&state, &zero);
	k = bpf_map_lookup_elem(&keys, &zero);
	if (!l.st || !k)
		return AD_R_INTERNAL;
	if (!packet_is_armed(p, l.st))
		return AD_R_DISARMED;
	p->mono_ns = clock_mono_ns();
	p->prf = prf_of_flow(p, k);

	reason = rung_syn(ctx, p, &l);
	if (reason)
		return reason;
	flow_find(p, &l.flow);
	return rung_unstamped(ctx, p, &l) ?:
	       rung_stamp(ctx, p, &l) ?:
	       rung_pin(p, &l) ?:
	       rung_socket(ctx, p, &l) ?:
	       rung_next(p) ?:
	       AD_R_NOBODY;
}

#endif
