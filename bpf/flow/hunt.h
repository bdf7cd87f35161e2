/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hunt.h: rung 5, and the answers to it. For a packet whose owner is not known, a short list of
 * nodes is asked, with the packet itself.
 *
 * XDP cannot make a second packet, so the answer is the packet itself, sent back to its landing
 * node. The owner sends it as a CLAIM, which pins the flow there and leads the packet back to the
 * owner. A node that does not know the flow sends the packet to the next node of the list, and the
 * last one sends it back as a NO: then the landing node goes on with the ladder. A node that its
 * siblings tell of their flows without stamps sends the packet to the owner (struct ad_homes). Data
 * that a stamp or a pin led to a node that does not own it comes back in the same way.
 *
 * Flows that are known do not come here: these are global functions, behind one call.
 */
#ifndef AD_HUNT_H
#define AD_HUNT_H

#include "bpf/packet/budget.h"
#include "flow.h"
#include "hints.h"
#include "nodes.h"
#include "socket.h"

/* The nodes to ask, and the nodes that need not be asked again. */
struct hunt {
	__u32 nr;
	__u16 found[AD_CANDIDATES + 1]; /* one to spare, so that a mask bounds the index */
	__u16 asked[AD_CANDIDATES];
	__u16 refused; /* the node that said no */
};

/*
 * Only segments that a live flow sends are hunted: a SYN begins a flow, and a RST ends it at
 * whatever node it lands.
 */
static __always_inline bool hunt_is_worth(const struct packet *p)
{
	return (p->tcp_flags & (TCP_ACK | TCP_SYN | TCP_RST)) == TCP_ACK;
}

static __always_inline bool hunt_lands_here(const struct packet *p)
{
	return !p->peer || p->landing == opt.node_id;
}

/* Adds a node to the list, if it can be asked and was not asked yet. */
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

/*
 * Adds whoever is told of the flows of @id's POP. If that is this node, it knows the owner, or
 * there is none. Global: keeps the key of the directory off its callers' stack.
 */
__noinline int hunt_consider_home(struct hunt *h, const struct packet *p, __u32 id)
{
	__u32 home;

	if (!h || !p || h->nr >= AD_CANDIDATES)
		return 0;
	home = node_home(p->prf, id);
	return hunt_consider(h, home == opt.node_id ? directory_ask(p->prf) : home);
}

/* An old pin that a SYN made doubtful is still a good guess. */
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

/* Adds @id, or the home of the flow in its POP. */
static __always_inline void hunt_consider_one(struct hunt *h, const struct packet *p, __u32 id,
					      bool home)
{
	if (home)
		hunt_consider_home(h, p, id);
	else
		hunt_consider(h, id);
}

/*
 * Adds the node that other flows of this prefix came from, then the nodes that any flows came from.
 * If the operator or the map of the fleet has likely nodes, the last place is left to them.
 */
static __always_inline void hunt_gather_hints(const struct packet *p, struct hunt *h,
					      const struct ad_hunt *plan, bool home)
{
	__u32 age_s = plan->hint_s;
	struct ad_hunt_stats *stats = hunt_counts();
	__u32 before = h->nr;

	hunt_consider_one(h, p, hint_ask(p, age_s), home);
	if (stats && !before)
		stats->by_hint += h->nr;
	before = h->nr;
	hunt_consider_one(h, p, source_ask(0, p->mono_ns, age_s), home);
	if (h->nr < AD_CANDIDATES - 1 || !plan->nr_neighbours)
		hunt_consider_one(h, p, source_ask(1, p->mono_ns, age_s), home);
	if (stats && !before && h->nr)
		stats->by_source++;
}

/*
 * Adds what is known of where flows come from, and the configured neighbours: first the homes of
 * the flow in those nodes' POPs, then, if there is room left, the nodes themselves. Global: one
 * pass is verified, not two.
 */
__noinline int hunt_gather_likely(const struct packet *p, struct hunt *h, __u32 home)
{
	struct ad_hunt *plan = hunt_plan();

	if (!p || !h || !plan)
		return 0;
	hunt_gather_hints(p, h, plan, home);
	for (__u32 i = 0; i < AD_NEIGHBOUR_MAX; i++) {
		if (i >= plan->nr_neighbours || h->nr >= AD_CANDIDATES)
			break;
		hunt_consider_one(h, p, plan->neighbours[i], home);
	}
	return 0;
}

/*
 * Makes the list, the likeliest node first. Routers of our own POP may have hashed anew, whatever
 * else is known: its home is always asked. @guess: the node that a stamp which is far too old may
 * mean, or 0.
 */
static __always_inline void hunt_gather(const struct packet *p, struct hunt *h, __u32 guess)
{
	hunt_consider(h, node_successor(p->prf, false));
	hunt_consider(h, hunt_pinned_to(p));
	hunt_consider(h, guess);
	hunt_consider_home(h, p, opt.node_id);
	hunt_gather_likely(p, h, true);
	if (h->nr < AD_CANDIDATES)
		hunt_gather_likely(p, h, false);
}

/*
 * No node is left to ask. If all have said no, that is remembered. An empty ACK without timestamps
 * may be a keepalive of a flow whose next segment has a stamp: a RST would be too early.
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
 * Rung 5, at the landing node. AD_CONTINUE: all nodes said no, or there is no node to ask.
 * @asked_all: all nodes that could own it have answered.
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
	hunt_gather(p, &h, guess);
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
 * A stamp names @owner for a flow that was not seen here before. Random values may look like a
 * stamp of any age, so a stamp that is not @young has a budget of its own.
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
 * A bare ACK of a flow that its stamp leads to p->target: may it be sent there as a question, so
 * that the claim teaches where this prefix comes from? The ACK reaches its owner one round trip
 * later.
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

/* A node that claims a flow probably owns others of the same prefix. */
static __always_inline void hunt_learn(const struct packet *p)
{
	struct ad_hunt_stats *stats = hunt_counts();

	hint_learn(p, p->peer);
	source_learn(p->peer, p->mono_ns);
	if (stats)
		stats->learned++;
}

/* The next node after @id in the list that can be asked and has not had the packet; or 0. */
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

/*
 * Sends it to the next candidate after @id. From the last one it goes back, unless it would end the
 * flow anyway.
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
 * It was hunted, and we do not own its flow. If the owner has told us of the flow, it is asked now,
 * in our place on the list, unless it was asked before.
 */
__noinline int hunt_direct(struct packet *p)
{
	bool behind = false, asked = false;
	__u32 owner;

	if (!p || p->came != AD_WHY_HUNT)
		return AD_CONTINUE;
	owner = directory_ask(p->prf);
	if (owner == p->peer || owner == p->landing || !node_can_take(owner))
		return AD_CONTINUE;
	for (int i = 0; i < AD_CANDIDATES; i++) {
		asked |= !behind && p->candidates[i] == owner;
		behind |= p->candidates[i] == opt.node_id;
	}
	if (asked)
		return AD_CONTINUE;
	for (int i = 0; i < AD_CANDIDATES; i++) {
		if (p->candidates[i] == owner)
			p->candidates[i] = 0;
		else if (p->candidates[i] == opt.node_id)
			p->candidates[i] = owner;
	}
	packet_lead(p, owner, AD_WHY_HUNT);
	return AD_R_WRAP_DIRECTORY;
}

/*
 * The packet is unchanged and could not be sent to p->target, because of @failed. Returns the
 * reason to send it to another node, with a mark that one was left out; or AD_CONTINUE.
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

/*
 * It was hunted, and the flow is ours: the landing node must learn that. The packet comes again as
 * data, and is taken then.
 */
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

/*
 * A SYN does not remove a pin, because it may be forged. But from now on our own socket is asked
 * before the pin.
 */
__noinline int hunt_doubt(const struct packet *p)
{
	struct flow_ref ref;

	if (!p || !flow_find(p, &ref) || ref.seen.s.kind != AD_FLOW_PIN)
		return 0;
	if (!(ref.flow->flags & AD_FLOW_DOUBTED))
		flow_mark(ref.flow, AD_FLOW_DOUBTED);
	return 0;
}

/*
 * From now on the flow is @owner's. If its entry says that it is ours, our socket has refuted that.
 */
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
 * p->peer claims a flow, and no socket of ours accepts this packet for it. If the flow's @stamp
 * names the same node, no pin is needed. A node that has just left the fleet gets no packets any
 * more, and nothing is learnt from it.
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
