// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_catch_watch.c: what counts as a catchment that has moved: hours of windows, each a row.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/catchment/catch_watch.h"

#define WINDOW_S 300
#define HOUR	 (3600 / WINDOW_S)

static const struct catch_rules rules = { .samples = 100, .memory_s = 3600 };

/* What was told since the last look: "+asia", moved; "-asia", back; "=asia", taken. */
static char said[512];
static struct catch_change last;

static void hear(const struct catch_change *change, void *arg)
{
	static const char marks[] = {
		[CATCH_MOVED] = '+', [CATCH_BACK] = '-', [CATCH_TAKEN] = '='
	};
	size_t used = strlen(said);

	snprintf(said + used, sizeof(said) - used, "%s%c%s", used ? " " : "", marks[change->turn],
		 change->name);
	last = *change;
}

/* One window with so many connections of each of three regions. */
static void window(struct catch_watch *watch, double europe, double asia, double africa)
{
	struct catch_seen seen[] = { { "europe", { europe } },
				     { "asia", { asia } },
				     { "africa", { africa } } };
	struct catch_window now = { .seconds = WINDOW_S,
				    .total = { europe + asia + africa },
				    .weight = { 1, 64 } };
	/* Only those that had any: a region that is gone is not among them. */
	struct catch_seen there[3];
	size_t nr = 0, i;

	for (i = 0; i < 3; i++)
		if (seen[i].count[0] > 0)
			there[nr++] = seen[i];
	catch_watch_window(watch, &rules, there, nr, &now, hear, NULL);
}

static void windows(struct catch_watch *watch, int nr, double europe, double asia, double africa)
{
	while (nr--)
		window(watch, europe, asia, africa);
}

/* After hours of one kind, hours of another: what is told in them. */
static const struct {
	const char *name;
	double before[3], now[3];
	const char *said;
} turns[] = {
	{ "a leak: a region that never landed here", { 900, 0, 100 }, { 900, 500, 100 }, "+asia" },
	{ "a lost session: a region vanishes", { 900, 500, 100 }, { 900, 0, 100 }, "+asia" },
	{ "a part of a region goes elsewhere", { 1000, 1000, 0 }, { 1000, 250, 0 }, "+asia" },
	{ "everything is lost", { 900, 500, 0 }, { 0, 0, 0 }, "+asia +europe" },
	{ "half of everything", { 900, 500, 100 }, { 450, 250, 50 }, "" },
	{ "ten times everything", { 900, 500, 100 }, { 9000, 5000, 1000 }, "" },
	{ "a busy region, less than half as much again", { 900, 500, 100 }, { 900, 740, 100 }, "" },
	{ "a small region grows, and stays small", { 2000, 10, 0 }, { 2000, 80, 0 }, "" },
	{ "few: too few to say", { 50, 10, 0 }, { 40, 0, 30 }, "" },
	{ "enough, but it may be chance", { 95, 10, 5 }, { 90, 4, 14 }, "" },
	{ "nothing before, nothing now", { 0, 0, 0 }, { 0, 0, 0 }, "" },
};

static void test_watch_sudden_changes(void)
{
	size_t i;

	for (i = 0; i < sizeof(turns) / sizeof(*turns); i++) {
		const double *b = turns[i].before, *n = turns[i].now;
		struct catch_watch watch = { 0 };

		*said = '\0';
		windows(&watch, 3 * HOUR, b[0], b[1], b[2]);
		is_str(said, "", "%s: nothing before", turns[i].name);
		windows(&watch, 1, n[0], n[1], n[2]);
		is_str(said, turns[i].said, "%s", turns[i].name);
		windows(&watch, HOUR, n[0], n[1], n[2]);
		is_str(said, turns[i].said, "%s: told once", turns[i].name);
		catch_watch_free(&watch);
	}
}

/* What was before stays what is compared with, and the way back is no news of its own. */
static void test_watch_comes_back(void)
{
	struct catch_watch watch = { 0 };

	*said = '\0';
	windows(&watch, 3 * HOUR, 900, 0, 100);
	windows(&watch, HOUR, 900, 500, 100);
	is_str(said, "+asia", "it moves");
	ok(last.before < 0.001 && last.now > 0.333 && last.now < 0.334, "from nothing to a third");
	windows(&watch, 1, 900, 200, 100);
	is_str(said, "+asia", "less, and still far from what it was");
	windows(&watch, HOUR, 900, 5, 100);
	is_str(said, "+asia -asia", "it is back");
	windows(&watch, 6 * HOUR, 900, 0, 100);
	is_str(said, "+asia -asia", "and nothing else happens");
	catch_watch_free(&watch);
}

static void test_watch_stays_is_taken(void)
{
	struct catch_watch watch = { 0 };

	*said = '\0';
	windows(&watch, 3 * HOUR, 900, 0, 100);
	windows(&watch, 3 * HOUR - 2, 900, 500, 100);
	is_str(said, "+asia", "it moves, and stays");
	windows(&watch, 6 * HOUR, 900, 500, 100);
	is_str(said, "+asia =asia", "after three hours this is how it is");
	windows(&watch, 1, 900, 0, 100);
	is_str(said, "+asia =asia +asia", "and then to lose it is news");
	catch_watch_free(&watch);
}

/* A day as a wave from -1 to 1, of two parabolas. */
static double wave(int i)
{
	double half = (i % (12 * HOUR)) / (12.0 * HOUR);

	return (i % (24 * HOUR) < 12 * HOUR ? 4 : -4) * half * (1 - half);
}

/* Asia's day is twelve hours from Europe's, and ten times its night. */
static void test_watch_days_are_no_news(void)
{
	struct catch_watch watch = { 0 };
	int i;

	*said = '\0';
	for (i = 0; i < 3 * 24 * HOUR; i++)
		window(&watch, 5500 + 4500 * wave(i), 5500 - 4500 * wave(i), 500);
	is_str(said, "", "three days");
	catch_watch_free(&watch);
}

static void test_watch_begins_in_silence(void)
{
	struct catch_watch watch = { 0 };

	*said = '\0';
	windows(&watch, CATCH_WARM, 900, 500, 100);
	is_str(said, "", "everything is new");
	windows(&watch, 1, 900, 500, 700);
	is_str(said, "+africa", "until there is something to compare with");
	catch_watch_free(&watch);
}

/* While a node drains nothing is to be concluded. */
static void test_watch_quiet_windows_do_not_count(void)
{
	struct catch_window quiet = { .seconds = WINDOW_S, .is_quiet = { true, true } };
	struct catch_watch watch = { 0 };
	int i;

	*said = '\0';
	windows(&watch, 3 * HOUR, 900, 500, 100);
	for (i = 0; i < HOUR; i++)
		catch_watch_window(&watch, &rules, NULL, 0, &quiet, hear, NULL);
	windows(&watch, 1, 900, 500, 100);
	is_str(said, "", "it drains, and comes back");
	ok(catch_watch_find(&watch, "asia")->levels[0].before > 0.3, "what was is kept");
	catch_watch_free(&watch);
}

/* Names that come and go leave nothing behind. */
static void test_watch_forgets(void)
{
	struct catch_watch watch = { 0 };
	struct catch_window now = { .seconds = WINDOW_S, .total = { 10000 }, .weight = { 1, 1 } };
	struct catch_seen seen[100] = { 0 };
	int round, i;

	for (round = 0; round < 1000; round++) {
		for (i = 0; i < 100; i++) {
			snprintf(seen[i].name, sizeof(seen[i].name), "AS%d", round * 100 + i);
			seen[i].count[0] = 1;
		}
		catch_watch_window(&watch, &rules, seen, 100, &now, hear, NULL);
	}
	ok(watch.nr <= 400, "of 100,000 names %zu are known", watch.nr);
	catch_watch_free(&watch);
}

static void test_table_is_bounded(void)
{
	const struct catch_row **list;
	struct catch_table table;
	size_t nr;
	__u64 key;

	ok(!catch_table_init(&table, 100), "a table of 100");
	for (key = 0; key < 100; key++)
		catch_table_add(&table, key)->count[CATCH_QUERIES] = key;
	ok(!catch_table_add(&table, 100), "no room for one more");
	catch_row_time(catch_table_add(&table, 7), 2000);
	catch_row_time(catch_table_add(&table, 7), 1000);
	ok(catch_table_add(&table, 7)->rtt_least_us == 1000 &&
		   catch_table_add(&table, 7)->sockets == 2,
	   "the row that is there is found");
	list = catch_table_sort(&table, 3, &nr);
	ok(nr == 3 && list[0]->key == 99 && list[2]->key == 97, "the three with the most");
	free(list);
	catch_table_clear(&table);
	ok(catch_table_add(&table, 1000) && table.nr == 1, "room again");
	catch_table_free(&table);
}

int main(void)
{
	test_watch_sudden_changes();
	test_watch_comes_back();
	test_watch_stays_is_taken();
	test_watch_days_are_no_news();
	test_watch_begins_in_silence();
	test_watch_quiet_windows_do_not_count();
	test_watch_forgets();
	test_table_is_bounded();
	return done_testing();
}
