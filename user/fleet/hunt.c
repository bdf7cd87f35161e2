// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * hunt.c: what the data path is told for its hunts (hunt.h).
 */
#include <string.h>
#include "fleet.h"
#include "hunt.h"

const char *const budget_names[AD_BUDGET_CLASSES] = {
	[AD_BUDGET_HUNT] = "hunt",	 [AD_BUDGET_GUESS] = "guess",	[AD_BUDGET_DATA] = "data",
	[AD_BUDGET_DIVERT] = "divert",	 [AD_BUDGET_ACCEPT] = "accept", [AD_BUDGET_ICMP] = "icmp",
	[AD_BUDGET_TOO_BIG] = "too_big",
};

const char *const budget_scopes[AD_BUDGET_SCOPES] = {
	[AD_BUDGET_ALL] = "all",
	[AD_BUDGET_NODE] = "node",
	[AD_BUDGET_PREFIX] = "prefix",
};

static bool is_full(const struct ad_hunt *plan)
{
	return plan->nr_neighbours >= AD_NEIGHBOUR_MAX;
}

static void add(struct ad_hunt *plan, __u16 id)
{
	for (__u32 i = 0; i < plan->nr_neighbours; i++)
		if (plan->neighbours[i] == id)
			return;
	if (!is_full(plan))
		plan->neighbours[plan->nr_neighbours++] = id;
}

/* All of our own POP: flows move between them whenever its routers hash anew. */
static void add_siblings(const struct config *config, struct ad_hunt *plan)
{
	const struct config_node *node;

	for (size_t nth = 0; !is_full(plan); nth++) {
		node = fleet_other_of(config, config->self->pop, nth);
		if (!node)
			break;
		add(plan, node->id);
	}
}

/* One node more of every other POP. False: none has one. */
static bool add_round(const struct config *config, size_t nth, struct ad_hunt *plan)
{
	bool any = false;

	for (size_t i = 1; i < config->nr_pops && !is_full(plan); i++) {
		const struct config_node *node =
			fleet_other_of(config, fleet_pop_near(config, i), nth);

		if (node)
			add(plan, node->id);
		any |= node != NULL;
	}
	return any;
}

/*
 * With a directory one node of a POP stands for all (struct ad_homes): so one of each comes before
 * the second one of any, or a large POP would fill the list.
 */
static void add_one_of_each(const struct config *config, struct ad_hunt *plan)
{
	const struct config_node *sibling = fleet_other_of(config, config->self->pop, 0);

	if (sibling)
		add(plan, sibling->id);
	add_round(config, 0, plan);
}

static void choose_neighbours(const struct config *config, struct ad_hunt *plan)
{
	if (config->directory_port)
		add_one_of_each(config, plan);
	add_siblings(config, plan);
	for (size_t nth = 0; !is_full(plan); nth++)
		if (!add_round(config, nth, plan))
			break;
}

bool hunt_meters_data(const struct ad_hunt *plan)
{
	const __u32 *rates = plan->budgets[AD_BUDGET_DATA];

	return rates[AD_BUDGET_ALL] || rates[AD_BUDGET_NODE] || rates[AD_BUDGET_PREFIX];
}

void hunt_plan(const struct config *config, struct ad_hunt *plan)
{
	memset(plan, 0, sizeof(*plan));
	memcpy(plan->budgets, config->budgets, sizeof(plan->budgets));
	plan->hint_s = config->hint_s;
	plan->nobody_ms = config->nobody_s * 1000;
	for (size_t i = 0; i < config->nr_neighbours; i++)
		add(plan, config->neighbours[i]);
	if (!config->nr_neighbours)
		choose_neighbours(config, plan);
}
