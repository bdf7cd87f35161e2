/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * carry.h: what an upgrade takes along from maps whose geometry changed.
 */
#ifndef AD_CARRY_H
#define AD_CARRY_H

#include "user/config/config.h"
#include "user/state/pins.h"

/*
 * From each map of @from to its namesake in the directory @to that is another map: counters entry
 * by entry; the flow table hashed anew with @keys, or not at all if that is NULL. Maps that the
 * configuration fills are left to it. 0, or -errno with a line in @errors.
 */
int carry_over(const struct pins *from, const char *to, const struct ad_keys *keys,
	       struct config_errors *errors);

#endif
