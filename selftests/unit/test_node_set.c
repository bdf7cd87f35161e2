// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_node_set.c: the nodes that a word is for, by names of every kind.
 */
#include <stdlib.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/fleet/node_set.h"

static struct config_pop pops[] = { { .name = "fra" },
				    { .name = "nyc" },
				    { .name = "sin" },
				    { .name = "gru" },
				    { .name = "empty" } };
static struct config_node nodes[] = {
	{ .name = "fra-1", .id = 1, .pop = 0, .state = CONFIG_NODE_UP },
	{ .name = "fra-2", .id = 2, .pop = 0, .state = CONFIG_NODE_UP },
	{ .name = "nyc", .id = 3, .pop = 1, .state = CONFIG_NODE_UP },
	{ .name = "sin", .id = 4, .pop = 2, .state = CONFIG_NODE_UP },
	{ .name = "sin-2", .id = 5, .pop = 2, .state = CONFIG_NODE_UP },
	{ .name = "gru-1", .id = 6, .pop = 3, .state = CONFIG_NODE_DOWN },
};
static struct config config = {
	.pops = pops, .nr_pops = 5, .nodes = nodes, .nr_nodes = 6, .self = nodes
};

static void test_name_table(void)
{
	static const struct {
		const char *name, *ids, *error;
	} rows[] = {
		{ "fra", "1,2,", NULL },
		{ "fra-2", "2,", NULL },
		{ "nyc", "3,", NULL },
		{ "sin", NULL, "write 'pop:sin' or 'node:sin'" },
		{ "pop:sin", "4,5,", NULL },
		{ "node:sin", "4,", NULL },
		{ "pop:fra-1", NULL, "is no node and no POP" },
		{ "node:fra", NULL, "is no node and no POP" },
		{ "empty", NULL, "has no nodes" },
		{ "fra-3", NULL, "did you mean 'fra-1'?" },
		{ "", NULL, "is no node and no POP" },
		{ "pop:", NULL, "is no node and no POP" },
	};
	size_t i, at;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct node_set set;
		json_t *error = node_set_find(&set, &config, rows[i].name);
		char ids[64] = "";

		for (at = 0; !error && at < set.nr; at++)
			snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids), "%u,",
				 set.nodes[at]->id);
		ok(!error == !rows[i].error &&
			   (error ? !!strstr(json_string_value(error), rows[i].error)
				  : !strcmp(ids, rows[i].ids)),
		   "'%s': %s", rows[i].name, error ? json_string_value(error) : ids);
		if (!error)
			node_set_free(&set);
		json_decref(error);
	}
}

static void test_pops_left(void)
{
	struct model *model = model_new();
	struct node_set set;

	model_configure(model, &config, 1);
	node_set_find(&set, &config, "fra-1");
	ok(!node_set_empties_a_pop(&set, &config, model), "one of two nodes leaves its POP up");
	is_int(node_set_pops_left(&set, &config, model), 3, "so three are");
	node_set_free(&set);
	node_set_find(&set, &config, "fra");
	ok(node_set_empties_a_pop(&set, &config, model), "both do not");
	is_int(node_set_pops_left(&set, &config, model), 2, "so two are");
	model_report(model, 3, AD_TOLD_DRAIN, 2);
	is_int(node_set_pops_left(&set, &config, model), 1, "one that drains does not count");
	model_see(model, 4, true, 3);
	model_see(model, 5, true, 3);
	is_int(node_set_pops_left(&set, &config, model), 0, "nor one that does not answer");
	node_set_free(&set);
	node_set_find(&set, &config, "gru");
	ok(!node_set_empties_a_pop(&set, &config, model), "what is down is not emptied");
	node_set_free(&set);
	model_free(model);
}

static bool is_last(const struct model *model, const char *name, unsigned int at_least)
{
	struct config its = config;
	struct node_set set;
	json_t *why;
	bool said;

	its.bgp.at_least = at_least;
	node_set_find(&set, &its, name);
	why = node_set_check_last(&set, &its, model);
	said = why && strstr(json_string_value(why), "bgp.at_least is") &&
	       strstr(json_string_value(why), "`--last`");
	node_set_free(&set);
	json_decref(why);
	return said;
}

static void test_last_pops_are_told_from_those_that_leave_enough(void)
{
	struct model *model = model_new();

	model_configure(model, &config, 1);
	ok(!is_last(model, "fra", 2), "two others are left, and two are wanted");
	ok(is_last(model, "fra", 3), "three are not");
	ok(!is_last(model, "fra-1", 3), "one of two nodes leaves its POP up");
	model_see(model, 3, true, 2);
	model_see(model, 4, true, 2);
	model_see(model, 5, true, 2);
	ok(is_last(model, "fra", 1), "others that do not answer do not count");
	ok(!is_last(model, "fra", 0), "none is wanted");
	model_tell(model, 2, AD_TOLD_DRAIN, 3);
	ok(is_last(model, "fra-1", 1), "the last node of the last POP");
	model_tell(model, 1, AD_TOLD_DRAIN, 4);
	ok(!is_last(model, "fra-1", 1), "one that drains already takes nothing away");
	model_free(model);
}

int main(void)
{
	test_name_table();
	test_pops_left();
	test_last_pops_are_told_from_those_that_leave_enough();
	return done_testing();
}
