/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet.h: who of the fleet is near, as far as the configuration tells. Knows no libbpf.
 *
 * Nobody measures distances yet. So near is who stands near: `pops` is taken for a ring, and a POP
 * has its neighbours in the list on either side.
 */
#ifndef AD_FLEET_H
#define AD_FLEET_H

#include "user/config/config.h"

/* The @nth nearest POP: our own, the next, the one before, the next but one, and so on. */
__u16 fleet_pop_near(const struct config *config, size_t nth);
/* How near a POP is: the @nth of fleet_pop_near() that is @pop. */
size_t fleet_pop_rank(const struct config *config, __u16 pop);

/* The @nth node of @pop that is not ourselves, counted from behind us; NULL: it has fewer. */
const struct config_node *fleet_other_of(const struct config *config, __u16 pop, size_t nth);

#endif
