// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * vlan.c: the VLAN devices of this network namespace, for the data path.
 */
#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>
#include "vlan.h"

static const struct device *find(const struct devices *devices, int ifindex)
{
	size_t i;

	for (i = 0; i < devices->nr; i++)
		if (devices->list[i].ifindex == ifindex)
			return &devices->list[i];
	return NULL;
}

/*
 * Follows VLAN devices down to the device below all of them. False if @ifindex is no VLAN device or
 * there are too many tags.
 */
static bool resolve(const struct devices *devices, int ifindex, struct ad_vlan_device *out)
{
	struct ad_vlan tags[AD_VLAN_DEPTH];
	const struct device *device;
	__u32 i, nr = 0;

	memset(out, 0, sizeof(*out));
	for (device = find(devices, ifindex); device && device->lower;
	     device = find(devices, device->lower)) {
		if (nr == AD_VLAN_DEPTH)
			return false;
		tags[nr++] = device->tag;
		out->parent = device->lower;
	}
	for (i = 0; i < nr; i++)
		out->tags[i] = tags[nr - 1 - i];
	out->nr_tags = nr;
	return nr;
}

static int write_all(int map, const struct devices *devices)
{
	struct ad_vlan_device device, now;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < devices->nr; i++) {
		__u32 ifindex = devices->list[i].ifindex;

		if (!resolve(devices, ifindex, &device) ||
		    (!bpf_map_lookup_elem(map, &ifindex, &now) &&
		     !memcmp(&now, &device, sizeof(now))))
			continue;
		err = bpf_map_update_elem(map, &ifindex, &device, BPF_ANY);
	}
	return err;
}

static void remove_gone(int map, const struct devices *devices)
{
	struct ad_vlan_device device;
	__u32 key, next;
	bool more = !bpf_map_get_next_key(map, NULL, &key);

	for (; more; key = next) {
		more = !bpf_map_get_next_key(map, &key, &next);
		if (!resolve(devices, key, &device))
			bpf_map_delete_elem(map, &key);
	}
}

int vlan_write(int map, const struct devices *devices)
{
	remove_gone(map, devices);
	return write_all(map, devices);
}

int vlan_follow(int map)
{
	struct devices devices;
	int err = devices_load(&devices);

	if (err)
		return err;
	err = vlan_write(map, &devices);
	devices_free(&devices);
	return err;
}
