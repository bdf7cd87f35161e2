// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * model_pins.c: the model and the pinned maps (model_pins.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "model_pins.h"
#include "told.h"

struct model_columns model_columns_from(const struct ad_node *node)
{
	bool lost = node->flags & AD_NODE_DEAD && node->flags & AD_NODE_SILENT;
	struct model_columns columns = { .silent = node->flags & AD_NODE_SILENT, .missed = lost };

	if (!(node->flags & AD_NODE_KNOWN))
		columns.configured = MODEL_ABSENT;
	else if (node->flags & AD_NODE_DEAD && !lost)
		columns.configured = MODEL_CONFIGURED_DOWN;
	else if (node->flags & AD_NODE_DRAINING && !(node->flags & AD_NODE_REPORTED))
		columns.configured = MODEL_CONFIGURED_DRAINING;
	else
		columns.configured = MODEL_CONFIGURED_UP;
	if (node->flags & AD_NODE_REPORTED)
		columns.reported = node->flags & AD_NODE_DRAINING ? AD_TOLD_DRAIN : AD_TOLD_UNDRAIN;
	return columns;
}

static __u32 flags_of(const struct model *model, __u16 id)
{
	struct model_standing standing = model_standing(model, id);
	__u32 flags = AD_NODE_KNOWN;

	if (standing.state == MODEL_OUT)
		flags |= AD_NODE_DEAD;
	if (standing.state == MODEL_DRAINING)
		flags |= AD_NODE_DRAINING;
	if (standing.state != MODEL_OUT && model_columns(model, id).reported != AD_TOLD_NOTHING)
		flags |= AD_NODE_REPORTED;
	/* Of one that is out nobody expects an answer; with both it is out because it is lost. */
	if (standing.cause == MODEL_BY_LOST)
		flags |= AD_NODE_SILENT;
	if (standing.state != MODEL_OUT && model_columns(model, id).silent)
		flags |= AD_NODE_SILENT;
	return flags;
}

void model_map_row(const struct model *model, __u16 id, struct ad_node *row)
{
	const struct config_node *node = model_node(model, id);

	if (model_columns(model, id).configured == MODEL_ABSENT) {
		memset(row, 0, sizeof(*row));
		return;
	}
	if (node) {
		row->tunnel = node->tunnel;
		row->pop = node->pop;
		row->mtu = node->mtu;
	}
	row->flags = flags_of(model, id);
	row->since_s = model_since_s(model, id);
	row->pad = 0;
}

/* Versions without a record of what was said changed the state alone. */
static enum ad_told_what what_holds(enum ad_told_what noted, const struct model_columns *columns,
				    const struct ad_state *state)
{
	if (!(state->flags & AD_STATE_DRAINING))
		return noted == AD_TOLD_DRAIN ? AD_TOLD_NOTHING : noted;
	return noted == AD_TOLD_DRAIN || columns->configured != MODEL_CONFIGURED_DRAINING
		       ? AD_TOLD_DRAIN
		       : AD_TOLD_NOTHING;
}

int model_read_told(const struct pins *pins, const struct model_columns *columns,
		    struct ad_told *told)
{
	struct ad_state state;
	int err = pins_read_told(pins, told);

	err = err ?: pins_read_state(pins, &state);
	if (!err)
		told_keep(told, what_holds(told->what, columns, &state));
	return err;
}

static int recall(struct model *model, const struct pins *pins, const struct ad_node *nodes,
		  __u32 nr)
{
	struct ad_meta meta; /* no id of our own: nothing is loaded yet */
	int err = pins_read_meta(pins, &meta);
	struct ad_told told;
	__u32 id;

	for (id = 1; !err && id < nr; id++) {
		struct model_columns columns = model_columns_from(&nodes[id]);

		if (id == meta.node_id) {
			err = model_read_told(pins, &columns, &told);
			columns.told = told.what;
		}
		if (!err && nodes[id].flags & AD_NODE_KNOWN)
			model_recall(model, id, &columns, nodes[id].since_s);
	}
	return err;
}

int model_read(struct model *model, const struct pins *pins)
{
	struct ad_node *nodes = calloc(AD_NODE_ID_MAX + 1, sizeof(*nodes));
	__u32 nr = 0;
	int err = nodes ? pins_read_nodes(pins, nodes, &nr) : -ENOMEM;

	err = err ?: recall(model, pins, nodes, nr);
	free(nodes);
	return err;
}

static int read_row(int nodes, __u32 id, struct ad_node *row)
{
	return bpf_map_lookup_elem(nodes, &id, row) ? -errno : 0;
}

static int write_row(int nodes, __u32 id, const struct ad_node *row)
{
	return bpf_map_update_elem(nodes, &id, row, BPF_EXIST) ? -errno : 0;
}

int model_write_drain(const struct model *model, __u16 id, int nodes)
{
	__u32 drains = flags_of(model, id) & AD_NODE_DRAINING;
	struct ad_node row;
	int err = read_row(nodes, id, &row);

	if (err || (row.flags & AD_NODE_DRAINING) == drains)
		return err;
	row.flags ^= AD_NODE_DRAINING;
	row.since_s = model_since_s(model, id);
	return write_row(nodes, id, &row);
}

struct writing {
	const struct model *model;
	int nodes;
};

static int write_change(__u16 id, void *arg)
{
	const struct writing *writing = arg;
	struct ad_node row, now;
	int err = read_row(writing->nodes, id, &now);

	if (err) /* the map has room for fewer ids than the model knows of */
		return err == -ENOENT ? 0 : err;
	row = now;
	model_map_row(writing->model, id, &row);
	return memcmp(&now, &row, sizeof(now)) ? write_row(writing->nodes, id, &row) : 0;
}

int model_write_changes(const struct model *model, struct model_sink *sink, int nodes)
{
	struct writing writing = { .model = model, .nodes = nodes };

	return model_each_change(model, sink, write_change, &writing);
}
