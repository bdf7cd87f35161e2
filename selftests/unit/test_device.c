// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_device.c: network devices, and which of them stands on which.
 */
#include <errno.h>
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/net/device.h"

/* eth0 and eth1 in bond0; bond0.5 on it; eth2 alone; loop0 and loop1 each on the other. */
enum {
	ETH0 = 1,
	ETH1,
	BOND0,
	BOND0_5,
	ETH2,
	LOOP0,
	LOOP1
};
static struct device list[] = {
	{ .ifindex = BOND0_5, .lower = BOND0, .ethernet = true },
	{ .ifindex = ETH0, .master = BOND0, .ethernet = true },
	{ .ifindex = ETH1, .master = BOND0, .ethernet = true },
	{ .ifindex = BOND0, .ethernet = true },
	{ .ifindex = ETH2 },
	{ .ifindex = LOOP0, .lower = LOOP1 },
	{ .ifindex = LOOP1, .lower = LOOP0 },
};
static const struct devices made = { list, sizeof(list) / sizeof(list[0]) };

static void test_stands_on_follows_vlans_and_bonds(void)
{
	ok(devices_stands_on(&made, BOND0_5, BOND0), "a VLAN device on its parent");
	ok(devices_stands_on(&made, BOND0, ETH1), "a bond on its second slave");
	ok(devices_stands_on(&made, BOND0_5, ETH1), "a VLAN device on a bond's slave");
	ok(!devices_stands_on(&made, ETH0, BOND0), "not the other way round");
	ok(!devices_stands_on(&made, ETH0, ETH1), "nor a slave on another");
	ok(!devices_stands_on(&made, BOND0_5, ETH2), "nor on a device that is alone");
}

static void test_stands_on_a_circle_ends(void)
{
	ok(devices_stands_on(&made, LOOP0, LOOP1), "each stands on the other");
	ok(!devices_stands_on(&made, LOOP0, ETH2), "and the search for a third one ends");
}

static void test_is_ethernet_unknown_device_is_not(void)
{
	ok(devices_is_ethernet(&made, ETH0), "a device that is");
	ok(!devices_is_ethernet(&made, ETH2), "a device that is not");
	ok(!devices_is_ethernet(&made, 99), "a device that is not there");
}

static const struct device *find(const struct devices *devices, const char *name)
{
	for (size_t i = 0; i < devices->nr; i++)
		if (devices->list[i].ifindex == (int)if_nametoindex(name))
			return &devices->list[i];
	return NULL;
}

static void test_load_reads_this_namespace(void)
{
	const struct device *lo, *v0;
	struct devices devices;

	is_int(devices_load(&devices), 0, "loaded");
	lo = find(&devices, "lo");
	v0 = find(&devices, "v0");
	ok(lo && !lo->ethernet, "lo has no Ethernet header");
	ok(v0 && v0->ethernet, "veth has");
	ok(v0 && !v0->lower && !v0->master, "veth's peer is not a device below it");
	devices_free(&devices);
	is_int(devices.nr, 0, "freed");
}

static void test_find_and_name_are_each_others_reverse(void)
{
	char name[IF_NAMESIZE];
	__u32 ifindex;

	is_int(device_find("v0", &ifindex), 0, "found by its name");
	is_int(device_name(ifindex, name), 0, "and by its number");
	is_str(name, "v0", "as the same one");
	is_int(device_find("v7", &ifindex), -ENODEV, "no such name");
	is_int(device_name(4711, name), -ENODEV, "no such number");
}

int main(void)
{
	test_stands_on_follows_vlans_and_bonds();
	test_stands_on_a_circle_ends();
	test_is_ethernet_unknown_device_is_not();
	if (!netns_enter()) {
		skip("needs root");
	} else if (ok(netns_add_veth(), "two interfaces")) {
		test_load_reads_this_namespace();
		test_find_and_name_are_each_others_reverse();
	}
	return done_testing();
}
