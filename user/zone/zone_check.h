/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_check.h: what a parsed zone must obey before it is compiled; a part of zone.h.
 */
#ifndef AD_ZONE_CHECK_H
#define AD_ZONE_CHECK_H

#include "zone.h"

/* An empty zone; *@result is the caller's, zone_free(). 0, -EINVAL: @name is none, or -ENOMEM. */
int zone_new(const char *name, const char *file, struct zone **result);

/*
 * Sorts, drops duplicates, evens out TTLs (warned) and checks the zone as a whole. 0, or -EINVAL
 * with the reasons in @errors. @gaps: some lines were refused, so that nothing is said of what is
 * missing; the result is -EINVAL.
 */
int zone_check(struct zone *zone, struct config_errors *errors, bool gaps);

/* What is said once of a zone, however often it is found: the first place, and how many. */
struct zone_remark {
	const struct zone_rr *first;
	size_t nr;
};
void zone_remark(struct zone_remark *remark, const struct zone_rr *rr);

#endif
