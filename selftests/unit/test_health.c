// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_health.c: from passes and failures to how an address stands, from addresses to POPs, and
 * from the columns of a POP to its word: as tables.
 */
#include <stdlib.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/health/asking.h"
#include "user/health/load_number.h"
#include "user/health/flap.h"
#include "user/health/seen.h"
#include "user/health/targets.h"
#include "user/health/verdict.h"
#include "user/steer/pops.h"

/* --- flap ------------------------------------------------------------------------------------- */

static const char letters[AD_HEALTH_STATES_NR] = {
	[AD_HEALTH_NONE] = 'n',	   [AD_HEALTH_UP] = 'u',	  [AD_HEALTH_DOUBT] = 'd',
	[AD_HEALTH_UNKNOWN] = '?', [AD_HEALTH_UNKNOWN_OUT] = '!', [AD_HEALTH_OUT] = 'o',
};

static void test_flap_table(void)
{
	static const struct {
		enum ad_health_state start;
		unsigned int fall, rise;
		const char *ended; /* '+': passed, '-': failed */
		const char *states;
		const char *what;
	} rows[] = {
		{ AD_HEALTH_UNKNOWN, 3, 3, "+", "u", "the first pass is enough" },
		{ AD_HEALTH_UNKNOWN, 3, 3, "-", "?", "one failure says nothing yet" },
		{ AD_HEALTH_UNKNOWN, 3, 3, "---", "??o", "three do" },
		{ AD_HEALTH_UNKNOWN, 3, 3, "-+", "?d", "failed and passed: in doubt" },
		{ AD_HEALTH_UNKNOWN, 1, 1, "-", "o", "one is enough if so configured" },
		{ AD_HEALTH_UNKNOWN_OUT, 3, 3, "-", "!", "out before: out still" },
		{ AD_HEALTH_UNKNOWN_OUT, 3, 3, "+", "u", "out before: the first pass is enough" },
		{ AD_HEALTH_UP, 3, 3, "-", "d", "a failure is a doubt" },
		{ AD_HEALTH_UP, 3, 3, "-+++", "dddu", "which passes in a row end" },
		{ AD_HEALTH_UP, 3, 3, "---", "ddo", "failures in a row" },
		{ AD_HEALTH_UP, 3, 3, "-++-++-", "ddddddo", "one in three is out" },
		{ AD_HEALTH_UP, 3, 2, "-++-++-++",
		  "dduddu"
		  "ddu",
		  "short runs are forgiven with a low rise" },
		{ AD_HEALTH_UP, 3, 5, "-++++-++++-", "ddddddddddo",
		  "one in five, with a high rise" },
		{ AD_HEALTH_OUT, 3, 3, "++-+++", "ooooou", "back after a run alone" },
		{ AD_HEALTH_OUT, 3, 3, "+-+-+-", "oooooo", "never by halves" },
		{ AD_HEALTH_OUT, 3, 1, "+", "u", "one is enough if so configured" },
		{ AD_HEALTH_OUT, 2, 2, "++--", "oudo", "and out again" },
	};
	size_t i, at;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct flap_rule rule = { rows[i].fall, rows[i].rise };
		struct ad_health_check check = { .state = rows[i].start };
		char states[32] = "";

		if (rows[i].start == AD_HEALTH_OUT)
			check.failures = rows[i].fall;
		for (at = 0; rows[i].ended[at]; at++) {
			flap_step(&check, rule, rows[i].ended[at] == '+');
			states[at] = letters[check.state];
		}
		is_str(states, rows[i].states, "%s: %s", rows[i].ended, rows[i].what);
	}
}

/* Whatever happens: the counters are bounded, and what is out has failed often enough. */
static void test_flap_random(void)
{
	unsigned int seed = 7, round, bad = 0;
	struct ad_health_check check = { .state = AD_HEALTH_UNKNOWN };
	struct flap_rule rule = { 4, 6 };

	for (round = 0; round < 100000; round++) {
		enum ad_health_state old = check.state;
		bool passed;

		seed = seed * 1103515245 + 12345;
		passed = seed >> 16 & 1;
		flap_step(&check, rule, passed);
		bad += check.failures > rule.fall || check.passes > rule.rise;
		bad += check.state == AD_HEALTH_OUT && old != AD_HEALTH_OUT && passed;
		bad += check.state == AD_HEALTH_UP && check.failures;
		bad += old == AD_HEALTH_OUT && check.state != old && check.passes != rule.rise;
	}
	is_int(bad, 0, "100,000 checks: no rule is broken");
}

/* --- verdicts --------------------------------------------------------------------------------- */

static void test_verdict_of_addresses(void)
{
	is_int(verdict_of_addresses(AD_HEALTH_NONE, AD_HEALTH_OUT, true), AD_HEALTH_OUT,
	       "one address");
	is_int(verdict_of_addresses(AD_HEALTH_UP, AD_HEALTH_OUT, false), AD_HEALTH_OUT, "all must");
	is_int(verdict_of_addresses(AD_HEALTH_UP, AD_HEALTH_OUT, true), AD_HEALTH_UP,
	       "any will do");
	is_int(verdict_of_addresses(AD_HEALTH_UNKNOWN, AD_HEALTH_OUT, true), AD_HEALTH_UNKNOWN,
	       "what is not known yet may be the one");
	is_int(verdict_of_checks(AD_HEALTH_UP, AD_HEALTH_DOUBT), AD_HEALTH_DOUBT,
	       "of two checks the worse one counts");
}

/* 'o': out by checks, 'u': up, 'D': told down, 'U': told up while checks fail. */
static void fill(struct verdict_pop *pops, const char *text)
{
	for (; *text; text++, pops++) {
		pops->state = *text == 'u' || *text == 'D' ? AD_HEALTH_UP : AD_HEALTH_OUT;
		pops->is_told = *text == 'D' || *text == 'U';
		pops->is_told_out = *text == 'D';
	}
}

static void test_verdict_keep(void)
{
	static const struct {
		const char *pops;
		unsigned int at_least;
		const char *kept; /* 'k' */
	} rows[] = {
		{ "ooo", 0, "---" }, { "ooo", 1, "kkk" }, { "oou", 1, "---" }, { "oou", 2, "kk-" },
		{ "ouu", 2, "---" }, { "oD", 1, "k-" },	  { "oU", 1, "--" },   { "DD", 1, "--" },
		{ "uD", 2, "--" },   { "uDo", 2, "--k" },
	};
	struct verdict_pop pops[4];
	char kept[5];
	size_t i, at;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t nr = strlen(rows[i].pops);

		fill(pops, rows[i].pops);
		verdict_keep(pops, nr, rows[i].at_least);
		for (at = 0; at < nr; at++)
			kept[at] = pops[at].state == AD_HEALTH_KEPT ? 'k' : '-';
		kept[nr] = '\0';
		is_str(kept, rows[i].kept, "%s, at least %u", rows[i].pops, rows[i].at_least);
	}
}

static void test_word_of_columns(void)
{
	static const struct {
		__u32 told, percent;
		enum ad_health_state health;
		__u32 word;
		const char *what;
	} rows[] = {
		{ 0, 0, AD_HEALTH_NONE, 0, "nothing told, nothing checked" },
		{ 0, 0, AD_HEALTH_UP, 0, "up" },
		{ 0, 0, AD_HEALTH_DOUBT, AD_STEER_DOUBT, "doubt" },
		{ 0, 0, AD_HEALTH_UNKNOWN, AD_STEER_DOUBT, "unknown" },
		{ 0, 0, AD_HEALTH_UNKNOWN_OUT, AD_STEER_OUT, "unknown, and out so long" },
		{ 0, 0, AD_HEALTH_OUT, AD_STEER_OUT, "out" },
		{ 0, 0, AD_HEALTH_KEPT, AD_STEER_DOUBT, "kept" },
		{ AD_STEER_TOLD_UP, 0, AD_HEALTH_OUT, 0, "told up, and out" },
		{ AD_STEER_TOLD_UP, 0, AD_HEALTH_DOUBT, 0, "told up, and in doubt" },
		{ AD_STEER_TOLD_DOWN, 0, AD_HEALTH_UP, AD_STEER_OUT, "told down, and up" },
		{ AD_STEER_TOLD_DRAINING, 0, AD_HEALTH_KEPT, AD_STEER_OUT, "told to drain" },
		{ AD_STEER_TOLD_SHED, 50, AD_HEALTH_UP, AD_STEER_DOUBT | 32 << AD_STEER_SHED_SHIFT,
		  "told to shed" },
		{ AD_STEER_TOLD_SHED, 50, AD_HEALTH_OUT, AD_STEER_OUT, "told to shed, and out" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ad_steer_told told = { .state = rows[i].told, .percent = rows[i].percent };

		is_int(pops_word(&told, rows[i].health, false), rows[i].word, "word: %s",
		       rows[i].what);
		/* Only an operator's word is above that its nodes drain. */
		is_int(pops_word(&told, rows[i].health, true),
		       rows[i].told == AD_STEER_TOLD_UP ? 0 : AD_STEER_OUT, "%s, and drains",
		       rows[i].what);
	}
}

/* --- targets and patterns --------------------------------------------------------------------- */

static struct ad_addr addresses[3];
static struct config_choice only_nyc = { .pop = 1 };
static struct config_check checks[] = {
	{ .name = "web", .every_s = 10, .timeout_s = 3 },
	{ .name = "dns", .every_s = 10, .timeout_s = 3, .pops = { "nyc", &only_nyc, 1 } },
};
static struct config_pop pops[] = {
	{ .name = "fra", .service = { "", addresses, 1 } },
	{ .name = "nyc", .service = { "", addresses + 1, 2 } },
	{ .name = "sin" },
};
static struct config config = { .pops = pops, .nr_pops = 3, .checks = checks, .nr_checks = 2 };

static void test_targets(void)
{
	struct ad_health_key key;
	struct target *list;
	size_t nr;

	addr_parse("192.0.2.1", &addresses[0]);
	addr_parse("192.0.2.2", &addresses[1]);
	addr_parse("2001:db8::2", &addresses[2]);
	if (!ok(!targets_list(&config, &list, &nr), "targets"))
		return;
	is_int(nr, 5, "each address of each POP by each check");
	is_str(list[0].key.check, "dns", "sorted");
	key = list[3].key;
	ok(targets_find(list, nr, &key) == &list[3], "found");
	key.pop[0] = 'x';
	ok(!targets_find(list, nr, &key), "not found");
	ok(!targets_find(NULL, 0, &key), "nor among none");
	free(list);
}

static void test_expand(void)
{
	struct ad_health_key key = { .pop = "fra" };
	struct asking asking = { .key = &key };
	char out[ASKING_TEXT], large[ASKING_TEXT + 8];

	addr_parse("2001:db8::1", &key.address);
	is_str(asking_expand(&asking, "/{pop}/{address}/{x}{", out), "/fra/2001:db8::1/{x}{",
	       "patterns");
	is_str(asking_expand(&asking, "", out), "", "nothing");
	memset(large, 'a', ASKING_TEXT - 1);
	large[ASKING_TEXT - 1] = '\0';
	ok(asking_expand(&asking, large, out), "as much as fits");
	strcpy(large + ASKING_TEXT - 6, "{pop}");
	ok(asking_expand(&asking, large, out), "with a pattern at its end");
	strcpy(large + ASKING_TEXT - 6, "{address}");
	ok(!asking_expand(&asking, large, out), "and one byte more does not");
}

static void test_load_number(void)
{
	static const struct {
		const char *text;
		double number; /* -1: it is none */
	} cases[] = {
		{ "0", 0 },
		{ "17", 17 },
		{ " 17\n", 17 },
		{ "17.25", 17.25 },
		{ "0.5\r\n", 0.5 },
		{ "007", 7 },
		{ "1000000000000000", 1e15 },
		{ "", -1 },
		{ " ", -1 },
		{ "-1", -1 },
		{ "+1", -1 },
		{ "1e3", -1 },
		{ "0x10", -1 },
		{ "inf", -1 },
		{ "nan", -1 },
		{ "1,5", -1 },
		{ ".5", -1 },
		{ "5.", -1 },
		{ "1 2", -1 },
		{ "17 %", -1 },
		{ "1.2.3", -1 },
		{ "1000000000000001000", -1 },
		{ "99999999999999999999999999999999999999999999999999999999999999", -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		double number = -1;

		load_number_parse(cases[i].text, &number);
		ok(number == cases[i].number, "load %zu: %g", i, number);
	}
	ok(!load_number_is_good(0.0 / 0.0) && !load_number_is_good(1 / 0.0) &&
		   !load_number_is_good(-1),
	   "what no load is");
}

static void test_wanted_statuses(void)
{
	struct config_status list[] = { { 200, 200 }, { 300, 399 } };
	struct config_check check = { .statuses = { "", list, 2 } };

	ok(asking_wants_status(&check, 200) && asking_wants_status(&check, 399), "wanted");
	ok(!asking_wants_status(&check, 201) && !asking_wants_status(&check, 0), "not wanted");
}

static void test_overdue(void)
{
	struct check_seen seen[] = { { .key = { .check = "web" } },
				     { .key = { .check = "gone" } } };

	seen[0].check.last_real_s = 1000;
	is_int(checks_overdue_s(seen, 2, &config, 1043), 0, "not late yet");
	is_int(checks_overdue_s(seen, 2, &config, 1044), 44, "late");
	is_int(checks_overdue_s(seen, 2, &config, 900), 0, "a clock that went back");
	seen[0].check.last_real_s = 0;
	seen[0].check.since_real_s = 2000;
	is_int(checks_overdue_s(seen, 1, &config, 2050), 50, "the first one is late");
}

int main(void)
{
	test_flap_table();
	test_flap_random();
	test_verdict_of_addresses();
	test_verdict_keep();
	test_word_of_columns();
	test_targets();
	test_expand();
	test_load_number();
	test_wanted_statuses();
	test_overdue();
	return done_testing();
}
