// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * hunt.c: what the data path is told for its hunts (hunt.h).
 */
#include <string.h>
#include "hunt.h"

static void add(struct ad_hunt *plan, __u16 id)
{
	if (plan->nr_neighbours < AD_NEIGHBOUR_MAX)
		plan->neighbours[plan->nr_neighbours++] = id;
}

/* The @nth other node of @pop; NULL: it has fewer. */
static const struct config_node *other_of(const struct config *config, __u16 pop, size_t nth)
{
	for (size_t i = 0; i < config->nr_nodes; i++)
		if (config->nodes[i].pop == pop && &config->nodes[i] != config->self && !nth--)
			return &config->nodes[i];
	return NULL;
}

/* One node more of every POP. False: none has one. */
static bool add_round(const struct config *config, size_t nth, struct ad_hunt *plan)
{
	bool any = false;

	for (size_t i = 0; i < config->nr_pops; i++) {
		__u16 pop = (config->self->pop + i) % config->nr_pops;
		const struct config_node *node = other_of(config, pop, nth);

		if (node)
			add(plan, node->id);
		any |= node != NULL;
	}
	return any;
}

void hunt_plan(const struct config *config, struct ad_hunt *plan)
{
	memset(plan, 0, sizeof(*plan));
	for (size_t i = 0; i < config->nr_neighbours; i++)
		add(plan, config->neighbours[i]);
	for (size_t nth = 0; !config->nr_neighbours && plan->nr_neighbours < AD_NEIGHBOUR_MAX;
	     nth++)
		if (!add_round(config, nth, plan))
			break;
}
