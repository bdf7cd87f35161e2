// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fuzz_directory.c: any bytes as what siblings say of their flows, one datagram after the other.
 * Nothing that is not signed may be read; what is signed here first, for it is of a node that has
 * the key, may say anything: only siblings own flows then, the data path was told of just those
 * that are kept, and counts and digests are what they stand for. What we say can be read.
 *
 * An item: one byte of flags, two bytes of length, the datagram.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "user/directory/kept.h"
#include "user/directory/owned.h"
#include "user/fleet/homes.h"

#define NOW_S  1800000000u
#define HEAD   DIRECTORY_HEAD_BYTES
#define TAG_AT 48

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum {
	SIGN = 1, /* as a node with the key does */
	NOTE = 2, /* not a datagram: flows of this node begin, */
	END = 4	  /* or end */
};

static const struct ad_tunnel_key keys[DIRECTORY_KEYS] = {
	{ .key = { 1, 2 }, .epoch = 1, .valid = 1 },
	{ .key = { 3, 4 } },
};
static const struct directory_way way = { .from.b = { 1 }, .to.b = { 2 } };
static const __u16 siblings[] = { 2, 3, 4 };

static struct node {
	struct kept kept;
	struct owned owned;
	size_t in_map;
	__u64 now_us;
} node;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return sodium_init() < 0;
}

static void check(int good)
{
	if (!good)
		abort();
}

static int write_map(__u64 flow, __u16 owner, void *arg)
{
	check(owner <= 4 && owner != 1);
	if (!owner)
		node.in_map--;
	else if (!flow_set_find(&node.kept.flows, flow))
		node.in_map++;
	return 0;
}

static void send_it(__u16 to, struct directory_message *message, void *arg)
{
	__u8 bytes[DIRECTORY_BYTES_MAX];
	struct directory_message back;
	size_t nr;

	check(to >= 2 && to <= 4);
	message->time_s = NOW_S;
	nr = directory_write(message, &way, &keys[0], bytes);
	check(!directory_read(bytes, nr, &way, keys, NOW_S, &back));
	check(back.nr_owned == message->nr_owned && back.nr_ended == message->nr_ended &&
	      !memcmp(back.flows, message->flows, 8 * (back.nr_owned + back.nr_ended)));
}

/* Where message.c has them. */
static void sign(uint8_t *bytes, size_t nr)
{
	crypto_generichash_state hash;

	memcpy(bytes,
	       "\xad"
	       "dir",
	       4);
	bytes[8] = 1;
	bytes[10] = keys[0].epoch;
	bytes[12] = NOW_S >> 24;
	bytes[13] = NOW_S >> 16 & 0xff;
	bytes[14] = NOW_S >> 8 & 0xff;
	bytes[15] = NOW_S & 0xff;
	crypto_generichash_init(&hash, (const uint8_t *)keys[0].key, 16, 16);
	crypto_generichash_update(&hash, way.from.b, 16);
	crypto_generichash_update(&hash, way.to.b, 16);
	crypto_generichash_update(&hash, bytes, TAG_AT);
	crypto_generichash_update(&hash, bytes + HEAD, nr - HEAD);
	crypto_generichash_final(&hash, bytes + TAG_AT, 16);
}

static void check_kept(void)
{
	for (size_t i = 0; i < node.kept.nr_peers; i++) {
		const struct kept_peer *peer = &node.kept.peers[i];
		__u64 digest = 0;
		__u32 nr = 0;

		for (size_t j = 0; j < node.kept.flows.room; j++) {
			const struct flow_mark *mark = &node.kept.flows.at[j];

			if (mark->flow && mark->owner == peer->id) {
				nr++;
				digest ^= mark->flow;
			}
		}
		check(nr == peer->count && digest == peer->digest);
	}
	check(node.in_map == node.kept.flows.nr);
}

static void hear(uint8_t *bytes, size_t nr, int flags)
{
	struct directory_message message, answer;

	if (flags & SIGN && nr >= HEAD)
		sign(bytes, nr);
	if (directory_read(bytes, nr, &way, keys, NOW_S, &message))
		return;
	check(flags & SIGN);
	if (message.kind == DIRECTORY_ANSWER)
		owned_hear(&node.owned, &message, node.now_us);
	else if (kept_hear(&node.kept, &message, &answer))
		check(answer.seq == message.seq && answer.session == message.session);
	check_kept();
}

static void note(const uint8_t *bytes, size_t nr, int flags)
{
	__u64 flow;

	for (; nr >= 8; nr -= 8, bytes += 8) {
		memcpy(&flow, bytes, 8);
		owned_note(&node.owned, flow, !(flags & END));
	}
}

static void raise_node(void)
{
	struct ad_homes homes;

	node = (struct node){ .now_us = 1,
			      .kept.write = write_map,
			      .owned = { .self = 1, .session = 5, .send = send_it } };
	homes_fill(&homes, (const __u16[]){ 1, 2, 3, 4 }, 4);
	check(!kept_use(&node.kept, siblings, 3));
	check(!owned_use(&node.owned, &homes, siblings, 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	raise_node();
	while (size >= 3) {
		int flags = data[0];
		size_t nr = data[1] | (data[2] & 7) << 8;
		uint8_t *bytes;

		data += 3;
		size -= 3;
		nr = nr < size ? nr : size;
		bytes = malloc(nr ?: 1);
		memcpy(bytes, data, nr);
		if (flags & NOTE)
			note(bytes, nr, flags);
		else
			hear(bytes, nr, flags);
		free(bytes);
		owned_go(&node.owned, node.now_us += 250000);
		data += nr;
		size -= nr;
	}
	check(!kept_use(&node.kept, siblings, 0) && !node.in_map);
	owned_free(&node.owned);
	kept_free(&node.kept);
	return 0;
}
