// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_drain.c: who takes over, and what a new configuration does to a drain.
 */
#include "selftests/tap.h"
#include "user/drain.h"

static struct config_node nodes[] = {
	{ .name = "fra-1", .id = 1 },
	{ .name = "nyc-1", .id = 2 },
	{ .name = "sin-1", .id = 3 },
};

/* All up, as seen from fra-1. */
static struct config fleet(void)
{
	struct config config = { .nodes = nodes, .nr_nodes = 3, .self = &nodes[0] };

	for (size_t i = 0; i < 3; i++)
		nodes[i].state = NODE_UP;
	return config;
}

static void test_default_without_successors_is_every_other_node_that_is_up(void)
{
	struct config config = fleet();
	__u16 ids[AD_SUCCESSOR_MAX];

	is_int(drain_default(&config, ids), 2, "both others");
	is_int(ids[0], 2, "the first of them");
	nodes[1].state = NODE_DOWN;
	is_int(drain_default(&config, ids), 1, "one when the other is down");
	is_int(ids[0], 3, "the right one");
	nodes[2].state = NODE_DRAINING;
	is_int(drain_default(&config, ids), 0, "none when that one drains itself");
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
	nodes[2].state = NODE_DOWN;
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
	nodes[1].state = NODE_DOWN;
	ok(drain_parse(&config, "fra-1,nyc-1,tokyo,sin-1", ids, &errors) < 0, "three wrong ones");
	is_int(errors.nr, 3, "each of them is told");
	config_errors_free(&errors);
}

static void test_follow_begins_and_ends_with_our_own_state(void)
{
	struct config up = fleet(), draining = up;
	struct config_node self = nodes[0];
	struct ad_state state = {};

	self.state = NODE_DRAINING;
	draining.self = &self;
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
	nodes[2].state = NODE_DOWN;
	drain_follow_config(&state, &config, &config);
	is_int(state.successors[0], 2, "one that went down is replaced");
}

int main(void)
{
	test_default_without_successors_is_every_other_node_that_is_up();
	test_default_with_successors_leaves_out_those_that_cannot();
	test_parse_names_gives_ids_or_every_error();
	test_follow_begins_and_ends_with_our_own_state();
	test_follow_keeps_a_drain_that_was_commanded();
	return done_testing();
}
