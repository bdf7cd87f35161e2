// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * model.c: rung by rung, in the words of the design. Plain rather than fast.
 */
#include <string.h>
#include "model.h"

#define SKEW (1u << (MODEL_SHIFT - 4))

/* One climb: what is given, what has been found on the way, and how it ends. */
struct climb {
	const struct model_world *w;
	const struct model_packet *p;
	struct model_result r;
	/* Of the stamp, once rung 2 has read it. */
	bool stamped, stamp_us, stamp_other, stamp_dead, young, fresh;
	__u32 d;
	bool asked; /* our own kernel */
	bool kept;
	bool stray; /* ours, if nobody else's */
};

static const struct model_node *node(const struct climb *c, __u32 id)
{
	return id && id < MODEL_NODES && c->w->nodes[id].known ? &c->w->nodes[id] : NULL;
}

/* Another node that may own something: known, and not known dead. */
static bool can_own(const struct climb *c, __u32 id)
{
	return id != c->w->us && node(c, id) && !node(c, id)->dead;
}

static bool landed_here(const struct climb *c)
{
	return !c->p->peer || c->p->landing == c->w->us;
}

static __u32 end(struct climb *c, __u32 reason)
{
	c->r.reason = reason;
	return reason;
}

static __u32 lead(struct climb *c, __u16 target, __u8 why, __u32 reason)
{
	c->r.target = target;
	c->r.why = why;
	c->r.sent = true;
	return end(c, reason);
}

static void name_candidates(struct climb *c, __u16 first, __u16 second, __u16 third)
{
	c->r.candidates[0] = first;
	c->r.candidates[1] = second;
	c->r.candidates[2] = third;
}

static void enter(struct climb *c, __u8 kind, __u16 owner)
{
	c->r.flow = (struct model_flow){
		.kind = kind,
		.owner = owner,
		.flags = c->r.unstamped || kind == AD_FLOW_TRANSIT ? AD_FLOW_STAMPED : 0,
	};
	if (kind == AD_FLOW_OURS ? c->asked && c->p->socket == MODEL_CLOSING
				 : c->p->fin || c->p->rst)
		c->r.flow.flags |= AD_FLOW_CLOSING;
}

static void forget(struct climb *c)
{
	memset(&c->r.flow, 0, sizeof(c->r.flow));
}

static bool is_bare_ack(const struct model_packet *p)
{
	return p->ack && !p->syn && !p->fin && !p->rst && !p->payload;
}

/* Of what passes nobody here knows whether it ends; a sign of life takes the suspicion back. */
static void note_end(struct climb *c)
{
	if (c->p->fin || c->p->rst)
		c->r.flow.flags |= AD_FLOW_CLOSING;
	else if (!is_bare_ack(c->p))
		c->r.flow.flags &= ~AD_FLOW_CLOSING;
}

/* --- what counts as ours ---------------------------------------------------------------------- */

/* No socket, but its replies left through us, and not long ago. */
static bool is_forwarded(const struct climb *c)
{
	return c->p->socket == MODEL_NO_SOCKET && c->w->flow.kind == AD_FLOW_OURS &&
	       c->w->flow.flags & AD_FLOW_FORWARDED && c->w->flow_age_s <= MODEL_IDLE_S;
}

/*
 * A cookie is outranked by another's stamp. A socket that the packet cannot be meant for is nothing
 * to claim by or against, and outranked by a pin, and by a stamp that names others but not us
 * first.
 */
static bool has_socket(struct climb *c)
{
	c->asked = true;
	switch (c->p->socket) {
	case MODEL_NO_SOCKET:
		return is_forwarded(c) && !c->stamp_other;
	case MODEL_COOKIE:
		return !c->stamp_other;
	case MODEL_STRAY:
		if (c->p->why == AD_WHY_HUNT || c->p->why == AD_WHY_CLAIM)
			return false;
		if (c->p->peer && c->p->why == AD_WHY_DATA && !c->stamp_us && !c->w->heard)
			return false; /* an old pin led it here: it is sent back as a no */
		return c->stamp_other ? c->d == c->w->us : c->r.flow.kind != AD_FLOW_PIN;
	case MODEL_OURS:
	case MODEL_CLOSING:
	case MODEL_ESTABLISHED:
		return true;
	default:
		return false;
	}
}

/* Without a socket the table was wrong; but what strays may be forged, and forgets nothing. */
static void forget_ours(struct climb *c)
{
	if (c->r.flow.kind == AD_FLOW_OURS && c->p->socket != MODEL_STRAY)
		forget(c);
}

/*
 * A SYN-ACK proves nothing to the table, nor does what strays; and what was hunted is only claimed.
 * Only the socket knows whether it ends.
 */
static __u32 keep(struct climb *c, __u32 reason)
{
	c->kept = true;
	if (c->p->syn || c->p->why == AD_WHY_HUNT || (c->asked && c->p->socket == MODEL_STRAY))
		return end(c, reason);
	if (c->r.flow.kind != AD_FLOW_OURS) {
		enter(c, AD_FLOW_OURS, c->w->us);
		return end(c, reason);
	}
	if (c->asked && c->p->socket == MODEL_ESTABLISHED)
		c->r.flow.flags &= ~AD_FLOW_CLOSING;
	if (c->asked && c->p->socket == MODEL_CLOSING)
		c->r.flow.flags |= AD_FLOW_CLOSING;
	return end(c, reason);
}

/* --- rung 0: a SYN ---------------------------------------------------------------------------- */

static __u16 successor(const struct climb *c)
{
	const struct model_world *w = c->w;
	bool hands_over = w->draining || w->diverts;

	for (__u32 i = 0; hands_over && i < w->nr_successors; i++) {
		__u16 id = w->successors[(w->successor_at + i) % w->nr_successors];

		if (can_own(c, id) && !node(c, id)->draining)
			return id;
	}
	return 0;
}

/* By another, that drains. Where nobody would answer, we are silent. */
static __u32 climb_diverted(struct climb *c)
{
	if (c->w->spent[AD_BUDGET_ACCEPT])
		return end(c, AD_R_BUDGET_SYN);
	if (c->p->socket == MODEL_NO_SOCKET && !c->p->listened && !c->w->forwards)
		return end(c, AD_R_SYN_UNSERVED);
	return end(c, AD_R_LOCAL_SYN);
}

static __u32 climb_syn(struct climb *c)
{
	__u16 to = successor(c);

	if (!c->p->syn || c->p->ack)
		return AD_CONTINUE;
	if (c->r.flow.kind == AD_FLOW_PIN)
		c->r.flow.flags |= AD_FLOW_DOUBTED;
	if (c->p->why == AD_WHY_DIVERT)
		return climb_diverted(c);
	if (!to || (c->w->kept && !c->w->draining) ||
	    (c->p->socket != MODEL_NO_SOCKET && c->p->socket != MODEL_TIME_WAIT))
		return end(c, AD_R_LOCAL_SYN);
	if (c->w->noted_ms_ago >= AD_SYN_AGAIN_MIN_MS && c->w->noted_ms_ago <= AD_SYN_AGAIN_MAX_MS)
		return end(c, AD_R_SYN_REPEATED);
	c->r.nobody |= c->w->noted_ms_ago > AD_SYN_AGAIN_MAX_MS;
	if (c->w->spent[AD_BUDGET_DIVERT] || c->w->nodes[to].unreachable)
		return end(c, AD_R_LOCAL_SYN);
	return lead(c, to, AD_WHY_DIVERT, AD_R_DIVERTED);
}

/* --- rung 1: the unstamped -------------------------------------------------------------------- */

static __u32 climb_unstamped(struct climb *c)
{
	if (!c->w->listed || !has_socket(c))
		return AD_CONTINUE;
	return keep(c, AD_R_LOCAL_UNSTAMPED);
}

/* --- rung 2: the stamp ------------------------------------------------------------------------ */

/* y is d's place less the echo's age; clocks may differ by the skew. */
static void read_stamp(struct climb *c)
{
	__u32 y = c->p->tsecr - c->w->prf_low - c->w->wall_ms;
	__s32 age_ms;

	if (!c->p->timestamps || !c->p->tsecr)
		return;
	c->stamped = true;
	c->d = (__u32)(y + (1u << MODEL_SHIFT) - SKEW - 1) >> MODEL_SHIFT;
	age_ms = (c->d << MODEL_SHIFT) - y;
	c->young = age_ms <= 1 << (MODEL_SHIFT - 5);
	c->fresh = age_ms >= -2000 && age_ms <= 2000;
	c->stamp_us = c->d == c->w->us || c->d + 1 == c->w->us;
}

/* Only what we may have sent: from two stamp periods ago until now, and a millisecond for luck. */
static bool echo_is_ours(const struct climb *c, __u32 tsval)
{
	__s64 age = (__s32)(c->w->mono_ms - tsval);

	return age >= -1 && age <= (__s64)2 << MODEL_SHIFT;
}

/* What our stack sent, if the stamp is ours. */
static __u32 restored(const struct climb *c)
{
	return c->p->tsecr - (c->w->wall_ms - c->w->mono_ms + ((__u32)c->w->us << MODEL_SHIFT)) -
	       c->w->prf_low;
}

/*
 * A stamp of this moment decides alone. By tunnel our kernel has to agree. A sample climbs on, and
 * so does what begins, ends, asks or answers.
 */
static __u32 climb_fresh(struct climb *c)
{
	const struct model_packet *p = c->p;

	if (c->w->listed || !c->fresh || p->syn || p->fin || p->rst || p->why != AD_WHY_DATA)
		return AD_CONTINUE;
	if (c->d == c->w->us && echo_is_ours(c, restored(c))) {
		c->asked = p->peer;
		if ((p->peer && p->socket < MODEL_COOKIE) || c->w->sampled)
			return AD_CONTINUE;
		c->r.unstamped = true;
		c->r.tsecr = restored(c);
		return end(c, AD_R_LOCAL_STAMP);
	}
	if (p->peer || !can_own(c, c->d) || c->w->sampled)
		return AD_CONTINUE;
	if (c->w->metered && c->w->spent[AD_BUDGET_DATA])
		return end(c, AD_R_BUDGET_DATA);
	name_candidates(c, c->d, can_own(c, c->d + 1) ? c->d + 1 : 0, 0);
	return lead(c, c->d, AD_WHY_DATA, AD_R_WRAP_STAMP);
}

/* A young stamp of ours makes a cookie's answer and TIME_WAIT ours; an old one only a socket. */
static bool stamp_is_believed(struct climb *c)
{
	c->asked = true;
	if (c->d == c->w->us)
		return c->p->socket >= MODEL_COOKIE || is_forwarded(c);
	return c->p->socket >= MODEL_OURS && c->p->socket != MODEL_STRAY;
}

static __u32 climb_stamp_self(struct climb *c)
{
	if (!c->stamp_us || !echo_is_ours(c, restored(c)) || !stamp_is_believed(c))
		return AD_CONTINUE;
	c->r.unstamped = true;
	c->r.tsecr = restored(c);
	return keep(c, AD_R_LOCAL_STAMP);
}

static void look_at_others(struct climb *c)
{
	for (__u32 id = c->d; id <= c->d + 1; id++) {
		c->stamp_other |= can_own(c, id);
		c->stamp_dead |= id != c->w->us && node(c, id) && node(c, id)->dead;
	}
}

/* A flow that this node has seen, or a stranger with a stamp? */
static __u32 afford_stamp(struct climb *c)
{
	if (c->r.flow.kind)
		return c->w->metered && c->w->spent[AD_BUDGET_DATA] ? AD_R_BUDGET_DATA
								    : AD_CONTINUE;
	if (c->w->nobody)
		return AD_R_NOBODY_AGAIN;
	return !c->young && c->w->spent[AD_BUDGET_GUESS] ? AD_R_BUDGET_GUESS : AD_CONTINUE;
}

/* The first bare ACK of a flow known to pass through may be asked about, to teach. */
static bool scouts(struct climb *c)
{
	if (c->w->flow.kind != AD_FLOW_TRANSIT || c->w->flow.flags & AD_FLOW_SCOUTED ||
	    !is_bare_ack(c->p))
		return false;
	c->r.flow.flags |= AD_FLOW_SCOUTED;
	return c->young && c->w->wants_scout && !c->w->spent[AD_BUDGET_HUNT];
}

/* What strays from an old socket of ours says nothing of that one's flow. */
static void meter_transit(struct climb *c, __u16 owner)
{
	if (c->p->syn || c->r.flow.kind == AD_FLOW_OURS)
		return;
	if (!c->r.flow.kind) {
		enter(c, AD_FLOW_TRANSIT, owner);
		return;
	}
	if (c->r.flow.kind == AD_FLOW_TRANSIT)
		c->r.flow.owner = owner;
	note_end(c);
}

static __u32 climb_stamp(struct climb *c)
{
	bool first = can_own(c, c->d), second = can_own(c, c->d + 1);
	__u32 no;

	if (!c->stamped)
		return AD_CONTINUE;
	look_at_others(c);
	if (c->p->peer || !c->stamp_other)
		return AD_CONTINUE;
	if (!c->r.flow.kind || c->r.flow.kind == AD_FLOW_OURS || c->stamp_us) {
		if (has_socket(c))
			return keep(c, AD_R_LOCAL_SOCKET);
		forget_ours(c);
	}
	no = afford_stamp(c);
	if (no)
		return end(c, no);
	name_candidates(c, first ? c->d : c->d + 1, first && second ? c->d + 1 : 0, 0);
	meter_transit(c, c->r.candidates[0]);
	if (!scouts(c))
		return lead(c, c->r.candidates[0], AD_WHY_DATA, AD_R_WRAP_STAMP);
	c->r.marks |= AD_TUNNEL_HUNTED;
	return lead(c, c->r.candidates[0], AD_WHY_HUNT, AD_R_WRAP_HUNT);
}

/* --- answers that travel ---------------------------------------------------------------------- */

static __u32 climb_claim(struct climb *c)
{
	__u16 owner = c->p->peer;
	bool stamp_agrees;

	if (has_socket(c))
		return keep(c, AD_R_LOCAL_SOCKET);
	if (!node(c, owner))
		return end(c, AD_R_TUNNEL_PEER);
	stamp_agrees = c->stamp_other && (owner == c->d || owner == c->d + 1);
	if (!stamp_agrees && c->r.flow.kind == AD_FLOW_PIN) {
		c->r.flow.owner = owner;
	} else if (!stamp_agrees) {
		enter(c, AD_FLOW_PIN, owner);
	}
	if ((c->p->socket != MODEL_NO_SOCKET || is_forwarded(c)) && c->r.flow.kind == AD_FLOW_PIN)
		c->r.flow.flags |= AD_FLOW_DOUBTED;
	c->r.learned = owner;
	c->r.marks = 0;
	return lead(c, owner, AD_WHY_DATA, AD_R_WRAP_CLAIMED);
}

static __u32 climb_answer(struct climb *c)
{
	if (c->p->why == AD_WHY_CLAIM)
		return climb_claim(c);
	if (c->p->why == AD_WHY_NO && c->r.flow.kind == AD_FLOW_TRANSIT)
		forget(c);
	return AD_CONTINUE;
}

/* --- rung 3: the pin -------------------------------------------------------------------------- */

static bool pin_holds(struct climb *c)
{
	if (!(c->r.flow.flags & AD_FLOW_DOUBTED))
		return true;
	if (has_socket(c))
		return false;
	if (c->p->socket != MODEL_NO_SOCKET)
		return true;
	c->r.flow.flags &= ~AD_FLOW_DOUBTED;
	return !c->w->draining && !c->w->diverts;
}

/* A pin; or what the stamps of a flow said before, for what bears none, if it is not ours. */
static bool table_leads(struct climb *c)
{
	if (c->r.flow.kind == AD_FLOW_PIN)
		return pin_holds(c);
	return c->r.flow.kind == AD_FLOW_TRANSIT && !has_socket(c);
}

static __u32 climb_pin(struct climb *c)
{
	__u16 owner = c->r.flow.owner;

	if ((c->p->peer && c->p->why != AD_WHY_NO) || !table_leads(c))
		return AD_CONTINUE;
	if (!node(c, owner) || owner == c->w->us)
		return AD_CONTINUE;
	if (c->p->why == AD_WHY_NO && owner == c->p->peer)
		return AD_CONTINUE;
	if (node(c, owner)->dead)
		return c->r.flow.kind == AD_FLOW_PIN && !c->p->peer ? end(c, AD_R_OWNER_DEAD)
								    : AD_CONTINUE;
	if (c->w->metered && c->w->spent[AD_BUDGET_DATA])
		return end(c, AD_R_BUDGET_DATA);
	name_candidates(c, owner, 0, 0);
	note_end(c);
	return lead(c, owner, AD_WHY_DATA, AD_R_WRAP_PIN);
}

/* --- rung 4: the socket ----------------------------------------------------------------------- */

static __u32 climb_socket(struct climb *c)
{
	if (!has_socket(c)) {
		forget_ours(c);
		return AD_CONTINUE;
	}
	if (c->p->socket == MODEL_NO_SOCKET)
		return keep(c, AD_R_LOCAL_FLOW);
	/* It may stray from another's flow: they are asked, and we take what they leave. */
	c->stray = c->p->socket == MODEL_STRAY && !c->stamped && !c->p->peer && !c->w->heard;
	return c->stray ? AD_CONTINUE : keep(c, AD_R_LOCAL_SOCKET);
}

/* --- rung 5: the hunt ------------------------------------------------------------------------- */

static bool worth_hunting(const struct climb *c)
{
	return c->p->ack && !c->p->syn && !c->p->rst;
}

/* Who is behind @id in the list, but for those who had it. */
static __u16 next_behind(const struct climb *c, __u16 id)
{
	int at = 0;

	while (at < AD_CANDIDATES && c->r.candidates[at] != id)
		at++;
	for (at++; at < AD_CANDIDATES; at++) {
		__u16 candidate = c->r.candidates[at];

		if (candidate != c->p->peer && candidate != c->p->landing && can_own(c, candidate))
			return candidate;
	}
	return 0;
}

static __u32 pass_on(struct climb *c, __u16 behind)
{
	__u16 next = next_behind(c, behind);

	if (next)
		return lead(c, next, c->p->why, AD_R_WRAP_NEXT);
	if (!worth_hunting(c))
		return AD_CONTINUE;
	if (can_own(c, c->p->landing))
		return lead(c, c->p->landing, AD_WHY_NO, AD_R_WRAP_NO);
	return c->r.marks & AD_TUNNEL_UNASKED ? end(c, AD_R_UNASKED) : AD_CONTINUE;
}

static __u32 end_hunt(struct climb *c)
{
	if (c->r.marks & AD_TUNNEL_UNASKED)
		return end(c, AD_R_UNASKED);
	if (c->p->why != AD_WHY_NO)
		return AD_CONTINUE;
	c->r.nobody = true;
	/* A keepalive, maybe, of a flow whose next segment bears a stamp. */
	if (c->w->noted_ms_ago >= AD_NOBODY_ONCE_MS && !c->p->timestamps &&
	    c->p->socket != MODEL_STRAY && is_bare_ack(c->p))
		return end(c, AD_R_NOBODY_ONCE);
	return AD_CONTINUE;
}

static void consider(const struct climb *c, __u16 found[AD_CANDIDATES], int *nr, __u32 id)
{
	if (*nr == AD_CANDIDATES || !can_own(c, id) || id == c->p->peer)
		return;
	for (int i = 0; i < AD_CANDIDATES; i++)
		if (found[i] == id || c->p->candidates[i] == id)
			return;
	found[(*nr)++] = id;
}

static int gather(const struct climb *c, __u16 found[AD_CANDIDATES])
{
	int nr = 0;

	consider(c, found, &nr, successor(c));
	consider(c, found, &nr, c->r.flow.kind == AD_FLOW_PIN ? c->r.flow.owner : 0);
	consider(c, found, &nr, c->stamped ? (c->d + 2) % MODEL_NODES : 0);
	consider(c, found, &nr, c->w->hint);
	consider(c, found, &nr, c->w->sources[0]);
	if (nr < AD_CANDIDATES - 1 || !c->w->nr_neighbours) /* the last place is a neighbour's */
		consider(c, found, &nr, c->w->sources[1]);
	for (__u32 i = 0; i < c->w->nr_neighbours; i++)
		consider(c, found, &nr, c->w->neighbours[i]);
	return nr;
}

/* A young stamp whose node has answered, be it us, or cannot any more, leaves nobody else. */
static bool all_have_answered(const struct climb *c)
{
	if (c->r.marks & AD_TUNNEL_HUNTED)
		return true;
	return c->stamped && c->young &&
	       (c->d == c->w->us || c->stamp_dead || (c->p->why == AD_WHY_NO && c->stamp_other));
}

static __u32 climb_hunt(struct climb *c)
{
	__u16 found[AD_CANDIDATES] = {};

	if (!landed_here(c))
		return pass_on(c, c->w->us);
	if (!worth_hunting(c))
		return AD_CONTINUE;
	if (all_have_answered(c))
		return end_hunt(c);
	if (!c->p->peer && c->w->nobody)
		return end(c, AD_R_NOBODY_AGAIN);
	if (!gather(c, found))
		return end_hunt(c);
	if (c->w->spent[AD_BUDGET_HUNT])
		return end(c, AD_R_BUDGET_HUNT);
	name_candidates(c, found[0], found[1], found[2]);
	c->r.marks |= AD_TUNNEL_HUNTED;
	return lead(c, found[0], AD_WHY_HUNT, AD_R_WRAP_HUNT);
}

/* --- rung 6: nobody --------------------------------------------------------------------------- */

static void climb_off(struct climb *c)
{
	if (c->stray)
		keep(c, AD_R_LOCAL_SOCKET);
	else
		end(c, c->stamp_dead ? AD_R_OWNER_DEAD : AD_R_NOBODY);
}

/* The owner of what was hunted answers instead of taking it. */
static void claim(struct climb *c)
{
	c->r.unstamped = false;
	if (!can_own(c, c->p->landing)) {
		end(c, AD_R_UNASKED);
		return;
	}
	name_candidates(c, c->w->us, 0, 0);
	c->r.marks = 0;
	lead(c, c->p->landing, AD_WHY_CLAIM, AD_R_WRAP_CLAIM);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void fail(struct climb *c, __u32 reason)
{
	c->r.sent = false;
	end(c, reason);
}

/*
 * Whoever cannot be reached is left out of a hunt, or of what is passed on, and that is noted. A
 * list that names somebody twice could be tried for ever: there are as many tries as names, and
 * one.
 */
static void send(struct climb *c)
{
	__u32 unreachable;
	int tries = 0;

	if (c->p->hop >= AD_HOP_LIMIT) {
		fail(c, AD_R_TUNNEL_HOPS);
		return;
	}
	while ((unreachable = c->w->nodes[c->r.target].unreachable)) {
		__u16 next;

		if (tries++ == AD_CANDIDATES ||
		    (c->r.why != AD_WHY_HUNT && (landed_here(c) || c->r.why != AD_WHY_DATA))) {
			fail(c, unreachable);
			return;
		}
		c->r.marks |= AD_TUNNEL_UNASKED;
		next = next_behind(c, c->r.target);
		if (landed_here(c) && next) {
			lead(c, next, AD_WHY_HUNT, AD_R_WRAP_HUNT);
		} else if (landed_here(c) || !pass_on(c, c->r.target) ||
			   c->r.reason == AD_R_UNASKED) {
			fail(c, unreachable);
			return;
		}
	}
	c->r.landing = c->p->landing ? c->p->landing : c->w->us;
	c->r.hop = c->p->hop + 1;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* What may come by tunnel at all. */
static __u32 refuse(struct climb *c)
{
	const struct model_packet *p = c->p;

	if (!p->peer)
		return AD_CONTINUE;
	if ((p->syn && !p->ack) != (p->why == AD_WHY_DIVERT))
		return end(c, AD_R_TUNNEL_SYN);
	if (p->why >= AD_WHY_CLAIM && p->landing != c->w->us)
		return end(c, AD_R_TUNNEL_ANSWER);
	if (p->why == AD_WHY_CLAIM && p->candidates[0] != p->peer)
		return end(c, AD_R_TUNNEL_ANSWER);
	return AD_CONTINUE;
}

struct model_result model_decide(const struct model_world *world, const struct model_packet *packet)
{
	struct climb climb = { .w = world, .p = packet }, *c = &climb;

	c->r.flow = world->flow;
	c->r.nobody = world->nobody;
	c->r.marks = packet->marks;
	memcpy(c->r.candidates, packet->candidates, sizeof(c->r.candidates));
	if (refuse(c))
		return c->r;
	if (!world->armed) {
		end(c, AD_R_DISARMED);
		return c->r;
	}
	read_stamp(c);
	if (!climb_syn(c) && !climb_fresh(c) && !climb_unstamped(c) && !climb_stamp_self(c) &&
	    !climb_stamp(c) && !climb_answer(c) && !climb_pin(c) && !climb_socket(c) &&
	    !climb_hunt(c))
		climb_off(c);
	if (c->kept && packet->why == AD_WHY_HUNT)
		claim(c);
	if (c->r.sent)
		send(c);
	return c->r;
}
