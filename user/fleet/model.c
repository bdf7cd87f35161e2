// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * model.c: what is known of the fleet, and how it therefore stands (model.h).
 */
#include <stdlib.h>
#include "model.h"

/* --- how a node stands ------------------------------------------------------------------------ */

struct cause {
	enum model_state state;
	const char *key, *word, *text;
};

static const struct cause causes[MODEL_CAUSES_NR] = {
#define X(name, state, key, word, text) [MODEL_BY_##name] = { MODEL_##state, key, word, text },
	MODEL_CAUSES(X)
#undef X
};

bool model_drains(const struct model_columns *columns)
{
	if (columns->told != AD_TOLD_NOTHING)
		return columns->told == AD_TOLD_DRAIN;
	if (columns->reported != AD_TOLD_NOTHING)
		return columns->reported == AD_TOLD_DRAIN;
	return columns->configured == MODEL_CONFIGURED_DRAINING;
}

static enum model_cause find_cause(const struct model_columns *columns)
{
	bool drains = model_drains(columns);

	if (columns->configured == MODEL_ABSENT)
		return MODEL_BY_ABSENT;
	if (columns->configured == MODEL_CONFIGURED_DOWN)
		return MODEL_BY_DOWN;
	if (columns->silent && columns->missed)
		return MODEL_BY_LOST;
	if (columns->silent)
		return drains ? MODEL_BY_DRAINING_SILENT : MODEL_BY_SILENT;
	if (columns->told == AD_TOLD_NOTHING && columns->reported != AD_TOLD_NOTHING)
		return drains ? MODEL_BY_REPORTED_DRAIN : MODEL_BY_REPORTED_UNDRAIN;
	if (columns->told == AD_TOLD_NOTHING)
		return drains ? MODEL_BY_DRAINING : MODEL_BY_UP;
	return drains ? MODEL_BY_TOLD_DRAIN : MODEL_BY_TOLD_UNDRAIN;
}

struct model_standing model_resolve(const struct model_columns *columns)
{
	enum model_cause cause = find_cause(columns);

	return (struct model_standing){ .state = causes[cause].state, .cause = cause };
}

const char *model_state_name(enum model_state state)
{
	static const char *const names[MODEL_STATES] = {
		[MODEL_OUT] = "out", [MODEL_DRAINING] = "draining", [MODEL_UP] = "up"
	};

	return names[state];
}

const char *model_cause_key(enum model_cause cause)
{
	return causes[cause].key;
}

const char *model_cause_word(enum model_cause cause)
{
	return causes[cause].word;
}

const char *model_cause_text(enum model_cause cause)
{
	return causes[cause].text;
}

void model_pop_add(struct model_pop *pop, struct model_standing standing)
{
	pop->nr[standing.state]++;
	pop->lost += standing.cause == MODEL_BY_LOST;
}

bool model_pop_drains(const struct model_pop *pop)
{
	return (pop->nr[MODEL_DRAINING] || pop->lost) && !pop->nr[MODEL_UP];
}

enum model_state model_pop_resolve(const struct model_pop *pop)
{
	if (pop->nr[MODEL_UP])
		return MODEL_UP;
	return pop->nr[MODEL_DRAINING] ? MODEL_DRAINING : MODEL_OUT;
}

/* --- the rows --------------------------------------------------------------------------------- */

struct row {
	struct model_columns columns;
	const struct config_node *node; /* NULL: the configuration does not name it */
	struct model_standing standing;
	__u32 since_s; /* CLOCK_MONOTONIC, s */
	__u32 round;   /* of model_configure() that named it last */
	__u16 pop;
	__u64 changed; /* the number of the change */
};

struct model {
	struct row rows[AD_NODE_ID_MAX + 1]; /* by id */
	size_t nr;			     /* rows that may say something: those before it */
	__u64 changes;
	__u32 round;
};

struct model *model_new(void)
{
	return calloc(1, sizeof(struct model));
}

void model_free(struct model *model)
{
	free(model);
}

static struct row *row_of(struct model *model, __u16 id)
{
	if (model->nr <= id)
		model->nr = id + 1u;
	return &model->rows[id];
}

static void settle(struct model *model, struct row *row, __u32 now_s)
{
	struct model_standing before = row->standing;

	row->standing = model_resolve(&row->columns);
	if (row->standing.cause == before.cause)
		return;
	row->since_s = now_s;
	row->changed = ++model->changes;
}

static enum model_configured configured_as(const struct config_node *node)
{
	switch (node->state) {
	case CONFIG_NODE_DOWN:
		return MODEL_CONFIGURED_DOWN;
	case CONFIG_NODE_DRAINING:
		return MODEL_CONFIGURED_DRAINING;
	default:
		return MODEL_CONFIGURED_UP;
	}
}

static void name_row(struct model *model, const struct config_node *node, __u32 now_s)
{
	struct row *row = row_of(model, node->id);

	if (row->pop != node->pop)
		row->changed = ++model->changes;
	row->pop = node->pop;
	row->node = node;
	row->round = model->round;
	row->columns.configured = configured_as(node);
	settle(model, row, now_s);
}

void model_configure(struct model *model, const struct config *config, __u32 now_s)
{
	size_t i;

	model->round++;
	for (i = 0; i < config->nr_nodes; i++)
		name_row(model, &config->nodes[i], now_s);
	for (i = 0; i < model->nr; i++) {
		struct row *row = &model->rows[i];

		if (row->round == model->round)
			continue;
		row->node = NULL;
		row->columns.configured = MODEL_ABSENT;
		settle(model, row, now_s);
	}
}

void model_see(struct model *model, __u16 id, bool silent, __u32 now_s)
{
	struct row *row = row_of(model, id);

	row->columns.silent = silent;
	settle(model, row, now_s);
}

void model_miss(struct model *model, __u16 id, bool missed, __u32 now_s)
{
	struct row *row = row_of(model, id);

	row->columns.missed = missed;
	settle(model, row, now_s);
}

void model_tell(struct model *model, __u16 id, enum ad_told_what told, __u32 now_s)
{
	struct row *row = row_of(model, id);

	row->columns.told = told;
	settle(model, row, now_s);
}

void model_report(struct model *model, __u16 id, enum ad_told_what reported, __u32 now_s)
{
	struct row *row = row_of(model, id);

	row->columns.reported = reported;
	settle(model, row, now_s);
}

void model_recall(struct model *model, __u16 id, const struct model_columns *columns, __u32 since_s)
{
	struct row *row = row_of(model, id);

	row->columns = *columns;
	settle(model, row, since_s);
}

const struct config_node *model_node(const struct model *model, __u16 id)
{
	return model->rows[id].node;
}

struct model_columns model_columns(const struct model *model, __u16 id)
{
	return model->rows[id].columns;
}

struct model_standing model_standing(const struct model *model, __u16 id)
{
	return model->rows[id].standing;
}

__u32 model_since_s(const struct model *model, __u16 id)
{
	return model->rows[id].since_s;
}

int model_each_change(const struct model *model, struct model_sink *sink,
		      int (*each)(__u16 id, void *arg), void *arg)
{
	int err = 0;
	size_t i;

	if (sink->upto == model->changes)
		return 0;
	for (i = 0; !err && i < model->nr; i++)
		if (model->rows[i].changed > sink->upto)
			err = each(i, arg);
	if (!err)
		sink->upto = model->changes;
	return err;
}
