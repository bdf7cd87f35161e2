// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_clock.c: the stamps' clock follows the real one forward only, and only when it must.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/base/clock.h"

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

static void test_real_second_is_the_same_whenever_asked(void)
{
	__u64 first = clock_real_s(5);
	int other = 0;

	for (int i = 0; i < 22; i++, usleep(50000))
		other += clock_real_s(5) != first;
	is_int(other, 0, "more than a second long");
	is_int(clock_real_s(6), first + 1, "and the next one is");
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

/* As under a unit whose filter lacks clock_adjtime. In a child, for no filter is taken off again.
 */
static int check_refused(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int err;

	err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clock_adjtime), 0);
	err = err ?: seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(adjtimex), 0);
	err = err ?: seccomp_load(filter);
	seccomp_release(filter);
	return err ? 1 : -clock_check_synchronised();
}

static void test_synchronised_is_not_believed_unasked(void)
{
	pid_t child = fork();
	int status = 0;

	if (!child)
		_exit(check_refused());
	waitpid(child, &status, 0);
	is_int(WEXITSTATUS(status), EPERM, "who may not ask is told so");
	status = clock_check_synchronised();
	ok(!status || status == -EAGAIN, "who may gets a yes or a no");
}

int main(void)
{
	test_real_second_is_the_same_whenever_asked();
	test_synchronised_is_not_believed_unasked();
	test_follow_small_lag_moves_only_the_tunnel_clock();
	test_follow_large_lag_moves_forward_all_the_way();
	test_follow_clock_ahead_never_moves_back();
	test_follow_huge_lag_moves_less_than_half_the_circle();
	return done_testing();
}
