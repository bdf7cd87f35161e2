// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * clock.c: the two clocks in `state` (deploy/doc/design.md, "Clock").
 */
#include <errno.h>
#include <sys/timex.h>
#include <time.h>
#include "clock.h"

#define NS_PER_S  1000000000ll
#define NS_PER_MS 1000000ll

__u64 clock_ns_of(const struct timespec *time)
{
	return time->tv_sec * NS_PER_S + time->tv_nsec;
}

static __s64 now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return clock_ns_of(&ts);
}

__u32 clock_mono_s(void)
{
	return now_ns(CLOCK_MONOTONIC) / NS_PER_S;
}

__u64 clock_mono_us(void)
{
	return now_ns(CLOCK_MONOTONIC) / 1000;
}

__u32 clock_hz(void)
{
	struct timespec tick = { .tv_nsec = NS_PER_S };

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return NS_PER_S / clock_ns_of(&tick);
}

/*
 * The real clock is read between two readings of the monotonic one and compared with their middle.
 */
__s64 clock_real_minus_mono_ns(void)
{
	__s64 before = now_ns(CLOCK_MONOTONIC);
	__s64 real = now_ns(CLOCK_REALTIME);
	__s64 after = now_ns(CLOCK_MONOTONIC);

	return real - (before + (after - before) / 2);
}

long long clock_stamp_lead_ms(const struct ad_state *state)
{
	return state->stamp_wall_minus_mono_ms - clock_real_minus_mono_ns() / NS_PER_MS;
}

__u64 clock_real_s(__u32 mono_s)
{
	return (mono_s * 1000000000ll + clock_real_minus_mono_ns()) / 1000000000;
}

int clock_check_synchronised(void)
{
	struct timex tx = {};
	int state = adjtimex(&tx);

	if (state < 0)
		return -errno;
	return state == TIME_ERROR || (tx.status & STA_UNSYNC) ? -EAGAIN : 0;
}

void clock_choose(struct ad_state *state)
{
	__s64 offset = clock_real_minus_mono_ns();

	__atomic_store_n(&state->stamp_wall_minus_mono_ms, offset / NS_PER_MS, __ATOMIC_SEQ_CST);
	__atomic_store_n(&state->real_minus_mono_ns, offset, __ATOMIC_SEQ_CST);
}

/*
 * A reader accepts stamps whose clock is off by 2^(K-4) ms. Our stamps may lag by a quarter of
 * that, so that a node that lags and a node that is ahead still read each other's stamps. Each move
 * of the clock spoils one RTT sample of every flow and of every handshake that is under way, so it
 * is moved seldom, not every second.
 */
__s64 clock_follow(struct ad_state *state, unsigned int shift)
{
	__s64 offset = clock_real_minus_mono_ns(), most = 1ll << (shift - 6);
	__s64 behind = offset / NS_PER_MS - state->stamp_wall_minus_mono_ms;

	__atomic_store_n(&state->real_minus_mono_ns, offset, __ATOMIC_SEQ_CST);
	if (behind < -most)
		return behind;
	if (behind <= most)
		return 0;
	/* A step of 2^31 ms would look like a step back to the peer's PAWS (RFC 7323, 5.2). */
	if (behind >= 1ll << 31)
		behind = (1ll << 31) - 1;
	__atomic_store_n(&state->stamp_wall_minus_mono_ms, state->stamp_wall_minus_mono_ms + behind,
			 __ATOMIC_SEQ_CST);
	return behind;
}
