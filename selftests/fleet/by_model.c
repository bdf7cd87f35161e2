// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * by_model.c: nodes that decide by the model. What a node remembers is kept here, by flow and not
 * by hash: no two of them meet. So are the mutations, for who would see whether the promises can
 * be broken at all.
 */
#include <string.h>
#include "fleet.h"

struct memory {
	struct model_world world;
	struct model_flow flows[FLEET_FLOWS];
	bool listed[FLEET_FLOWS];
	struct {
		__u32 number;
		bool noted, timestamps;
		__u64 ms;
	} noes[FLEET_FLOWS];
	struct {
		__u16 owner;
		__u64 learned_ms, asked_ms;
	} hints[FLEET_PREFIXES];
	struct {
		__u16 owner;
		__u64 ms;
	} sources[2];
	struct model_flow before; /* the last packet */
};
static struct memory memories[FLEET_NODES];

/* --- mutations -------------------------------------------------------------------------------- */

#define MUTATIONS(X)                                                                               \
	X(NONE, "none")                                                                            \
	X(PING_PONG, "ping-pong")	    /* what came by tunnel is led on by pins */            \
	X(ENDLESS, "endless")		    /* a hunt begins anew, and nobody counts hops */       \
	X(DEAF, "deaf")			    /* nobody listens for diverted SYNs */                 \
	X(SYN_WRITES, "syn-writes")	    /* a SYN makes an entry */                             \
	X(NO_IGNORED, "no-ignored")	    /* a NO ends the search */                             \
	X(NEXT_FORGOTTEN, "next-forgotten") /* an old stamp is taken for a young one */            \
	X(SELF_LAST, "self-last")	    /* who reads another's stamp asks no socket */         \
	X(HALF_OPEN_WINS, "half-open-wins") /* a half-open socket is as good as any */             \
	X(UNASKED_IS_NO, "unasked-is-no")   /* who cannot be reached counts as asked */            \
	X(ECHO_KEPT, "echo-kept")	    /* the stamp stays on */                               \
	X(STRAY_CLAIMS, "stray-claims")	    /* an old socket claims what does not fit it */        \
	X(NOTE_ALL, "note-all")		    /* a NO counts for the flow, not the segment */        \
	X(HUNTS_TWO, "hunts-two")	    /* the third candidate is not asked */

enum mutation {
#define X(sym, name) MUTATION_##sym,
	MUTATIONS(X)
#undef X
	MUTATION_NR
};
static const char *const names[] = {
#define X(sym, name) name,
	MUTATIONS(X)
#undef X
};
static enum mutation mutation;

void mutation_choose(__u32 nr)
{
	mutation = nr;
}

/* What it does, it does outside of the node. */
bool mutation_fits_program(__u32 nr)
{
	return nr == MUTATION_SYN_WRITES || nr == MUTATION_ECHO_KEPT;
}

const char *mutation_name(__u32 nr)
{
	return nr < MUTATION_NR ? names[nr] : NULL;
}

bool mutation_is_syn_writes(void)
{
	return mutation == MUTATION_SYN_WRITES;
}

bool mutation_is_echo_kept(void)
{
	return mutation == MUTATION_ECHO_KEPT;
}

static void mutate_packet(const struct memory *m, struct model_packet *p)
{
	if (mutation == MUTATION_PING_PONG && p->peer && p->why == AD_WHY_DATA) {
		p->peer = 0;
		p->landing = 0;
	}
	if (mutation == MUTATION_ENDLESS && p->why == AD_WHY_NO && p->peer) {
		p->hop = 1;
		p->marks = 0;
		memset(p->candidates, 0, sizeof(p->candidates));
	}
	if (mutation == MUTATION_DEAF)
		p->listened = false;
	if (mutation == MUTATION_SELF_LAST && !p->peer && p->timestamps &&
	    p->socket >= MODEL_OURS && m->before.kind != AD_FLOW_OURS)
		p->socket = MODEL_NO_SOCKET;
	if (mutation == MUTATION_HALF_OPEN_WINS && p->socket == MODEL_HALF_OPEN)
		p->socket = MODEL_OURS;
	if (mutation == MUTATION_UNASKED_IS_NO)
		p->marks &= ~AD_TUNNEL_UNASKED;
	if (mutation == MUTATION_STRAY_CLAIMS && p->socket == MODEL_STRAY)
		p->socket = MODEL_ESTABLISHED;
}

static void mutate_result(struct memory *m, const struct flight *flight, struct model_result *r)
{
	const struct model_packet *p = &flight->packet;

	if (mutation == MUTATION_SYN_WRITES && p->syn)
		r->flow = (struct model_flow){ .kind = AD_FLOW_OURS, .owner = m->world.us };
	if (mutation == MUTATION_NO_IGNORED && p->why == AD_WHY_NO && p->peer) {
		r->sent = false;
		r->reason = AD_R_NOBODY;
	}
	if (mutation == MUTATION_NEXT_FORGOTTEN && r->reason == AD_R_WRAP_STAMP)
		r->candidates[1] = 0;
	if (mutation == MUTATION_HUNTS_TWO && r->reason == AD_R_WRAP_HUNT)
		r->candidates[2] = 0;
	if (mutation == MUTATION_ECHO_KEPT)
		r->unstamped = false;
}

/* --- a node ----------------------------------------------------------------------------------- */

static int start(struct fleet *f)
{
	memset(memories, 0, sizeof(memories));
	for (__u32 i = 0; i < f->nr_nodes; i++) {
		memories[i].world.us = f->nodes[i].id;
		memories[i].world.armed = true;
	}
	return 0;
}

static int refresh(struct fleet *f, __u16 node)
{
	const struct fleet_node *n = &f->nodes[node];
	struct model_world *w = &memories[node].world;

	for (__u32 i = 0; i < f->nr_nodes; i++) {
		w->nodes[f->nodes[i].id] = (struct model_node){
			.known = true,
			.dead = n->calls_dead[i],
			.draining = n->calls_draining[i],
			.unreachable = n->cut_off[i] ? AD_R_NO_ROUTE : AD_CONTINUE,
		};
	}
	w->draining = n->drains;
	w->spent[AD_BUDGET_HUNT] = n->flooded;
	w->nr_neighbours = n->nr_neighbours;
	memcpy(w->neighbours, n->neighbours, sizeof(w->neighbours));
	w->nr_successors = n->nr_successors;
	memcpy(w->successors, n->successors, sizeof(w->successors));
	return 0;
}

static int socket_changed(struct fleet *f, __u16 node, __u32 flow, bool listed)
{
	struct memory *m = &memories[node];

	m->listed[flow] = listed;
	return 0;
}

static int age(struct fleet *f, __u64 ms)
{
	return 0; /* the clock has moved */
}

static int stamp(struct fleet *f, __u16 node, __u32 flow, __u32 *tsval)
{
	struct memory *m = &memories[node];
	const struct fleet_node *n = &f->nodes[node];

	*tsval = node_mono_ms(f, node);
	if (!m->listed[flow])
		*tsval += n->wall_ms - n->mono_ms + ((__u32)n->id << MODEL_SHIFT) +
			  (__u32)f->flows[flow].prf;
	return 0;
}

/* What its kernel would say of this packet. */
static enum model_socket ask_socket(const struct fleet_socket *s, const struct flight *flight)
{
	const struct model_packet *p = &flight->packet;

	if (s->state == NO_SOCKET)
		return MODEL_NO_SOCKET;
	if (s->state == HALF_OPEN)
		return p->ack && flight->ack == s->acked ? MODEL_OURS : MODEL_HALF_OPEN;
	if (p->ack && flight->ack != s->acked)
		return MODEL_STRAY;
	return p->fin || p->rst ? MODEL_CLOSING : MODEL_ESTABLISHED;
}

static void remember_world(const struct fleet *f, struct memory *m, __u16 node,
			   const struct flight *flight)
{
	const struct fleet_flow *flow = &f->flows[flight->flow];
	struct model_world *w = &m->world;
	__u32 number = flight->packet.syn && !flight->packet.ack ? flight->number : flight->ack;
	__u64 hint_s = (f->now_ms - m->hints[flow->prefix].learned_ms) / 1000;
	bool late = m->sources[1].ms > m->sources[0].ms, noted, known;

	w->mono_ms = node_mono_ms(f, node);
	w->wall_ms = f->nodes[node].wall_ms + (__u32)f->now_ms;
	w->prf_low = flow->prf;
	w->successor_at = w->nr_successors ? (__u32)(flow->prf >> 32) % w->nr_successors : 0;
	w->listed = m->listed[flight->flow];
	noted = m->noes[flight->flow].noted &&
		(mutation == MUTATION_NOTE_ALL ||
		 (m->noes[flight->flow].number == number &&
		  m->noes[flight->flow].timestamps == flight->packet.timestamps));
	w->noted_ms_ago = noted ? f->now_ms - m->noes[flight->flow].ms : ~0u;
	w->nobody = w->noted_ms_ago < FLEET_NOBODY_MS;
	known = m->hints[flow->prefix].owner;
	w->hint = known && hint_s <= FLEET_HINT_S ? m->hints[flow->prefix].owner : 0;
	w->wants_scout = !(known && hint_s <= FLEET_HINT_S / 2) &&
			 f->now_ms - m->hints[flow->prefix].asked_ms >= 2000;
	for (int i = 0; i < 2; i++, late ^= 1)
		w->sources[i] = f->now_ms - m->sources[late].ms <= FLEET_HINT_S * 1000
					? m->sources[late].owner
					: 0;
	w->flow = m->flows[flight->flow];
	w->sampled = f->packets % 3 == 0;
	w->heard = f->now_ms - f->nodes[node].sockets[flight->flow].heard_ms < FLEET_HEARD_MS;
}

static void learn_source(const struct fleet *f, struct memory *m, __u16 owner)
{
	int at = m->sources[1].ms < m->sources[0].ms;

	if (m->sources[0].owner == owner || m->sources[1].owner == owner)
		at = m->sources[1].owner == owner;
	m->sources[at].owner = owner;
	m->sources[at].ms = f->now_ms;
}

static void learn(const struct fleet *f, struct memory *m, const struct flight *flight,
		  const struct model_packet *p, const struct model_result *r)
{
	__u32 prefix = f->flows[flight->flow].prefix;
	struct model_flow *flow = &m->flows[flight->flow];

	if (r->flow.flags & AD_FLOW_SCOUTED && !(flow->flags & AD_FLOW_SCOUTED))
		m->hints[prefix].asked_ms = f->now_ms;
	*flow = r->flow;
	if (r->nobody && (!m->world.nobody || p->why == AD_WHY_NO)) {
		m->noes[flight->flow].noted = true;
		m->noes[flight->flow].timestamps = p->timestamps;
		m->noes[flight->flow].number = p->syn && !p->ack ? flight->number : flight->ack;
		m->noes[flight->flow].ms = f->now_ms;
	}
	if (r->learned) {
		m->hints[prefix].owner = r->learned;
		m->hints[prefix].learned_ms = f->now_ms;
		learn_source(f, m, r->learned);
	}
}

static int take(struct fleet *f, __u16 node, struct flight *flight, struct model_result *r)
{
	struct memory *m = &memories[node];
	struct model_packet p = flight->packet;

	p.listened = true;
	p.socket = ask_socket(&f->nodes[node].sockets[flight->flow], flight);
	m->before = m->flows[flight->flow];
	mutate_packet(m, &p);
	remember_world(f, m, node, flight);
	*r = model_decide(&m->world, &p);
	mutate_result(m, flight, r);
	learn(f, m, flight, &p, r);
	return 0;
}

static bool table_changed(struct fleet *f, __u16 node, const struct flight *flight)
{
	const struct memory *m = &memories[node];
	struct model_flow now = m->flows[flight->flow];

	if (now.kind == AD_FLOW_PIN && !(m->before.flags & AD_FLOW_DOUBTED))
		now.flags &= ~AD_FLOW_DOUBTED;
	return now.kind != m->before.kind || now.owner != m->before.owner ||
	       now.flags != m->before.flags;
}

static void forget(struct fleet *f, __u16 node, __u32 flow)
{
	memset(&memories[node].flows[flow], 0, sizeof(memories[node].flows[flow]));
}

static void forget_all(struct fleet *f, __u16 node)
{
	struct memory old = memories[node];

	memset(&memories[node], 0, sizeof(memories[node]));
	memories[node].world = old.world;
	memcpy(memories[node].listed, old.listed, sizeof(old.listed));
}

const struct backend by_model = {
	.name = "model",
	.nodes_max = FLEET_NODES,
	.flows_max = FLEET_FLOWS,
	.half_open = true,
	.start = start,
	.refresh = refresh,
	.socket = socket_changed,
	.age = age,
	.stamp = stamp,
	.take = take,
	.table_changed = table_changed,
	.forget = forget,
	.forget_all = forget_all,
};
