// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_model.c: how a node stands by what each source says of it, and what those who act on that
 * are told.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "selftests/tap.h"
#include "user/fleet/model.h"
#include "user/fleet/model_pins.h"

#define NODES 15000
#define POPS  300
/* What is looked through once for each node takes a quarter of a second and more. */
#define LINEAR_MS 50

static struct config_node nodes[NODES];
static struct config config = { .nodes = nodes, .nr_nodes = NODES, .nr_pops = POPS };

static void make_fleet(void)
{
	for (unsigned int i = 0; i < NODES; i++)
		nodes[i] = (struct config_node){ .id = i + 1, .pop = i % POPS };
	config.self = &nodes[0];
	config.nr_nodes = NODES;
}

/* --- the pure function ------------------------------------------------------------------------ */

static const struct {
	struct model_columns columns;
	enum model_state state;
	const char *key, *word;
} table[] = {
	{ { MODEL_CONFIGURED_UP, AD_TOLD_NOTHING, true, AD_TOLD_NOTHING, true },
	  MODEL_OUT,
	  "lost",
	  "dead" },
	{ { MODEL_CONFIGURED_DRAINING, AD_TOLD_NOTHING, true, AD_TOLD_DRAIN, true },
	  MODEL_OUT,
	  "lost",
	  "dead" },
	{ { MODEL_CONFIGURED_UP, AD_TOLD_NOTHING, false, AD_TOLD_NOTHING, true },
	  MODEL_UP,
	  "configured_up",
	  "up" },
	{ { MODEL_CONFIGURED_DOWN, AD_TOLD_NOTHING, true, AD_TOLD_NOTHING, true },
	  MODEL_OUT,
	  "configured_down",
	  "dead" },
	{ { MODEL_ABSENT, AD_TOLD_NOTHING, false, AD_TOLD_NOTHING, false },
	  MODEL_OUT,
	  "absent",
	  "unknown" },
	{ { MODEL_ABSENT, AD_TOLD_NOTHING, true, AD_TOLD_NOTHING, false },
	  MODEL_OUT,
	  "absent",
	  "unknown" },
	{ { MODEL_ABSENT, AD_TOLD_DRAIN, false, AD_TOLD_NOTHING, false },
	  MODEL_OUT,
	  "absent",
	  "unknown" },
	{ { MODEL_ABSENT, AD_TOLD_DRAIN, true, AD_TOLD_NOTHING, false },
	  MODEL_OUT,
	  "absent",
	  "unknown" },
	{ { MODEL_ABSENT, AD_TOLD_UNDRAIN, false, AD_TOLD_NOTHING, false },
	  MODEL_OUT,
	  "absent",
	  "unknown" },
	{ { MODEL_ABSENT, AD_TOLD_UNDRAIN, true, AD_TOLD_NOTHING, false },
	  MODEL_OUT,
	  "absent",
	  "unknown" },
	{ { MODEL_CONFIGURED_DOWN, AD_TOLD_NOTHING, false, AD_TOLD_NOTHING, false },
	  MODEL_OUT,
	  "configured_down",
	  "dead" },
	{ { MODEL_CONFIGURED_DOWN, AD_TOLD_NOTHING, true, AD_TOLD_NOTHING, false },
	  MODEL_OUT,
	  "configured_down",
	  "dead" },
	{ { MODEL_CONFIGURED_DOWN, AD_TOLD_DRAIN, false, AD_TOLD_NOTHING, false },
	  MODEL_OUT,
	  "configured_down",
	  "dead" },
	{ { MODEL_CONFIGURED_DOWN, AD_TOLD_DRAIN, true, AD_TOLD_NOTHING, false },
	  MODEL_OUT,
	  "configured_down",
	  "dead" },
	{ { MODEL_CONFIGURED_DOWN, AD_TOLD_UNDRAIN, false, AD_TOLD_NOTHING, false },
	  MODEL_OUT,
	  "configured_down",
	  "dead" },
	{ { MODEL_CONFIGURED_DOWN, AD_TOLD_UNDRAIN, true, AD_TOLD_NOTHING, false },
	  MODEL_OUT,
	  "configured_down",
	  "dead" },
	{ { MODEL_CONFIGURED_DRAINING, AD_TOLD_NOTHING, false, AD_TOLD_NOTHING, false },
	  MODEL_DRAINING,
	  "configured_draining",
	  "draining" },
	{ { MODEL_CONFIGURED_DRAINING, AD_TOLD_NOTHING, true, AD_TOLD_NOTHING, false },
	  MODEL_DRAINING,
	  "draining_silent",
	  "silent" },
	{ { MODEL_CONFIGURED_DRAINING, AD_TOLD_DRAIN, false, AD_TOLD_NOTHING, false },
	  MODEL_DRAINING,
	  "told_drain",
	  "draining" },
	{ { MODEL_CONFIGURED_DRAINING, AD_TOLD_DRAIN, true, AD_TOLD_NOTHING, false },
	  MODEL_DRAINING,
	  "draining_silent",
	  "silent" },
	{ { MODEL_CONFIGURED_DRAINING, AD_TOLD_UNDRAIN, false, AD_TOLD_NOTHING, false },
	  MODEL_UP,
	  "told_undrain",
	  "up" },
	{ { MODEL_CONFIGURED_DRAINING, AD_TOLD_UNDRAIN, true, AD_TOLD_NOTHING, false },
	  MODEL_UP,
	  "silent",
	  "silent" },
	{ { MODEL_CONFIGURED_UP, AD_TOLD_NOTHING, false, AD_TOLD_NOTHING, false },
	  MODEL_UP,
	  "configured_up",
	  "up" },
	{ { MODEL_CONFIGURED_UP, AD_TOLD_NOTHING, true, AD_TOLD_NOTHING, false },
	  MODEL_UP,
	  "silent",
	  "silent" },
	{ { MODEL_CONFIGURED_UP, AD_TOLD_DRAIN, false, AD_TOLD_NOTHING, false },
	  MODEL_DRAINING,
	  "told_drain",
	  "draining" },
	{ { MODEL_CONFIGURED_UP, AD_TOLD_DRAIN, true, AD_TOLD_NOTHING, false },
	  MODEL_DRAINING,
	  "draining_silent",
	  "silent" },
	{ { MODEL_CONFIGURED_UP, AD_TOLD_UNDRAIN, false, AD_TOLD_NOTHING, false },
	  MODEL_UP,
	  "told_undrain",
	  "up" },
	{ { MODEL_CONFIGURED_UP, AD_TOLD_UNDRAIN, true, AD_TOLD_NOTHING, false },
	  MODEL_UP,
	  "silent",
	  "silent" },
	{ { MODEL_ABSENT, AD_TOLD_NOTHING, false, AD_TOLD_DRAIN, false },
	  MODEL_OUT,
	  "absent",
	  "unknown" },
	{ { MODEL_CONFIGURED_DOWN, AD_TOLD_NOTHING, false, AD_TOLD_UNDRAIN, false },
	  MODEL_OUT,
	  "configured_down",
	  "dead" },
	{ { MODEL_CONFIGURED_UP, AD_TOLD_NOTHING, false, AD_TOLD_DRAIN, false },
	  MODEL_DRAINING,
	  "reported_drain",
	  "draining" },
	{ { MODEL_CONFIGURED_UP, AD_TOLD_NOTHING, true, AD_TOLD_DRAIN, false },
	  MODEL_DRAINING,
	  "draining_silent",
	  "silent" },
	{ { MODEL_CONFIGURED_DRAINING, AD_TOLD_NOTHING, false, AD_TOLD_UNDRAIN, false },
	  MODEL_UP,
	  "reported_undrain",
	  "up" },
	{ { MODEL_CONFIGURED_UP, AD_TOLD_UNDRAIN, false, AD_TOLD_DRAIN, false },
	  MODEL_UP,
	  "told_undrain",
	  "up" },
};

static void test_resolve_every_row(void)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct model_columns *columns = &table[i].columns;
		struct model_standing standing = model_resolve(columns);

		ok(standing.state == table[i].state &&
			   !strcmp(model_cause_key(standing.cause), table[i].key) &&
			   !strcmp(model_cause_word(standing.cause), table[i].word),
		   "configured %d, told %d, silent %d, reported %d: %s, %s", columns->configured,
		   columns->told, columns->silent, columns->reported,
		   model_state_name(standing.state), model_cause_key(standing.cause));
	}
}

static void test_resolve_drain_outlives_down(void)
{
	struct model_columns columns = { .configured = MODEL_CONFIGURED_DOWN,
					 .told = AD_TOLD_DRAIN };

	ok(model_drains(&columns), "a drained node that the configuration calls down");
	columns.told = AD_TOLD_NOTHING;
	ok(!model_drains(&columns), "down alone is no drain");
}

/* What is pinned of a node is all that the next daemon has of what the bus said. */
static void test_reported_outlives_a_daemon(void)
{
	static const enum ad_told_what said[] = { AD_TOLD_NOTHING, AD_TOLD_DRAIN, AD_TOLD_UNDRAIN };

	make_fleet();
	for (int state = CONFIG_NODE_UP; state <= CONFIG_NODE_DRAINING; state++) {
		nodes[1].state = state;
		for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
			struct model *before = model_new(), *after = model_new();
			struct ad_node row;
			struct model_columns columns;

			model_configure(before, &config, 1);
			model_report(before, 2, said[i], 2);
			model_map_row(before, 2, &row);
			columns = model_columns_from(&row);
			model_recall(after, 2, &columns, 2);
			model_configure(after, &config, 3);
			is_int(model_standing(after, 2).cause, model_standing(before, 2).cause,
			       "configured %d, reported %d", state, said[i]);
			model_free(before);
			model_free(after);
		}
	}
	nodes[1].state = CONFIG_NODE_UP;
}

static void test_causes_each_have_a_key_of_their_own(void)
{
	int twice = 0, empty = 0;

	for (int i = 0; i < MODEL_CAUSES_NR; i++) {
		empty += !*model_cause_text(i);
		for (int j = 0; j < i; j++)
			twice += !strcmp(model_cause_key(i), model_cause_key(j));
	}
	is_int(twice, 0, "no key twice");
	is_int(empty, 0, "none is without a text");
}

static void test_pop_is_as_good_as_its_best_node(void)
{
	const struct model_standing up = { .state = MODEL_UP },
				    draining = { .state = MODEL_DRAINING },
				    out = { .state = MODEL_OUT };
	struct model_pop pop = {};

	is_int(model_pop_resolve(&pop), MODEL_OUT, "without nodes it is out");
	model_pop_add(&pop, out);
	is_int(model_pop_resolve(&pop), MODEL_OUT, "all are out");
	model_pop_add(&pop, draining);
	is_int(model_pop_resolve(&pop), MODEL_DRAINING, "one drains");
	model_pop_add(&pop, up);
	is_int(model_pop_resolve(&pop), MODEL_UP, "one is up");
	is_int(pop.nr[MODEL_OUT], 1, "each is counted");
}

/* --- rows and differences --------------------------------------------------------------------- */

struct changes {
	__u16 ids[NODES];
	size_t nr;
	int answer;
};
static struct changes changes;

static int note(__u16 id, void *arg)
{
	changes.ids[changes.nr++] = id;
	return changes.answer;
}

static size_t count_changes(const struct model *model, struct model_sink *sink)
{
	changes.nr = 0;
	model_each_change(model, sink, note, NULL);
	return changes.nr;
}

static void test_sink_takes_differences(void)
{
	struct model_sink sink = {}, late = {};
	struct model *model = model_new();

	make_fleet();
	model_configure(model, &config, 10);
	is_int(count_changes(model, &sink), NODES, "at first all are new");
	is_int(count_changes(model, &sink), 0, "then none");
	model_configure(model, &config, 20);
	is_int(count_changes(model, &sink), 0, "the same configuration again changes none");
	model_see(model, 7, true, 30);
	nodes[8].state = CONFIG_NODE_DOWN;
	nodes[9].pop = 0;
	model_configure(model, &config, 40);
	is_int(count_changes(model, &sink), 3, "one is silent, one is down, one has moved");
	ok(changes.ids[0] == 7 && changes.ids[1] == 9 && changes.ids[2] == 10, "these three");
	is_int(model_since_s(model, 7), 30, "since when one is silent");
	is_int(model_since_s(model, 9), 40, "since when the other is down");
	is_int(model_since_s(model, 1), 10, "and since when nothing has happened to a third");
	model_see(model, 7, true, 50);
	is_int(count_changes(model, &sink), 0, "what is said again is no difference");
	model_see(model, 7, false, 60);
	model_see(model, 7, true, 60);
	is_int(count_changes(model, &late), NODES, "another one hears of all, once each");
	model_free(model);
}

static void test_sink_that_fails_is_told_again(void)
{
	struct model *model = model_new();
	struct model_sink sink = {};

	make_fleet();
	model_configure(model, &config, 10);
	changes.answer = -5;
	changes.nr = 0;
	is_int(model_each_change(model, &sink, note, NULL), -5, "its error comes back");
	is_int(changes.nr, 1, "at once");
	changes.answer = 0;
	is_int(count_changes(model, &sink), NODES, "and all of it comes again");
	model_free(model);
}

static void test_configure_touches_only_its_own_column(void)
{
	struct model *model = model_new();
	struct config_node without[2];
	struct config small = { .nodes = without, .nr_nodes = 2, .nr_pops = POPS };

	make_fleet();
	memcpy(without, nodes, sizeof(without));
	model_configure(model, &config, 10);
	model_see(model, 3, true, 10);
	model_tell(model, 1, AD_TOLD_DRAIN, 10);
	model_configure(model, &small, 20);
	is_int(model_standing(model, 3).cause, MODEL_BY_ABSENT, "a node leaves");
	ok(!model_node(model, 3), "nothing points to it");
	is_int(model_standing(model, 1).cause, MODEL_BY_TOLD_DRAIN, "what an operator said stays");
	model_configure(model, &config, 30);
	is_int(model_standing(model, 3).cause, MODEL_BY_SILENT, "back again all is as it was");
	ok(model_node(model, 3) == &nodes[2], "and it is that node");
	model_free(model);
}

static void test_recall_goes_on_where_another_ended(void)
{
	const struct model_columns silent = { .configured = MODEL_CONFIGURED_UP, .silent = true };
	struct model *model = model_new();

	make_fleet();
	model_recall(model, 5, &silent, 100);
	model_configure(model, &config, 200);
	is_int(model_standing(model, 5).cause, MODEL_BY_SILENT, "it is silent still");
	is_int(model_since_s(model, 5), 100, "since then");
	is_int(model_since_s(model, 6), 200, "others are new");
	model_free(model);
}

static void test_large_fleet_is_linear(void)
{
	struct model *model = model_new();
	struct model_sink sink = {};
	clock_t began = clock();
	double ms;

	make_fleet();
	for (int round = 0; round < 10; round++) {
		nodes[round].state = CONFIG_NODE_DOWN;
		model_configure(model, &config, round);
		count_changes(model, &sink);
	}
	ms = (clock() - began) * 1000.0 / CLOCKS_PER_SEC;
	ok(ms < LINEAR_MS, "ten configurations of %d nodes: %.1f ms", NODES, ms);
	model_free(model);
}

int main(void)
{
	test_resolve_every_row();
	test_resolve_drain_outlives_down();
	test_reported_outlives_a_daemon();
	test_causes_each_have_a_key_of_their_own();
	test_pop_is_as_good_as_its_best_node();
	test_sink_takes_differences();
	test_sink_that_fails_is_told_again();
	test_configure_touches_only_its_own_column();
	test_recall_goes_on_where_another_ended();
	test_large_fleet_is_linear();
	return done_testing();
}
