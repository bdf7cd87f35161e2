// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * link.c: network devices, and how they are stacked.
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
#include "link.h"
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

static int keep_link(const struct nlmsghdr *message, void *arg)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct link link = { .ifindex = info->ifi_index }, *list;
	struct links *links = arg;
	const struct nlattr *attr;
	bool vlan = false;

	mnl_attr_for_each(attr, message, sizeof(*info)) {
		if (mnl_attr_get_type(attr) == IFLA_LINK)
			link.lower = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_MASTER)
			link.master = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			vlan = read_vlan(attr, &link.tag);
	}
	link.ethernet = info->ifi_type == ARPHRD_ETHER;
	if (!vlan) /* for veth and tunnels, IFLA_LINK means something else */
		link.lower = 0;
	list = reallocarray(links->list, links->nr + 1, sizeof(*list));
	if (!list)
		return MNL_CB_ERROR;
	links->list = list;
	list[links->nr++] = link;
	return MNL_CB_OK;
}

int links_load(struct links *links)
{
	char buffer[256] = { 0 };
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;
	int err;

	memset(links, 0, sizeof(*links));
	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	err = netlink_ask(request, keep_link, links);
	if (err)
		links_free(links);
	return err;
}

void links_free(struct links *links)
{
	free(links->list);
	memset(links, 0, sizeof(*links));
}

int link_find(const char *name, __u32 *ifindex)
{
	*ifindex = if_nametoindex(name);
	return *ifindex ? 0 : -errno;
}

int link_name(__u32 ifindex, char *name)
{
	if (if_indextoname(ifindex, name))
		return 0;
	return errno == ENXIO ? -ENODEV : -errno;
}

static bool stands_on(const struct links *links, int upper, int lower, int depth)
{
	size_t i;

	for (i = 0; depth && i < links->nr; i++) {
		const struct link *link = &links->list[i];
		int next = link->ifindex == upper  ? link->lower
			   : link->master == upper ? link->ifindex
						   : 0;

		if (next && (next == lower || stands_on(links, next, lower, depth - 1)))
			return true;
	}
	return false;
}

bool links_stands_on(const struct links *links, int upper, int lower)
{
	return stands_on(links, upper, lower, DEPTH_MAX);
}

bool links_is_ethernet(const struct links *links, int ifindex)
{
	size_t i;

	for (i = 0; i < links->nr; i++)
		if (links->list[i].ifindex == ifindex)
			return links->list[i].ethernet;
	return false;
}
