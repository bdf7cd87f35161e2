/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * homes.h: which node of a POP is told of which of its flows without stamps. Knows no libbpf.
 */
#ifndef AD_FLEET_HOMES_H
#define AD_FLEET_HOMES_H

#include <stddef.h>
#include "maps/types.h"

/*
 * By rendezvous hashing: of each part, the node with the highest hash of part and id. So a node
 * that leaves moves its own parts only, one that joins takes its share from each of the others, and
 * the order of @ids says nothing. Every node of a fleet reckons this for itself: the hash cannot
 * change from one version to another. All 0 without nodes.
 */
void homes_fill(struct ad_homes *homes, const __u16 *ids, size_t nr);

#endif
