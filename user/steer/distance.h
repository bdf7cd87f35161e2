/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * distance.h: where on Earth a client is, as a cell of a grid of two degrees, and which POPs are
 * nearest to its middle. So there are so many places at most, and they are off by at most 160 km.
 */
#ifndef AD_STEER_DISTANCE_H
#define AD_STEER_DISTANCE_H

#include <stdbool.h>
#include <linux/types.h>
#include "policy.h"
#include "user/config/config.h"

#define DISTANCE_GRID	 2 /* degrees */
#define DISTANCE_COLUMNS (360 / DISTANCE_GRID)
#define DISTANCE_CELLS	 (180 / DISTANCE_GRID * DISTANCE_COLUMNS)

/* From 1 on; 0: these are no coordinates. */
__u16 distance_cell(double latitude, double longitude);
/*
 * @list, of POPs with coordinates, the nearest to the middle of @cell first, each of a rank of its
 * own; those that are as near stay in their order.
 */
void distance_sort(const struct config_pop *pops, __u16 cell, struct steer_choice *list, size_t nr);

#endif
