/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * verdict.h: the one exit. A stage returns AD_CONTINUE or a reason; here the reason is counted
 * and becomes an action, by the table in maps/reasons.h.
 */
#ifndef AD_VERDICT_H
#define AD_VERDICT_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps/maps.h"

static __always_inline void verdict_count(__u32 reason, __u64 bytes)
{
	struct ad_count *count = bpf_map_lookup_elem(&reasons, &reason);

	if (!count)
		return;
	count->packets++;
	count->bytes += bytes;
}

/* The XDP action of a reason whose row says PASS or DROP; rows that SEND know their own. */
static __always_inline int verdict_action(__u32 reason)
{
	switch (reason) {
#define ACTION_IN_PASS(sym)
#define ACTION_IN_SEND(sym)
#define ACTION_IN_DROP(sym) case AD_R_##sym:
#define ACTION_OUT_PASS(sym)
#define X(sym, side, action, label, help) ACTION_##side##_##action(sym)
		AD_REASONS(X)
#undef X
		return XDP_DROP;
	default:
		return XDP_PASS;
	}
}

#endif
