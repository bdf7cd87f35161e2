/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * carry.h: copies counters and flows from maps whose geometry an upgrade has changed.
 */
#ifndef AD_CARRY_H
#define AD_CARRY_H

#include "user/config/config.h"
#include "user/state/pins.h"

/*
 * From each map of @from to the map of the same name in the directory @to, if that is another map:
 * counters entry by entry; the flow table with new hashes by @keys, or not at all if that is NULL.
 * Maps that the configuration fills are not copied. 0, or -errno with a line in @errors.
 */
int carry_over(const struct pins *from, const char *to, const struct ad_keys *keys,
	       struct config_errors *errors);

#endif
