// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rtt_rank.c: the order of POPs by round-trip time (rtt_rank.h).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "rtt_rank.h"

/* --- what was counted ------------------------------------------------------------------------- */

void rtt_hist_add(struct rtt_hist *hist, const struct ad_rtt_counts *counts)
{
	size_t i;

	for (i = 0; i < AD_RTT_BUCKETS; i++)
		hist->count[i] += counts->count[i];
}

void rtt_hist_fade(struct rtt_hist *hist, double passed_s, double half_s)
{
	double part = exp2(-passed_s / half_s);
	size_t i;

	for (i = 0; i < AD_RTT_BUCKETS; i++)
		hist->count[i] *= part;
}

double rtt_hist_samples(const struct rtt_hist *hist)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < AD_RTT_BUCKETS; i++)
		sum += hist->count[i];
	return sum;
}

/* Where a bucket begins. */
static double bucket_us(size_t bucket)
{
	return (double)((4 + bucket % 4) << (bucket / 4 + 4));
}

double rtt_hist_median_us(const struct rtt_hist *hist)
{
	double half = rtt_hist_samples(hist) / 2, below = 0;
	size_t i;

	if (half <= 0)
		return 0;
	for (i = 0; i < AD_RTT_BUCKETS - 1 && below + hist->count[i] < half; i++)
		below += hist->count[i];
	return bucket_us(i) + (bucket_us(i + 1) - bucket_us(i)) *
				      (hist->count[i] > 0 ? (half - below) / hist->count[i] : 0);
}

/* --- the order -------------------------------------------------------------------------------- */

static bool is_known(const struct rtt_rule *rule, const struct rtt_pop *pop)
{
	return pop->samples >= rule->samples && pop->rtt_us > 0;
}

static bool is_faster(const struct rtt_rule *rule, const struct rtt_pop *pop,
		      const struct rtt_pop *before)
{
	return pop->rtt_us < before->rtt_us * (1 - rule->margin) &&
	       before->rtt_us - pop->rtt_us >= RTT_LEAST_GAIN_US;
}

static int by_place(const void *a, const void *b)
{
	const struct rtt_pop *x = a, *y = b;

	return x->place - y->place;
}

/* The fastest one behind @at that is known; @nr: there is none. */
static size_t find_fastest(const struct rtt_rule *rule, const struct rtt_pop *list, size_t nr,
			   size_t at)
{
	size_t i, best = nr;

	for (i = at + 1; i < nr; i++)
		if (is_known(rule, &list[i]) && (best == nr || list[i].rtt_us < list[best].rtt_us))
			best = i;
	return best;
}

/* @from gets the place @to; those between that are known move to the next such place. */
static void move_to(const struct rtt_rule *rule, struct rtt_pop *list, size_t from, size_t to)
{
	struct rtt_pop moved = list[from];
	size_t i, free_at = from;

	for (i = from; i-- > to;) {
		if (!is_known(rule, &list[i]))
			continue;
		list[free_at] = list[i];
		free_at = i;
	}
	list[to] = moved;
}

static void rank(const struct rtt_rule *rule, struct rtt_pop *list, size_t nr)
{
	size_t i, best;

	if (!is_known(rule, &list[0]))
		qsort(list, nr, sizeof(*list), by_place);
	for (i = 0; i + 1 < nr; i++) {
		best = is_known(rule, &list[i]) ? find_fastest(rule, list, nr, i) : nr;
		if (best < nr && is_faster(rule, &list[best], &list[i]))
			move_to(rule, list, best, i);
	}
}

bool rtt_rank(const struct rtt_rule *rule, struct rtt_pop *list, size_t nr)
{
	__u16 places[AD_STEER_POPS_MAX];
	bool has_moved = false;
	size_t i;

	if (!nr || nr > AD_STEER_POPS_MAX)
		return false;
	for (i = 0; i < nr; i++)
		places[i] = list[i].place;
	rank(rule, list, nr);
	for (i = 0; i < nr; i++)
		has_moved |= places[i] != list[i].place;
	return has_moved;
}
