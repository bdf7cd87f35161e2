/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rtt.h: a round-trip time to its bucket (maps/rtt.h). Plain C.
 */
#ifndef AD_BASE_RTT_H
#define AD_BASE_RTT_H

#include "maps/rtt.h"

#define RTT_LEAST_BIT 6 /* 64 us */

static __always_inline __u32 rtt_bucket(__u32 rtt_us)
{
	__u32 top = 0, rest = rtt_us, step, bucket;

	for (step = 16; step; step /= 2) {
		if (rest >> step) {
			rest >>= step;
			top += step;
		}
	}
	if (top < RTT_LEAST_BIT)
		return 0;
	bucket = (top - RTT_LEAST_BIT) * 4 + (rtt_us >> (top - 2) & 3);
	return bucket < AD_RTT_BUCKETS ? bucket : AD_RTT_BUCKETS - 1;
}

#endif
