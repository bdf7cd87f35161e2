// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_shed.c: what a POP sheds by its load; and 20 POPs with uneven catchments, each of which
 * knows its own load alone, and late: they come to rest, and do not swing.
 */
#include <stdlib.h>
#include "selftests/tap.h"
#include <linux/types.h>
#include "user/steer/shed.h"

static const struct shed_rule rule = { .from = 0.7, .to = 1, .settle_s = 120 };

static void test_shed_below_the_first_mark_is_none(void)
{
	struct shed_state state = {};
	unsigned int most = 0;

	for (int i = 0; i < 1000; i++)
		if (shed_step(&rule, &state, 0.69, 10) > most)
			most = state.shed * 100;
	is_int(most, 0, "a load below the first mark sheds nobody");
}

static void test_shed_between_the_marks_is_in_proportion(void)
{
	static const double loads[] = { 0.76, 0.85, 0.94 };

	for (size_t i = 0; i < 3; i++) {
		struct shed_state state = {};
		double expected = (loads[i] - 0.7) / 0.3 * 100;
		unsigned int percent = 0;

		for (int s = 0; s < 1000; s++)
			percent = shed_step(&rule, &state, loads[i], 10);
		ok(percent > expected - 1 && percent < expected + 1,
		   "load %.2f: %u %% is what the marks want", loads[i], percent);
	}
}

static void test_shed_above_all_marks_keeps_some(void)
{
	struct shed_state state = {};
	unsigned int percent = 0;

	for (int i = 0; i < 10000; i++)
		percent = shed_step(&rule, &state, 1e6, 10);
	is_int(percent, 90, "never all");
}

static void test_shed_goes_back_slowly_and_wholly(void)
{
	struct shed_state state = {};
	int up = 0, down = 0;

	while (shed_step(&rule, &state, 0.95, 10) < 50 && up < 10000)
		up++;
	for (int i = 0; i < 20; i++) /* what is smoothed comes to rest */
		shed_step(&rule, &state, 0.95, 10);
	while (shed_step(&rule, &state, 0.3, 10) > 0 && down < 10000)
		down++;
	ok(up < 200, "up in %d steps of 10 s", up);
	ok(down > up && down < 3000, "back in %d", down);
	is_int(state.shed * 1000, 0, "wholly");
}

static void test_shed_does_not_follow_a_tremble(void)
{
	struct shed_state state = {};
	unsigned int least = 100, most = 0;

	for (int i = 0; i < 2000; i++) {
		unsigned int percent = shed_step(&rule, &state, i % 2 ? 0.83 : 0.87, 10);

		if (i < 500)
			continue;
		least = percent < least ? percent : least;
		most = percent > most ? percent : most;
	}
	ok(most - least <= 1, "between %u and %u %%", least, most);
}

static void test_shed_after_a_pause_does_not_leap(void)
{
	struct shed_state state = {};

	shed_step(&rule, &state, 0.5, 10);
	ok(shed_step(&rule, &state, 2, 1e9) <= 25, "%.0f %% after a pause of years",
	   state.shed * 100);
}

/* --- many POPs -------------------------------------------------------------------------------- */

#define POPS	  20
#define HOUR	  3600
#define END	  (4 * HOUR)
#define EVERY	  10 /* s between measurements */
#define DELAY_MAX 40
#define LOST	  7

enum pattern {
	STEADY,
	SURGE,	 /* after an hour one POP's clients are 2.5 times as many */
	WAVE,	 /* day goes round the world, in two hours */
	NOISE,	 /* each POP's clients vary by a third, at random */
	LOSS,	 /* after two hours a POP is gone */
	TOO_MUCH /* more than all of them can carry */
};

struct site {
	double capacity, demand;  /* connections; those that would be here if nobody shed */
	double seen;		  /* how much of its word resolvers have noticed */
	double here;		  /* connections */
	double before[DELAY_MAX]; /* `here` of the last seconds */
	struct shed_state state;
	unsigned int word;
	bool lost;
};

struct world {
	struct site sites[POPS];
	enum pattern pattern;
	double ttl_s, life_s; /* of answers and of connections */
	int delay_s;	      /* of measurements */
	__u64 random;
	/* Over a span of time: */
	double load_max;
	unsigned int word_min[POPS], word_max[POPS];
	int turns[POPS], way[POPS];
	unsigned int edge[POPS];
};

static double chance(struct world *world)
{
	world->random = world->random * 6364136223846793005ull + 1442695040888963407ull;
	return (world->random >> 11) / (double)(1ull << 53);
}

static void world_start(struct world *world, enum pattern pattern, double life_s, int delay_s,
			__u64 seed)
{
	static const double sizes[] = { 500, 1000, 2000, 4000 };
	double all = 0, weighted = 0;

	*world = (struct world){ .pattern = pattern,
				 .ttl_s = 60,
				 .life_s = life_s,
				 .delay_s = delay_s,
				 .random = seed };
	for (int i = 0; i < POPS; i++) {
		struct site *site = &world->sites[i];

		site->capacity = sizes[(int)(chance(world) * 4)];
		site->demand = site->capacity * (0.3 + 1.4 * chance(world));
		all += site->capacity;
		weighted += site->demand;
	}
	for (int i = 0; i < POPS; i++)
		world->sites[i].demand *= (pattern == TOO_MUCH ? 1.2 : 0.65) * all / weighted;
}

/* From 0 to 1 and back while @turns grows by one. */
static double wave(double turns)
{
	double part = turns - (int)turns;

	return part < 0.5 ? 2 * part : 2 - 2 * part;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double demand(struct world *world, int i, int now)
{
	double whole = world->sites[i].demand;

	if (world->pattern == SURGE && i == 3 && now > HOUR)
		return 2.5 * whole;
	if (world->pattern == WAVE)
		return whole * (0.6 + 0.8 * wave(now / 7200.0 + 1 - (double)i / POPS));
	if (world->pattern == NOISE)
		return whole * (0.67 + 0.66 * chance(world));
	return whole;
}

/* Who is shed goes to the others by their size, as far as they take somebody. */
static void flow(struct world *world, int now)
{
	double lands[POPS] = {}, takes[POPS], sum = 0, own;

	for (int i = 0; i < POPS; i++) {
		struct site *site = &world->sites[i];

		site->seen += (site->word / 100.0 - site->seen) / (world->ttl_s / 2);
		takes[i] = site->lost ? 0 : site->capacity * (1 - site->seen);
		sum += takes[i];
	}
	for (int i = 0; i < POPS; i++) {
		own = demand(world, i, now);
		lands[i] += world->sites[i].lost ? 0 : own * (1 - world->sites[i].seen);
		own *= world->sites[i].lost ? 1 : world->sites[i].seen;
		for (int j = 0; j < POPS; j++)
			lands[j] += j == i ? 0 : own * takes[j] / (sum - takes[i]);
	}
	for (int i = 0; i < POPS; i++) {
		struct site *site = &world->sites[i];

		site->here = site->lost ? 0 : site->here + (lands[i] - site->here) / world->life_s;
		site->before[now % DELAY_MAX] = site->here;
	}
}

static void measure(struct world *world, int now)
{
	int then = now > world->delay_s ? now - world->delay_s : 0;

	for (int i = 0; i < POPS; i++) {
		struct site *site = &world->sites[i];
		double load = site->before[then % DELAY_MAX] / site->capacity;

		load *= 0.97 + 0.06 * chance(world);
		site->word = site->lost ? 0 : shed_step(&rule, &site->state, load, EVERY);
	}
}

static void forget(struct world *world)
{
	world->load_max = 0;
	for (int i = 0; i < POPS; i++) {
		world->word_min[i] = world->word_max[i] = world->sites[i].word;
		world->edge[i] = world->sites[i].word;
		world->turns[i] = world->way[i] = 0;
	}
}

/* A turn is a change of direction by more than 3 %. */
static void count_turns(struct world *world, int i)
{
	int word = world->sites[i].word, edge = world->edge[i], way = world->way[i];

	if (way >= 0 ? word > edge : word < edge) {
		world->edge[i] = word;
	} else if (abs(word - edge) > 3) {
		world->turns[i]++;
		world->way[i] = word > edge ? 1 : -1;
		world->edge[i] = word;
	}
}

static void watch(struct world *world)
{
	for (int i = 0; i < POPS; i++) {
		const struct site *site = &world->sites[i];

		if (site->here / site->capacity > world->load_max)
			world->load_max = site->here / site->capacity;
		if (site->word < world->word_min[i])
			world->word_min[i] = site->word;
		if (site->word > world->word_max[i])
			world->word_max[i] = site->word;
		count_turns(world, i);
	}
}

static void run(struct world *world, int from, int to)
{
	forget(world);
	for (int now = from; now < to; now++) {
		world->sites[LOST].lost = world->pattern == LOSS && now > 2 * HOUR;
		flow(world, now);
		if (now % EVERY == 0)
			measure(world, now);
		watch(world);
	}
}

static int most_turns(const struct world *world)
{
	int most = 0;

	for (int i = 0; i < POPS; i++)
		most = world->turns[i] > most ? world->turns[i] : most;
	return most;
}

static int widest(const struct world *world)
{
	int most = 0, wide;

	for (int i = 0; i < POPS; i++) {
		wide = world->word_max[i] - world->word_min[i];
		most = wide > most ? wide : most;
	}
	return most;
}

static void test_shed_many_pops_come_to_rest(enum pattern pattern, const char *name, double load,
					     int turns, int swing)
{
	static const struct {
		double life_s;
		int delay_s;
	} delays[] = { { 30, 0 }, { 60, 10 }, { 120, 30 } };
	double loads = 0, unshed = 0;
	int wides = 0, all_turns = 0;

	for (__u64 seed = 1; seed <= 8; seed++) {
		for (size_t i = 0; i < 3; i++) {
			struct world world;

			world_start(&world, pattern, delays[i].life_s, delays[i].delay_s, seed);
			for (int j = 0; j < POPS; j++) {
				double alone =
					demand(&world, j, 2 * HOUR) / world.sites[j].capacity;

				unshed = alone > unshed ? alone : unshed;
			}
			run(&world, 0, END - HOUR);
			all_turns = larger(all_turns, most_turns(&world));
			run(&world, END - HOUR, END);
			loads = larger(loads, world.load_max);
			wides = larger(wides, widest(&world));
		}
	}
	diag("%s: largest load %.2f without, %.2f with; in the last hour words move by %d %%, "
	     "turns in the three before: %d",
	     name, unshed, loads, wides, all_turns);
	ok(loads <= load, "%s: no load above %.2f at rest", name, load);
	ok(wides <= swing, "%s: no word moves by more than %d %% in the last hour", name, swing);
	ok(all_turns <= turns, "%s: no word turns more than %d times before", name, turns);
}

static void test_shed_simulations(void)
{
	test_shed_many_pops_come_to_rest(STEADY, "steady", 0.9, 2, 4);
	test_shed_many_pops_come_to_rest(SURGE, "surge", 0.95, 3, 4);
	test_shed_many_pops_come_to_rest(WAVE, "wave", 0.95, 5, 50);
	test_shed_many_pops_come_to_rest(NOISE, "noise", 0.95, 2, 6);
	test_shed_many_pops_come_to_rest(LOSS, "one lost", 0.9, 3, 4);
	test_shed_many_pops_come_to_rest(TOO_MUCH, "too much", 1.75, 2, 6);
}

int main(void)
{
	test_shed_below_the_first_mark_is_none();
	test_shed_between_the_marks_is_in_proportion();
	test_shed_above_all_marks_keeps_some();
	test_shed_goes_back_slowly_and_wholly();
	test_shed_does_not_follow_a_tremble();
	test_shed_after_a_pause_does_not_leap();
	test_shed_simulations();
	return done_testing();
}
