// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owned.c: flows without stamps that this node owns, and who is told (owned.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "owned.h"

#define HELLO_US       1000000ull /* so often at least is a sibling told something */
#define AGAIN_US       200000ull  /* an answer takes so long at most, or is lost */
#define AGAIN_MUTE_US  1000000ull
#define NEWS_MAX       65536 /* more than that: all is told anew */
#define PATIENCE_MAX_S 64

static struct owned_peer *peer_of(struct owned *owned, __u64 flow)
{
	__u16 at = owned->peer_of[AD_HOME_PART(flow)];

	return at < owned->nr_peers ? &owned->peers[at] : NULL;
}

static void tell_all(const struct owned *owned, struct owned_peer *peer)
{
	peer->tells_all = peer->begins = true;
	peer->next = peer->room = owned->flows.room;
	peer->nr_news = 0;
}

static void add_news(const struct owned *owned, struct owned_peer *peer, __u64 flow)
{
	size_t room = peer->room_news ? 2 * peer->room_news : 256;
	__u64 *news = peer->news;

	if (peer->nr_news == peer->room_news) {
		news = room <= NEWS_MAX ? reallocarray(news, room, sizeof(*news)) : NULL;
		if (!news) {
			tell_all(owned, peer);
			return;
		}
		peer->news = news;
		peer->room_news = room;
	}
	news[peer->nr_news++] = flow;
}

/* What is told is how things stand when it is sent: so it does not matter in what order they came.
 */
static void change(struct owned *owned, __u64 flow, int by)
{
	struct owned_peer *peer = peer_of(owned, flow);

	if (!peer)
		return;
	peer->count += by;
	peer->digest ^= flow;
	add_news(owned, peer, flow);
}

/* --- siblings --------------------------------------------------------------------------------- */

static struct owned_peer *find_peer(const struct owned *owned, __u16 id)
{
	for (size_t i = 0; i < owned->nr_peers; i++)
		if (owned->peers[i].id == id)
			return &owned->peers[i];
	return NULL;
}

static void free_peers(struct owned *owned)
{
	for (size_t i = 0; i < owned->nr_peers; i++)
		free(owned->peers[i].news);
	free(owned->peers);
}

static void set_homes(struct owned *owned, const struct ad_homes *homes)
{
	struct owned_peer *peer;

	owned->homes = *homes;
	for (size_t part = 0; part < AD_HOME_PARTS; part++) {
		peer = find_peer(owned, homes->node[part]);
		owned->peer_of[part] = peer ? (size_t)(peer - owned->peers) : owned->nr_peers;
	}
}

/* What has another home now is told to it, and to the one before that it is not any more. */
static void move_flows(struct owned *owned, const struct ad_homes *before)
{
	struct owned_peer *peer;

	for (size_t i = 0; i < owned->flows.room; i++) {
		__u64 flow = owned->flows.at[i].flow;
		__u16 home = before->node[AD_HOME_PART(flow)];

		peer = flow ? peer_of(owned, flow) : NULL;
		if (peer) {
			peer->count++;
			peer->digest ^= flow;
		}
		if (!flow || home == owned->homes.node[AD_HOME_PART(flow)])
			continue;
		if (peer)
			add_news(owned, peer, flow);
		peer = find_peer(owned, home);
		if (peer)
			add_news(owned, peer, flow);
	}
}

int owned_use(struct owned *owned, const struct ad_homes *homes, const __u16 *ids, size_t nr)
{
	struct owned_peer *peers = calloc(nr ?: 1, sizeof(*peers)), *known;
	struct ad_homes before = owned->homes;

	if (!peers)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		known = find_peer(owned, ids[i]);
		if (known) {
			peers[i] = *known;
			known->news = NULL;
		}
		peers[i].id = ids[i];
		peers[i].count = peers[i].digest = 0;
		peers[i].patience_s = peers[i].patience_s ?: 1;
	}
	free_peers(owned);
	owned->peers = peers;
	owned->nr_peers = nr;
	set_homes(owned, homes);
	move_flows(owned, &before);
	return 0;
}

/* --- flows ------------------------------------------------------------------------------------ */

static void begin_flow(struct owned *owned, __u64 flow)
{
	bool is_new = !flow_set_find(&owned->flows, flow);
	struct flow_mark *mark = flow_set_add(&owned->flows, flow);

	if (!mark)
		return;
	mark->round = owned->round;
	if (is_new)
		change(owned, flow, 1);
}

static void end_flow(struct owned *owned, __u64 flow)
{
	struct flow_mark *mark = flow_set_find(&owned->flows, flow);

	if (!mark)
		return;
	flow_set_remove(&owned->flows, mark);
	change(owned, flow, -1);
}

void owned_note(struct owned *owned, __u64 flow, bool lives)
{
	struct flow_mark *ended;

	if (!lives && owned->is_listing)
		flow_set_add(&owned->ended, flow);
	ended = lives ? flow_set_find(&owned->ended, flow) : NULL;
	if (ended)
		flow_set_remove(&owned->ended, ended);
	if (lives)
		begin_flow(owned, flow);
	else
		end_flow(owned, flow);
}

void owned_begin_list(struct owned *owned)
{
	flow_set_free(&owned->ended);
	owned->is_listing = true;
	owned->round++;
}

void owned_end_list(struct owned *owned, const __u64 *flows, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!flow_set_find(&owned->ended, flows[i]))
			begin_flow(owned, flows[i]);
	i = owned->flows.room;
	while (i--) {
		struct flow_mark *mark = &owned->flows.at[i];

		while (mark->flow && mark->round != owned->round)
			end_flow(owned, mark->flow);
	}
	flow_set_free(&owned->ended);
	owned->is_listing = false;
}

/* --- messages --------------------------------------------------------------------------------- */

/* The flows that begin come first, the others behind them. */
static void put_news(struct owned *owned, struct owned_peer *peer)
{
	struct directory_message *message = &peer->message;
	size_t nr = peer->nr_news < DIRECTORY_FLOWS ? peer->nr_news : DIRECTORY_FLOWS;
	size_t last = nr;

	for (size_t i = 0; i < nr; i++) {
		__u64 flow = peer->news[i];

		if (flow_set_find(&owned->flows, flow) && peer_of(owned, flow) == peer)
			message->flows[message->nr_owned++] = flow;
		else
			message->flows[--last] = flow;
	}
	message->nr_ended = nr - message->nr_owned;
	peer->nr_news -= nr;
	memmove(peer->news, peer->news + nr, peer->nr_news * sizeof(*peer->news));
}

/* From the highest place down, so that none is missed that a removal moves. */
static void put_all(struct owned *owned, struct owned_peer *peer)
{
	struct directory_message *message = &peer->message;

	if (peer->room != owned->flows.room)
		tell_all(owned, peer);
	message->flags = peer->begins ? DIRECTORY_BEGINS : 0;
	peer->begins = false;
	while (peer->next && message->nr_owned < DIRECTORY_FLOWS) {
		__u64 flow = owned->flows.at[--peer->next].flow;

		if (flow && peer_of(owned, flow) == peer)
			message->flows[message->nr_owned++] = flow;
	}
	if (peer->next)
		return;
	message->flags |= DIRECTORY_ENDS;
	peer->tells_all = false;
}

static void send_next(struct owned *owned, struct owned_peer *peer, __u64 now_us)
{
	peer->message = (struct directory_message){
		.from = owned->self,
		.kind = DIRECTORY_TELL,
		.session = owned->session,
		.seq = peer->seq = ++owned->seq,
	};
	if (peer->nr_news)
		put_news(owned, peer);
	else if (peer->tells_all)
		put_all(owned, peer);
	peer->waits = true;
	peer->tries = 1;
	peer->sent_us = now_us;
	owned->send(peer->id, &peer->message, owned->arg);
}

static void send_again(struct owned *owned, struct owned_peer *peer, __u64 now_us)
{
	if (now_us - peer->sent_us < (peer->tries < OWNED_MUTE_TRIES ? AGAIN_US : AGAIN_MUTE_US))
		return;
	if (peer->tries < OWNED_MUTE_TRIES)
		peer->tries++;
	peer->sent_us = now_us;
	owned->send(peer->id, &peer->message, owned->arg);
}

bool owned_go(struct owned *owned, __u64 now_us)
{
	bool waits = false;

	for (size_t i = 0; i < owned->nr_peers; i++) {
		struct owned_peer *peer = &owned->peers[i];

		if (peer->waits)
			send_again(owned, peer, now_us);
		else if (peer->nr_news || peer->tells_all || now_us - peer->sent_us >= HELLO_US)
			send_next(owned, peer, now_us);
		waits |= peer->waits;
	}
	return waits;
}

static void tell_all_again(struct owned *owned, struct owned_peer *peer, __u64 now_us)
{
	if (now_us < peer->again_us)
		return;
	peer->again_us = now_us + peer->patience_s * 1000000ull;
	if (peer->patience_s < PATIENCE_MAX_S)
		peer->patience_s *= 2;
	owned->retold++;
	tell_all(owned, peer);
}

void owned_hear(struct owned *owned, const struct directory_message *answer, __u64 now_us)
{
	struct owned_peer *peer = find_peer(owned, answer->from);

	if (!peer || answer->kind != DIRECTORY_ANSWER || !peer->waits ||
	    answer->session != owned->session || answer->seq != peer->seq)
		return;
	peer->waits = false;
	peer->tries = 0;
	peer->is_full = answer->flags & DIRECTORY_FULL;
	if (peer->nr_news || peer->tells_all)
		return;
	if (answer->count == peer->count && answer->digest == peer->digest)
		peer->patience_s = 1;
	else
		tell_all_again(owned, peer, now_us);
}

size_t owned_mute(const struct owned *owned)
{
	size_t nr = 0;

	for (size_t i = 0; i < owned->nr_peers; i++)
		nr += owned->peers[i].waits && owned->peers[i].tries >= OWNED_MUTE_TRIES;
	return nr;
}

void owned_free(struct owned *owned)
{
	free_peers(owned);
	owned->peers = NULL;
	owned->nr_peers = 0;
	flow_set_free(&owned->flows);
	flow_set_free(&owned->ended);
}
