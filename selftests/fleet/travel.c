// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * travel.c: a packet goes from node to node, as the nodes say, until it is passed to a stack,
 * dropped or lost.
 */
#include <string.h>
#include "user/status/reason.h"
#include "fleet.h"

#define LOSS 400 /* one leg in so many is lost */

static void end(struct flight *flight)
{
	flight->busy = false;
}

static enum ending ending_of(__u32 reason)
{
	return strcmp(reason_table[reason].action, "drop") ? END_PASSED : END_DROPPED;
}

static bool cannot_reach_all(const struct fleet *f, __u16 node)
{
	for (__u32 i = 0; i < f->nr_nodes; i++)
		if (f->nodes[node].cut_off[i])
			return true;
	return false;
}

static __u32 living_others(const struct fleet *f, __u16 node)
{
	__u32 nr = 0;

	for (__u32 i = 0; i < f->nr_nodes; i++)
		nr += i != node && !f->nodes[node].calls_dead[i];
	return nr;
}

/* What is known of its way, for the judge. */
static void note_visit(const struct fleet *f, struct flight *flight, __u16 node)
{
	__u32 others = node == flight->landed ? living_others(f, node) : 0;

	flight->visited |= 1ull << node;
	flight->cut_off |= cannot_reach_all(f, node);
	if (others > flight->others)
		flight->others = others;
}

/* As the next node will see it; by_program.c has the same on the wire. */
static void wrap(const struct fleet *f, struct flight *flight, const struct model_result *r)
{
	struct model_packet *p = &flight->packet;

	p->peer = f->nodes[flight->at].id;
	p->landing = r->landing;
	p->hop = r->hop;
	p->why = r->why;
	p->marks = r->marks;
	memcpy(p->candidates, r->candidates, sizeof(p->candidates));
	flight->straight = false;
	flight->at = fleet_find(f, r->target);
	flight->legs++;
}

int travel(struct fleet *f, const struct backend *b, struct flight *flight)
{
	struct model_result r = {};
	__u16 node = flight->at;
	int err;

	if (node == FLEET_NOWHERE || !f->nodes[node].alive) {
		end(flight);
		judge_end(f, flight, END_BURIED, node, &r);
		return 0;
	}
	note_visit(f, flight, node);
	err = b->take(f, node, flight, &r);
	if (err)
		return err;
	judge_leg(f, flight, node, b->table_changed(f, node, flight));
	if (!r.sent) {
		end(flight);
		judge_end(f, flight, ending_of(r.reason), node, &r);
		return scene_arrive(f, b, flight, node, &r);
	}
	wrap(f, flight, &r);
	if (flight->legs < FLEET_LEGS && !one_in(LOSS))
		return 0;
	end(flight);
	judge_end(f, flight, END_LOST, node, &r);
	return 0;
}
