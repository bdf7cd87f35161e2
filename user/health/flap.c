// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flap.c: how one check at one address stands (flap.h).
 */
#include "flap.h"

static bool is_unknown(enum ad_health_state state)
{
	return state != AD_HEALTH_UP && state != AD_HEALTH_DOUBT && state != AD_HEALTH_OUT;
}

static void pass(struct ad_health_check *check, unsigned int rise)
{
	if (check->passes < rise)
		check->passes++;
	if (check->passes >= rise) {
		check->failures = 0;
		check->state = AD_HEALTH_UP;
	} else if (is_unknown(check->state)) {
		check->state = check->failures ? AD_HEALTH_DOUBT : AD_HEALTH_UP;
	}
}

static void fail(struct ad_health_check *check, unsigned int fall)
{
	check->passes = 0;
	if (check->failures < fall)
		check->failures++;
	if (check->failures >= fall)
		check->state = AD_HEALTH_OUT;
	else if (check->state == AD_HEALTH_UP)
		check->state = AD_HEALTH_DOUBT;
}

void flap_step(struct ad_health_check *check, struct flap_rule rule, bool passed)
{
	if (passed)
		pass(check, rule.rise);
	else
		fail(check, rule.fall);
}
