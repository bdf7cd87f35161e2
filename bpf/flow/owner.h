/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * owner.h: who owns this TCP packet? The ladder of deploy/doc/design.md, rung by rung.
 *
 * A rung returns a reason, which ends the ladder, or AD_CONTINUE, and then the next rung is asked.
 * No rung changes the packet: a rung that leads it away fills p->target, one that keeps it may set
 * p->unstamp, and the caller acts.
 */
#ifndef AD_OWNER_H
#define AD_OWNER_H

#include "flow.h"
#include "hunt.h"
#include "nodes.h"
#include "prf.h"
#include "socket.h"
#include "stamp.h"
#include "unstamped.h"

/* What the rungs learn, from the first to the last. */
struct ladder {
	struct ad_state *st;
	struct flow_ref flow;
	bool stamped;	   /* @stamp and @age_ms hold: a TSecr that may be a stamp */
	bool stamp_ours;   /* it names us, as one of two */
	bool stamp_others; /* it names another node that is known and alive */
	bool stamp_dead;   /* it names a node that is known dead */
	bool kept;	   /* a rung found that it is ours */
	bool stray;	   /* it goes to a socket of ours unless another node claims it */
	__u32 stamp;	   /* d: the owner, or the owner minus one */
	__s32 age_ms;	   /* of the stamp, if it is d's */
};

static __always_inline enum socket_answer owner_ask(struct xdp_md *ctx, struct packet *p)
{
	if (p->socket == SOCKET_UNASKED)
		socket_ask(ctx, p);
	return p->socket;
}

static __always_inline bool owner_in_table(const struct ladder *l)
{
	return l->flow.seen.s.kind == AD_FLOW_OURS;
}

/*
 * The table names no owner for what is ours, but says what no socket knows: DNAT or IPVS sends the
 * flow to a server, whose replies leave through us. That holds until it is silent for long.
 */
static __always_inline void owner_read_table(struct packet *p, const struct ladder *l)
{
	if (owner_in_table(l) && l->flow.flow->flags & AD_FLOW_FORWARDED)
		p->forwards = clock_mono_s(p->mono_ns) - l->flow.flow->last_s <= opt.flow_idle_s;
	if (p->forwards && p->socket == SOCKET_NONE)
		p->socket = SOCKET_FORWARDED;
}

/*
 * There is a socket, but its peer would not send this packet. The packet may be old or forged, or
 * the peer may be gone and its ports in use for a flow with another node. It is ours unless
 * something says otherwise. While the socket is heard no newer flow has its ports.
 */
static __always_inline bool owner_may_stray(const struct packet *p, const struct ladder *l)
{
	if (p->came == AD_WHY_HUNT || p->came == AD_WHY_CLAIM)
		return false;
	if (p->peer && p->came == AD_WHY_DATA && !l->stamp_ours && !p->heard)
		return false; /* perhaps an old pin led it here: its sender will notice */
	if (l->stamp_others)
		return l->stamp == opt.node_id;
	return l->flow.seen.s.kind != AD_FLOW_PIN;
}

/*
 * Does the packet belong to a socket of ours? A SYN cookie is good evidence, but a stamp is better:
 * an ACK with another node's stamp does not answer our SYN cookie. A packet that cannot be meant
 * for the socket does not belong to it either, and may not be claimed.
 */
static __always_inline bool owner_has_socket(struct xdp_md *ctx, struct packet *p,
					     const struct ladder *l)
{
	enum socket_answer answer = owner_ask(ctx, p);

	if (answer == SOCKET_COOKIE || answer == SOCKET_FORWARDED)
		return !l->stamp_others;
	if (answer == SOCKET_STRAY)
		return owner_may_stray(p, l);
	return answer >= SOCKET_OURS;
}

/*
 * Only the socket knows whether the flow ends: a FIN or RST may be forged, or of an earlier flow.
 */
static __always_inline void owner_note_end(const struct packet *p, const struct ladder *l)
{
	bool closing = l->flow.flow->flags & AD_FLOW_CLOSING;

	if (p->socket == SOCKET_CLOSING && !closing)
		flow_mark(l->flow.flow, AD_FLOW_CLOSING);
	else if (p->socket == SOCKET_ESTABLISHED && closing)
		flow_unmark(l->flow.flow, AD_FLOW_CLOSING);
}

/*
 * The flow is ours, proven by its socket: it is counted, and entered if needed. A packet that does
 * not fit our socket is not counted: it may be forged, and says nothing about the flow. A packet
 * that was hunted comes again as data.
 */
static __always_inline __u32 owner_keep(struct packet *p, struct ladder *l, __u32 reason)
{
	l->kept = true;
	if (p->tcp_flags & TCP_SYN || p->came == AD_WHY_HUNT || p->socket == SOCKET_STRAY)
		return reason;
	p->begins = p->socket == SOCKET_COOKIE || p->socket == SOCKET_OURS;
	if (!owner_in_table(l)) {
		flow_enter(p, AD_FLOW_OURS, opt.node_id, 0);
		return reason;
	}
	owner_note_end(p, l);
	flow_count_in(&l->flow, p);
	return reason;
}

/* Data of known flows has a budget only if the operator has set one. */
static __always_inline __u32 owner_meter_data(const struct packet *p, const struct ladder *l,
					      __u16 owner)
{
	if (l->st->flags & AD_STATE_METERED && !budget_allows(p, AD_BUDGET_DATA, owner))
		return AD_R_BUDGET_DATA;
	return AD_CONTINUE;
}

/*
 * The table says that the flow is ours, and there is no socket. Packets may be forged, so an entry
 * that is there stays.
 */
static __always_inline void owner_forget(const struct packet *p, struct ladder *l)
{
	if (owner_in_table(l) && p->socket != SOCKET_STRAY)
		flow_drop(&l->flow);
}

/*
 * A flow of another node is counted at its landing node, in a slot that is free. An old socket of
 * ours with the same ports keeps its entry, and this packet does not refresh it.
 */
static __always_inline void owner_meter_transit(struct packet *p, struct ladder *l, __u16 owner)
{
	if (p->tcp_flags & TCP_SYN || owner_in_table(l))
		return;
	if (!l->flow.slot) {
		flow_enter(p, AD_FLOW_TRANSIT, owner, 0);
		return;
	}
	if (l->flow.seen.s.kind == AD_FLOW_TRANSIT && l->flow.flow->owner != owner)
		l->flow.flow->owner = owner;
	flow_note_end(&l->flow, p);
	flow_count_in(&l->flow, p);
}

/*
 * Rung 0: a SYN begins a new flow and stays where it lands. While we hand over it goes to a
 * successor, unless it was diverted already, or we have already answered the same SYN, or the
 * successor has not answered it, or the budget is spent. Later packets of the flow that land here
 * are led by their stamp, or hunted, and then the successor is asked first.
 */
static __always_inline __u32 syn_divert(struct xdp_md *ctx, struct packet *p)
{
	__u16 successor = node_successor(p->prf, true);
	enum socket_answer held;

	if (!successor)
		return AD_R_LOCAL_SYN;
	held = owner_ask(ctx, p);
	if (held != SOCKET_NONE && held != SOCKET_LISTENS && held != SOCKET_TIME_WAIT)
		return AD_R_LOCAL_SYN;
	if (syn_is_repeated(p))
		return AD_R_SYN_REPEATED;
	if (!budget_allows(p, AD_BUDGET_DIVERT, successor))
		return AD_R_LOCAL_SYN;
	packet_lead(p, successor, AD_WHY_DIVERT);
	return AD_R_DIVERTED;
}

/*
 * @flags: enum ad_state_flag. If a SYN was diverted to us and nobody here would answer it, we drop
 * it: it comes again, and then the node that diverted it serves it. A flow that DNAT sends to a
 * server has no listener here. Global, so that the other rungs are verified without it.
 */
__noinline int rung_syn(struct xdp_md *ctx, struct packet *p, __u32 flags)
{
	if (!p)
		return AD_R_INTERNAL;
	hunt_doubt(p);
	if (p->came != AD_WHY_DIVERT)
		return flags & AD_STATE_HANDS_OVER ? syn_divert(ctx, p) : AD_R_LOCAL_SYN;
	if (!budget_allows(p, AD_BUDGET_ACCEPT, p->peer))
		return AD_R_BUDGET_SYN;
	return flags & AD_STATE_FORWARDS || owner_ask(ctx, p) != SOCKET_NONE ? AD_R_LOCAL_SYN
									     : AD_R_SYN_UNSERVED;
}

/*
 * Rung 1: the flow is ours, and its timestamps must not be changed. An entry of the list may
 * outlive its socket by a minute. Then it says nothing, because its ports may be in use for another
 * node's flow by now.
 */
static __always_inline __u32 rung_unstamped(struct xdp_md *ctx, struct packet *p, struct ladder *l)
{
	if (!unstamped_has(p, l->st, false) || !owner_has_socket(ctx, p, l))
		return AD_CONTINUE;
	return owner_keep(p, l, AD_R_LOCAL_UNSTAMPED);
}

/*
 * An echo younger than a tick is ahead of the coarse clock: it is checked again with the exact
 * clock.
 */
static __always_inline bool stamp_fits_clock(__u32 tsval, const struct packet *p)
{
	return stamp_plausible(tsval, clock_mono_ms(p->mono_ns), opt.stamp_shift) ||
	       stamp_plausible(tsval, clock_mono_ms(clock_mono_exact_ns()), opt.stamp_shift);
}

static __always_inline void stamp_read(const struct packet *p, struct ladder *l)
{
	__u32 wall_ms = clock_mono_ms(p->mono_ns) + (__u32)l->st->stamp_wall_minus_mono_ms;

	if (!p->ts_at || !p->tsecr)
		return;
	l->stamped = true;
	l->stamp = stamp_decode(p->tsecr, wall_ms, opt.stamp_shift, p->prf);
	l->age_ms = stamp_age_ms(p->tsecr, wall_ms, opt.stamp_shift, p->prf);
	l->stamp_ours = l->stamp == opt.node_id || l->stamp + 1 == opt.node_id;
}

/* What our stack sent, if the stamp is ours. */
static __always_inline __u32 stamp_restore(const struct packet *p, const struct ladder *l)
{
	return p->tsecr -
	       stamp_delta(l->st->stamp_wall_minus_mono_ms, opt.node_id, opt.stamp_shift, p->prf);
}

/*
 * Its stamp names us: is the flow ours? With a young stamp even TIME_WAIT is ours, and the answer
 * to a SYN cookie. An old stamp of ours looks like a young one of the node with the next id. Then
 * only a socket counts that this very packet belongs to.
 */
static __always_inline bool stamp_holds(struct xdp_md *ctx, struct packet *p,
					const struct ladder *l)
{
	enum socket_answer answer = owner_ask(ctx, p);

	if (l->stamp == opt.node_id)
		return answer >= SOCKET_COOKIE;
	return answer >= SOCKET_OURS && answer != SOCKET_STRAY;
}

/*
 * Rung 2, this node first: an owner that led its own idle flow away would see it reset. If the
 * stamp cannot be removed, the packet stays as it is.
 */
static __always_inline __u32 rung_stamp_self(struct xdp_md *ctx, struct packet *p, struct ladder *l)
{
	__u32 tsecr;

	if (!l->stamp_ours)
		return AD_CONTINUE;
	tsecr = stamp_restore(p, l);
	if (!stamp_fits_clock(tsecr, p) || !stamp_holds(ctx, p, l))
		return AD_CONTINUE;
	p->unstamp = 1;
	p->tsecr = tsecr;
	return owner_keep(p, l, AD_R_LOCAL_STAMP);
}

/*
 * Was the stamp written within two minutes or so? Random values that decode to a node hardly ever
 * look so young.
 */
static __always_inline bool owner_stamp_is_young(const struct ladder *l)
{
	return stamp_is_young(l->age_ms, opt.stamp_shift);
}

/* Once for each flow of another node, at its first ACK without data. */
static __always_inline bool stamp_may_scout(const struct packet *p, const struct ladder *l)
{
	if (l->flow.seen.s.kind != AD_FLOW_TRANSIT || l->flow.flow->flags & AD_FLOW_SCOUTED ||
	    !packet_is_bare_ack(p))
		return false;
	flow_mark(l->flow.flow, AD_FLOW_SCOUTED);
	return owner_stamp_is_young(l);
}

/* One of the two nodes that a stamp may mean, if it is another node, known and alive; else 0. */
static __always_inline __u16 stamp_other(struct ladder *l, __u32 id)
{
	struct ad_node *node = id == opt.node_id ? NULL : node_find(id);

	if (!node)
		return 0;
	if (!(node->flags & AD_NODE_DEAD))
		return id;
	l->stamp_dead = true;
	return 0;
}

/*
 * How many packets does this one stand for, if it is of the sample? 0: it is not. A CPU that has
 * little to do looks at every packet.
 */
static __always_inline __u8 fresh_sample(const struct packet *p)
{
	struct ad_flow_sample *sample;
	__u32 zero = 0;

	sample = bpf_map_lookup_elem(&flow_sample, &zero);
	if (!sample)
		return 1;
	if (sample->tick_ns != p->mono_ns) {
		sample->tick_ns = p->mono_ns;
		sample->nr = 0;
	}
	if (sample->nr++ < AD_SAMPLE_ALL)
		return 1;
	return sample->nr & (AD_SAMPLE_OF - 1) ? 0 : AD_SAMPLE_OF;
}

/*
 * What another node sends us is asked for in our sockets. A flow of another that was silent for a
 * multiple of 2^K ms looks like a fresh one of ours; its landing node learns by our NO.
 */
static __always_inline __u32 fresh_keep(struct xdp_md *ctx, struct packet *p,
					const struct ladder *l)
{
	__u32 tsecr = stamp_restore(p, l);

	if (!stamp_fits_clock(tsecr, p) || (p->peer && owner_ask(ctx, p) < SOCKET_COOKIE))
		return AD_CONTINUE;
	p->weight = fresh_sample(p);
	if (p->weight)
		return AD_CONTINUE;
	p->unstamp = 1;
	p->tsecr = tsecr;
	return AD_R_LOCAL_STAMP;
}

static __always_inline __u32 fresh_lead(struct packet *p, struct ladder *l)
{
	__u16 owner = stamp_other(l, l->stamp);

	if (!owner)
		return AD_CONTINUE;
	p->weight = fresh_sample(p);
	if (p->weight)
		return AD_CONTINUE;
	if (owner_meter_data(p, l, owner))
		return AD_R_BUDGET_DATA;
	p->candidates[0] = owner;
	p->candidates[1] = stamp_other(l, l->stamp + 1);
	packet_lead(p, owner, AD_WHY_DATA);
	return AD_R_WRAP_STAMP;
}

/*
 * Rung 2, a stamp that was written a moment ago: it names the owner, and neither table nor socket
 * would know better. But for a sample, which climbs the whole ladder, the packet ends here. So
 * nearly all packets of a fleet touch nothing that grows with the number of flows. What begins or
 * ends a flow, what is an answer, and what is asked about climbs on. Global: verified by itself.
 */
__noinline int rung_fresh(struct xdp_md *ctx, struct packet *p)
{
	struct ladder l = {};
	__u32 zero = 0;

	l.st = bpf_map_lookup_elem(&state, &zero);
	if (!p || !l.st || p->came != AD_WHY_DATA || p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST))
		return AD_CONTINUE;
	stamp_read(p, &l);
	if (!l.stamped || !stamp_is_fresh(l.age_ms) || unstamped_has(p, l.st, false))
		return AD_CONTINUE;
	if (l.stamp == opt.node_id)
		return fresh_keep(ctx, p, &l);
	return p->peer ? AD_CONTINUE : fresh_lead(p, &l);
}

/*
 * Rung 2, other nodes: a stamp counts more than our table and our half-open sockets. It counts less
 * than a socket that this very packet belongs to: a flow of ours that was silent for hours has what
 * looks like another node's stamp. The socket is not asked only if the table knows the flow as
 * another node's. A packet that came by tunnel has its candidates already.
 */
static __always_inline __u32 rung_stamp(struct xdp_md *ctx, struct packet *p, struct ladder *l)
{
	__u16 first, second;
	__u32 reason;

	if (!l->stamped)
		return AD_CONTINUE;
	first = stamp_other(l, l->stamp);
	second = stamp_other(l, l->stamp + 1);
	l->stamp_others = first || second;
	if (p->peer)
		return AD_CONTINUE;
	if (!l->stamp_others)
		return AD_CONTINUE;
	if (!l->flow.slot || owner_in_table(l) || l->stamp_ours) {
		if (owner_has_socket(ctx, p, l))
			return owner_keep(p, l, AD_R_LOCAL_SOCKET);
		owner_forget(p, l);
	}
	p->candidates[0] = first ? first : second;
	p->candidates[1] = first ? second : 0;
	reason = l->flow.slot ? owner_meter_data(p, l, p->candidates[0])
			      : hunt_doubt_stamp(p, p->candidates[0], owner_stamp_is_young(l));
	if (reason)
		return reason;
	packet_lead(p, p->candidates[0], AD_WHY_DATA);
	owner_meter_transit(p, l, p->candidates[0]);
	if (stamp_may_scout(p, l))
		return hunt_scout(p) ?: AD_R_WRAP_STAMP;
	return AD_R_WRAP_STAMP;
}

/*
 * An answer to a packet that landed here. A claim counts unless our own socket disagrees; after a
 * NO, the other rungs are asked. A NO removes no pin, since the packet may be forged: the node that
 * claims the flow gets the pin.
 */
static __always_inline __u32 rung_answer(struct xdp_md *ctx, struct packet *p, struct ladder *l)
{
	if (p->came == AD_WHY_CLAIM) {
		if (owner_has_socket(ctx, p, l))
			return owner_keep(p, l, AD_R_LOCAL_SOCKET);
		return hunt_claimed(p, l->stamp_others &&
					       (p->peer == l->stamp || p->peer == l->stamp + 1));
	}
	if (p->came == AD_WHY_NO && l->flow.seen.s.kind == AD_FLOW_TRANSIT)
		flow_drop(&l->flow);
	return AD_CONTINUE;
}

/*
 * A SYN has passed since the flow was pinned. Is it another flow by now, and ours? If nothing here
 * knows such a flow, the SYN was forged, or diverted: then both possible owners are asked again.
 */
static __always_inline bool pin_still_holds(struct xdp_md *ctx, struct packet *p, struct ladder *l)
{
	if (!(l->flow.flow->flags & AD_FLOW_DOUBTED))
		return true;
	if (owner_has_socket(ctx, p, l))
		return false;
	if (p->socket != SOCKET_NONE)
		return true;
	flow_unmark(l->flow.flow, AD_FLOW_DOUBTED);
	return !(l->st->flags & AD_STATE_HANDS_OVER);
}

/*
 * Does the table lead this packet away? A pin does. So does what earlier stamps of the flow said,
 * for a keepalive or a RST without one. But a stamp may be forged, so our own socket is asked
 * first.
 */
static __always_inline bool pin_leads(struct xdp_md *ctx, struct packet *p, struct ladder *l)
{
	if (l->flow.seen.s.kind == AD_FLOW_PIN)
		return pin_still_holds(ctx, p, l);
	return l->flow.seen.s.kind == AD_FLOW_TRANSIT && !owner_has_socket(ctx, p, l);
}

/*
 * The table names a dead node. Is the flow dead, too? If the entry is a pin, yes: the node had
 * claimed the flow. Any other entry may come from random values. A packet that comes back with a NO
 * has a stamp, or was hunted, and perhaps its owner could not be reached: then the hunt decides.
 */
static __always_inline bool pin_ends_flow(const struct packet *p, const struct ladder *l)
{
	return l->flow.seen.s.kind == AD_FLOW_PIN && !p->peer;
}

/*
 * Rung 3: the table knows another owner. Not for packets that came by tunnel: two nodes could send
 * them back and forth.
 */
static __always_inline __u32 rung_pin(struct xdp_md *ctx, struct packet *p, struct ladder *l)
{
	struct ad_node *node;
	__u16 owner;

	if ((p->peer && p->came != AD_WHY_NO) || !pin_leads(ctx, p, l))
		return AD_CONTINUE;
	owner = l->flow.flow->owner;
	node = node_find(owner);
	if (!node || owner == opt.node_id || !flow_still(&l->flow) ||
	    (p->came == AD_WHY_NO && owner == p->peer))
		return AD_CONTINUE;
	if (node->flags & AD_NODE_DEAD)
		return pin_ends_flow(p, l) ? AD_R_OWNER_DEAD : AD_CONTINUE;
	if (owner_meter_data(p, l, owner))
		return AD_R_BUDGET_DATA;
	p->candidates[0] = owner;
	p->candidates[1] = 0;
	p->candidates[2] = 0;
	packet_lead(p, owner, AD_WHY_DATA);
	flow_note_end(&l->flow, p);
	flow_count_in(&l->flow, p);
	return AD_R_WRAP_PIN;
}

/*
 * Rung 4: a socket of this host, or the table's word that a server behind this host has it. A
 * packet without a stamp that does not fit our socket may be another node's: the others are asked,
 * and if none of them has it, our socket gets it.
 */
static __always_inline __u32 rung_socket(struct xdp_md *ctx, struct packet *p, struct ladder *l)
{
	if (!owner_has_socket(ctx, p, l)) {
		owner_forget(p, l);
		return AD_CONTINUE;
	}
	if (p->socket == SOCKET_FORWARDED)
		return owner_keep(p, l, AD_R_LOCAL_FLOW);
	l->stray = p->socket == SOCKET_STRAY && !l->stamped && !p->peer && !p->heard;
	return l->stray ? AD_CONTINUE : owner_keep(p, l, AD_R_LOCAL_SOCKET);
}

/*
 * Does a young stamp name a node that has said no (perhaps this one), or that is dead? Then nobody
 * else owns the flow.
 */
static __always_inline bool stamp_was_answered(const struct packet *p, const struct ladder *l)
{
	if (!l->stamped || !owner_stamp_is_young(l))
		return false;
	return l->stamp == opt.node_id || l->stamp_dead ||
	       (p->came == AD_WHY_NO && l->stamp_others);
}

/*
 * Rung 5: the nodes that may know the flow are asked. A packet that another node asks us about, or
 * sent to us by mistake, goes on to the next. A stamp that is too old to be read names the node two
 * ids before its owner.
 */
static __always_inline __u32 rung_hunt(struct packet *p, struct ladder *l)
{
	__u32 ids = 1u << (32 - opt.stamp_shift), guess = 0;

	if (!hunt_lands_here(p))
		return hunt_direct(p) ?: hunt_pass_on(p, opt.node_id);
	if (l->stamped)
		guess = (l->stamp + 2) & (ids - 1);
	return hunt_start(p, guess, stamp_was_answered(p, l));
}

/* The ladder. Global, so that the verifier checks it once, not once per way to parse a packet. */
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
	if (!p->mono_ns)
		p->mono_ns = clock_mono_ns();
	p->prf = prf_of_flow(p, k);

	if (packet_is_syn(p))
		return rung_syn(ctx, p, l.st->flags);
	p->weight = 1;
	reason = rung_fresh(ctx, p);
	if (reason)
		return reason;
	stamp_read(p, &l);
	flow_find(p, &l.flow);
	owner_read_table(p, &l);
	reason = rung_unstamped(ctx, p, &l) ?:
		 rung_stamp_self(ctx, p, &l) ?:
		 rung_stamp(ctx, p, &l) ?:
		 rung_answer(ctx, p, &l) ?:
		 rung_pin(ctx, p, &l) ?:
		 rung_socket(ctx, p, &l) ?:
		 rung_hunt(p, &l) ?:
		 (l.stray ? owner_keep(p, &l, AD_R_LOCAL_SOCKET) : AD_CONTINUE) ?:
		 (l.stamp_dead ? AD_R_OWNER_DEAD : AD_R_NOBODY);
	return l.kept && p->came == AD_WHY_HUNT ? hunt_claim(p) : reason;
}

#endif
