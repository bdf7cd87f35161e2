// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * drain.c: handing our new flows to successors, in the pinned state.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "drain.h"
#include "fleet.h"

static const char *why_not(const struct config *config, const struct config_node *node)
{
	if (!node)
		return "no such node in this configuration";
	if (node->id == config->self->id)
		return "that is this node";
	if (node->state == NODE_DOWN)
		return "it is down";
	if (node->state == NODE_DRAINING)
		return "it is draining itself";
	return NULL;
}

int drain_parse(const struct config *config, const char *names, __u16 ids[AD_SUCCESSOR_MAX],
		struct config_errors *errors)
{
	char *copy = strdup(names), *rest = copy, *name;
	int nr = 0, err = copy ? 0 : -ENOMEM;

	while (copy && (name = strsep(&rest, ","))) {
		const struct config_node *node = config_node_by_name(config, name);
		const char *reason = why_not(config, node);

		if (!reason && nr == AD_SUCCESSOR_MAX)
			reason = "one successor too many";
		if (reason) {
			config_errors_add(errors, name, 0, "cannot take our flows: %s", reason);
			err = -EINVAL;
			continue;
		}
		ids[nr++] = node->id;
	}
	free(copy);
	return err ?: nr;
}

static size_t add_configured(const struct config *config, __u16 ids[AD_SUCCESSOR_MAX])
{
	size_t nr = 0;

	for (size_t i = 0; i < config->nr_successors; i++)
		if (!why_not(config, config_node_by_id(config, config->successors[i])))
			ids[nr++] = config->successors[i];
	return nr;
}

static size_t add_pop(const struct config *config, __u16 pop, __u16 ids[AD_SUCCESSOR_MAX])
{
	const struct config_node *node;
	size_t nr = 0;

	for (size_t nth = 0; nr < AD_SUCCESSOR_MAX; nth++) {
		node = fleet_other_of(config, pop, nth);
		if (!node)
			break;
		if (!why_not(config, node))
			ids[nr++] = node->id;
	}
	return nr;
}

size_t drain_default(const struct config *config, __u16 ids[AD_SUCCESSOR_MAX])
{
	size_t nr = 0;

	if (config->nr_successors)
		return add_configured(config, ids);
	for (size_t i = 0; !nr && i < config->nr_pops; i++)
		nr = add_pop(config, fleet_pop_near(config, i), ids);
	return nr;
}

/* Successors first: the flag without them would leave new flows here unsaid. */
void drain_begin(struct ad_state *state, const __u16 *ids, size_t nr)
{
	state_set_successors(state, ids, nr);
	state_set_flag(state, AD_STATE_DRAINING);
}

void drain_end(struct ad_state *state)
{
	state_clear_flag(state, AD_STATE_DRAINING);
	state_set_successors(state, NULL, 0);
}

bool drain_is_on(const struct ad_state *state)
{
	return state_has_flag(state, AD_STATE_DRAINING);
}

/* Those that were chosen and still can; if none can, those of the configuration. */
static void refresh(struct ad_state *state, const struct config *config)
{
	__u16 ids[AD_SUCCESSOR_MAX];
	size_t i, nr = 0;

	for (i = 0; i < state->nr_successors && i < AD_SUCCESSOR_MAX; i++)
		if (!why_not(config, config_node_by_id(config, state->successors[i])))
			ids[nr++] = state->successors[i];
	if (nr == state->nr_successors && nr)
		return;
	if (!nr)
		nr = drain_default(config, ids);
	state_set_successors(state, ids, nr);
}

void drain_follow_config(struct ad_state *state, const struct config *old,
			 const struct config *config)
{
	bool wants = config->self->state == NODE_DRAINING;
	bool wanted = old && old->self->state == NODE_DRAINING;
	__u16 ids[AD_SUCCESSOR_MAX];

	if (wants && !wanted && !drain_is_on(state))
		drain_begin(state, ids, drain_default(config, ids));
	else if (wanted && !wants)
		drain_end(state);
	else if (drain_is_on(state))
		refresh(state, config);
}
