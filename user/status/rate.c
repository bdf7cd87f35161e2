// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rate.c: how fast counters run (rate.h).
 */
#include "rate.h"
#include "reason.h"

static double per_second(__u64 now, __u64 before, double seconds)
{
	return now > before && seconds > 0 ? (now - before) / seconds : 0;
}

void rates_take(struct rate rates[AD_REASON_MAX], const struct ad_count now[AD_REASON_MAX],
		const struct ad_count before[AD_REASON_MAX], double seconds)
{
	for (int i = 0; i < AD_REASON_MAX; i++) {
		rates[i].packets = per_second(now[i].packets, before[i].packets, seconds);
		rates[i].bytes = per_second(now[i].bytes, before[i].bytes, seconds);
	}
}

json_t *rates_json(const struct rate rates[AD_REASON_MAX], double seconds)
{
	json_t *list = json_array();

	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++)
		json_array_append_new(list, reason_json(i, json_real(rates[i].packets),
							json_real(rates[i].bytes)));
	return json_pack("{s:f, s:o}", "seconds", seconds, "per_second", list);
}
