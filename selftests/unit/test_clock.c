// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_clock.c: the stamps' clock follows the real one forward only, and only when it must.
 */
#include <stdlib.h>
#include "selftests/tap.h"
#include "user/clock.h"

#define SHIFT 22 /* forgives 262 s, so 65 s are the most that we lag */

/* A state whose stamps lag behind the real clock by @ms. */
static struct ad_state lagging(__s64 ms)
{
	struct ad_state state = {};

	clock_choose(&state);
	state.stamp_wall_minus_mono_ms -= ms;
	state.real_minus_mono_ns = 0;
	return state;
}

static bool is_near(__s64 got, __s64 expected)
{
	return llabs(got - expected) < 1000;
}

static void test_follow_small_lag_moves_only_the_tunnel_clock(void)
{
	struct ad_state state = lagging(60000);
	__s64 before = state.stamp_wall_minus_mono_ms;

	is_int(clock_follow(&state, SHIFT), 0, "a minute is forgiven");
	is_int(state.stamp_wall_minus_mono_ms, before, "stamps stay where they were");
	ok(is_near(state.real_minus_mono_ns / 1000000, before + 60000), "the tunnel's does not");
}

static void test_follow_large_lag_moves_forward_all_the_way(void)
{
	struct ad_state state = lagging(70000);

	ok(is_near(clock_follow(&state, SHIFT), 70000), "moved by what it lagged");
	is_int(clock_follow(&state, SHIFT), 0, "once");
}

static void test_follow_clock_ahead_never_moves_back(void)
{
	struct ad_state state = lagging(-70000);
	__s64 before = state.stamp_wall_minus_mono_ms;

	ok(is_near(clock_follow(&state, SHIFT), -70000), "says by how much it is ahead");
	is_int(state.stamp_wall_minus_mono_ms, before, "and stays");
	state = lagging(-60000);
	is_int(clock_follow(&state, SHIFT), 0, "a minute ahead is forgiven");
}

static void test_follow_huge_lag_moves_less_than_half_the_circle(void)
{
	struct ad_state state = lagging(1ll << 33);

	is_int(clock_follow(&state, SHIFT), (1ll << 31) - 1, "the most that PAWS takes at once");
}

int main(void)
{
	test_follow_small_lag_moves_only_the_tunnel_clock();
	test_follow_large_lag_moves_forward_all_the_way();
	test_follow_clock_ahead_never_moves_back();
	test_follow_huge_lag_moves_less_than_half_the_circle();
	return done_testing();
}
