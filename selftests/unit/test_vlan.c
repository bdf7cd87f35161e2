// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_vlan.c: the `links` map has every VLAN device, with its tags as they are on the wire.
 */
#include <errno.h>
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/net/vlan.h"

#define ROOM 4

static int map;

static void put(__u32 ifindex, __u32 parent)
{
	struct ad_vlan_device device = { .parent = parent, .nr_tags = 1 };

	bpf_map_update_elem(map, &ifindex, &device, BPF_ANY);
}

static bool get(__u32 ifindex, struct ad_vlan_device *device)
{
	return !bpf_map_lookup_elem(map, &ifindex, device);
}

static bool is_in_map(__u32 ifindex)
{
	struct ad_vlan_device device;

	return get(ifindex, &device);
}

static struct device vlan(int ifindex, int lower, __u16 tpid, __u16 id)
{
	return (struct device){ .ifindex = ifindex,
				.lower = lower,
				.tag = { htons(tpid), htons(id) },
				.ethernet = true };
}

static void test_write_one_tag_and_two(void)
{
	struct device list[] = { { .ifindex = 2, .ethernet = true },
				 vlan(3, 2, 0x88a8, 100),
				 vlan(4, 3, 0x8100, 5) };
	struct ad_vlan_device device;

	is_int(vlan_write(map, &(struct devices){ list, 3 }), 0, "written");
	ok(!is_in_map(2), "a device without tags is not in the map");
	ok(get(3, &device) && device.parent == 2 && device.nr_tags == 1, "one tag");
	is_int(ntohs(device.tags[0].tci), 100, "which is the device's");
	ok(get(4, &device) && device.parent == 2 && device.nr_tags == 2,
	   "two tags, on the same device");
	is_int(ntohs(device.tags[0].tpid), 0x88a8, "the outer one comes first");
	is_int(ntohs(device.tags[1].tci), 5, "the inner one second");
}

static void test_write_changed_and_gone_devices(void)
{
	struct device list[] = { { .ifindex = 2 }, vlan(3, 2, 0x8100, 7) };
	struct ad_vlan_device device;

	is_int(vlan_write(map, &(struct devices){ list, 2 }), 0, "written over the one before");
	ok(get(3, &device) && device.tags[0].tci == htons(7), "the tag is the new one");
	ok(!is_in_map(4), "the device that is gone is not in the map");
	list[1].lower = 0; /* the number belongs to another device now */
	is_int(vlan_write(map, &(struct devices){ list, 2 }), 0, "written again");
	ok(!is_in_map(3), "a device that is no VLAN device any more is not in the map");
}

static void test_write_too_deep_device_is_left_out(void)
{
	struct device list[] = { { .ifindex = 2 },
				 vlan(3, 2, 0x8100, 1),
				 vlan(4, 3, 0x8100, 2),
				 vlan(5, 4, 0x8100, 3) };

	is_int(vlan_write(map, &(struct devices){ list, 4 }), 0, "written");
	ok(is_in_map(4), "two tags fit");
	ok(!is_in_map(5), "three do not");
}

static void test_write_circle_ends(void)
{
	struct device list[] = { vlan(3, 4, 0x8100, 1), vlan(4, 3, 0x8100, 2) };

	is_int(vlan_write(map, &(struct devices){ list, 2 }), 0, "each stands on the other");
	ok(!is_in_map(3) && !is_in_map(4), "neither is in the map");
}

static void test_write_more_than_the_map_holds_is_an_error(void)
{
	struct device list[ROOM + 2] = { { .ifindex = 2 } };

	for (int i = 1; i < ROOM + 2; i++)
		list[i] = vlan(2 + i, 2, 0x8100, i);
	is_int(vlan_write(map, &(struct devices){ list, ROOM + 2 }), -E2BIG, "one too many");
	ok(is_in_map(3) && is_in_map(2 + ROOM) && !is_in_map(3 + ROOM), "the last one is missing");
}

static void test_follow_looks_at_this_namespace(void)
{
	struct ad_vlan_device device;
	int v0;

	ok(netns_add_veth(), "two interfaces");
	v0 = if_nametoindex("v0");
	put(v0, 1);
	is_int(vlan_follow(map), 0, "followed");
	ok(!is_in_map(v0), "veth is no VLAN device");
	ok(!is_in_map(3 + ROOM - 1), "and of what was before nothing is left");
	if (system("ip link add link v0 name v0.5 type vlan id 5 2>/dev/null")) {
		skip("kernel without VLAN devices");
		return;
	}
	is_int(vlan_follow(map), 0, "followed again");
	ok(get(if_nametoindex("v0.5"), &device) && device.parent == (__u32)v0 &&
		   device.tags[0].tci == htons(5),
	   "a VLAN device");
}

int main(void)
{
	map = bpf_map_create(BPF_MAP_TYPE_HASH, "links", sizeof(__u32),
			     sizeof(struct ad_vlan_device), ROOM, NULL);
	if (map < 0 || !netns_enter())
		return skip_all("needs root");
	test_write_one_tag_and_two();
	test_write_changed_and_gone_devices();
	test_write_too_deep_device_is_left_out();
	test_write_circle_ends();
	test_write_more_than_the_map_holds_is_an_error();
	test_follow_looks_at_this_namespace();
	return done_testing();
}
