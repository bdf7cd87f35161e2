/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * wrap.h: what the bench and its wrapper programs share.
 *
 * A *deck* is a long array of *cards*. Each round plays the next card: the wrapper restores the
 * frame from the template, then writes the card's 8-byte words over it, at offsets that are the
 * same for the whole deck. So a card is one flow, or one name, and the frame is valid again.
 */
#ifndef BENCH_WRAP_H
#define BENCH_WRAP_H

#define BENCH_FRAME_MAX 192 /* bytes; a multiple of 8 */
#define BENCH_FRAME_MIN 60
#define BENCH_WORDS	8
#define BENCH_CALLS	16 /* helper calls in a row, to divide by */

struct bench_layout {
	__u64 frame[BENCH_FRAME_MAX / 8];
	__u64 tail;	 /* the frame's last 8 bytes: its length need not be a multiple of 8 */
	__u32 length;	 /* of the frame, BENCH_FRAME_MIN to BENCH_FRAME_MAX */
	__u32 deck_mask; /* cards - 1, a power of two - 1 */
	__u32 nr_words;	 /* in a card; its size in the map is 8 times that */
	__u32 at[BENCH_WORDS]; /* where each word goes */
	__u32 cold_mask;       /* lines that the yardstick `cold` walks - 1 */
	__u32 cold_step;       /* and of how many, one */
};

/* The programs of stages.bpf.c, in their order: a query's way through `dns` up to there. */
enum stage {
	STAGE_HEADS,  /* IP and UDP read */
	STAGE_IMAGE,  /* the zones that answer this packet */
	STAGE_NAME,   /* the question, its name hashed */
	STAGE_CELL,   /* the name looked for */
	STAGE_REST,   /* OPT and cookie, if any */
	STAGE_SEARCH, /* not there: wildcard or none */
	STAGE_ROOM,   /* the answer chosen, the frame as long as it will be */
	STAGE_WRITTEN,
	STAGES
};

#endif
