/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * stamp.h: the owner's id in TCP timestamps, as arithmetic (deploy/doc/design.md, "The stamp").
 *
 * All of it is modulo 2^32 and knows no clock, key or packet; K is @shift. Pure C: the property
 * test in selftests/unit runs it on the host over random ages, ids and shifts.
 */
#ifndef AD_STAMP_H
#define AD_STAMP_H

#include <stdbool.h>
#include <linux/types.h>

#define STAMP_CLOCK_SLACK_MS 2000 /* a SYN-ACK's TSval may differ from our clock by this much */
#define STAMP_FRESH_MS	     2000

/* What egress adds to TSval and ingress takes off TSecr: one constant per flow. */
static inline __u32 stamp_delta(__u32 wall_minus_mono_ms, __u16 id, __u8 shift, __u32 prf)
{
	return wall_minus_mono_ms + ((__u32)id << shift) + prf;
}

/*
 * The owner's id d, or d + 1 if the echo is old: for clocks that agree to 2^(K-4) ms, d names
 * the owner up to an age of 2^K - 2^(K-4) ms, and d + 1 does for 2^K ms more.
 */
static inline __u16 stamp_decode(__u32 tsecr, __u32 wall_now_ms, __u8 shift, __u32 prf)
{
	__u32 y = tsecr - prf - wall_now_ms;
	__u32 skew = 1u << (shift - 4);

	return (y + (1u << shift) - skew - 1) >> shift;
}

/* How long ago the owner that it decodes to sent it; negative: its clock is ahead of ours. */
static inline __s32 stamp_age_ms(__u32 tsecr, __u32 wall_now_ms, __u8 shift, __u32 prf)
{
	__u32 y = tsecr - prf - wall_now_ms;
	__u32 owner = stamp_decode(tsecr, wall_now_ms, shift, prf);

	return (owner << shift) - y;
}

/* Within the last 2^(K-5) ms (two minutes)? */
static inline bool stamp_is_young(__s32 age_ms, __u8 shift)
{
	return age_ms <= 1 << (shift - 5);
}

/* A moment ago, if clocks agree? */
static inline bool stamp_is_fresh(__s32 age_ms)
{
	return (__u32)age_ms + STAMP_FRESH_MS <= 2 * STAMP_FRESH_MS;
}

/*
 * Only a TSval that this host may have sent is given to its stack: at most 2^(K+1) ms old and,
 * because the stack's clock and ours are read at different moments, at most 1 ms ahead.
 */
static inline bool stamp_plausible(__u32 tsval, __u32 mono_now_ms, __u8 shift)
{
	return mono_now_ms + 1 - tsval <= (2u << shift) + 1;
}

/* Is @tsval our clock in ms? Not so for usec timestamps and for per-connection offsets. */
static inline bool stamp_clock_is_ours(__u32 tsval, __u32 mono_now_ms)
{
	return mono_now_ms - tsval + STAMP_CLOCK_SLACK_MS <= 2 * STAMP_CLOCK_SLACK_MS;
}

#endif
