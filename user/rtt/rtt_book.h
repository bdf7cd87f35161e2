/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rtt_book.h: for each rule of each policy that draws by round-trip time: what this node measured,
 * what others did, and in which order the rule's POPs stand. Knows no libbpf.
 */
#ifndef AD_RTT_BOOK_H
#define AD_RTT_BOOK_H

#include "rtt_rank.h"
#include "rtt_rows.h"
#include "user/config/config.h"
#include "user/steer/policy.h"

struct rtt_book;

/* *@book is NULL if no policy draws so. Plan and configuration must outlive it. 0 or -ENOMEM. */
int rtt_book_new(const struct steer_plan *plan, const struct config *config,
		 struct rtt_book **book);
void rtt_book_free(struct rtt_book *book);

/* Connections to this POP from clients at @location. */
void rtt_book_add(struct rtt_book *book, __u32 location, const struct ad_rtt_counts *counts);
/*
 * As the daemon before left it: the order of a rule's POPs, and what this node measured. To be
 * called for each POP before the first rtt_book_judge().
 */
void rtt_book_recall(struct rtt_book *book, const struct ad_rtt_key *key,
		     const struct ad_rtt_seen *seen);
/*
 * What others measured, in the place of what they told before: of each POP what several tell is
 * weighed by their samples. What they tell of this POP counts while too little was measured here.
 * What is not in the configuration is left out. 0 or -ENOMEM.
 */
int rtt_book_hear(struct rtt_book *book, const struct rtt_rows *rows);

/* A rule of which the order of POPs has changed. */
typedef void rtt_told(const char *policy, const char *region, const struct rtt_pop *list, size_t nr,
		      void *arg);
/*
 * It is @now_real_s, @passed_s after the last call: old ones count less, and rules that may change
 * do. How many did.
 */
size_t rtt_book_judge(struct rtt_book *book, __u64 now_real_s, double passed_s, rtt_told *told,
		      void *arg);
/* How each POP of each rule stands, in the rule's present order; until @each returns an error. */
int rtt_book_each(const struct rtt_book *book, __u64 now_real_s,
		  int (*each)(const struct ad_rtt_key *key, const struct ad_rtt_seen *seen,
			      void *arg),
		  void *arg);
/* What this node measured by itself, for others. 0, -ENOMEM. */
int rtt_book_report(const struct rtt_book *book, __u64 now_real_s, struct rtt_rows *rows);

#endif
