// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * model_pins.c: the model and the pinned maps (model_pins.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "model_pins.h"

struct model_columns model_columns_from(const struct ad_node *node)
{
	struct model_columns columns = { .silent = node->flags & AD_NODE_SILENT };

	if (!(node->flags & AD_NODE_KNOWN))
		columns.configured = MODEL_ABSENT;
	else if (node->flags & AD_NODE_DEAD)
		columns.configured = MODEL_CONFIGURED_DOWN;
	else if (node->flags & AD_NODE_DRAINING)
		columns.configured = MODEL_CONFIGURED_DRAINING;
	else
		columns.configured = MODEL_CONFIGURED_UP;
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
	if (model_columns(model, id).silent)
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

int model_read(struct model *model, const struct pins *pins)
{
	struct ad_node *nodes = calloc(AD_NODE_ID_MAX + 1, sizeof(*nodes));
	__u32 id, nr = 0;
	int err = nodes ? pins_read_nodes(pins, nodes, &nr) : -ENOMEM;

	for (id = 1; !err && id < nr; id++) {
		struct model_columns columns = model_columns_from(&nodes[id]);

		if (nodes[id].flags & AD_NODE_KNOWN)
			model_recall(model, id, &columns, nodes[id].since_s);
	}
	free(nodes);
	return err;
}

struct writing {
	const struct model *model;
	int nodes;
};

static int write_row(__u16 id, void *arg)
{
	const struct writing *writing = arg;
	struct ad_node row, now;
	__u32 key = id;

	if (bpf_map_lookup_elem(writing->nodes, &key, &now)) /* fewer ids than the model has */
		return errno == ENOENT ? 0 : -errno;
	row = now;
	model_map_row(writing->model, id, &row);
	if (!memcmp(&now, &row, sizeof(now)))
		return 0;
	return bpf_map_update_elem(writing->nodes, &key, &row, BPF_EXIST) ? -errno : 0;
}

int model_write_changes(const struct model *model, struct model_sink *sink, int nodes)
{
	struct writing writing = { .model = model, .nodes = nodes };

	return model_each_change(model, sink, write_row, &writing);
}
