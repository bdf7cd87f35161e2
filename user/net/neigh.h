/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * neigh.h: keeps the next hops towards peers resolved. XDP can send only to a neighbour that the
 * kernel has resolved, and does not cause it to be resolved.
 */
#ifndef AD_NEIGH_H
#define AD_NEIGH_H

#include "user/config/config.h"

/*
 * Looks up the route to every peer that is not down and makes the kernel use (resolve, or
 * confirm) each next hop on it. Number of next hops.
 */
int neigh_keep_warm(const struct config *config);

#endif
