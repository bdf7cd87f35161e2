/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model_pins.h: the model and the pinned maps. `nodes` is its first sink; and it is where a process
 * finds again what the one before knew, for most columns have no other place to outlive one.
 */
#ifndef AD_MODEL_PINS_H
#define AD_MODEL_PINS_H

#include "model.h"
#include "user/state/pins.h"

/* What an element of `nodes` tells of the columns that it was made of. */
struct model_columns model_columns_from(const struct ad_node *node);
/*
 * Makes of a node's element what the model has of it; zeros if there is no such node. While the
 * model knows no configuration, only how the node stands is changed.
 */
void model_map_row(const struct model *model, __u16 id, struct ad_node *row);

/* Fills an empty model with what is pinned of all columns, for a model_configure() to come. 0 or
 * -errno. */
int model_read(struct model *model, const struct pins *pins);
/*
 * What an operator said last and still holds, for our own node with these columns. 0 or -errno.
 */
int model_read_told(const struct pins *pins, const struct model_columns *columns,
		    struct ad_told *told);
/* Brings the map @nodes up to what changed since the last call. 0 or -errno. */
int model_write_changes(const struct model *model, struct model_sink *sink, int nodes);

/*
 * Of the element of @id, only whether it drains: the rest may be made of another configuration than
 * the model's. 0 or -errno.
 */
int model_write_drain(const struct model *model, __u16 id, int nodes);

#endif
