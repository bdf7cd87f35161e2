/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.h: the two clocks in `state` (deploy/doc/design.md, "Clock").
 */
#ifndef AD_CLOCK_H
#define AD_CLOCK_H

#include <time.h>
#include "maps/types.h"

/* Nanoseconds since the time that @time counts from. */
__u64 clock_ns_of(const struct timespec *time);
__u32 clock_mono_s(void);
__u64 clock_mono_us(void);
/* Ticks of the kernel's coarse clock in a second: its HZ. */
__u32 clock_hz(void);
__s64 clock_real_minus_mono_ns(void);
/* How far the clock of stamps is ahead of the real clock; < 0: behind. */
long long clock_stamp_lead_ms(const struct ad_state *state);
/* CLOCK_REALTIME at the moment when CLOCK_MONOTONIC was @mono_s: always the same second. */
__u64 clock_real_s(__u32 mono_s);
/*
 * Is the kernel's clock synchronised? 0, or -EAGAIN if it is not. Any other error: the kernel
 * cannot be asked (-EPERM: a filter refuses clock_adjtime, which libc calls).
 */
int clock_check_synchronised(void);

/* At the first attach: sets both offsets by the clocks as they are. */
void clock_choose(struct ad_state *state);
/*
 * Follows the real clock. The tunnel's offset always follows. The stamp's offset moves forward
 * only, and only if it lags by more than other nodes accept. @shift is K. Returns by how many ms
 * the stamp's clock was moved (0: not moved). A negative result: by so many ms it is ahead of the
 * real clock, more than other nodes accept, and it cannot be moved back.
 */
__s64 clock_follow(struct ad_state *state, unsigned int shift);

#endif
