/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_check.h: checks of a parsed zone before it is compiled. A part of zone.h.
 */
#ifndef AD_ZONE_CHECK_H
#define AD_ZONE_CHECK_H

#include "zone.h"

/*
 * An empty zone; the caller frees *@result with zone_free(). 0, -EINVAL: @name is not a domain
 * name, or -ENOMEM.
 */
int zone_new(const char *name, const char *file, struct zone **result);

/*
 * Sorts, drops duplicates, makes the TTLs of a set equal (logged as a warning) and checks the zone
 * as a whole. 0, or -EINVAL with the reasons in @errors. @gaps: some lines were refused, so missing
 * records are not reported; the result is -EINVAL.
 */
int zone_check(struct zone *zone, struct config_errors *errors, bool gaps);

/* Something that is logged once for each zone, with the first place and the number of places. */
struct zone_remark {
	const struct zone_rr *first;
	size_t nr;
};
void zone_remark(struct zone_remark *remark, const struct zone_rr *rr);

#endif
