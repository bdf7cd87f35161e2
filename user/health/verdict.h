/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict.h: from what checks found to how POPs stand. Pure.
 */
#ifndef AD_HEALTH_VERDICT_H
#define AD_HEALTH_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include "maps/health.h"

struct verdict_pop {
	enum ad_health_state state;
	bool is_told, is_told_out; /* an operator's word decides, and says that nobody is sent */
};

/* Of two addresses of one POP by one check. @any: one that passes is enough. */
enum ad_health_state verdict_of_addresses(enum ad_health_state a, enum ad_health_state b, bool any);
/* Of two checks of one POP: it must pass both. */
enum ad_health_state verdict_of_checks(enum ad_health_state a, enum ad_health_state b);

/*
 * If fewer than @at_least of @pops would get clients, those that only checks hold out do, too
 * (AD_HEALTH_KEPT): it is likelier that we are cut off, or the check is wrong, than that all of
 * them fail at once, and if they do, nothing is lost.
 */
void verdict_keep(struct verdict_pop *pops, size_t nr, unsigned int at_least);

#endif
