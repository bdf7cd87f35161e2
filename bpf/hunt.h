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

#include "flow.h"
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

/* The likeliest first. @guess: a node that an all too old stamp may mean, or 0. */
static __always_inline void hunt_gather(const struct packet *p, struct hunt *h, __u32 guess)
{
	struct ad_hunt *hints;
	__u32 zero = 0;

	hunt_consider(h, node_successor(p->prf));
	hunt_consider(h, hunt_pinned_to(p));
	hunt_consider(h, guess);
	hints = bpf_map_lookup_elem(&hunt, &zero);
	if (!hints)
		return;
	for (__u32 i = 0; i < AD_NEIGHBOUR_MAX; i++) {
		if (i >= hints->nr_neighbours || h->nr >= AD_CANDIDATES)
			break;
		hunt_consider(h, hints->neighbours[i]);
	}
}

/*
 * Rung 5, at the landing node. AD_CONTINUE: everybody said no, or there is nobody to ask.
 * @asked_all: who could own it has answered.
 */
__noinline int hunt_start(struct packet *p, __u32 guess, __u32 asked_all)
{
	struct hunt h = {};

	if (!p || !hunt_is_worth(p))
		return AD_CONTINUE;
	if (!asked_all && !(p->marks & AD_TUNNEL_HUNTED)) {
		for (int i = 0; i < AD_CANDIDATES; i++)
			h.asked[i] = p->candidates[i];
		h.refused = p->peer;
		hunt_gather(p, &h, guess);
	}
	if (!h.nr)
		return p->marks & AD_TUNNEL_UNASKED ? AD_R_UNASKED : AD_CONTINUE;
	for (int i = 0; i < AD_CANDIDATES; i++)
		p->candidates[i] = h.found[i];
	p->marks |= AD_TUNNEL_HUNTED;
	packet_lead(p, h.found[0], AD_WHY_HUNT);
	return AD_R_WRAP_HUNT;
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
		ref.flow->flags |= AD_FLOW_DOUBTED;
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
		flow_enter(p, AD_FLOW_PIN, owner);
		return;
	}
	if (ref.flow->owner != owner)
		ref.flow->owner = owner;
	flow_count_in(&ref, p);
}

/*
 * p->peer claims a flow that no socket of ours accepts this packet for. A flow whose @stamp says
 * the same needs no pin.
 */
__noinline int hunt_claimed(struct packet *p, __u32 stamp_agrees)
{
	if (!p)
		return AD_R_INTERNAL;
	if (!stamp_agrees)
		hunt_pin(p, p->peer);
	if (p->socket != SOCKET_NONE)
		hunt_doubt(p);
	p->marks = 0;
	packet_lead(p, p->peer, AD_WHY_DATA);
	return AD_R_WRAP_CLAIMED;
}

#endif
