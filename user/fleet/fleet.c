// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fleet.c: nearness by the order of the configuration.
 */
#include "fleet.h"

__u16 fleet_pop_near(const struct config *config, size_t nth)
{
	size_t steps = (nth + 1) / 2 % config->nr_pops;

	return (config->self->pop + (nth % 2 ? steps : config->nr_pops - steps)) % config->nr_pops;
}

size_t fleet_pop_rank(const struct config *config, __u16 pop)
{
	size_t nr = config->nr_pops, ahead = (pop + nr - config->self->pop) % nr;
	size_t behind = nr - ahead;

	if (!ahead)
		return 0;
	return ahead <= behind ? 2 * ahead - 1 : 2 * behind;
}

/* From behind us, so that not all of a POP think of the same one first. */
const struct config_node *fleet_other_of(const struct config *config, __u16 pop, size_t nth)
{
	size_t us = config->self - config->nodes;

	for (size_t i = 1; i < config->nr_nodes; i++) {
		const struct config_node *node = &config->nodes[(us + i) % config->nr_nodes];

		if (node->pop == pop && !nth--)
			return node;
	}
	return NULL;
}
