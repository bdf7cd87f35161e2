// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * verdict.c: how POPs stand (verdict.h). Of two states the higher is the worse one.
 */
#include "verdict.h"

enum ad_health_state verdict_of_checks(enum ad_health_state a, enum ad_health_state b)
{
	return a > b ? a : b;
}

enum ad_health_state verdict_of_addresses(enum ad_health_state a, enum ad_health_state b, bool any)
{
	if (a == AD_HEALTH_NONE || b == AD_HEALTH_NONE || !any)
		return verdict_of_checks(a, b);
	return a < b ? a : b;
}

static bool is_out_by_checks(const struct verdict_pop *pop)
{
	return !pop->is_told &&
	       (pop->state == AD_HEALTH_OUT || pop->state == AD_HEALTH_UNKNOWN_OUT);
}

void verdict_keep(struct verdict_pop *pops, size_t nr, unsigned int at_least)
{
	size_t i, left = 0;

	for (i = 0; i < nr; i++)
		left += !is_out_by_checks(&pops[i]) && !(pops[i].is_told && pops[i].is_told_out);
	if (left >= at_least)
		return;
	for (i = 0; i < nr; i++)
		if (is_out_by_checks(&pops[i]))
			pops[i].state = AD_HEALTH_KEPT;
}
