/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_explain.h: how the engine came to an answer, name by name: for each steered name on the way,
 * what it knew and whom it asked. By the code that the kernel runs. Knows no libbpf.
 */
#ifndef AD_DNS_EXPLAIN_H
#define AD_DNS_EXPLAIN_H

#include "dns_ask.h"
#include "dns_home.h"
#include "dns_zones.h"

#define DNS_EXPLAIN_NAMES 16 /* of a chain of aliases */

/* One name on the way. */
struct dns_explain_name {
	__u8 name[256];			   /* as it was looked for, lower case */
	const struct dns_steered *steered; /* NULL: everybody gets the same of it */
	struct ad_addr where;		   /* the client that it went by */
	bool by_subnet;			   /* that is what the query told */
	unsigned int known_bits;	   /* of its address, of all 128 */
	__u16 location;
	unsigned int place_bits; /* that decided on it, of all 128 */
	__u64 draw;
	unsigned int draw_bits;		 /* that the draw was made of, of all 128 */
	bool drawn;			 /* the answer depends on the draw */
	bool doubtful;			 /* a POP on the way was in doubt, or out */
	unsigned int pop;		 /* AD_STEER_NONE: nobody */
	__u8 pops[AD_DNS_STEER_ANSWERS]; /* it, and others whose addresses are told */
	unsigned int nr_pops;
	struct dns_asked asked;
};

struct dns_explanation {
	struct dns_explain_name names[DNS_EXPLAIN_NAMES]; /* the one asked for, then its aliases */
	size_t nr;
	int verdict; /* enum dns_verdict: with DNS_SEND, @reply is the message */
	__u32 rcode;
	int scope; /* that the reply tells; -1: no subnet was told */
	__u32 reply_len;
	__u8 reply[DNS_MSG_BYTES];
};

/* A word for each POP of @zones in @pops. 0 or -ENOMEM. */
int dns_explain(const struct dns_zones *zones, const struct ad_steer_pop *pops,
		const struct dns_ask *ask, struct dns_explanation *explanation);

/* What the rows of a policy have for a location: the row of @rank, counted from 0; NULL: none. */
const struct ad_steer_row *dns_explain_row(const struct dns_steer_set *set, unsigned int policy,
					   unsigned int location, unsigned int rank);

#endif
