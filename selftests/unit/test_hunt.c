// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_hunt.c: whom the data path is told to ask.
 */
#include "selftests/tap.h"
#include "fleet_fixture.h"
#include "user/hunt.h"

static void expect(const struct config *config, const char *expected, const char *name)
{
	struct ad_hunt plan;
	char text[128] = "";
	size_t used = 0;

	hunt_plan(config, &plan);
	for (__u32 i = 0; i < plan.nr_neighbours; i++)
		used += snprintf(text + used, sizeof(text) - used, " %u", plan.neighbours[i]);
	is_str(text, expected, name);
}

static void test_plan_without_neighbours_takes_one_of_each_pop_ours_first(void)
{
	struct config config = fleet_config;

	expect(&config, " 4 2 3", "from fra-1: the other one of fra, then the other POPs");
	config.self = &fleet_nodes[2];
	expect(&config, " 3 1 4", "from nyc: the POPs behind it, round, then a second one");
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
	struct config_pop pops[3] = { { .name = (char *)"a" } };
	struct config_node nodes[60];
	struct config config = fleet_config;

	memset(nodes, 0, sizeof(nodes));
	for (__u16 i = 0; i < 60; i++) {
		nodes[i].id = i + 1;
		nodes[i].pop = i / 20;
	}
	config.pops = pops;
	config.nodes = nodes;
	config.nr_nodes = 60;
	config.self = &nodes[0];
	expect(&config, " 2 21 41 3 22 42 4 23 43 5 24 44 6 25 45 7", "sixteen, POP by POP");
}

static void test_plan_of_one_node_is_empty(void)
{
	struct config config = fleet_config;

	config.nr_nodes = 1;
	expect(&config, "", "nobody to ask");
}

int main(void)
{
	test_plan_without_neighbours_takes_one_of_each_pop_ours_first();
	test_plan_with_neighbours_takes_those_in_their_order();
	test_plan_of_a_large_fleet_ends_when_full();
	test_plan_of_one_node_is_empty();
	return done_testing();
}
