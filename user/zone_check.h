/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_check.h: what a parsed zone must obey before it is compiled; a part of zone.h.
 */
#ifndef AD_ZONE_CHECK_H
#define AD_ZONE_CHECK_H

#include "zone.h"

/*
 * Sorts, drops duplicates, evens out TTLs (warned) and checks the zone as a whole. 0, or -EINVAL
 * with the reasons in @errors.
 */
int zone_check(struct zone *zone, struct config_errors *errors);

/* What is said once of a zone, however often it is found: the first place, and how many. */
struct zone_remark {
	const struct zone_rr *first;
	size_t nr;
};
void zone_remark(struct zone_remark *remark, const struct zone_rr *rr);

/* The data of a record has the form of its type; unknown types have none. */
bool zone_rdata_valid(__u16 type, const __u8 *rdata, size_t len);

#endif
