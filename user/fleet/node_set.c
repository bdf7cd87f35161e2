// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * node_set.c: the nodes that a word of an operator is for (node_set.h).
 */
#include <stdlib.h>
#include <string.h>
#include "node_set.h"
#include "user/base/nearest.h"

#define POP_PREFIX  "pop:"
#define NODE_PREFIX "node:"

/* -1: no such POP. */
static int find_pop(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->nr_pops; i++)
		if (!strcmp(config->pops[i].name, name))
			return i;
	return -1;
}

static void take_pop(struct node_set *set, const struct config *config, int pop)
{
	for (size_t i = 0; i < config->nr_nodes; i++)
		if (config->nodes[i].pop == pop)
			set->nodes[set->nr++] = &config->nodes[i];
}

static json_t *tell_unknown(const struct config *config, const char *name)
{
	struct nearest near = { .word = name };

	for (size_t i = 0; i < config->nr_pops; i++)
		nearest_offer(&near, config->pops[i].name);
	for (size_t i = 0; i < config->nr_nodes; i++)
		nearest_offer(&near, config->nodes[i].name);
	if (near.best)
		return json_sprintf("'%s' is no node and no POP of the configuration: did you mean "
				    "'%s'?",
				    name, near.best);
	return json_sprintf("'%s' is no node and no POP of the configuration: `anydoor pops` lists "
			    "them",
			    name);
}

static json_t *find(struct node_set *set, const struct config *config, const char *given)
{
	bool wants_pop = !strncmp(given, POP_PREFIX, strlen(POP_PREFIX));
	bool wants_node = !strncmp(given, NODE_PREFIX, strlen(NODE_PREFIX));
	const char *name = wants_pop || wants_node ? strchr(given, ':') + 1 : given;
	const struct config_node *node = wants_pop ? NULL : config_node_by_name(config, name);
	int pop = wants_node ? -1 : find_pop(config, name);

	if (pop >= 0)
		take_pop(set, config, pop);
	if (pop >= 0 && !node)
		return set->nr ? NULL : json_sprintf("POP %s has no nodes", name);
	if (pop >= 0 && (set->nr != 1 || set->nodes[0] != node))
		return json_sprintf("'%s' is a POP and a node, and not the same: write '%s%s' or "
				    "'%s%s'",
				    name, POP_PREFIX, name, NODE_PREFIX, name);
	if (!node)
		return tell_unknown(config, name);
	set->nodes[0] = node;
	set->nr = 1;
	return NULL;
}

json_t *node_set_find(struct node_set *set, const struct config *config, const char *name)
{
	json_t *error;

	set->nr = 0;
	set->nodes = calloc(config->nr_nodes + 1, sizeof(*set->nodes));
	error = set->nodes ? find(set, config, name) : json_string("out of memory");
	if (error)
		node_set_free(set);
	return error;
}

void node_set_free(struct node_set *set)
{
	free(set->nodes);
	set->nodes = NULL;
	set->nr = 0;
}

/* Which POPs have a node up that answers; without @set (may be NULL). NULL without memory. */
static bool *pops_up(const struct node_set *set, const struct config *config,
		     const struct model *model)
{
	bool *leaves = calloc(config->nr_nodes, sizeof(*leaves));
	bool *up = calloc(config->nr_pops, sizeof(*up));

	for (size_t i = 0; leaves && set && i < set->nr; i++)
		leaves[set->nodes[i] - config->nodes] = true;
	for (size_t i = 0; leaves && up && i < config->nr_nodes; i++) {
		struct model_standing standing = model_standing(model, config->nodes[i].id);

		if (!leaves[i] && standing.state == MODEL_UP && standing.cause != MODEL_BY_SILENT)
			up[config->nodes[i].pop] = true;
	}
	free(leaves);
	return up;
}

unsigned int node_set_pops_left(const struct node_set *set, const struct config *config,
				const struct model *model)
{
	bool *up = pops_up(set, config, model);
	unsigned int nr = 0;

	for (size_t i = 0; up && i < config->nr_pops; i++)
		nr += up[i];
	free(up);
	return nr;
}

bool node_set_empties_a_pop(const struct node_set *set, const struct config *config,
			    const struct model *model)
{
	return node_set_pops_left(set, config, model) < node_set_pops_left(NULL, config, model);
}

json_t *node_set_check_last(const struct node_set *set, const struct config *config,
			    const struct model *model)
{
	unsigned int left = node_set_pops_left(set, config, model);

	if (left >= config->bgp.at_least || !node_set_empties_a_pop(set, config, model))
		return NULL;
	return json_sprintf("%u other POP%s would be up, and bgp.at_least is %u: clients may find "
			    "none; `--last` drains it all the same",
			    left, left == 1 ? "" : "s", config->bgp.at_least);
}
