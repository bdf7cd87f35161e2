// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * calm.c: a service that flaps moves no routes (calm.h).
 */
#include "calm.h"

static void open_it(struct calm *calm, __u32 now_s)
{
	calm->is_open = true;
	calm->opened_s = now_s;
}

static void close_it(struct calm *calm, const struct calm_rule *rule)
{
	__u32 hold_s = calm->hold_s ? 2 * calm->hold_s : rule->hold_s;

	calm->is_open = false;
	calm->hold_s = hold_s < rule->hold_max_s ? hold_s : rule->hold_max_s;
}

bool calm_step(struct calm *calm, const struct calm_rule *rule, bool is_well, __u32 now_s)
{
	if (is_well != calm->is_well)
		calm->since_s = now_s;
	calm->is_well = is_well;
	if (calm->is_open && !is_well)
		close_it(calm, rule);
	else if (!calm->is_open && is_well && now_s - calm->since_s >= calm->hold_s)
		open_it(calm, now_s);
	if (calm->is_open && now_s - calm->opened_s >= rule->hold_max_s)
		calm->hold_s = 0;
	return calm->is_open;
}

__u32 calm_left_s(const struct calm *calm, __u32 now_s)
{
	__u32 well_s = now_s - calm->since_s;

	if (calm->is_open || !calm->is_well || well_s >= calm->hold_s)
		return 0;
	return calm->hold_s - well_s;
}
