/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node_set.h: the nodes that a word of an operator is for. Knows no libbpf.
 */
#ifndef AD_FLEET_NODE_SET_H
#define AD_FLEET_NODE_SET_H

#include <jansson.h>
#include "model.h"

struct node_set {
	const struct config_node **nodes; /* of the configuration */
	size_t nr;
};

/*
 * "nyc", "nyc-1": all nodes of the POP of that name, or the node. A name that is both is refused,
 * unless the POP has no other node; "pop:nyc" and "node:nyc" are the one or the other. NULL, then
 * node_set_free(); or a line that says what is wrong, to json_decref().
 */
json_t *node_set_find(struct node_set *set, const struct config *config, const char *name);
void node_set_free(struct node_set *set);

/* How many POPs have a node up, and heard of, that is not among them. */
unsigned int node_set_pops_left(const struct node_set *set, const struct config *config,
				const struct model *model);
/* Whether a POP that has such a node now has none without them. */
bool node_set_empties_a_pop(const struct node_set *set, const struct config *config,
			    const struct model *model);
/*
 * A drain that leaves a POP without a node must leave bgp.at_least other POPs up. NULL: it does; or
 * a line that says what is wrong, to json_decref().
 */
json_t *node_set_check_last(const struct node_set *set, const struct config *config,
			    const struct model *model);

#endif
