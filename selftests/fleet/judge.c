// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * judge.c: what must be true of every packet, and what may be true instead.
 *
 * Each limit is a predicate over what is known here and not over what the nodes say, and has a
 * counter: one that allows too much is seen in the report.
 */
#include <stdio.h>
#include <string.h>
#include "selftests/prog/vector.h"
#include "selftests/tap.h"
#include "fleet.h"

#define SKEW_MS	   (1u << (MODEL_SHIFT - 4))
#define CLOCKS_MS  30000 /* no two nodes' clocks differ by more */
#define NAMES_MS   ((1u << MODEL_SHIFT) - SKEW_MS - CLOCKS_MS)
#define KNOWN_MS   ((2u << MODEL_SHIFT) - SKEW_MS - CLOCKS_MS)
#define FRESH_MS   2000
#define YOUNG_MS   ((1u << (MODEL_SHIFT - 5)) + CLOCKS_MS)
#define TOLD_MAX   3
#define HOPS_MAX   100000 /* likewise, may be out of hops */
#define MISLED_MAX 20	  /* one packet in so many, at most, may be reset or mistaken */
#define SHARE_MAX  4	  /* likewise, may need any limit at all */

#define PROMISES(X)                                                                                \
	X(HOPS, "no packet travels more than eight legs, however it ends")                         \
	X(LED, "every packet of a live flow reaches its owner")                                    \
	X(RESET, "no live flow is reset")                                                          \
	X(SYN_SERVED, "every SYN is passed to a stack that listens")                               \
	X(TABLE, "no SYN changes a flow table")                                                    \
	X(ECHO, "an owner's stack is given back the echo of what it sent")

enum promise {
#define X(sym, text) PROMISE_##sym,
	PROMISES(X)
#undef X
	PROMISE_NR
};
static const char *const promises[] = {
#define X(sym, text) text,
	PROMISES(X)
#undef X
};

/*
 * The README's "Limits", as far as they are about packets and not about hosts. Those before CUT_OFF
 * mislead a packet; with the others it is not there, and comes again.
 */
#define LIMITS(X)                                                                                  \
	X(UNASKED, "reset: no usable stamp, and more nodes than can be asked")                     \
	X(ALIAS, "reset: an echo that old, or of an older flow, reads as another's fresh stamp")   \
	X(LANDED,                                                                                  \
	  "reset: an echo that old, or of a listed flow, reads as a fresh stamp of its own")       \
	X(AGAIN, "reset: no usable stamp, and nobody had this segment a moment ago")               \
	X(ONCE, "dropped: an empty ACK without timestamps, for the first time")                    \
	X(PORTS, "taken by the socket of a client that is gone, whose ports are used again")       \
	X(NAMED, "taken by such a socket at a node that an old or an older flow's echo names")     \
	X(HEARD, "taken by such a socket, led there by an old pin while it was heard")             \
	X(DEAD, "reset: no usable stamp, and an old pin names a node that is called dead")         \
	X(CUT_OFF, "dropped: one who may own it cannot be reached")                                \
	X(HOPS, "dropped: no usable stamp, and what led it changed on its way: out of hops")       \
	X(BUDGET, "dropped: the landing node's budget for hunts is spent")                         \
	X(BURIED, "lost: led to a node that is dead and not yet called so")

enum limit {
#define X(sym, text) LIMIT_##sym,
	LIMITS(X)
#undef X
	LIMIT_NR
};
static const char *const limits[] = {
#define X(sym, text) text,
	LIMITS(X)
#undef X
};

static bool ever_broken[PROMISE_NR];
static __u64 broken[PROMISE_NR], kept[PROMISE_NR], allowed[LIMIT_NR];
static __u64 ended_by_legs[AD_HOP_LIMIT + 1], lost;
static int told;
static bool silent;

void judge_be_quiet(bool quiet)
{
	silent = quiet;
}

void judge_reset(void)
{
	memset(broken, 0, sizeof(broken));
	memset(kept, 0, sizeof(kept));
	memset(allowed, 0, sizeof(allowed));
	memset(ended_by_legs, 0, sizeof(ended_by_legs));
	lost = 0;
	told = 0;
}

static void tell(const struct fleet *f, const struct flight *flight, __u16 node, const char *what,
		 const struct model_result *r)
{
	static const char *const kinds[] = { "SYN", "data", "ACK", "keepalive", "end", "forged" };
	const struct fleet_flow *flow = &f->flows[flight->flow];
	const struct model_packet *p = &flight->packet;

	if (silent || told++ >= TOLD_MAX)
		return;
	diag("broken: %s", what);
	diag("  packet %llu, %s of flow %u, landed at node %u, ended at node %u (id %u), %u legs, "
	     "visited %llx%s",
	     f->packets, kinds[flight->kind], flight->flow, flight->landed, node,
	     node == FLEET_NOWHERE ? 0 : f->nodes[node].id, flight->legs, flight->visited,
	     flight->cut_off ? ", cut off" : "");
	diag("  reason %s, why %u, hop %u, marks %u, candidates %u %u %u",
	     r ? reason_label(r->reason) : "-", p->why, p->hop, p->marks, p->candidates[0],
	     p->candidates[1], p->candidates[2]);
	if (node != FLEET_NOWHERE)
		diag("  there: socket %d of life %u, heard %llu ms ago; the flow's life is %u",
		     f->nodes[node].sockets[flight->flow].state,
		     f->nodes[node].sockets[flight->flow].life,
		     f->now_ms - f->nodes[node].sockets[flight->flow].heard_ms, flow->life);
	diag("  owner: node %u (id %u), timestamps %d, listed %d, echo %llu ms old; fleet of %u",
	     flow->owner, f->nodes[flow->owner].id, p->timestamps, flow->listed,
	     f->now_ms - flight->echo_ms, f->nr_nodes);
}

static void break_promise(const struct fleet *f, const struct flight *flight, __u16 node,
			  enum promise promise, const struct model_result *r)
{
	broken[promise]++;
	ever_broken[promise] = true;
	tell(f, flight, node, promises[promise], r);
}

/* --- what is known of a packet ---------------------------------------------------------------- */

static __u64 age_ms(const struct fleet *f, const struct flight *flight)
{
	return f->now_ms - flight->echo_ms;
}

/* Is it of a flow that lives, at its client and at an owner? */
static bool is_live(const struct fleet *f, const struct flight *flight)
{
	const struct fleet_flow *flow = &f->flows[flight->flow];
	const struct fleet_node *owner = &f->nodes[flow->owner];
	const struct fleet_socket *socket = &owner->sockets[flight->flow];

	return flight->kind != FLIGHT_FORGED && flight->kind != FLIGHT_SYN &&
	       flight->kind != FLIGHT_END && flow->open && flow->life == flight->life &&
	       owner->alive && socket->state == OPENED && socket->life == flight->life;
}

/* The design: an echo names its owner, or the one before, for 135 minutes. */
static bool has_usable_stamp(const struct fleet *f, const struct flight *flight)
{
	return flight->packet.timestamps && !f->flows[flight->flow].listed &&
	       age_ms(f, flight) <= KNOWN_MS;
}

/* The place and the age that an echo tells @node, as one number (design, "The stamp"): y. */
static __u32 written(const struct fleet *f, const struct flight *flight, __u16 node)
{
	return flight->packet.tsecr - (__u32)f->flows[flight->flow].prf - f->nodes[node].wall_ms -
	       (__u32)f->now_ms;
}

static __u32 decode(const struct fleet *f, const struct flight *flight, __u16 node)
{
	return (written(f, flight, node) + (1u << MODEL_SHIFT) - SKEW_MS - 1) >> MODEL_SHIFT;
}

/* An echo that says nothing by right, but reads as if a node of the fleet had just sent it. */
static bool reads_like_fresh(const struct fleet *f, const struct flight *flight)
{
	__u32 d = decode(f, flight, flight->landed);
	__s32 old_ms = (d << MODEL_SHIFT) - written(f, flight, flight->landed);

	if (!flight->packet.timestamps || has_usable_stamp(f, flight))
		return false;
	return old_ms <= (__s32)YOUNG_MS &&
	       (fleet_find(f, d) != FLEET_NOWHERE || fleet_find(f, d + 1) != FLEET_NOWHERE);
}

/* More living others than can be asked, and the owner was none of those who were. */
static bool owner_was_not_asked(const struct fleet *f, const struct flight *flight)
{
	return flight->others > AD_CANDIDATES &&
	       !(flight->visited & 1ull << f->flows[flight->flow].owner);
}

/* An echo names the node before its owner after 65 minutes, and anybody if its flow is older. */
static bool reads_like(const struct fleet *f, const struct flight *flight, __u16 node)
{
	const struct fleet_flow *flow = &f->flows[flight->flow];
	__u32 d = decode(f, flight, node), id = f->nodes[node].id;

	return flight->packet.timestamps && (flow->listed || age_ms(f, flight) > NAMES_MS) &&
	       (d == id || d + 1 == id);
}

/* Where it landed its echo, old or no stamp at all, reads as if that very node had just sent it. */
static bool landed_at_alias(const struct fleet *f, const struct flight *flight, __u16 node)
{
	__u32 d = decode(f, flight, node);
	__s32 old_ms = (d << MODEL_SHIFT) - written(f, flight, node);

	return flight->packet.timestamps && node == flight->landed && d == f->nodes[node].id &&
	       (f->flows[flight->flow].listed || age_ms(f, flight) > NAMES_MS) &&
	       old_ms >= -FRESH_MS && old_ms <= FRESH_MS;
}

/* An older connection of these ports, that something fitted a moment ago. */
static bool was_heard(const struct fleet *f, const struct flight *flight, __u16 node)
{
	return f->flows[flight->flow].owners & 1ull << node &&
	       f->now_ms - f->nodes[node].sockets[flight->flow].heard_ms < FLEET_HEARD_MS;
}

static bool had_dead_owner(const struct fleet *f, const struct flight *flight)
{
	for (__u32 i = 0; i < f->nr_nodes; i++)
		if (f->flows[flight->flow].owners & 1ull << i &&
		    f->nodes[flight->landed].calls_dead[i])
			return true;
	return false;
}

static bool was_given_up(const struct fleet *f, const struct flight *flight)
{
	const struct fleet_flow *flow = &f->flows[flight->flow];

	return flow->given_up_ms && f->now_ms - flow->given_up_ms <= FLEET_NOBODY_MS;
}

/* --- endings ---------------------------------------------------------------------------------- */

static void allow(enum limit limit)
{
	allowed[limit]++;
}

/* Passed to the stack of a node that is not its owner. */
static void judge_misled(const struct fleet *f, const struct flight *flight, __u16 node,
			 const struct model_result *r)
{
	bool used_again = f->nodes[node].sockets[flight->flow].state == OPENED;

	if (used_again && node == flight->landed)
		allow(LIMIT_PORTS);
	else if (used_again && reads_like(f, flight, node))
		allow(LIMIT_NAMED);
	else if (used_again && !has_usable_stamp(f, flight) && was_heard(f, flight, node))
		allow(LIMIT_HEARD);
	else if (landed_at_alias(f, flight, node))
		allow(LIMIT_LANDED);
	else if (has_usable_stamp(f, flight))
		break_promise(f, flight, node, PROMISE_RESET, r);
	else if (reads_like_fresh(f, flight))
		allow(LIMIT_ALIAS);
	else if (r->reason == AD_R_OWNER_DEAD && had_dead_owner(f, flight))
		allow(LIMIT_DEAD);
	else if (r->reason == AD_R_NOBODY_AGAIN && was_given_up(f, flight))
		allow(LIMIT_AGAIN);
	else if (owner_was_not_asked(f, flight))
		allow(LIMIT_UNASKED);
	else
		break_promise(f, flight, node, PROMISE_RESET, r);
}

static bool may_be_dropped(const struct fleet *f, const struct flight *flight, __u32 reason,
			   enum limit *limit)
{
	switch (reason) {
	case AD_R_NOBODY_ONCE:
		*limit = LIMIT_ONCE;
		return !flight->packet.timestamps && !flight->packet.payload &&
		       owner_was_not_asked(f, flight);
	case AD_R_UNASKED:
	case AD_R_NO_ROUTE:
		*limit = LIMIT_CUT_OFF;
		return flight->cut_off;
	case AD_R_TUNNEL_HOPS:
		*limit = flight->cut_off ? LIMIT_CUT_OFF : LIMIT_HOPS;
		return flight->cut_off || !has_usable_stamp(f, flight);
	case AD_R_BUDGET_HUNT:
		*limit = LIMIT_BUDGET;
		return f->nodes[flight->landed].flooded;
	default:
		return false;
	}
}

static void judge_dropped(const struct fleet *f, const struct flight *flight, __u16 node,
			  const struct model_result *r)
{
	enum limit limit;

	if (!f->nodes[flight->landed].alive)
		allow(LIMIT_BURIED); /* it died meanwhile: whose answer is that? */
	else if (may_be_dropped(f, flight, r->reason, &limit))
		allow(limit);
	else
		break_promise(f, flight, node, PROMISE_LED, r);
}

/* A stamp is taken off where, and only where, it was put on, as long as that can be done. */
static void judge_echo(const struct fleet *f, const struct flight *flight, __u16 node,
		       const struct model_result *r)
{
	bool stamped = flight->packet.timestamps && !f->flows[flight->flow].listed;
	__u64 age = age_ms(f, flight);
	bool good;

	if (stamped && age <= (1u << MODEL_SHIFT))
		good = r->unstamped && r->tsecr == node_mono_ms(f, node) - (__u32)age;
	else
		good = !r->unstamped || (stamped && r->tsecr == node_mono_ms(f, node) - (__u32)age);
	kept[PROMISE_ECHO] += good;
	if (!good)
		break_promise(f, flight, node, PROMISE_ECHO, r);
}

static void judge_syn(const struct fleet *f, const struct flight *flight, enum ending how,
		      __u16 node, const struct model_result *r)
{
	if (how == END_PASSED)
		kept[PROMISE_SYN_SERVED]++;
	else if (how == END_DROPPED && !(r->reason == AD_R_NO_ROUTE && flight->cut_off))
		break_promise(f, flight, node, PROMISE_SYN_SERVED, r);
}

static void judge_live(const struct fleet *f, const struct flight *flight, enum ending how,
		       __u16 node, const struct model_result *r)
{
	if (how == END_BURIED) {
		allow(LIMIT_BURIED);
	} else if (how == END_DROPPED) {
		judge_dropped(f, flight, node, r);
	} else if (node != f->flows[flight->flow].owner) {
		judge_misled(f, flight, node, r);
	} else {
		kept[PROMISE_LED]++;
		kept[PROMISE_RESET]++;
		if (flight->legs <= AD_HOP_LIMIT)
			ended_by_legs[flight->legs]++;
		judge_echo(f, flight, node, r);
	}
}

void judge_end(const struct fleet *f, const struct flight *flight, enum ending how, __u16 node,
	       const struct model_result *r)
{
	/* What nobody owns may run out of them: that is what they are for. */
	if (flight->legs > AD_HOP_LIMIT) {
		break_promise(f, flight, node, PROMISE_HOPS, r);
		return;
	}
	kept[PROMISE_HOPS]++;
	if (how == END_LOST) {
		lost++;
		return;
	}
	if (flight->kind == FLIGHT_SYN)
		judge_syn(f, flight, how, node, r);
	else if (is_live(f, flight))
		judge_live(f, flight, how, node, r);
}

void judge_leg(const struct fleet *f, const struct flight *flight, __u16 node, bool table_changed)
{
	if (!flight->packet.syn || flight->packet.ack)
		return;
	kept[PROMISE_TABLE] += !table_changed;
	if (table_changed)
		break_promise(f, flight, node, PROMISE_TABLE, NULL);
}

/* --- the report ------------------------------------------------------------------------------- */

const char *judge_first_broken(void)
{
	for (int i = 0; i < PROMISE_NR; i++)
		if (broken[i])
			return promises[i];
	return NULL;
}

void judge_say(bool good, const char *text)
{
	ok(good, "%s", text);
}

int judge_done(void)
{
	return done_testing();
}

void judge_report_mutations(const char *who)
{
	for (int i = 0; i < PROMISE_NR; i++)
		ok(ever_broken[i], "%s: it is noticed where this does not hold: %s", who,
		   promises[i]);
}

void judge_report(const char *who)
{
	__u64 all = kept[PROMISE_LED], far = 0, excused = 0, misled = 0;

	for (int i = 0; i < PROMISE_NR; i++)
		ok(kept[i] && !broken[i], "%s: %s: kept %llu times, broken %llu", who, promises[i],
		   kept[i], broken[i]);
	for (int i = 0; i <= AD_HOP_LIMIT; i++) {
		diag("%10llu reached their owner by %d legs", ended_by_legs[i], i);
		far += i ? ended_by_legs[i] : 0;
	}
	for (int i = 0; i < LIMIT_NR; i++) {
		diag("%10llu %s", allowed[i], limits[i]);
		excused += allowed[i];
		misled += i < LIMIT_CUT_OFF ? allowed[i] : 0;
	}
	diag("%10llu lost on the wire", lost);
	ok(far > all / 10, "%s: %llu of %llu packets were led to their owner by others", who, far,
	   all);
	ok(allowed[LIMIT_HOPS] <= all / HOPS_MAX, "%s: %llu of %llu were out of hops", who,
	   allowed[LIMIT_HOPS], all);
	ok(misled < (all + excused) / MISLED_MAX, "%s: limits excuse that %llu of %llu were misled",
	   who, misled, all + excused);
	ok(excused < (all + excused) / SHARE_MAX, "%s: limits excuse %llu of %llu", who, excused,
	   all + excused);
}
