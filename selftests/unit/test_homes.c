// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_homes.c: which node of a POP is told of which of its flows.
 */
#include "selftests/tap.h"
#include "user/fleet/homes.h"

#define NODES 50

static __u16 ids[NODES];

static void number(void)
{
	for (__u16 i = 0; i < NODES; i++)
		ids[i] = 100 + 3 * i;
}

static void test_homes_without_nodes_are_nobody(void)
{
	static const struct ad_homes none;
	struct ad_homes homes;

	memset(&homes, 1, sizeof(homes));
	homes_fill(&homes, ids, 0);
	ok(!memcmp(&homes, &none, sizeof(homes)), "nobody is told of anything");
}

static void test_homes_give_each_node_its_share(void)
{
	size_t least = AD_HOME_PARTS, most = 0;
	struct ad_homes homes;

	homes_fill(&homes, ids, 4);
	for (size_t i = 0; i < 4; i++) {
		size_t nr = 0;

		for (size_t part = 0; part < AD_HOME_PARTS; part++)
			nr += homes.node[part] == ids[i];
		least = nr < least ? nr : least;
		most = nr > most ? nr : most;
	}
	ok(least >= 40 && most <= 90, "of four nodes each has 40 to 90 of 256: %zu to %zu", least,
	   most);
}

static void test_homes_move_only_what_a_leaving_node_had(void)
{
	struct ad_homes before, after;
	size_t wrong = 0, moved = 0;
	__u16 others[NODES - 1];

	homes_fill(&before, ids, NODES);
	for (size_t i = 0, nr = 0; i < NODES; i++)
		if (i != 7)
			others[nr++] = ids[i];
	homes_fill(&after, others, NODES - 1);
	for (size_t part = 0; part < AD_HOME_PARTS; part++) {
		moved += before.node[part] == ids[7];
		wrong += before.node[part] != ids[7] && before.node[part] != after.node[part];
		wrong += after.node[part] == ids[7];
	}
	ok(moved, "the node that leaves was a home");
	is_int(wrong, 0, "no part moves that was another's");
}

static void test_homes_do_not_depend_on_order(void)
{
	struct ad_homes forwards, backwards;
	__u16 reversed[NODES];

	for (size_t i = 0; i < NODES; i++)
		reversed[i] = ids[NODES - 1 - i];
	homes_fill(&forwards, ids, NODES);
	homes_fill(&backwards, reversed, NODES);
	ok(!memcmp(&forwards, &backwards, sizeof(forwards)), "of the nodes in the configuration");
}

/* Every version of a fleet must reckon the same: these are what the first one did. */
static void test_homes_are_the_same_in_every_version(void)
{
	static const __u16 three[] = { 1, 2, 300 };
	struct ad_homes homes;
	char text[64] = "";
	size_t at = 0;

	homes_fill(&homes, three, 3);
	for (size_t part = 0; part < 10; part++)
		at += snprintf(text + at, sizeof(text) - at, " %u", homes.node[part]);
	is_str(text, " 2 300 300 2 1 2 2 2 300 2", "the first ten parts of the nodes 1, 2 and 300");
}

int main(void)
{
	number();
	test_homes_without_nodes_are_nobody();
	test_homes_give_each_node_its_share();
	test_homes_move_only_what_a_leaving_node_had();
	test_homes_do_not_depend_on_order();
	test_homes_are_the_same_in_every_version();
	return done_testing();
}
