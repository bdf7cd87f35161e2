// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_drain.c: who takes over, and what a new configuration does to a drain.
 */
#include <string.h>
#include "selftests/tap.h"
#include "user/fleet/drain.h"

static struct config_pop pops[3];
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
		nodes[i].state = NODE_UP;
	return config;
}

/* Their ids, one digit each. */
static void expect_default(const struct config *config, const char *expected, const char *name)
{
	char text[AD_SUCCESSOR_MAX + 1] = "";
	__u16 ids[AD_SUCCESSOR_MAX];
	size_t nr = drain_default(config, ids);

	for (size_t i = 0; i < nr; i++)
		text[i] = '0' + ids[i];
	is_str(text, expected, "%s", name);
}

static void test_default_without_successors_is_our_pop_then_the_nearest(void)
{
	struct config config = fleet();

	expect_default(&config, "45", "the others of our POP");
	nodes[FRA2].state = NODE_DOWN;
	expect_default(&config, "5", "one when the other is down");
	nodes[FRA3].state = NODE_DRAINING;
	expect_default(&config, "26", "all of the next POP when ours drains");
	nodes[NYC1].state = nodes[NYC2].state = NODE_DOWN;
	expect_default(&config, "3", "the one before us when that is down");
	nodes[SIN1].state = NODE_DRAINING;
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
	is_int(drain_default(&config, ids), 2, "both, as configured");
	is_int(ids[0], 3, "in their order");
	nodes[SIN1].state = NODE_DOWN;
	is_int(drain_default(&config, ids), 1, "one is down");
	is_int(ids[0], 2, "the other is left");
}

static void test_parse_names_gives_ids_or_every_error(void)
{
	struct config config = fleet();
	struct config_errors errors = {};
	__u16 ids[AD_SUCCESSOR_MAX];

	is_int(drain_parse(&config, "sin-1,nyc-1", ids, &errors), 2, "two names");
	is_int(ids[0], 3, "in their order");
	nodes[NYC1].state = NODE_DOWN;
	ok(drain_parse(&config, "fra-1,nyc-1,tokyo,sin-1", ids, &errors) < 0, "three wrong ones");
	is_int(errors.nr, 3, "each of them is told");
	config_errors_free(&errors);
}

static void test_follow_begins_and_ends_with_our_own_state(void)
{
	struct config up = fleet(), draining = up;
	struct config_node others[NODES];
	struct ad_state state = {};

	memcpy(others, nodes, sizeof(others));
	others[FRA1].state = NODE_DRAINING;
	draining.self = draining.nodes = others;
	drain_follow_config(&state, &up, &draining);
	ok(drain_is_on(&state), "begins when our state becomes draining");
	is_int(state.nr_successors, 2, "with successors");
	drain_end(&state);
	drain_follow_config(&state, &draining, &draining);
	ok(!drain_is_on(&state), "an undrain outlives a reload that changes nothing");
	drain_follow_config(&state, NULL, &draining);
	ok(drain_is_on(&state), "a daemon that starts does what the file says");
	drain_follow_config(&state, &draining, &up);
	ok(!drain_is_on(&state), "ends when our state becomes up");
}

static void test_follow_keeps_a_drain_that_was_commanded(void)
{
	struct config config = fleet();
	struct ad_state state = {};
	const __u16 chosen[] = { 3 };

	drain_begin(&state, chosen, 1);
	drain_follow_config(&state, &config, &config);
	ok(drain_is_on(&state), "it goes on");
	is_int(state.nr_successors, 1, "with the successors that were chosen");
	drain_follow_config(&state, NULL, &config);
	ok(drain_is_on(&state), "also under another daemon");
	nodes[SIN1].state = NODE_DOWN;
	drain_follow_config(&state, &config, &config);
	is_int(state.successors[0], 4, "one that went down is replaced");
}

int main(void)
{
	test_default_without_successors_is_our_pop_then_the_nearest();
	test_default_of_a_large_pop_is_eight_of_it();
	test_default_with_successors_leaves_out_those_that_cannot();
	test_parse_names_gives_ids_or_every_error();
	test_follow_begins_and_ends_with_our_own_state();
	test_follow_keeps_a_drain_that_was_commanded();
	return done_testing();
}
