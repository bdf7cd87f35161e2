/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * calm.h: a service that flaps moves no routes. Pure.
 *
 * What fails is withdrawn at once, and announced again when it has been well for the whole of a
 * hold time. The hold time is doubled each time that this was too early, up to a most; it is
 * forgotten when the service has stayed well for that most.
 */
#ifndef AD_BGP_CALM_H
#define AD_BGP_CALM_H

#include <stdbool.h>
#include <linux/types.h>

struct calm_rule {
	__u32 hold_s, hold_max_s;
};

/* Zero: closed, and it opens as soon as it is well. Times are CLOCK_MONOTONIC, s. */
struct calm {
	bool is_open;
	bool is_well;
	__u32 hold_s;	/* the one in force; 0: none */
	__u32 since_s;	/* when is_well became what it is */
	__u32 opened_s; /* while it is open */
};

/* Whether it is announced. */
bool calm_step(struct calm *calm, const struct calm_rule *rule, bool is_well, __u32 now_s);
/* Seconds until it opens if it stays well; 0 while it is open, or fails. */
__u32 calm_left_s(const struct calm *calm, __u32 now_s);

#endif
