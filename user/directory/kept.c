// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * kept.c: flows without stamps whose home is this node (kept.h).
 */
#include <errno.h>
#include <stdlib.h>
#include "kept.h"

static int by_id(const void *a, const void *b)
{
	return (int)((const struct kept_peer *)a)->id - ((const struct kept_peer *)b)->id;
}

static struct kept_peer *find_peer(const struct kept *kept, __u16 id)
{
	const struct kept_peer wanted = { .id = id };

	if (!kept->nr_peers)
		return NULL;
	return bsearch(&wanted, kept->peers, kept->nr_peers, sizeof(wanted), by_id);
}

static void count(struct kept *kept, const struct flow_mark *mark, int by)
{
	struct kept_peer *peer = find_peer(kept, mark->owner);

	if (!peer)
		return;
	peer->count += by;
	peer->digest ^= mark->flow;
}

static void forget(struct kept *kept, struct flow_mark *mark)
{
	kept->write(mark->flow, 0, kept->arg);
	count(kept, mark, -1);
	flow_set_remove(&kept->flows, mark);
}

/* Removes the marks of @owner that are not of this @round; with 0 for both, those of no peer. */
static void sweep(struct kept *kept, __u16 owner, __u32 round)
{
	size_t i = kept->flows.room;

	while (i--) {
		struct flow_mark *mark = &kept->flows.at[i];

		while (mark->flow && (owner ? mark->owner == owner && mark->round != round
					    : !find_peer(kept, mark->owner)))
			forget(kept, mark);
	}
}

int kept_use(struct kept *kept, const __u16 *ids, size_t nr)
{
	struct kept_peer *peers = calloc(nr ?: 1, sizeof(*peers)), *known;

	if (!peers)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		known = find_peer(kept, ids[i]);
		if (known)
			peers[i] = *known;
		peers[i].id = ids[i];
	}
	qsort(peers, nr, sizeof(*peers), by_id);
	free(kept->peers);
	kept->peers = peers;
	kept->nr_peers = nr;
	sweep(kept, 0, 0);
	return 0;
}

bool kept_recall(struct kept *kept, __u64 flow, __u16 owner)
{
	struct flow_mark *mark = find_peer(kept, owner) ? flow_set_add(&kept->flows, flow) : NULL;

	if (!mark)
		return false;
	mark->owner = owner;
	count(kept, mark, 1);
	return true;
}

static void keep(struct kept *kept, const struct kept_peer *peer, __u64 flow)
{
	struct flow_mark *mark = flow_set_find(&kept->flows, flow);

	if (!mark || mark->owner != peer->id) {
		if (kept->write(flow, peer->id, kept->arg)) {
			kept->is_full = true;
			return;
		}
		if (mark)
			count(kept, mark, -1);
		else
			mark = flow_set_add(&kept->flows, flow);
		if (!mark) {
			kept->write(flow, 0, kept->arg);
			kept->is_full = true;
			return;
		}
		mark->owner = peer->id;
		count(kept, mark, 1);
	}
	mark->round = peer->round;
}

static void apply(struct kept *kept, struct kept_peer *peer,
		  const struct directory_message *message)
{
	size_t i, nr = message->nr_owned;

	if (message->flags & DIRECTORY_BEGINS)
		peer->round++;
	for (i = nr; i < nr + message->nr_ended; i++) {
		struct flow_mark *mark = flow_set_find(&kept->flows, message->flows[i]);

		if (mark && mark->owner == peer->id)
			forget(kept, mark);
	}
	if (nr)
		kept->is_full = false;
	for (i = 0; i < nr; i++)
		keep(kept, peer, message->flows[i]);
	if (message->flags & DIRECTORY_ENDS)
		sweep(kept, peer->id, peer->round);
}

/* Numbers and times are compared as they wrap. */
static bool is_older(__u32 a, __u32 b)
{
	return (__s32)(a - b) < 0;
}

/* Is it a message of an earlier daemon of this peer, or one that a later one has overtaken? */
static bool is_late(const struct kept_peer *peer, const struct directory_message *message)
{
	if (!peer->session)
		return false;
	if (message->session != peer->session)
		return is_older(message->time_s, peer->time_s);
	return is_older(message->seq, peer->seq);
}

bool kept_hear(struct kept *kept, const struct directory_message *message,
	       struct directory_message *answer)
{
	struct kept_peer *peer = find_peer(kept, message->from);
	bool again;

	if (!peer || message->kind != DIRECTORY_TELL || is_late(peer, message))
		return false;
	again = message->session == peer->session && message->seq == peer->seq;
	if (!again)
		apply(kept, peer, message);
	peer->session = message->session;
	peer->seq = message->seq;
	if (!again)
		peer->time_s = message->time_s;
	*answer = (struct directory_message){
		.kind = DIRECTORY_ANSWER,
		.flags = kept->is_full ? DIRECTORY_FULL : 0,
		.session = message->session,
		.seq = message->seq,
		.count = peer->count,
		.digest = peer->digest,
	};
	return true;
}

void kept_free(struct kept *kept)
{
	flow_set_free(&kept->flows);
	free(kept->peers);
	kept->peers = NULL;
	kept->nr_peers = 0;
}
