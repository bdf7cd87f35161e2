/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * steer_rows.h: which POP a client is sent to, as the kernel reads it, once it is known where the
 * client is (steer.h).
 *
 * A location of a policy has an entry: a row of 64 slots, each the number of a POP. A client's hash
 * draws a slot. The POP there may be out; then others of the row are drawn, and then the row behind
 * it, with those of the next rank. What a POP's state is now stands in one word for each POP,
 * written alone: no row is made anew for that.
 *
 * Rows, like an image of zones (dns.h), are a run of equal pages; an address counts through them.
 * They are made with the image whose names they are for, and go live with it: a slot of
 * steer_tables and a bank of steer_pops belong to the slot of dns_pages with the same number.
 */
#ifndef AD_STEER_ROWS_H
#define AD_STEER_ROWS_H

#include "steer.h"

#define AD_STEER_SLOTS 64
#define AD_STEER_POPS  255 /* a slot is a byte ... */
#define AD_STEER_NONE  255 /* ... and this one names nobody */
#define AD_STEER_BANK  256 /* words for the POPs of one image */
#define AD_STEER_RANKS 32  /* rows behind each other */
#define AD_STEER_NAME  64

/* An entry: the number of a row, from 1 on (0: none), and what must be known without reading it. */
#define AD_STEER_ROW	(AD_STEER_SINGLE - 1)
#define AD_STEER_SINGLE (1u << 30) /* all its slots name one POP */
#define AD_STEER_SPREAD (1u << 31) /* who loses its POP there goes on to the next row at once */

struct ad_steer_row {
	__u8 pop[AD_STEER_SLOTS];
};
AD_ASSERT_SIZE(struct ad_steer_row, 64);

/*
 * First thing of page 0. Of each policy the entries of all locations follow each other, and then
 * that of the last resort.
 */
struct ad_rows_head {
	__u32 pages;
	__u32 nr_policies;
	__u32 nr_locations;
	__u32 nr_rows;
	__u64 entries; /* address of __u32[nr_policies][nr_locations + 1] */
	__u64 nexts;   /* of __u32[nr_rows + 1]: the entry behind each row; 0 = none */
	__u64 rows;    /* of struct ad_steer_row[nr_rows + 1] */
	__u8 pad[24];
};
AD_ASSERT_SIZE(struct ad_rows_head, 64);

/* Page 0 as a whole. */
struct ad_rows {
	struct ad_rows_head head;
	__u8 body[AD_STEER_PAGE_BYTES - sizeof(struct ad_rows_head)];
};
AD_ASSERT_SIZE(struct ad_rows, AD_STEER_PAGE_BYTES);

/* The word of a POP: flags, and what part of its clients it sheds, in 64ths. */
#define AD_STEER_OUT	    (1u << 0) /* gets nobody */
#define AD_STEER_DOUBT	    (1u << 1) /* answers that name it live for a short time only */
#define AD_STEER_SHED_SHIFT 8
#define AD_STEER_SHED_MASK  0x7fu

/* steer_pops: a POP of the image in the slot of the same number. */
struct ad_steer_pop {
	__u32 word;
	__u32 pad;
	char name[AD_STEER_NAME]; /* empty: there is no such POP */
};
AD_ASSERT_SIZE(struct ad_steer_pop, 72);

/* steer_told, by name of a POP: what an operator has said of it. Of others nothing was said. */
enum ad_steer_state {
	AD_STEER_TOLD_UP = 1,
	AD_STEER_TOLD_DRAINING,
	AD_STEER_TOLD_DOWN,
	AD_STEER_TOLD_SHED,
	AD_STEER_TOLD_STATES
};
struct ad_steer_told {
	__u64 since_real_s;
	__u32 state;   /* enum ad_steer_state */
	__u32 percent; /* that it sheds */
	char who[32];
};
AD_ASSERT_SIZE(struct ad_steer_told, 48);
/*
 * steer_drained, by name of a POP: 1 while all its nodes drain; greater while it comes back: then
 * it sheds that less 1, in 65536ths of its clients.
 */
#define AD_STEER_DRAINED   1u
#define AD_STEER_BACK_UNIT 65536u

#define AD_STEER_TOLD_MAX 4096 /* as many POPs as can be configured */

#endif
