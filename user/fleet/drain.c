// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * drain.c: handing our new flows to successors, in the pinned state.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "drain.h"
#include "fleet.h"

static const char *why_not(const struct model *model, const struct config *config,
			   const struct config_node *node, const bool *serves)
{
	struct model_standing standing;

	if (!node)
		return "no such node in this configuration";
	if (node->id == config->self->id)
		return "that is this node";
	standing = model_standing(model, node->id);
	switch (standing.state) {
	case MODEL_UP:
		if (serves && standing.cause == MODEL_BY_SILENT)
			return "it does not answer";
		return serves && !serves[node->pop] ? "its POP fails" : NULL;
	case MODEL_DRAINING:
		return "it is draining itself";
	default:
		return "it is down";
	}
}

static bool can_take(const struct model *model, const struct config *config, __u16 id,
		     const bool *serves)
{
	return !why_not(model, config, model_node(model, id), serves);
}

/* Successors that are chosen. */
struct ids {
	__u16 *list;
	int nr;
	bool is_full;
};

static void take(struct ids *ids, __u16 id)
{
	for (int i = 0; i < ids->nr; i++)
		if (ids->list[i] == id)
			return;
	if (ids->nr < AD_SUCCESSOR_MAX)
		ids->list[ids->nr++] = id;
	else
		ids->is_full = true;
}

/* NULL: all of its nodes that can take flows, as many as fit. */
static const char *take_pop(struct ids *ids, const struct model *model, const struct config *config,
			    size_t pop)
{
	int before = ids->nr;

	for (size_t i = 0; i < config->nr_nodes; i++)
		if (config->nodes[i].pop == (int)pop && ids->nr < AD_SUCCESSOR_MAX &&
		    !why_not(model, config, &config->nodes[i], NULL))
			take(ids, config->nodes[i].id);
	return ids->nr > before ? NULL : "none of its nodes is up and another one";
}

/* A name of both kinds is the node's. */
static const char *take_name(struct ids *ids, const struct model *model,
			     const struct config *config, const char *name)
{
	const struct config_node *node = config_node_by_name(config, name);
	const char *reason;

	for (size_t i = 0; !node && i < config->nr_pops; i++)
		if (!strcmp(config->pops[i].name, name))
			return take_pop(ids, model, config, i);
	if (!node)
		return "no such node, and no such POP, in this configuration";
	reason = why_not(model, config, node, NULL);
	if (!reason)
		take(ids, node->id);
	return reason ?: ids->is_full ? "one successor too many" : NULL;
}

int drain_parse(const struct model *model, const struct config *config, const char *names,
		__u16 list[AD_SUCCESSOR_MAX], struct config_errors *errors)
{
	char *copy = strdup(names), *rest = copy, *name;
	struct ids ids = { .list = list };
	int err = copy ? 0 : -ENOMEM;

	while (copy && (name = strsep(&rest, ","))) {
		const char *reason = take_name(&ids, model, config, name);

		if (!reason)
			continue;
		config_errors_add(errors, name, 0, "cannot take our flows: %s", reason);
		err = -EINVAL;
	}
	free(copy);
	return err ?: ids.nr;
}

static size_t add_configured(const struct model *model, const struct config *config,
			     const bool *serves, __u16 ids[AD_SUCCESSOR_MAX])
{
	size_t nr = 0;

	for (size_t i = 0; i < config->nr_successors; i++)
		if (can_take(model, config, config->successors[i], serves))
			ids[nr++] = config->successors[i];
	return nr;
}

/* From behind us, so that not all of a POP think of the same one first. */
static size_t add_nearest(const struct model *model, const struct config *config,
			  const bool *serves, __u16 ids[AD_SUCCESSOR_MAX])
{
	size_t i, rank, best = config->nr_pops, nr = 0, us = config->self - config->nodes;

	for (i = 1; i < config->nr_nodes; i++) {
		const struct config_node *node = &config->nodes[(us + i) % config->nr_nodes];

		rank = fleet_pop_rank(config, node->pop);
		if (rank > best || why_not(model, config, node, serves))
			continue;
		if (rank < best)
			nr = 0;
		best = rank;
		if (nr < AD_SUCCESSOR_MAX)
			ids[nr++] = node->id;
	}
	return nr;
}

size_t drain_serving(const struct model *model, const struct config *config, const bool *serves,
		     __u16 ids[AD_SUCCESSOR_MAX])
{
	if (config->nr_successors)
		return add_configured(model, config, serves, ids);
	return add_nearest(model, config, serves, ids);
}

size_t drain_default(const struct model *model, const struct config *config,
		     __u16 ids[AD_SUCCESSOR_MAX])
{
	return drain_serving(model, config, NULL, ids);
}

/* Successors first: the flag without them would leave new flows here unsaid. */
void drain_begin(struct ad_state *state, const __u16 *ids, size_t nr)
{
	state_set_successors(state, ids, nr);
	state_set_flag(state, AD_STATE_DRAINING);
	state_clear_flag(state, AD_STATE_DIVERTS);
}

void drain_end(struct ad_state *state)
{
	state_clear_flag(state, AD_STATE_HANDS_OVER);
	state_set_successors(state, NULL, 0);
}

void drain_come_back(struct ad_state *state)
{
	state_set_kept(state, DRAIN_KEPT_FIRST);
	state_set_flag(state, AD_STATE_DIVERTS);
	state_clear_flag(state, AD_STATE_DRAINING);
}

bool drain_is_on(const struct ad_state *state)
{
	return state_has_flag(state, AD_STATE_DRAINING);
}

/* Those that were chosen and still can; if none can, those of the configuration. */
size_t drain_refresh(struct ad_state *state, const struct model *model, const struct config *config,
		     const bool *serves)
{
	__u16 ids[AD_SUCCESSOR_MAX];
	size_t i, nr = 0;

	for (i = 0; i < state->nr_successors && i < AD_SUCCESSOR_MAX; i++)
		if (can_take(model, config, state->successors[i], serves))
			ids[nr++] = state->successors[i];
	if (nr == state->nr_successors && nr)
		return nr;
	if (!nr)
		nr = drain_serving(model, config, serves, ids);
	state_set_successors(state, ids, nr);
	return nr;
}

void drain_follow_config(struct ad_state *state, struct model *model, const struct config *old,
			 const struct config *config, __u32 now_s)
{
	bool wants = config->self->state == CONFIG_NODE_DRAINING;
	bool wanted = old && old->self->state == CONFIG_NODE_DRAINING;
	__u16 ids[AD_SUCCESSOR_MAX], self = config->self->id;
	struct model_columns columns = model_columns(model, self);

	if ((wanted && !wants) || (wants && !wanted && columns.told == AD_TOLD_UNDRAIN))
		model_tell(model, self, AD_TOLD_NOTHING, now_s);
	columns = model_columns(model, self);
	if (!model_drains(&columns) && drain_is_on(state))
		config->slow_start_s ? drain_come_back(state) : drain_end(state);
	else if (!model_drains(&columns))
		return;
	else if (drain_is_on(state))
		drain_refresh(state, model, config, NULL);
	else
		drain_begin(state, ids, drain_default(model, config, ids));
}
