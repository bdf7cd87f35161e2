/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hunt.h: rung 5, and answers that travel. For a packet whose owner nothing names, a short list of
 * nodes is asked, with the packet itself.
 *
 * XDP makes no second packet, so an answer is the packet asked about, on its way back to its
 * landing node. The owner sends it as a CLAIM, which pins the flow there and leads the packet home.
 * A node that knows nothing of it sends it on to the next of the list, and the last one sends
 * it back as a NO: then the landing node climbs on. Data that was led by a stamp or a pin to a node
 * that does not own it comes back in the same way.
 *
 * All this is off the path of flows that are known: global functions, taken in one call.
 */
#ifndef AD_HUNT_H
#define AD_HUNT_H

#include "bpf/packet/budget.h"
#include "flow.h"
#include "hints.h"
#include "nodes.h"
#include "socket.h"

/* Whom to ask, and whom not again. */
struct hunt {
	__u32 nr;
	__u16 found[AD_CANDIDATES + 1]; /* one to spare, so that a mask bounds the index */
	__u16 asked[AD_CANDIDATES];
	__u16 refused; /* the node that said no */
};

/* Only what a live flow would send: a SYN begins one, and a RST ends it wherever it lands. */
static __always_inline bool hunt_is_worth(const struct packet *p)
{
	return (p->tcp_flags & (TCP_ACK | TCP_SYN | TCP_RST)) == TCP_ACK;
}

static __always_inline bool hunt_lands_here(const struct packet *p)
{
	return !p->peer || p->landing == opt.node_id;
}

/* One more to ask, if it can be asked and was not. */
__noinline int hunt_consider(struct hunt *h, __u32 id)
{
	if (!h || h->nr >= AD_CANDIDATES || id == h->refused || !node_can_take(id))
		return 0;
	for (int i = 0; i < AD_CANDIDATES; i++)
		if (h->asked[i] == id || h->found[i] == id)
			return 0;
	h->found[h->nr & AD_CANDIDATES] = id;
	h->nr++;
	return 0;
}

/* An old pin that a SYN made doubtful is still as good as a guess. */
static __always_inline __u32 hunt_pinned_to(const struct packet *p)
{
	struct flow_ref ref;

	return flow_find(p, &ref) && ref.seen.s.kind == AD_FLOW_PIN ? ref.flow->owner : 0;
}

static __always_inline struct ad_hunt *hunt_plan(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&hunt, &zero);
}

static __always_inline struct ad_hunt_stats *hunt_counts(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&hunt_stats, &zero);
}

/*
 * Where its neighbours came from, then where anybody came from. The last place is not for a second
 * such guess, if there are nodes that the operator, or the map of the fleet, calls the likeliest.
 */
static __always_inline void hunt_gather_hints(const struct packet *p, struct hunt *h,
					      const struct ad_hunt *plan)
{
	__u32 age_s = plan->hint_s;
	struct ad_hunt_stats *stats = hunt_counts();
	__u32 before = h->nr;

	hunt_consider(h, hint_ask(p, age_s));
	if (stats && !before)
		stats->by_hint += h->nr;
	before = h->nr;
	hunt_consider(h, source_ask(0, p->mono_ns, age_s));
	if (h->nr < AD_CANDIDATES - 1 || !plan->nr_neighbours)
		hunt_consider(h, source_ask(1, p->mono_ns, age_s));
	if (stats && !before && h->nr)
		stats->by_source++;
}

/* The likeliest first. @guess: a node that an all too old stamp may mean, or 0. */
static __always_inline void hunt_gather(const struct packet *p, struct hunt *h,
					const struct ad_hunt *plan, __u32 guess)
{
	hunt_consider(h, node_successor(p->prf));
	hunt_consider(h, hunt_pinned_to(p));
	hunt_consider(h, guess);
	hunt_gather_hints(p, h, plan);
	for (__u32 i = 0; i < AD_NEIGHBOUR_MAX; i++) {
		if (i >= plan->nr_neighbours || h->nr >= AD_CANDIDATES)
			break;
		hunt_consider(h, plan->neighbours[i]);
	}
}

/*
 * Nobody is left to ask. A no is remembered, if all have said it. An empty ACK without timestamps
 * may be a keepalive of a flow whose next segment bears a stamp: a RST would be too early.
 */
static __always_inline __u32 hunt_end(const struct packet *p)
{
	bool news;

	if (p->marks & AD_TUNNEL_UNASKED)
		return AD_R_UNASKED;
	if (p->came != AD_WHY_NO)
		return AD_CONTINUE;
	news = !nobody_owned(p, AD_NOBODY_ONCE_MS);
	nobody_note(p);
	return news && !p->ts_at && p->socket != SOCKET_STRAY && packet_is_bare_ack(p)
		       ? AD_R_NOBODY_ONCE
		       : AD_CONTINUE;
}

/*
 * Rung 5, at the landing node. AD_CONTINUE: everybody said no, or there is nobody to ask.
 * @asked_all: who could own it has answered.
 */
__noinline int hunt_start(struct packet *p, __u32 guess, __u32 asked_all)
{
	struct ad_hunt *plan = hunt_plan();
	struct hunt h = {};

	if (!p || !plan || !hunt_is_worth(p))
		return AD_CONTINUE;
	if (asked_all || p->marks & AD_TUNNEL_HUNTED)
		return hunt_end(p);
	if (!p->peer && nobody_owned(p, plan->nobody_ms))
		return AD_R_NOBODY_AGAIN;
	for (int i = 0; i < AD_CANDIDATES; i++)
		h.asked[i] = p->candidates[i];
	h.refused = p->peer;
	hunt_gather(p, &h, plan, guess);
	if (!h.nr)
		return hunt_end(p);
	if (!budget_allows(p, AD_BUDGET_HUNT, h.found[0]))
		return AD_R_BUDGET_HUNT;
	for (int i = 0; i < AD_CANDIDATES; i++)
		p->candidates[i] = h.found[i];
	p->marks |= AD_TUNNEL_HUNTED;
	packet_lead(p, h.found[0], AD_WHY_HUNT);
	return AD_R_WRAP_HUNT;
}

/*
 * A stamp leads a flow to @owner that has not been seen here yet. Noise reads as a stamp, too, as
 * one of any age: what is not @young has a budget of its own.
 */
__noinline int hunt_doubt_stamp(struct packet *p, __u32 owner, __u32 young)
{
	struct ad_hunt *plan = hunt_plan();

	if (!p || !plan)
		return AD_R_INTERNAL;
	if (nobody_owned(p, plan->nobody_ms))
		return AD_R_NOBODY_AGAIN;
	if (!young && !budget_allows(p, AD_BUDGET_GUESS, owner))
		return AD_R_BUDGET_GUESS;
	return AD_CONTINUE;
}

/*
 * A bare ACK of a flow that its stamp leads to p->target: may it be asked about there, so that the
 * claim teaches where its neighbours came from? It comes to its owner a round trip later.
 */
__noinline int hunt_scout(struct packet *p)
{
	struct ad_hunt_stats *stats = hunt_counts();
	struct ad_hunt *plan = hunt_plan();

	if (!p || !plan || !hint_wants_scout(p, plan->hint_s) ||
	    !budget_allows(p, AD_BUDGET_HUNT, p->target))
		return AD_CONTINUE;
	if (stats)
		stats->scouts++;
	p->marks |= AD_TUNNEL_HUNTED;
	p->why = AD_WHY_HUNT;
	return AD_R_WRAP_HUNT;
}

/* Whoever claims a flow is a likely owner of others. */
static __always_inline void hunt_learn(const struct packet *p)
{
	struct ad_hunt_stats *stats = hunt_counts();

	hint_learn(p, p->peer);
	source_learn(p->peer, p->mono_ns);
	if (stats)
		stats->learned++;
}

/* Who is behind @id in the list and can be asked, but for those who had it; or 0. */
static __always_inline __u16 hunt_next(const struct packet *p, __u16 id)
{
	bool behind = false;
	__u16 next = 0;

	for (int i = 0; i < AD_CANDIDATES; i++) {
		__u16 candidate = p->candidates[i];

		if (behind && !next && candidate != p->peer && candidate != p->landing &&
		    node_can_take(candidate))
			next = candidate;
		behind |= candidate == id;
	}
	return next;
}

/* To the next candidate behind @id; from the last one back, but for what would end a flow anyway.
 */
__noinline int hunt_pass_on(struct packet *p, __u32 id)
{
	__u16 next;

	if (!p)
		return AD_R_INTERNAL;
	next = hunt_next(p, id);
	if (next) {
		packet_lead(p, next, p->came);
		return AD_R_WRAP_NEXT;
	}
	if (!hunt_is_worth(p))
		return AD_CONTINUE;
	if (!node_can_take(p->landing))
		return p->marks & AD_TUNNEL_UNASKED ? AD_R_UNASKED : AD_CONTINUE;
	packet_lead(p, p->landing, AD_WHY_NO);
	return AD_R_WRAP_NO;
}

/*
 * The packet, which is as it was, could not be sent to p->target, for the reason @failed. Gives the
 * reason to send it to somebody else, with a mark that one was left out; or AD_CONTINUE.
 */
__noinline int hunt_go_round(struct packet *p, __u32 failed)
{
	__u16 next;

	if (!p || (failed != AD_R_NO_ROUTE && failed != AD_R_NO_NEIGH))
		return AD_CONTINUE;
	if (p->why != AD_WHY_HUNT && (hunt_lands_here(p) || p->why != AD_WHY_DATA))
		return AD_CONTINUE;
	p->marks |= AD_TUNNEL_UNASKED;
	if (!hunt_lands_here(p))
		return hunt_pass_on(p, p->target);
	next = hunt_next(p, p->target);
	if (!next)
		return AD_CONTINUE;
	packet_lead(p, next, AD_WHY_HUNT);
	return AD_R_WRAP_HUNT;
}

/* Hunted, and ours: its landing node is to know. It comes again as data, and then it is taken. */
static __always_inline __u32 hunt_claim(struct packet *p)
{
	if (!node_can_take(p->landing))
		return AD_R_UNASKED;
	p->unstamp = 0;
	p->candidates[0] = opt.node_id;
	p->candidates[1] = 0;
	p->candidates[2] = 0;
	p->marks = 0;
	packet_lead(p, p->landing, AD_WHY_CLAIM);
	return AD_R_WRAP_CLAIM;
}

/* A SYN clears no pin, for it may be forged; but from now on we ask our own socket first. */
__noinline int hunt_doubt(const struct packet *p)
{
	struct flow_ref ref;

	if (!p || !flow_find(p, &ref) || ref.seen.s.kind != AD_FLOW_PIN)
		return 0;
	if (!(ref.flow->flags & AD_FLOW_DOUBTED))
		flow_mark(ref.flow, AD_FLOW_DOUBTED);
	return 0;
}

/* The flow is @owner's from now on. An entry that says ours has been refuted by our socket. */
static __always_inline void hunt_pin(struct packet *p, __u16 owner)
{
	struct flow_ref ref;

	flow_find(p, &ref);
	if (ref.seen.s.kind == AD_FLOW_OURS)
		flow_drop(&ref);
	if (ref.seen.s.kind != AD_FLOW_PIN) {
		flow_enter(p, AD_FLOW_PIN, owner, 0);
		return;
	}
	if (ref.flow->owner != owner)
		ref.flow->owner = owner;
	flow_count_in(&ref, p);
}

/*
 * p->peer claims a flow that no socket of ours accepts this packet for. A flow whose @stamp says
 * the same needs no pin. Who has just left the fleet is not led to any more, nor learned.
 */
__noinline int hunt_claimed(struct packet *p, __u32 stamp_agrees)
{
	if (!p)
		return AD_R_INTERNAL;
	if (!node_find(p->peer))
		return AD_R_TUNNEL_PEER;
	if (!stamp_agrees)
		hunt_pin(p, p->peer);
	if (p->socket != SOCKET_NONE)
		hunt_doubt(p);
	hunt_learn(p);
	p->marks = 0;
	packet_lead(p, p->peer, AD_WHY_DATA);
	return AD_R_WRAP_CLAIMED;
}

#endif
