// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_offload.c: features of a device by the kernel's names.
 */
#include <errno.h>
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/host/offload.h"

int main(void)
{
	if (!netns_enter())
		return skip_all("needs root");
	if (!ok(netns_add_veth(), "two interfaces"))
		return done_testing();
	ok(netns_run("ethtool -K v0 gro on"), "GRO is switched on");
	is_int(offload_get("v0", "rx-gro"), 1, "and on");
	ok(netns_run("ethtool -K v0 gro off"), "switched off");
	is_int(offload_get("v0", "rx-gro"), 0, "and off");
	is_int(offload_get("v0", "rx-gro-"), -ENOENT, "no such feature");
	is_int(offload_get("v0", "rx-gr"), -ENOENT, "nor by a part of its name");
	is_int(offload_get("v7", "rx-gro"), -ENODEV, "no such interface");
	return done_testing();
}
