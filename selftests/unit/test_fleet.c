// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_fleet.c: who is near, by the order of the configuration.
 */
#include "selftests/tap.h"
#include "fleet_fixture.h"
#include "user/fleet/fleet.h"

static void expect_pops(__u16 own, size_t nr_pops, const char *expected, const char *name)
{
	struct config_node self = { .pop = own };
	struct config config = { .nodes = &self, .nr_nodes = 1, .self = &self, .nr_pops = nr_pops };
	char text[64] = "";
	size_t used = 0;

	for (size_t nth = 0; nth < nr_pops; nth++)
		used += snprintf(text + used, sizeof(text) - used, " %u",
				 fleet_pop_near(&config, nth));
	is_str(text, expected, "%s", name);
}

static void test_fleet_pops_are_a_ring(void)
{
	expect_pops(0, 1, " 0", "one POP");
	expect_pops(1, 2, " 1 0", "two");
	expect_pops(0, 5, " 0 1 4 2 3", "the first of five: on either side in turn");
	expect_pops(3, 5, " 3 4 2 0 1", "one in the middle: round the end");
	expect_pops(5, 6, " 5 0 4 1 3 2", "the last of six: the far one is there once");
}

static void test_fleet_pops_are_each_there_once(void)
{
	int missing = 0;

	for (__u16 nr = 1; nr <= 40; nr++) {
		for (__u16 own = 0; own < nr; own++) {
			struct config_node self = { .pop = own };
			struct config config = { .self = &self, .nr_pops = nr };
			__u64 seen = 0;

			for (size_t nth = 0; nth < nr; nth++) {
				seen |= 1ull << fleet_pop_near(&config, nth);
				missing += fleet_pop_rank(&config, fleet_pop_near(&config, nth)) !=
					   nth;
			}
			missing += seen != (1ull << nr) - 1;
		}
	}
	is_int(missing, 0,
	       "of up to 40 POPs, from each of them, none is missing, and each has its rank");
}

static __u16 other(const struct config *config, __u16 pop, size_t nth)
{
	const struct config_node *node = fleet_other_of(config, pop, nth);

	return node ? node->id : 0;
}

static void test_fleet_others_begin_behind_us(void)
{
	struct config_node nodes[] = {
		{ .id = 1 }, { .id = 2 }, { .id = 3, .pop = 1 }, { .id = 4 }, { .id = 5, .pop = 1 }
	};
	struct config config = { .nodes = nodes, .nr_nodes = 5, .nr_pops = 2, .self = &nodes[1] };

	is_int(other(&config, 0, 0), 4, "of our own POP the one behind us");
	is_int(other(&config, 0, 1), 1, "then the one before");
	is_int(other(&config, 0, 2), 0, "we are not one of the others");
	is_int(other(&config, 1, 0), 3, "of another POP the first one behind us");
	is_int(other(&config, 1, 1), 5, "then the second");
	is_int(other(&config, 1, 2), 0, "it has no third");
	config.self = &nodes[3];
	is_int(other(&config, 1, 0), 5, "another node begins with another one");
}

static void test_fleet_of_one_has_no_others(void)
{
	struct config config = fleet_config;

	config.nr_nodes = 1;
	ok(!fleet_other_of(&config, 0, 0), "nobody");
}

int main(void)
{
	test_fleet_pops_are_a_ring();
	test_fleet_pops_are_each_there_once();
	test_fleet_others_begin_behind_us();
	test_fleet_of_one_has_no_others();
	return done_testing();
}
