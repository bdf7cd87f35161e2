/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rate.h: how fast the counters of packets by reason run.
 */
#ifndef AD_RATE_H
#define AD_RATE_H

#include <jansson.h>
#include "maps/reasons.h"
#include "maps/types.h"

/* Per second, with fractions: one drop in five seconds is 0.2. */
struct rate {
	double packets, bytes;
};

/*
 * From two readings, @seconds apart by the clock. If a counter is lower than before, it began again
 * with another instance: its rate is 0.
 */
void rates_take(struct rate rates[AD_REASON_MAX], const struct ad_count now[AD_REASON_MAX],
		const struct ad_count before[AD_REASON_MAX], double seconds);
/* As `stats --watch --json` prints it. */
json_t *rates_json(const struct rate rates[AD_REASON_MAX], double seconds);

#endif
