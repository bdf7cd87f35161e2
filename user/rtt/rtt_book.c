// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rtt_book.c: measured round-trip times, rule by rule (rtt_book.h).
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rtt_book.h"
#include "user/steer/ranks.h"

#define AHEAD_S 300 /* clocks of others may be so far ahead of ours */

/* What was told of one POP: the sums of several tellers. */
struct heard {
	double rtt_us;	/* mean by samples */
	double samples; /* at at_real_s */
	__u64 at_real_s;
};

struct share {
	size_t policy;
	const char *region;
	const struct steer_choice *choices; /* by which its locations are known */
	size_t nr;
	struct rtt_hist here;
	struct rtt_pop *list; /* in the present order */
	struct heard *heard;  /* by place in the rule */
	struct heard left;    /* measured here, by the daemon before */
	__u32 *recalled;      /* by place: the rank that was left; 0: none */
	__u64 ranked_real_s;  /* since when they stand so; 0: since ever */
};

struct rtt_book {
	const struct steer_plan *plan;
	const struct config *config;
	struct share *shares; /* those of one policy follow each other, in the plan's order */
	size_t nr;
	size_t found; /* the one that was found last: rows of one rule follow each other */
	bool was_judged;
};

/* --- making it -------------------------------------------------------------------------------- */

static int make_share(struct rtt_book *book, size_t policy, size_t index)
{
	const struct steer_share *from = &book->plan->policies[policy].shares[index];
	struct share *share = &book->shares[book->nr++];
	size_t i;

	share->policy = policy;
	share->region = steer_share_region(book->config, &book->config->policies[policy], index);
	share->choices = from->to.choices;
	share->nr = from->to.nr;
	share->list = calloc(share->nr ?: 1, sizeof(*share->list));
	share->heard = calloc(share->nr ?: 1, sizeof(*share->heard));
	share->recalled = calloc(share->nr ?: 1, sizeof(*share->recalled));
	if (!share->list || !share->heard || !share->recalled)
		return -ENOMEM;
	for (i = 0; i < share->nr; i++)
		share->list[i] = (struct rtt_pop){ .pop = share->choices[i].pop, .place = i };
	return 0;
}

static size_t count_shares(const struct steer_plan *plan, const struct config *config)
{
	size_t i, nr = 0;

	for (i = 0; i < plan->nr_policies; i++)
		if (config->policies[i].draw == CONFIG_DRAW_RTT)
			nr += plan->policies[i].nr_shares;
	return nr;
}

int rtt_book_new(const struct steer_plan *plan, const struct config *config, struct rtt_book **out)
{
	size_t nr = plan ? count_shares(plan, config) : 0, i, k;
	struct rtt_book *book;
	int err = 0;

	*out = NULL;
	if (!nr)
		return 0;
	book = calloc(1, sizeof(*book));
	if (!book)
		return -ENOMEM;
	book->plan = plan;
	book->config = config;
	book->shares = calloc(nr, sizeof(*book->shares));
	err = book->shares ? 0 : -ENOMEM;
	for (i = 0; !err && i < plan->nr_policies; i++)
		for (k = 0; !err && config->policies[i].draw == CONFIG_DRAW_RTT &&
			    k < plan->policies[i].nr_shares;
		     k++)
			err = make_share(book, i, k);
	if (err)
		rtt_book_free(book);
	else
		*out = book;
	return err;
}

void rtt_book_free(struct rtt_book *book)
{
	size_t i;

	if (!book)
		return;
	for (i = 0; i < book->nr; i++) {
		free(book->shares[i].list);
		free(book->shares[i].heard);
		free(book->shares[i].recalled);
	}
	free(book->shares);
	free(book);
}

/* --- finding ---------------------------------------------------------------------------------- */

static const char *policy_of(const struct rtt_book *book, const struct share *share)
{
	return book->config->policies[share->policy].name;
}

static const char *pop_of(const struct rtt_book *book, const struct share *share, size_t place)
{
	return config_pop_name(book->config, share->choices[place].pop);
}

static bool is_here(const struct rtt_book *book, const struct share *share, size_t place)
{
	return share->choices[place].pop == book->config->self->pop;
}

static bool is_of(const struct rtt_book *book, const struct share *share,
		  const struct ad_rtt_key *key)
{
	return !strcmp(share->region, key->region) && !strcmp(policy_of(book, share), key->policy);
}

/* NULL: there is none with this policy, region and POP; else *@place is the POP's. */
static struct share *find(struct rtt_book *book, const struct ad_rtt_key *key, size_t *place)
{
	struct share *share;
	size_t i;

	for (i = 0; i < book->nr; i++) {
		share = &book->shares[(book->found + i) % book->nr];
		if (!is_of(book, share, key))
			continue;
		book->found = share - book->shares;
		for (*place = 0; *place < share->nr; ++*place)
			if (!strcmp(pop_of(book, share, *place), key->pop))
				return share;
		return NULL;
	}
	return NULL;
}

/* --- taking ----------------------------------------------------------------------------------- */

void rtt_book_add(struct rtt_book *book, __u32 location, const struct ad_rtt_counts *counts)
{
	const struct steer_plan *plan = book->plan;
	struct share *share;
	size_t i;

	if (location >= plan->map.nr_locations)
		return;
	for (i = 0; i < book->nr; i++) {
		share = &book->shares[i];
		if (plan->policies[share->policy].rules[location].choices == share->choices)
			rtt_hist_add(&share->here, counts);
	}
}

void rtt_book_recall(struct rtt_book *book, const struct ad_rtt_key *key,
		     const struct ad_rtt_seen *seen)
{
	size_t place;
	struct share *share = find(book, key, &place);

	if (!share)
		return;
	share->recalled[place] = seen->rank;
	if (seen->rank)
		share->ranked_real_s = seen->ranked_real_s;
	if (is_here(book, share, place))
		share->left = (struct heard){ seen->rtt_us, seen->samples, seen->at_real_s };
}

static void hear_row(struct rtt_book *book, const struct rtt_row *row)
{
	size_t place;
	struct share *share = find(book, &row->key, &place);
	struct heard *heard = share ? &share->heard[place] : NULL;
	double samples = row->samples;

	if (!heard || samples <= 0 || row->rtt_us <= 0)
		return;
	if (!heard->samples) {
		*heard = (struct heard){ row->rtt_us, samples, row->at_real_s };
		return;
	}
	heard->rtt_us = (heard->rtt_us * heard->samples + row->rtt_us * samples) /
			(heard->samples + samples);
	heard->samples += samples;
	if (row->at_real_s < heard->at_real_s) /* as old as the oldest of them */
		heard->at_real_s = row->at_real_s;
}

int rtt_book_hear(struct rtt_book *book, const struct rtt_rows *rows)
{
	size_t i;

	for (i = 0; i < book->nr; i++)
		memset(book->shares[i].heard, 0, book->shares[i].nr * sizeof(struct heard));
	for (i = 0; i < rows->nr; i++)
		hear_row(book, &rows->list[i]);
	return 0;
}

/* --- judging ---------------------------------------------------------------------------------- */

/* What is left of its samples by now. */
static double samples_now(const struct rtt_book *book, const struct heard *heard, __u64 now_real_s)
{
	double age_s = now_real_s > heard->at_real_s ? now_real_s - heard->at_real_s : 0;

	if (heard->at_real_s > now_real_s + AHEAD_S)
		return 0; /* no time that could have been: nobody knows how old it is */
	return heard->samples * exp2(-age_s / book->config->rtt.memory_s);
}

static void take_heard(const struct rtt_book *book, const struct heard *heard, __u64 now_real_s,
		       struct rtt_pop *pop)
{
	pop->samples = samples_now(book, heard, now_real_s);
	pop->rtt_us = heard->rtt_us;
}

/* Measured here, or left here by the daemon before; else what others say. */
static void value_pop(const struct rtt_book *book, const struct share *share, __u64 now_real_s,
		      struct rtt_pop *pop)
{
	double enough = book->config->rtt.samples;

	pop->is_own = is_here(book, share, pop->place);
	if (!is_here(book, share, pop->place)) {
		take_heard(book, &share->heard[pop->place], now_real_s, pop);
		return;
	}
	pop->samples = rtt_hist_samples(&share->here);
	pop->rtt_us = rtt_hist_median_us(&share->here);
	if (pop->samples < enough && samples_now(book, &share->left, now_real_s) > pop->samples)
		take_heard(book, &share->left, now_real_s, pop);
	if (pop->samples < enough &&
	    samples_now(book, &share->heard[pop->place], now_real_s) > pop->samples) {
		take_heard(book, &share->heard[pop->place], now_real_s, pop);
		pop->is_own = false;
	}
}

static int by_rank(const void *a, const void *b, void *arg)
{
	const struct rtt_pop *x = a, *y = b;
	const __u32 *ranks = arg;

	return (int)ranks[x->place] - (int)ranks[y->place] ?: x->place - y->place;
}

/* If they are still the same POPs. Of others the order begins anew. */
static void recall_order(struct share *share)
{
	size_t i, nr = 0;

	for (i = 0; i < share->nr; i++)
		nr += share->recalled[i] != 0;
	if (nr == share->nr)
		qsort_r(share->list, share->nr, sizeof(*share->list), by_rank, share->recalled);
	else
		share->ranked_real_s = 0;
}

static bool judge_share(struct rtt_book *book, struct share *share, __u64 now_real_s)
{
	const struct config_rtt *config = &book->config->rtt;
	const struct rtt_rule rule = { config->samples, config->margin / 100.0 };
	size_t i;

	for (i = 0; i < share->nr; i++)
		value_pop(book, share, now_real_s, &share->list[i]);
	/* A clock that was set back must not hold it for ever. */
	if (share->ranked_real_s && now_real_s >= share->ranked_real_s &&
	    now_real_s - share->ranked_real_s < config->hold_s)
		return false;
	if (!rtt_rank(&rule, share->list, share->nr))
		return false;
	share->ranked_real_s = now_real_s;
	return true;
}

size_t rtt_book_judge(struct rtt_book *book, __u64 now_real_s, double passed_s, rtt_told *told,
		      void *arg)
{
	size_t i, nr = 0;

	for (i = 0; i < book->nr; i++) {
		struct share *share = &book->shares[i];

		if (!book->was_judged)
			recall_order(share);
		rtt_hist_fade(&share->here, passed_s, book->config->rtt.memory_s);
		if (!judge_share(book, share, now_real_s))
			continue;
		nr++;
		told(policy_of(book, share), share->region, share->list, share->nr, arg);
	}
	book->was_judged = true;
	return nr;
}

/* --- telling ---------------------------------------------------------------------------------- */

static void make_key(const struct rtt_book *book, const struct share *share, size_t place,
		     struct ad_rtt_key *key)
{
	memset(key, 0, sizeof(*key));
	snprintf(key->policy, sizeof(key->policy), "%s", policy_of(book, share));
	snprintf(key->region, sizeof(key->region), "%s", share->region);
	snprintf(key->pop, sizeof(key->pop), "%s", pop_of(book, share, place));
}

static bool is_ranked(const struct share *share)
{
	size_t i;

	for (i = 0; i < share->nr; i++)
		if (share->list[i].place != i)
			return true;
	return false;
}

int rtt_book_each(const struct rtt_book *book, __u64 now_real_s,
		  int (*each)(const struct ad_rtt_key *key, const struct ad_rtt_seen *seen,
			      void *arg),
		  void *arg)
{
	struct ad_rtt_seen seen;
	struct ad_rtt_key key;
	size_t i, k;
	int err = 0;

	for (i = 0; i < book->nr; i++) {
		const struct share *share = &book->shares[i];
		bool ranked = is_ranked(share);

		for (k = 0; !err && k < share->nr; k++) {
			const struct rtt_pop *pop = &share->list[k];

			seen = (struct ad_rtt_seen){
				.at_real_s = pop->samples > 0 ? now_real_s : 0,
				.ranked_real_s = ranked ? share->ranked_real_s : 0,
				.rtt_us = pop->samples > 0 ? pop->rtt_us : 0,
				.samples = pop->samples < UINT32_MAX ? pop->samples : UINT32_MAX,
				.rank = ranked ? k + 1 : 0,
				.is_own = pop->is_own,
			};
			make_key(book, share, pop->place, &key);
			err = each(&key, &seen, arg);
		}
	}
	return err;
}

int rtt_book_report(const struct rtt_book *book, __u64 now_real_s, struct rtt_rows *rows)
{
	struct rtt_row row;
	size_t i, k;
	int err = 0;

	for (i = 0; i < book->nr; i++) {
		const struct share *share = &book->shares[i];

		for (k = 0; !err && k < share->nr; k++) {
			if (!is_here(book, share, k))
				continue;
			make_key(book, share, k, &row.key);
			row.at_real_s = now_real_s;
			row.samples = rtt_hist_samples(&share->here);
			row.rtt_us = rtt_hist_median_us(&share->here);
			if (row.samples >= 1)
				err = rtt_rows_add(rows, &row);
		}
	}
	return err;
}
