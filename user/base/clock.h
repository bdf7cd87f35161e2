/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.h: the two clocks in `state` (deploy/doc/design.md, "Clock").
 */
#ifndef AD_CLOCK_H
#define AD_CLOCK_H

#include <time.h>
#include "maps/types.h"

/* Nanoseconds since whatever @time counts from. */
__u64 clock_ns_of(const struct timespec *time);
__u32 clock_mono_s(void);
__u64 clock_mono_us(void);
__s64 clock_real_minus_mono_ns(void);
/* When CLOCK_MONOTONIC was @mono_s, by CLOCK_REALTIME: the same second whenever it is asked. */
__u64 clock_real_s(__u32 mono_s);
/*
 * What the kernel says of its own clock: 0, or -EAGAIN if it is not synchronised. Anything else:
 * the kernel did not say, which is no yes (-EPERM: a filter refuses clock_adjtime, by which libc
 * asks).
 */
int clock_check_synchronised(void);

/* At first attach: both offsets from the clock as it is. */
void clock_choose(struct ad_state *state);
/*
 * Follows the real clock: the tunnel's offset always, the stamp's only forward and only when it
 * has fallen behind by more than others forgive. @shift is K. Returns by how many ms the stamp's
 * clock was moved (0: not), or a negative number of ms by which it is ahead of the real clock
 * beyond what others forgive and cannot be moved.
 */
__s64 clock_follow(struct ad_state *state, unsigned int shift);

#endif
