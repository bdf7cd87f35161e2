// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_hunt.c: whom the data path is told to ask.
 */
#include "selftests/tap.h"
#include "fleet_fixture.h"
#include "user/fleet/hunt.h"

static void expect(const struct config *config, const char *expected, const char *name)
{
	struct ad_hunt plan;
	char text[128] = "";
	size_t used = 0;

	hunt_plan(config, &plan);
	for (__u32 i = 0; i < plan.nr_neighbours; i++)
		used += snprintf(text + used, sizeof(text) - used, " %u", plan.neighbours[i]);
	is_str(text, expected, "%s", name);
}

static void test_plan_without_neighbours_takes_our_pop_then_one_of_each(void)
{
	struct config config = fleet_config;

	expect(&config, " 4 2 3", "from fra-1: the other one of fra, then the other POPs");
	config.self = &fleet_nodes[2];
	expect(&config, " 3 1 4", "from nyc: the POP behind it, the one before, then a second one");
}

static void test_plan_without_neighbours_asks_every_sibling_first(void)
{
	struct config_node nodes[] = {
		{ .id = 1, .pop = 0 }, { .id = 2, .pop = 1 }, { .id = 3, .pop = 2 },
		{ .id = 4, .pop = 0 }, { .id = 5, .pop = 0 },
	};
	struct config config = fleet_config;

	config.nodes = nodes;
	config.nr_nodes = 5;
	config.self = &nodes[0];
	expect(&config, " 4 5 2 3", "three of fra: two are asked before anybody else");
	config.self = &nodes[3];
	expect(&config, " 5 1 2 3", "and each begins with another one");
}

static void test_plan_with_a_directory_takes_one_of_each_pop_first(void)
{
	struct config_node nodes[] = {
		{ .id = 1, .pop = 0 }, { .id = 2, .pop = 1 }, { .id = 3, .pop = 2 },
		{ .id = 4, .pop = 0 }, { .id = 5, .pop = 0 }, { .id = 6, .pop = 1 },
	};
	struct config config = fleet_config;

	config.nodes = nodes;
	config.nr_nodes = 6;
	config.self = &nodes[0];
	config.directory_port = 6082;
	expect(&config, " 4 2 3 5 6",
	       "a sibling, one of each other POP, then the others, each once");
}

static void test_plan_with_neighbours_takes_those_in_their_order(void)
{
	struct config config = fleet_config;

	config.neighbours[0] = 3;
	config.neighbours[1] = 4;
	config.nr_neighbours = 2;
	expect(&config, " 3 4", "as configured");
}

static void test_plan_of_a_large_fleet_ends_when_full(void)
{
	struct config_node nodes[60];
	struct config config = fleet_config;

	memset(nodes, 0, sizeof(nodes));
	for (__u16 i = 0; i < 60; i++) {
		nodes[i].id = i + 1;
		nodes[i].pop = i < 4 ? 0 : 2 - i % 2;
	}
	config.nodes = nodes;
	config.nr_nodes = 60;
	config.self = &nodes[1];
	expect(&config, " 3 4 1 6 5 8 7 10 9 12 11 14 13 16 15 18", "ours, then POP by POP");
	for (__u16 i = 0; i < 60; i++)
		nodes[i].pop = 0;
	expect(&config, " 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18", "ours alone");
}

static void test_plan_of_one_node_is_empty(void)
{
	struct config config = fleet_config;

	config.nr_nodes = 1;
	expect(&config, "", "nobody to ask");
}

int main(void)
{
	test_plan_without_neighbours_takes_our_pop_then_one_of_each();
	test_plan_without_neighbours_asks_every_sibling_first();
	test_plan_with_a_directory_takes_one_of_each_pop_first();
	test_plan_with_neighbours_takes_those_in_their_order();
	test_plan_of_a_large_fleet_ends_when_full();
	test_plan_of_one_node_is_empty();
	return done_testing();
}
