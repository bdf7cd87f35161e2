// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_rtt_rank.c: from round-trip times to buckets, from buckets to medians, from medians to the
 * order of POPs.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "selftests/tap.h"
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#include "bpf/base/rtt.h"
#include "user/rtt/rtt_rank.h"

static const struct rtt_rule rule = { .samples = 50, .margin = 0.2 };

/* --- buckets ---------------------------------------------------------------------------------- */

static void test_bucket_holds_what_it_says(void)
{
	unsigned int us, bad = 0;

	for (us = 64; us < 1u << 26; us += us / 50 + 1) {
		unsigned int b = rtt_bucket(us);
		unsigned int from = (4 + b % 4) << (b / 4 + 4);
		unsigned int to = (4 + (b + 1) % 4) << ((b + 1) / 4 + 4);

		bad += b >= AD_RTT_BUCKETS || us < from || us >= to;
	}
	is_int(bad, 0, "every time from 64 us to 67 s is in its bucket");
	is_int(rtt_bucket(0), 0, "0 is in the first one");
	is_int(rtt_bucket(63), 0, "so is what is shorter than it");
	is_int(rtt_bucket(0xffffffff), AD_RTT_BUCKETS - 1, "the longest of all is in the last one");
}

/* --- medians ---------------------------------------------------------------------------------- */

static void count(struct rtt_hist *hist, unsigned int rtt_us, unsigned int nr)
{
	struct ad_rtt_counts counts = {};

	counts.count[rtt_bucket(rtt_us)] = nr;
	rtt_hist_add(hist, &counts);
}

static void test_median_is_near_the_truth(void)
{
	unsigned int us, bad = 0;

	for (us = 100; us < 10000000; us += us / 7) {
		struct rtt_hist hist = {};

		count(&hist, us / 10, 30); /* a few that are far nearer, and far farther */
		count(&hist, us, 100);
		count(&hist, us * 6, 30);
		bad += rtt_hist_median_us(&hist) < us * 0.8 ||
		       rtt_hist_median_us(&hist) > us * 1.25;
	}
	is_int(bad, 0, "within a quarter, whatever is at the ends");
	is_int(rtt_hist_median_us(&(struct rtt_hist){}), 0, "of none there is none");
}

static void test_fade_halves_samples_and_keeps_the_median(void)
{
	struct rtt_hist hist = {};
	double before;

	count(&hist, 20000, 100);
	before = rtt_hist_median_us(&hist);
	for (int i = 0; i < 60; i++)
		rtt_hist_fade(&hist, 10, 600);
	ok(rtt_hist_samples(&hist) > 49.9 && rtt_hist_samples(&hist) < 50.1,
	   "after half of its life half of it counts: %.2f", rtt_hist_samples(&hist));
	ok(rtt_hist_median_us(&hist) > before - 1 && rtt_hist_median_us(&hist) < before + 1,
	   "the median stays");
}

/* --- the order -------------------------------------------------------------------------------- */

#define ms *1000.0
#define POP(n, t, nr)                                                                              \
	{                                                                                          \
		.pop = n, .place = n, .rtt_us = (t)ms, .samples = nr                               \
	}

/* Times in ms, 0: not known; "021": their order afterwards, by place. */
static bool ranks(const double *times, size_t nr, const char *expected)
{
	struct rtt_pop list[8] = {};
	char found[9] = "";
	size_t i;
	bool moved;

	for (i = 0; i < nr; i++)
		list[i] = (struct rtt_pop)POP(i, times[i], times[i] ? 100 : 0);
	moved = rtt_rank(&rule, list, nr);
	for (i = 0; i < nr; i++)
		found[i] = '0' + list[i].place;
	if (strcmp(found, expected))
		diag("%s, not %s", found, expected);
	return !strcmp(found, expected) && moved == !!strncmp(expected, "01234567", nr);
}

static void test_rank_orders_by_time(void)
{
	ok(ranks((double[]){ 0, 0, 0 }, 3, "012"), "nothing known: the configuration's order");
	ok(ranks((double[]){ 80, 20, 50 }, 3, "120"), "the least first");
	ok(ranks((double[]){ 80, 70, 75 }, 3, "012"), "within the margin nobody moves");
	ok(ranks((double[]){ 100, 90, 75 }, 3, "201"), "the first is compared with the least");
	ok(ranks((double[]){ 80, 0, 10 }, 3, "210"), "who is not known keeps his place");
	ok(ranks((double[]){ 0, 10, 80 }, 3, "012"), "also the first one");
	ok(ranks((double[]){ 0, 80, 10 }, 3, "021"), "and those behind are ordered");
	ok(ranks((double[]){ 1.5, 0.6 }, 2, "01"), "for less than a millisecond nobody moves");
	ok(ranks((double[]){ 5 }, 1, "0"), "one is always first");
	ok(!rtt_rank(&rule, NULL, 0), "and none is none");
}

static void test_rank_too_few_samples_do_not_count(void)
{
	struct rtt_pop list[] = { POP(0, 80, 100), POP(1, 10, 49) };

	ok(!rtt_rank(&rule, list, 2), "49 of 50: not known");
	list[1].samples = 50;
	ok(rtt_rank(&rule, list, 2) && list[0].place == 1, "50 of 50: known");
}

static void test_rank_holds_against_noise(void)
{
	struct rtt_pop list[] = { POP(0, 40, 100), POP(1, 30, 100) };
	int moves = 0;

	srandom(7);
	for (int i = 0; i < 10000; i++) { /* both between 36 and 44 ms */
		list[0].rtt_us = (36 + random() % 80 / 10.0) ms;
		list[1].rtt_us = (36 + random() % 80 / 10.0) ms;
		moves += rtt_rank(&rule, list, 2);
	}
	is_int(moves, 0, "two that are about as fast never change places");
}

static void test_rank_stays_until_it_is_beaten(void)
{
	struct rtt_pop list[] = { POP(0, 80, 100), POP(1, 40, 100) };

	rtt_rank(&rule, list, 2);
	is_int(list[0].place, 1, "the faster one is first");
	list[0].rtt_us = 85 ms;
	ok(!rtt_rank(&rule, list, 2), "a little slower than the other: it stays");
	list[0].rtt_us = 120 ms;
	ok(rtt_rank(&rule, list, 2) && list[0].place == 0, "slower by the margin: it goes back");
}

static void test_rank_unknown_winner_is_order_again(void)
{
	struct rtt_pop list[] = { POP(2, 40, 10), POP(0, 80, 0), POP(1, 60, 100) };

	ok(rtt_rank(&rule, list, 3), "who was first is not known any more");
	ok(list[0].place == 0 && list[1].place == 1 && list[2].place == 2,
	   "it is the configuration's order again");
}

/* What must be true of any list, whatever it was before. */
static void test_rank_random_lists_are_sorted(void)
{
	int bad = 0, again = 0;

	for (int round = 0; round < 20000; round++) {
		struct rtt_pop list[12];
		size_t nr = 1 + random() % 12, i, j;
		unsigned int seen = 0;

		for (i = 0; i < nr; i++)
			list[i] = (struct rtt_pop)POP(i, 1 + random() % 200, random() % 3 * 50);
		rtt_rank(&rule, list, nr);
		for (i = 0; i < nr; i++) {
			seen |= 1u << list[i].place;
			if (list[i].samples < rule.samples) {
				bad += list[i].place != i;
				continue;
			}
			for (j = i + 1; j < nr; j++)
				bad += list[j].samples >= rule.samples &&
				       list[j].rtt_us < list[i].rtt_us * 0.8 &&
				       list[i].rtt_us - list[j].rtt_us >= 1000;
		}
		bad += seen != (1u << nr) - 1;
		again += rtt_rank(&rule, list, nr);
	}
	is_int(bad, 0, "nobody is behind one that he beats, nobody is lost, the unknown stay");
	is_int(again, 0, "a second time changes nothing");
}

int main(void)
{
	test_bucket_holds_what_it_says();
	test_median_is_near_the_truth();
	test_fade_halves_samples_and_keeps_the_median();
	test_rank_orders_by_time();
	test_rank_too_few_samples_do_not_count();
	test_rank_holds_against_noise();
	test_rank_stays_until_it_is_beaten();
	test_rank_unknown_winner_is_order_again();
	test_rank_random_lists_are_sorted();
	return done_testing();
}
