// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_prepare.c: sysctls are noted, set and set back; a host that may not be changed is refused.
 */
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "stderr_fixture.h"
#include "user/base/addr.h"
#include "user/base/sysctl.h"
#include "user/load/prepare.h"

static struct config_node self;
static struct config config = { .path = (char *)"c", .self = &self };
static struct config_errors errors;

static struct ad_keeper untouched(void)
{
	struct ad_keeper keeper = {};

	for (size_t i = 0; i < sizeof(keeper.before) / sizeof(keeper.before[0]); i++)
		keeper.before[i] = AD_SYSCTL_UNTOUCHED;
	return keeper;
}

static void host_as_installed(void)
{
	sysctl_set(AD_SYSCTL_TIMESTAMPS, 1);
	sysctl_set(AD_SYSCTL_LO_FORWARDING4, 0);
	sysctl_set(AD_SYSCTL_LO_FORWARDING6, 0);
}

static void test_needs_only_the_tunnels_family(void)
{
	addr_parse("2001:db8::1", &self.tunnel);
	ok(prepare_needs_sysctl(AD_SYSCTL_LO_FORWARDING6, &config), "IPv6");
	ok(!prepare_needs_sysctl(AD_SYSCTL_LO_FORWARDING4, &config), "without IPv4");
	addr_parse("198.51.100.1", &self.tunnel);
	ok(prepare_needs_sysctl(AD_SYSCTL_LO_FORWARDING4, &config), "IPv4");
	ok(!prepare_needs_sysctl(AD_SYSCTL_LO_FORWARDING6, &config), "without IPv6");
	ok(prepare_needs_sysctl(AD_SYSCTL_TIMESTAMPS, &config), "timestamps in any case");
}

static void test_plan_set_and_restore(void)
{
	struct ad_keeper keeper = untouched();

	host_as_installed();
	config.timestamps = CONFIG_SYSCTL_SET;
	is_int(prepare_plan_sysctls(&config, &keeper, &errors), 0, "planned");
	is_int(keeper.before[AD_SYSCTL_TIMESTAMPS], 1, "timestamps as they are");
	is_int(keeper.before[AD_SYSCTL_LO_FORWARDING4], 0, "forwarding as it is");
	is_int(keeper.before[AD_SYSCTL_LO_FORWARDING6], AD_SYSCTL_UNTOUCHED, "IPv6 stays");
	is_int(sysctl_get(AD_SYSCTL_TIMESTAMPS), 1, "nothing is set yet");
	is_int(prepare_set_sysctls(&keeper, &errors), 0, "set");
	is_int(sysctl_get(AD_SYSCTL_TIMESTAMPS), 2, "timestamps");
	is_int(sysctl_get(AD_SYSCTL_LO_FORWARDING4), 1, "forwarding");
	is_int(sysctl_get(AD_SYSCTL_LO_FORWARDING6), 0, "and not that of IPv6");
	prepare_restore_sysctls(&keeper);
	is_int(sysctl_get(AD_SYSCTL_TIMESTAMPS), 1, "set back");
	is_int(sysctl_get(AD_SYSCTL_LO_FORWARDING4), 0, "both");
	is_int(errors.nr, 0, "without an error");
}

static void test_plan_host_that_is_right_stays(void)
{
	struct ad_keeper keeper = untouched();

	sysctl_set(AD_SYSCTL_TIMESTAMPS, 2);
	sysctl_set(AD_SYSCTL_LO_FORWARDING4, 1);
	config.timestamps = CONFIG_SYSCTL_CHECK;
	is_int(prepare_plan_sysctls(&config, &keeper, &errors), 0, "planned");
	is_int(keeper.before[AD_SYSCTL_TIMESTAMPS], AD_SYSCTL_UNTOUCHED, "timestamps are right");
	is_int(keeper.before[AD_SYSCTL_LO_FORWARDING4], AD_SYSCTL_UNTOUCHED, "so is forwarding");
	prepare_restore_sysctls(&keeper);
	is_int(sysctl_get(AD_SYSCTL_LO_FORWARDING4), 1, "so that nothing is set back");
}

static void test_plan_refuses_what_it_may_not_change(void)
{
	struct ad_keeper keeper = untouched();

	host_as_installed();
	config.timestamps = CONFIG_SYSCTL_CHECK;
	is_int(prepare_plan_sysctls(&config, &keeper, &errors), -EINVAL, "refused");
	ok(errors.nr == 1 && strstr(errors.list[0].text, "sysctl -w net.ipv4.tcp_timestamps=2"),
	   "and says what to do");
	config_errors_free(&errors);
	errors = (struct config_errors){};
}

static void test_watch_tells_once(void)
{
	bool told = false;

	host_as_installed();
	catch_stderr();
	prepare_watch_sysctls(&config, &told);
	ok(strstr(release_stderr(), "net.ipv4.tcp_timestamps"), "timestamps are told");
	ok(told, "which is noted");
	is_int(sysctl_get(AD_SYSCTL_TIMESTAMPS), 1, "and left as they are");
	is_int(sysctl_get(AD_SYSCTL_LO_FORWARDING4), 1, "forwarding is set again");
	catch_stderr();
	prepare_watch_sysctls(&config, &told);
	ok(!strstr(release_stderr(), "net.ipv4.tcp_timestamps"), "not told again");
	sysctl_set(AD_SYSCTL_TIMESTAMPS, 2);
	prepare_watch_sysctls(&config, &told);
	ok(!told, "until they were right");
}

static void test_multipath_is_told_to_the_data_path(void)
{
	struct ad_state state = {};

	prepare_follow_multipath(&state);
	ok(state.flags & AD_STATE_ROUTES_BY_ADDRESS, "routes go by addresses");
	ok(netns_run("echo 1 >/proc/sys/net/ipv4/fib_multipath_hash_policy"), "now by ports");
	prepare_follow_multipath(&state);
	ok(!(state.flags & AD_STATE_ROUTES_BY_ADDRESS), "which the data path is told");
}

static void test_namespace_of_the_instance(void)
{
	struct ad_keeper keeper = { .netns = instance_netns() };

	is_int(prepare_check_netns(&keeper, "test", &errors), 0, "this one");
	ok(!unshare(CLONE_NEWNET), "another");
	is_int(prepare_check_netns(&keeper, "test", &errors), -EXDEV, "is refused");
	is_int(errors.nr, 1, "and told");
	config_errors_free(&errors);
}

int main(void)
{
	if (!netns_enter())
		return skip_all("needs root");
	test_needs_only_the_tunnels_family();
	test_plan_set_and_restore();
	test_plan_host_that_is_right_stays();
	test_plan_refuses_what_it_may_not_change();
	test_watch_tells_once();
	test_multipath_is_told_to_the_data_path();
	test_namespace_of_the_instance();
	return done_testing();
}
