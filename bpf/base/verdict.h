/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * verdict.h: the one exit of the data path. A stage returns AD_CONTINUE or a reason; here the
 * reason is counted, and action.h gives the action for it.
 */
#ifndef AD_VERDICT_H
#define AD_VERDICT_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "action.h"
#include "maps/maps.h"

/* Returns how many packets this CPU has counted for @reason, with this one. */
static __always_inline __u64 verdict_count(__u32 reason, __u64 bytes)
{
	struct ad_count *count = bpf_map_lookup_elem(&reasons, &reason);

	if (!count)
		return 0;
	count->bytes += bytes;
	return ++count->packets;
}

#endif
