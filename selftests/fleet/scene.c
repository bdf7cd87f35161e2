// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scene.c: a random fleet, clients that open, use and leave connections, and a world that moves
 * them about. Everything follows from the seed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <sodium.h>
#include "user/base/addr.h"
#include "fleet.h"

#define SYN_AGAIN_MS 1000
#define EVENT	     300 /* one step in so many is one */
#define TICK_MS	     4
#define CLOCKS_MS    10000 /* how far a node's clock may be from the right time */
#define MINUTE_MS    60000ull

/* --- dice ------------------------------------------------------------------------------------- */

static __u64 dice_state;

void dice_seed(__u64 seed)
{
	dice_state = seed;
}

/* splitmix64 */
__u64 dice(void)
{
	__u64 z = dice_state += 0x9E3779B97F4A7C15ULL;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
	z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
	return z ^ z >> 31;
}

__u32 below(__u32 n)
{
	return dice() % n;
}

bool one_in(__u32 n)
{
	return !below(n);
}

/* --- the fleet -------------------------------------------------------------------------------- */

__u16 fleet_find(const struct fleet *f, __u16 id)
{
	for (__u32 i = 0; i < f->nr_nodes; i++)
		if (f->nodes[i].id == id)
			return i;
	return FLEET_NOWHERE;
}

__u32 node_mono_ms(const struct fleet *f, __u16 node)
{
	return f->nodes[node].mono_ms + (f->clock_stands ? 0 : (__u32)f->now_ms);
}

static __u32 living(const struct fleet *f)
{
	__u32 nr = 0;

	for (__u32 i = 0; i < f->nr_nodes; i++)
		nr += f->nodes[i].alive;
	return nr;
}

/* Often next to one that is taken: d and d + 1 are then both somebody. */
static __u16 free_id(const struct fleet *f)
{
	__u16 id;

	do {
		id = f->nodes[0].id && one_in(2) ? f->nodes[below(f->nr_nodes)].id + 1u
						 : 1 + below(MODEL_NODES - 1);
	} while (!id || id >= MODEL_NODES || fleet_find(f, id) != FLEET_NOWHERE);
	return id;
}

/* Up to @most nodes of @pop that are not on its list yet. */
static void name_some(const struct fleet *f, struct fleet_node *n, __u16 pop, __u32 most)
{
	for (__u32 i = 0; i < f->nr_nodes && most && n->nr_neighbours < AD_NEIGHBOUR_MAX; i++) {
		__u16 id = f->nodes[i].id;
		bool known = f->nodes[i].pop != pop || id == n->id;

		for (__u32 j = 0; j < n->nr_neighbours; j++)
			known |= n->neighbours[j] == id;
		if (known)
			continue;
		n->neighbours[n->nr_neighbours++] = id;
		most--;
	}
}

/* Siblings, then one of each other POP, then a second one of each, as user/hunt.c does. */
static void name_neighbours(const struct fleet *f, struct fleet_node *n)
{
	name_some(f, n, n->pop, FLEET_NODES);
	for (__u32 round = 0; round < f->nr_nodes; round++)
		for (__u32 step = 1; step < f->nr_pops; step++)
			name_some(f, n, (n->pop + step) % f->nr_pops, 1);
}

static void make_nodes(struct fleet *f)
{
	__u32 wall_ms = dice();

	for (__u32 i = 0; i < f->nr_nodes; i++) {
		f->nodes[i].id = free_id(f);
		f->nodes[i].pop = i < f->nr_pops ? i : below(f->nr_pops);
		f->nodes[i].alive = true;
		f->nodes[i].mono_ms = dice();
		f->nodes[i].wall_ms = wall_ms + below(2 * CLOCKS_MS) - CLOCKS_MS;
	}
}

static __u64 flow_prf(const struct ad_tuple *tuple)
{
	static const __u8 key[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	__u8 bytes[12];
	__u64 hash;

	memcpy(bytes, tuple->client.b + 12, 4);
	memcpy(bytes + 4, tuple->vip.b + 12, 4);
	memcpy(bytes + 8, &tuple->client_port, 2);
	memcpy(bytes + 10, &tuple->vip_port, 2);
	crypto_shorthash((unsigned char *)&hash, bytes, sizeof(bytes), key);
	return hash;
}

static void make_flows(struct fleet *f)
{
	char text[32];

	for (__u32 i = 0; i < f->nr_flows; i++) {
		struct fleet_flow *flow = &f->flows[i];

		flow->prefix = below(FLEET_PREFIXES);
		snprintf(text, sizeof(text), "198.18.%u.%u", flow->prefix, 1 + i);
		addr_parse(text, &flow->tuple.client);
		addr_parse("192.0.2.10", &flow->tuple.vip);
		flow->tuple.client_port = htons(1024 + below(60000));
		flow->tuple.vip_port = htons(80);
		flow->prf = flow_prf(&flow->tuple);
		flow->wanders = one_in(10);
	}
}

int scene_start(struct fleet *f, const struct backend *b, __u32 nodes)
{
	int err;

	memset(f, 0, sizeof(*f));
	f->now_ms = 1000 * MINUTE_MS;
	f->nr_nodes = 2 + below((nodes < b->nodes_max ? nodes : b->nodes_max) - 1);
	f->nr_pops = 1 + below(f->nr_nodes < FLEET_POPS ? f->nr_nodes : FLEET_POPS);
	f->nr_flows = b->flows_max;
	make_nodes(f);
	make_flows(f);
	for (__u32 i = 0; i < FLEET_PREFIXES; i++)
		f->home[i] = below(f->nr_pops);
	err = b->start(f);
	for (__u32 i = 0; i < f->nr_nodes; i++)
		name_neighbours(f, &f->nodes[i]);
	for (__u32 i = 0; !err && i < f->nr_nodes; i++)
		err = b->refresh(f, i);
	return err;
}

/* --- sockets ---------------------------------------------------------------------------------- */

static int socket_set(struct fleet *f, const struct backend *b, __u16 node, __u32 flow,
		      enum socket_state state, bool listed)
{
	struct fleet_socket *s = &f->nodes[node].sockets[flow];

	*s = (struct fleet_socket){ .state = state };
	if (state != NO_SOCKET) {
		s->life = f->flows[flow].life;
		s->acked = dice();
		s->heard_ms = f->now_ms;
	}
	return b->socket(f, node, flow, listed);
}

/* The owner's stack says something, and its client hears it. */
static int speak(struct fleet *f, const struct backend *b, __u32 at)
{
	struct fleet_flow *flow = &f->flows[at];

	if (!flow->timestamps)
		return 0;
	flow->echo_ms = f->now_ms;
	f->nodes[flow->owner].sockets[at].heard_ms = f->now_ms;
	return b->stamp(f, flow->owner, at, &flow->echo);
}

static int accept_syn(struct fleet *f, const struct backend *b, __u32 at, __u16 node)
{
	struct fleet_flow *flow = &f->flows[at];
	int err;

	flow->open = true;
	flow->owner = node;
	flow->asked_ms = 0;
	flow->given_up_ms = 0;
	flow->listed = flow->timestamps && one_in(8);
	err = socket_set(f, b, node, at, OPENED, flow->listed);
	flow->acked = f->nodes[node].sockets[at].acked;
	return err ?: speak(f, b, at);
}

static int arrive_syn(struct fleet *f, const struct backend *b, const struct flight *flight,
		      __u16 node)
{
	struct fleet_flow *flow = &f->flows[flight->flow];
	struct fleet_socket *s = &f->nodes[node].sockets[flight->flow];

	if (flow->life != flight->life)
		return 0;
	if (!flow->open)
		return flow->asked_ms ? accept_syn(f, b, flight->flow, node) : 0;
	if (!b->half_open || node == flow->owner || s->state != NO_SOCKET)
		return 0;
	return socket_set(f, b, node, flight->flow, HALF_OPEN, false);
}

int scene_arrive(struct fleet *f, const struct backend *b, const struct flight *flight, __u16 node,
		 const struct model_result *r)
{
	struct fleet_flow *flow = &f->flows[flight->flow];
	struct fleet_socket *s = &f->nodes[node].sockets[flight->flow];
	bool passed = r->reason != AD_R_NOBODY_ONCE;

	if (s->state == OPENED && flight->packet.ack && flight->ack == s->acked)
		s->heard_ms = f->now_ms;
	if (flight->kind == FLIGHT_FORGED || flow->life != flight->life)
		return 0;
	if (r->reason == AD_R_NOBODY || r->reason == AD_R_NOBODY_ONCE)
		flow->given_up_ms = f->now_ms;
	if (!passed || r->reason == AD_R_UNASKED || r->reason == AD_R_NO_ROUTE ||
	    r->reason == AD_R_BUDGET_HUNT || r->reason == AD_R_TUNNEL_HOPS)
		return 0;
	if (flight->kind == FLIGHT_SYN)
		return arrive_syn(f, b, flight, node);
	if (s->state == OPENED && s->life == flight->life) {
		if (flight->kind == FLIGHT_END)
			return socket_set(f, b, node, flight->flow, NO_SOCKET, false);
		return flow->open && !one_in(4) ? speak(f, b, flight->flow) : 0;
	}
	if (s->state != OPENED)
		flow->open = false; /* a RST */
	return 0;
}

/* --- clients ---------------------------------------------------------------------------------- */

/* Where BGP, and then ECMP, lead it. A POP without a living node announces nothing. */
static __u16 landing(const struct fleet *f, const struct fleet_flow *flow)
{
	__u16 at;

	if (flow->wanders) {
		do
			at = below(f->nr_nodes);
		while (!f->nodes[at].alive);
		return at;
	}
	for (__u32 step = 0; step < f->nr_pops; step++) {
		__u16 pop = (f->home[flow->prefix] + step) % f->nr_pops;
		__u32 nr = 0, pick;

		for (__u32 i = 0; i < f->nr_nodes; i++)
			nr += f->nodes[i].pop == pop && f->nodes[i].alive;
		if (!nr)
			continue;
		pick = ((__u32)flow->prf ^ f->spread[pop]) % nr;
		for (__u32 i = 0; i < f->nr_nodes; i++)
			if (f->nodes[i].pop == pop && f->nodes[i].alive && !pick--)
				return i;
	}
	return 0;
}

static struct flight *free_flight(struct fleet *f)
{
	for (int i = 0; i < FLEET_FLIGHTS; i++)
		if (!f->flights[i].busy)
			return &f->flights[i];
	return NULL;
}

/* What somebody sends who sees nothing of the flow but its addresses and ports. */
static void forge(struct fleet *f, struct flight *flight)
{
	struct model_packet *p = &flight->packet;

	p->syn = one_in(3);
	p->ack = !one_in(3);
	p->rst = one_in(5);
	p->fin = one_in(3);
	p->payload = one_in(2);
	p->timestamps = one_in(2);
	p->tsecr = one_in(4) ? 0 : dice();
	flight->ack = flight->number = dice();
	do
		flight->at = below(f->nr_nodes);
	while (!f->nodes[flight->at].alive);
}

static void send_packet(struct fleet *f, __u32 at, enum flight_kind kind)
{
	struct fleet_flow *flow = &f->flows[at];
	struct flight *flight = free_flight(f);
	struct model_packet *p;

	if (!flight)
		return;
	memset(flight, 0, sizeof(*flight));
	p = &flight->packet;
	flight->busy = flight->straight = true;
	flight->kind = kind;
	flight->flow = at;
	flight->life = flow->life;
	flight->number = flow->number;
	flight->ack = kind == FLIGHT_SYN ? 0 : flow->acked;
	flight->echo_ms = flow->echo_ms;
	flight->at = landing(f, flow);
	p->syn = kind == FLIGHT_SYN;
	p->ack = !p->syn;
	p->payload = kind == FLIGHT_DATA;
	p->fin = kind == FLIGHT_END && one_in(2);
	p->rst = kind == FLIGHT_END && !p->fin;
	p->timestamps = flow->timestamps && kind != FLIGHT_KEEPALIVE;
	p->tsecr = p->timestamps && !p->syn ? flow->echo : 0;
	if (kind == FLIGHT_FORGED)
		forge(f, flight);
	flight->landed = flight->at;
	f->packets++;
}

static void ask(struct fleet *f, __u32 at)
{
	struct fleet_flow *flow = &f->flows[at];

	if (flow->asked_ms && f->now_ms - flow->asked_ms < SYN_AGAIN_MS)
		return;
	if (!flow->asked_ms) {
		flow->owners |= flow->life ? 1ull << flow->owner : 0;
		flow->life++;
		flow->number = dice();
		flow->timestamps = !one_in(3);
	}
	flow->asked_ms = f->now_ms;
	send_packet(f, at, FLIGHT_SYN);
}

/* It says so, or is just gone. */
static void leave(struct fleet *f, __u32 at)
{
	if (!one_in(4))
		send_packet(f, at, FLIGHT_END);
	f->flows[at].open = false;
	f->flows[at].asked_ms = 0;
}

static void use(struct fleet *f, __u32 at)
{
	__u32 roll = below(240);

	if (roll < 4)
		leave(f, at);
	else if (roll < 7)
		send_packet(f, at, FLIGHT_SYN); /* an old one that was late */
	else if (roll < 20)
		send_packet(f, at, FLIGHT_KEEPALIVE);
	else if (roll < 50)
		send_packet(f, at, FLIGHT_FORGED);
	else
		send_packet(f, at, roll < 120 ? FLIGHT_ACK : FLIGHT_DATA);
}

/* --- the world -------------------------------------------------------------------------------- */

static int land_all(struct fleet *f, const struct backend *b)
{
	int err = 0;

	for (int i = 0; i < FLEET_FLIGHTS; i++)
		while (!err && f->flights[i].busy)
			err = travel(f, b, &f->flights[i]);
	return err;
}

/* Everybody is silent for a while; where stamps grow old, for a little more or less. */
static int fall_silent(struct fleet *f, const struct backend *b)
{
	static const __u32 minutes[] = { 0, 0, 0, 1, 2, 5, 11, 30, 61, 66, 69, 70, 72, 100, 130 };
	static const __u32 ages[] = { 134, 136, 140, 141, 210, 281, 420 };
	__u64 ms = one_in(12) ? ages[below(sizeof(ages) / sizeof(*ages))]
			      : minutes[below(sizeof(minutes) / sizeof(*minutes))];
	int err = land_all(f, b);

	ms = ms * MINUTE_MS + below(MINUTE_MS);
	f->now_ms += ms;
	return err ?: b->age(f, ms);
}

static int die(struct fleet *f, const struct backend *b, __u16 node)
{
	int err = 0;

	if (!f->nodes[node].alive || living(f) * 4 <= f->nr_nodes * 3 || living(f) <= 2)
		return 0;
	f->nodes[node].alive = false;
	for (__u32 i = 0; !err && i < f->nr_flows; i++)
		if (f->nodes[node].sockets[i].state != NO_SOCKET)
			err = socket_set(f, b, node, i, NO_SOCKET, false);
	b->forget_all(f, node);
	return err;
}

/* Somebody reads the configuration again: he knows who is down, and who drains. */
static void learn_fleet(struct fleet *f, __u16 node)
{
	for (__u32 i = 0; i < f->nr_nodes; i++) {
		f->nodes[node].calls_dead[i] = !f->nodes[i].alive;
		f->nodes[node].calls_draining[i] = f->nodes[i].drains;
	}
}

/* Back, and called so by all before it announces anything. */
static int revive(struct fleet *f, const struct backend *b, __u16 node)
{
	int err = land_all(f, b);

	f->nodes[node].alive = true;
	f->nodes[node].drains = false;
	learn_fleet(f, node);
	for (__u32 i = 0; !err && i < f->nr_nodes; i++) {
		f->nodes[i].calls_dead[node] = false;
		err = b->refresh(f, i);
	}
	return err;
}

static void drain(struct fleet *f, __u16 node)
{
	struct fleet_node *n = &f->nodes[node];

	n->drains ^= true;
	n->nr_successors = n->drains ? below(5) : 0;
	for (__u32 i = 0; i < n->nr_successors; i++)
		n->successors[i] = f->nodes[below(f->nr_nodes)].id;
}

static void cut(struct fleet *f, __u16 node)
{
	__u16 other = below(f->nr_nodes);
	bool any = false;

	for (__u32 i = 0; i < f->nr_nodes; i++) {
		any |= f->nodes[node].cut_off[i];
		f->nodes[node].cut_off[i] = false;
	}
	if (!any && other != node)
		f->nodes[node].cut_off[other] = true;
}

/* Keepalives and timeouts find out whose clients are gone. */
static int reap(struct fleet *f, const struct backend *b, __u16 node)
{
	int err = 0;

	for (__u32 i = 0; !err && i < f->nr_flows; i++) {
		const struct fleet_socket *s = &f->nodes[node].sockets[i];

		if (s->state == HALF_OPEN ||
		    (s->state == OPENED && (s->life != f->flows[i].life || !f->flows[i].open)))
			err = socket_set(f, b, node, i, NO_SOCKET, false);
	}
	return err;
}

static int event(struct fleet *f, const struct backend *b)
{
	__u16 node = below(f->nr_nodes);

	switch (below(14)) {
	case 0:
	case 1:
		f->home[below(FLEET_PREFIXES)] = below(f->nr_pops);
		return 0;
	case 2:
		f->spread[below(f->nr_pops)] = dice();
		return 0;
	case 3:
		return fall_silent(f, b);
	case 4:
		return one_in(3) ? die(f, b, node) : 0;
	case 5:
		return f->nodes[node].alive ? 0 : revive(f, b, node);
	case 6:
		drain(f, node);
		break;
	case 7:
		if (f->nodes[node].cut_off[0] || one_in(2))
			cut(f, node);
		break;
	case 8:
		f->nodes[node].flooded = one_in(4);
		break;
	case 9:
		b->forget(f, node, below(f->nr_flows));
		return 0;
	case 10:
		if (one_in(10))
			b->forget_all(f, node);
		return 0;
	case 11:
		return reap(f, b, node);
	default:
		learn_fleet(f, node);
	}
	return b->refresh(f, node);
}

/* A tick: something is sent, or one of those that travel goes on, whichever. */
static int step(struct fleet *f, const struct backend *b)
{
	struct flight *flight = &f->flights[below(FLEET_FLIGHTS)];
	__u32 at = below(f->nr_flows), ms = below(TICK_MS);

	f->now_ms += ms;
	if (ms && b->age(f, ms))
		return -EIO;
	if (one_in(EVENT))
		return event(f, b);
	if (flight->busy)
		return travel(f, b, flight);
	if (f->flows[at].open)
		use(f, at);
	else
		ask(f, at);
	return 0;
}

int scene_play(struct fleet *f, const struct backend *b, __u64 packets)
{
	__u64 until = f->packets + packets;
	int err = 0;

	while (!err && f->packets < until && !judge_first_broken())
		err = step(f, b);
	return err ?: land_all(f, b);
}
