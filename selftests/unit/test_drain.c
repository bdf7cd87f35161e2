// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_drain.c: who takes over, and what a new configuration does to a drain.
 */
#include <string.h>
#include <time.h>
#include "selftests/tap.h"
#include "user/fleet/drain.h"

static struct config_pop pops[3] = { { .name = "fra" }, { .name = "nyc" }, { .name = "sin" } };
static struct config_node nodes[] = {
	{ .name = "fra-1", .id = 1, .pop = 0 }, { .name = "nyc-1", .id = 2, .pop = 1 },
	{ .name = "sin-1", .id = 3, .pop = 2 }, { .name = "fra-2", .id = 4, .pop = 0 },
	{ .name = "fra-3", .id = 5, .pop = 0 }, { .name = "nyc-2", .id = 6, .pop = 1 },
};
enum {
	FRA1,
	NYC1,
	SIN1,
	FRA2,
	FRA3,
	NYC2,
	NODES
};

/* All up, as seen from fra-1. */
static struct config fleet(void)
{
	struct config config = {
		.pops = pops, .nr_pops = 3, .nodes = nodes, .nr_nodes = NODES, .self = &nodes[FRA1]
	};

	for (size_t i = 0; i < NODES; i++)
		nodes[i].state = CONFIG_NODE_UP;
	return config;
}

/* A model that has it. */
static struct model *model_of(const struct config *config)
{
	static struct model *model;

	model_free(model);
	model = model_new();
	model_configure(model, config, 1);
	return model;
}

/* Their ids, one digit each. */
static void expect_default(const struct config *config, const char *expected, const char *name)
{
	char text[AD_SUCCESSOR_MAX + 1] = "";
	__u16 ids[AD_SUCCESSOR_MAX];
	size_t nr = drain_default(model_of(config), config, ids);

	for (size_t i = 0; i < nr; i++)
		text[i] = '0' + ids[i];
	is_str(text, expected, "%s", name);
}

static void test_default_without_successors_is_our_pop_then_the_nearest(void)
{
	struct config config = fleet();

	expect_default(&config, "45", "the others of our POP");
	nodes[FRA2].state = CONFIG_NODE_DOWN;
	expect_default(&config, "5", "one when the other is down");
	nodes[FRA3].state = CONFIG_NODE_DRAINING;
	expect_default(&config, "26", "all of the next POP when ours drains");
	nodes[NYC1].state = nodes[NYC2].state = CONFIG_NODE_DOWN;
	expect_default(&config, "3", "the one before us when that is down");
	nodes[SIN1].state = CONFIG_NODE_DRAINING;
	expect_default(&config, "", "none when nobody is left");
}

static void test_default_of_a_large_pop_is_eight_of_it(void)
{
	struct config config = fleet();
	struct config_node many[12] = {};

	for (__u16 i = 0; i < 12; i++)
		many[i].id = i % 9 + 1;
	config.self = config.nodes = many;
	config.nr_nodes = 12;
	expect_default(&config, "23456789", "as many as fit");
}

static void test_default_with_successors_leaves_out_those_that_cannot(void)
{
	struct config config = fleet();
	__u16 ids[AD_SUCCESSOR_MAX];

	config.successors[0] = 3;
	config.successors[1] = 2;
	config.nr_successors = 2;
	is_int(drain_default(model_of(&config), &config, ids), 2, "both, as configured");
	is_int(ids[0], 3, "in their order");
	nodes[SIN1].state = CONFIG_NODE_DOWN;
	is_int(drain_default(model_of(&config), &config, ids), 1, "one is down");
	is_int(ids[0], 2, "the other is left");
}

static void test_parse_names_gives_ids_or_every_error(void)
{
	struct config config = fleet();
	struct config_errors errors = {};
	__u16 ids[AD_SUCCESSOR_MAX];

	is_int(drain_parse(model_of(&config), &config, "sin-1,nyc-1", ids, &errors), 2,
	       "two names");
	is_int(ids[0], 3, "in their order");
	nodes[NYC1].state = CONFIG_NODE_DOWN;
	ok(drain_parse(model_of(&config), &config, "fra-1,nyc-1,tokyo,sin-1", ids, &errors) < 0,
	   "three wrong ones");
	is_int(errors.nr, 3, "each of them is told");
	config_errors_free(&errors);
}

static void test_parse_takes_the_nodes_of_a_pop(void)
{
	struct config_errors errors = {};
	__u16 ids[AD_SUCCESSOR_MAX];
	struct config config = fleet();

	is_int(drain_parse(model_of(&config), &config, "nyc", ids, &errors), 2, "both of them");
	ok(ids[0] == 2 && ids[1] == 6, "in their order");
	is_int(drain_parse(model_of(&config), &config, "nyc-2,nyc,sin", ids, &errors), 3,
	       "each once");
	ok(ids[0] == 6 && ids[1] == 2 && ids[2] == 3, "the first named first");
	is_int(drain_parse(model_of(&config), &config, "fra", ids, &errors), 2,
	       "of our own POP the others");
	nodes[NYC1].state = CONFIG_NODE_DOWN;
	is_int(drain_parse(model_of(&config), &config, "nyc", ids, &errors), 1, "who is up");
	is_int(errors.nr, 0, "nothing is wrong with that");
	nodes[NYC2].state = CONFIG_NODE_DRAINING;
	ok(drain_parse(model_of(&config), &config, "nyc", ids, &errors) < 0, "nobody is");
	is_int(errors.nr, 1, "which is told");
	config_errors_free(&errors);
}

/* A reload, or with @old NULL a start. */
static void follow(struct ad_state *state, struct model *model, const struct config *old,
		   const struct config *config)
{
	model_configure(model, config, 1);
	drain_follow_config(state, model, old, config, 1);
}

static void test_follow_begins_and_ends_with_our_own_state(void)
{
	struct config up = fleet(), draining = up;
	struct model *model = model_of(&up);
	struct config_node others[NODES];
	struct ad_state state = {};

	memcpy(others, nodes, sizeof(others));
	others[FRA1].state = CONFIG_NODE_DRAINING;
	draining.nodes = others;
	draining.self = &others[FRA1];
	follow(&state, model, &up, &draining);
	ok(drain_is_on(&state), "begins when our state becomes draining");
	is_int(state.nr_successors, 2, "with successors");
	model_tell(model, 1, AD_TOLD_UNDRAIN, 1);
	drain_end(&state);
	follow(&state, model, &draining, &draining);
	ok(!drain_is_on(&state), "an undrain outlives a reload that changes nothing");
	follow(&state, model, NULL, &draining);
	ok(drain_is_on(&state), "a daemon that starts does what the file says");
	follow(&state, model, &draining, &up);
	ok(!drain_is_on(&state), "ends when our state becomes up");
	model_tell(model, 1, AD_TOLD_UNDRAIN, 1);
	follow(&state, model, &up, &draining);
	ok(drain_is_on(&state), "an undrain of before is no word about a drain that begins later");
}

static void test_follow_keeps_a_drain_that_was_commanded(void)
{
	struct config config = fleet();
	struct model *model = model_of(&config);
	struct ad_state state = {};
	const __u16 chosen[] = { 3 };

	model_tell(model, 1, AD_TOLD_DRAIN, 1);
	drain_begin(&state, chosen, 1);
	follow(&state, model, &config, &config);
	ok(drain_is_on(&state), "it goes on");
	is_int(state.nr_successors, 1, "with the successors that were chosen");
	follow(&state, model, NULL, &config);
	ok(drain_is_on(&state), "also under another daemon");
	nodes[SIN1].state = CONFIG_NODE_DOWN;
	follow(&state, model, &config, &config);
	is_int(state.successors[0], 4, "one that went down is replaced");
	nodes[FRA1].state = CONFIG_NODE_DOWN;
	follow(&state, model, &config, &config);
	ok(drain_is_on(&state), "our being called down does not bring new flows back");
}

static void test_default_of_a_large_fleet_is_linear(void)
{
	static struct config_node many[15000];
	struct config config = { .pops = pops, .nr_pops = 3, .nodes = many, .nr_nodes = 15000 };
	__u16 ids[AD_SUCCESSOR_MAX];
	struct model *model;
	clock_t began;
	size_t nr = 0;
	double ms;

	for (unsigned int i = 0; i < 15000; i++)
		many[i] = (struct config_node){ .id = i + 1,
						.pop = i % 3,
						.state = CONFIG_NODE_DOWN };
	config.self = &many[0];
	model = model_of(&config);
	began = clock();
	for (int i = 0; i < 10; i++)
		nr += drain_default(model, &config, ids);
	ms = (clock() - began) * 1000.0 / CLOCKS_PER_SEC;
	is_int(nr, 0, "of 15000 nodes that are down none takes over");
	ok(ms < 50, "found ten times in %.1f ms", ms);
}

int main(void)
{
	test_default_without_successors_is_our_pop_then_the_nearest();
	test_default_of_a_large_pop_is_eight_of_it();
	test_default_with_successors_leaves_out_those_that_cannot();
	test_parse_names_gives_ids_or_every_error();
	test_parse_takes_the_nodes_of_a_pop();
	test_follow_begins_and_ends_with_our_own_state();
	test_follow_keeps_a_drain_that_was_commanded();
	test_default_of_a_large_fleet_is_linear();
	return done_testing();
}
