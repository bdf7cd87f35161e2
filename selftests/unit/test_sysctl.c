// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_sysctl.c: the sysctls of this network namespace are read and set by name.
 */
#include <errno.h>
#include <string.h>
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/base/sysctl.h"

static void test_read_bad_file_is_an_error(void)
{
	char path[] = "/tmp/test_sysctl.XXXXXX";
	int fd = mkstemp(path);

	is_int(sysctl_read(path), -EIO, "an empty file has no number");
	ok(dprintf(fd, "71\n") == 3, "written");
	is_int(sysctl_read(path), 71, "a number and a newline");
	close(fd);
	unlink(path);
	is_int(sysctl_read(path), -ENOENT, "a file that is not there");
}

/* "net.ipv4.conf.lo.forwarding" is net/ipv4/conf/lo/forwarding below /proc/sys. */
static void test_name_is_that_of_the_file(void)
{
	char path[128];

	for (enum ad_sysctl which = 0; which < AD_SYSCTL_MAX; which++) {
		int other = sysctl_wanted(which) - 1;

		snprintf(path, sizeof(path), "/proc/sys/%s", sysctl_name(which));
		for (char *c = path + strlen("/proc/sys/"); *c; c++)
			*c = *c == '.' ? '/' : *c;
		is_int(sysctl_set(which, other), 0, "%s is set", sysctl_name(which));
		is_int(sysctl_read(path), other, "and its file has the value");
		is_int(sysctl_get(which), other, "which is read again");
		ok(netns_run("echo %d >%s", other + 1, path),
		   "a value that another program writes");
		is_int(sysctl_get(which), other + 1, "is read, too");
	}
}

static void test_set_refused_by_the_kernel_is_an_error(void)
{
	is_int(sysctl_wanted(AD_SYSCTL_TIMESTAMPS), 2, "timestamps without random offsets");
	is_int(sysctl_set(AD_SYSCTL_TIMESTAMPS, 2), 0, "set");
	is_int(sysctl_set(AD_SYSCTL_TIMESTAMPS, 300), -EINVAL, "the kernel refuses the value");
	is_int(sysctl_get(AD_SYSCTL_TIMESTAMPS), 2, "and keeps the one before");
}

static void set_policy(const char *family, int policy)
{
	ok(netns_run("echo %d >/proc/sys/net/%s/fib_multipath_hash_policy", policy, family),
	   "%s policy %d", family, policy);
}

static void test_routes_by_address_needs_both_families(void)
{
	ok(sysctl_routes_by_address(), "the default");
	set_policy("ipv4", 1);
	ok(!sysctl_routes_by_address(), "ports count for IPv4");
	set_policy("ipv4", 0);
	set_policy("ipv6", 1);
	ok(!sysctl_routes_by_address(), "ports count for IPv6");
	set_policy("ipv6", 0);
	ok(sysctl_routes_by_address(), "neither");
}

int main(void)
{
	if (!netns_enter())
		return skip_all("needs root");
	test_read_bad_file_is_an_error();
	test_name_is_that_of_the_file();
	test_set_refused_by_the_kernel_is_an_error();
	test_routes_by_address_needs_both_families();
	return done_testing();
}
