// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * deck.c: which packets are played, in which order, and the flow table they find.
 *
 * Cards lie in the order they are played, so the wrapper reads memory straight ahead and costs
 * the same in every bench; it is the flows on them that come at random. For few flows they are
 * drawn; for many the hash of the table has shuffled them already.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include "selftests/bench/frame.h"

#define CARDS_MIN 65536u  /* rounds before an order repeats: no branch predictor learns that */
#define HOSTS	  131072u /* 198.18.0.0/15, RFC 2544 */

/* The windows of 8 bytes that cover what differs between two cards. */
static const struct {
	__u32 nr, at[BENCH_WORDS];
} windows[] = {
	/* IP checksum and source; ports; TCP checksum; timestamps */
	[FRAME_FOREIGN] = { 3, { 24, 34, 46 } },
	[FRAME_PLAIN] = { 3, { 24, 34, 46 } },
	[FRAME_STAMPED] = { 4, { 24, 34, 46, 58 } },
	[FRAME_SYN] = { 3, { 24, 34, 46 } },
	/* outer UDP; tag; and the same 64 bytes on */
	[FRAME_TUNNEL... FRAME_LOOPING] = { 6, { 34, 70, 88, 98, 110, 122 } },
	/* the client is the destination here */
	[FRAME_OUT] = { 5, { 18, 26, 34, 46, 58 } },
	/* IP checksum and source; UDP; id; first label */
	[FRAME_DNS_A] = { 4, { 24, 34, 42, 55 } },
	[FRAME_DNS_NX] = { 4, { 24, 34, 42, 55 } },
	[FRAME_DNS_WILDCARD] = { 4, { 24, 34, 42, 55 } },
	[FRAME_DNS_DO] = { 4, { 24, 34, 42, 55 } },
	[FRAME_DNS_ECS] = { 4, { 24, 34, 42, 55 } },
	/* and the subnet */
	[FRAME_DNS_STEERED] = { 5, { 24, 34, 42, 55, 96 } },
	[FRAME_DNS_UNASKED] = { 4, { 24, 34, 42, 55 } },
	[FRAME_DNS_SIGNED] = { 4, { 24, 34, 42, 55 } },
	[FRAME_DNS_STEERED_SIGNED] = { 4, { 24, 34, 42, 55 } },
	[FRAME_DNS_NSEC] = { 4, { 24, 34, 42, 55 } },
	[FRAME_DNS_NSEC3] = { 4, { 24, 34, 42, 55 } },
	/* and the server's half of the cookie */
	[FRAME_DNS_COOKIE] = { 5, { 24, 34, 42, 55, 113 } },
};

static struct guest guest_number(unsigned int number, __u16 owner)
{
	return (struct guest){
		.address = htonl(0xc6120000 + number % HOSTS),
		.port = htons(1024 + number / HOSTS + number % 50000),
		.owner = owner,
	};
}

static bool add_flow(struct rig *rig, const struct bench *bench, const struct guest *guest)
{
	struct ad_flow flow = {
		.protocol = IPPROTO_TCP,
		.client.w = { 0, 0, htonl(0xffff), guest->address },
		.client_port = guest->port,
		.vip_port = htons(BENCH_PORT),
		.owner = bench->owner,
		.kind = bench->entry,
	};

	if (bench->frame == FRAME_STAMPED || bench->frame == FRAME_TUNNEL ||
	    bench->frame == FRAME_OUT)
		flow.flags = AD_FLOW_STAMPED;
	if (bench->entry == AD_FLOW_OURS) /* there is no socket: a server behind this host has it */
		flow.flags |= AD_FLOW_FORWARDED;
	return rig_add_flow(rig, &flow, frame_prf(rig, guest));
}

/* The @many clients whose flows fit the table, and between each two of them others' flows. */
static void choose_guests(struct rig *rig, const struct bench *bench, struct guest *guests)
{
	unsigned int number = 0, others = bench->live ? bench->live / bench->many - 1 : 0;
	struct guest other;

	for (unsigned int i = 0; i < bench->many; i++) {
		do
			guests[i] = guest_number(number++, bench->owner);
		while (bench->entry != AD_FLOW_FREE && !add_flow(rig, bench, &guests[i]));
		for (unsigned int j = 0; j < others;) {
			other = guest_number(number++, bench->owner);
			j += add_flow(rig, bench, &other);
		}
	}
}

static void lay_out(struct deck *deck, const struct frame *frame, enum frame_kind kind)
{
	struct bench_layout *layout = &deck->layout;

	layout->length = frame->length;
	layout->deck_mask = deck->cards - 1;
	layout->nr_words = windows[kind].nr;
	memcpy(layout->at, windows[kind].at, sizeof(layout->at));
	memcpy(layout->frame, frame->bytes, sizeof(layout->frame));
	memcpy(&layout->tail, frame->bytes + frame->length - 8, sizeof(layout->tail));
}

/* What the wrapper does with a card, to see that it makes this very frame of the template. */
static bool card_restores(const struct deck *deck, const __u64 *card, const struct frame *frame)
{
	const struct bench_layout *layout = &deck->layout;
	__u8 dealt[BENCH_FRAME_MAX];

	memcpy(dealt, layout->frame, sizeof(dealt));
	for (__u32 i = 0; i < layout->nr_words; i++)
		memcpy(dealt + layout->at[i], &card[i], 8);
	return frame->length == layout->length && !memcmp(dealt, frame->bytes, frame->length);
}

static int write_card(struct deck *deck, unsigned int number, const struct frame *frame)
{
	const struct bench_layout *layout = &deck->layout;
	__u64 *card = deck->words + (size_t)number * layout->nr_words;

	for (__u32 i = 0; i < layout->nr_words; i++)
		memcpy(&card[i], frame->bytes + layout->at[i], 8);
	return card_restores(deck, card, frame) ? 0 : -EINVAL;
}

static int write_cards(struct deck *deck, const struct rig *rig, const struct bench *bench,
		       const struct guest *guests)
{
	__u64 draw = 1;
	int err = 0;

	for (unsigned int i = 0; i < deck->cards && !err; i++) {
		unsigned int pick = i;
		struct frame frame;

		if (bench->many < deck->cards) {
			draw = draw * 6364136223846793005ull + 1442695040888963407ull;
			pick = (draw >> 33) % bench->many;
		}
		frame_build(&frame, rig, bench->frame, &guests[pick], pick);
		if (!i)
			lay_out(deck, &frame, bench->frame);
		err = write_card(deck, i, &frame);
	}
	return err;
}

int deck_build(struct deck *deck, struct rig *rig, const struct bench *bench)
{
	struct guest *guests = calloc(bench->many, sizeof(*guests));
	int err = -ENOMEM;

	deck->cards = bench->many > CARDS_MIN ? bench->many : CARDS_MIN;
	deck->words = calloc(deck->cards, 8 * windows[bench->frame].nr);
	if (guests && deck->words) {
		rig_renew(rig);
		choose_guests(rig, bench, guests);
		err = write_cards(deck, rig, bench, guests);
	}
	free(guests);
	return err;
}

void deck_free(struct deck *deck)
{
	free(deck->words);
	deck->words = NULL;
}
