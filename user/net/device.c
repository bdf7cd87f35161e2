// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * device.c: network devices, and how they are stacked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h> /* must come before linux/if.h, which defines the same names */
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include "device.h"
#include "netlink.h"

#define DEPTH_MAX 8 /* how deep devices may be stacked; a VLAN on a bond is two */

static void read_tag(const struct nlattr *data, struct ad_vlan *tag)
{
	const struct nlattr *attr;

	tag->tpid = htons(ETH_P_8021Q);
	mnl_attr_for_each_nested(attr, data) {
		if (mnl_attr_get_type(attr) == IFLA_VLAN_ID)
			tag->tci = htons(mnl_attr_get_u16(attr));
		else if (mnl_attr_get_type(attr) == IFLA_VLAN_PROTOCOL)
			tag->tpid = mnl_attr_get_u16(attr);
	}
}

static bool read_vlan(const struct nlattr *info, struct ad_vlan *tag)
{
	const struct nlattr *attr, *data = NULL;
	bool vlan = false;

	mnl_attr_for_each_nested(attr, info) {
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			vlan = !strcmp(mnl_attr_get_str(attr), "vlan");
		else if (mnl_attr_get_type(attr) == IFLA_INFO_DATA)
			data = attr;
	}
	if (vlan && data)
		read_tag(data, tag);
	return vlan && data;
}

static int keep_device(const struct nlmsghdr *message, void *arg)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct device device = { .ifindex = info->ifi_index }, *list;
	struct devices *devices = arg;
	const struct nlattr *attr;
	bool vlan = false;

	mnl_attr_for_each(attr, message, sizeof(*info)) {
		if (mnl_attr_get_type(attr) == IFLA_LINK)
			device.lower = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_MASTER)
			device.master = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			vlan = read_vlan(attr, &device.tag);
	}
	device.ethernet = info->ifi_type == ARPHRD_ETHER;
	if (!vlan) /* for veth and tunnels, IFLA_LINK means something else */
		device.lower = 0;
	list = reallocarray(devices->list, devices->nr + 1, sizeof(*list));
	if (!list)
		return MNL_CB_ERROR;
	devices->list = list;
	list[devices->nr++] = device;
	return MNL_CB_OK;
}

int devices_load(struct devices *devices)
{
	char buffer[256] = { 0 };
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;
	int err;

	memset(devices, 0, sizeof(*devices));
	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	err = netlink_ask(request, keep_device, devices);
	if (err)
		devices_free(devices);
	return err;
}

void devices_free(struct devices *devices)
{
	free(devices->list);
	memset(devices, 0, sizeof(*devices));
}

int device_find(const char *name, __u32 *ifindex)
{
	*ifindex = if_nametoindex(name);
	return *ifindex ? 0 : -errno;
}

int device_name(__u32 ifindex, char *name)
{
	if (if_indextoname(ifindex, name))
		return 0;
	return errno == ENXIO ? -ENODEV : -errno;
}

static bool stands_on(const struct devices *devices, int upper, int lower, int depth)
{
	size_t i;

	for (i = 0; depth && i < devices->nr; i++) {
		const struct device *device = &devices->list[i];
		int next = device->ifindex == upper  ? device->lower
			   : device->master == upper ? device->ifindex
						     : 0;

		if (next && (next == lower || stands_on(devices, next, lower, depth - 1)))
			return true;
	}
	return false;
}

bool devices_stands_on(const struct devices *devices, int upper, int lower)
{
	return stands_on(devices, upper, lower, DEPTH_MAX);
}

bool devices_is_ethernet(const struct devices *devices, int ifindex)
{
	size_t i;

	for (i = 0; i < devices->nr; i++)
		if (devices->list[i].ifindex == ifindex)
			return devices->list[i].ethernet;
	return false;
}
