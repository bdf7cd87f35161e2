// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * route.c: routes by netlink.
 */
#include <stdbool.h>
#include <string.h>
#include <linux/rtnetlink.h>
#include "netlink.h"
#include "route.h"
#include "user/base/addr.h"

#ifndef RTAX_FEATURE_TCP_USEC_TS /* since Linux 6.7; Debian 12 has older headers */
#define RTAX_FEATURE_TCP_USEC_TS (1 << 4)
#endif

static void put_address(struct nlmsghdr *request, int type, const struct ad_addr *addr)
{
	if (addr_is_ip4(addr))
		mnl_attr_put(request, type, 4, &addr->w[3]);
	else
		mnl_attr_put(request, type, 16, addr->b);
}

static int read_interface(const struct nlmsghdr *message, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct rtmsg)) {
		if (mnl_attr_get_type(attr) == RTA_OIF)
			*(int *)arg = mnl_attr_get_u32(attr);
	}
	return MNL_CB_STOP;
}

int route_get(const struct ad_addr *from, const struct ad_addr *to, int *ifindex)
{
	char buffer[256] = { 0 };
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *route;

	request->nlmsg_type = RTM_GETROUTE;
	request->nlmsg_flags = NLM_F_REQUEST;
	route = mnl_nlmsg_put_extra_header(request, sizeof(*route));
	route->rtm_family = addr_is_ip4(to) ? AF_INET : AF_INET6;
	route->rtm_dst_len = addr_is_ip4(to) ? 32 : 128;
	put_address(request, RTA_DST, to);
	if (from) {
		route->rtm_src_len = route->rtm_dst_len;
		put_address(request, RTA_SRC, from);
	}
	*ifindex = 0;
	return netlink_ask(request, read_interface, ifindex);
}

static bool has_usec(const struct nlattr *metrics)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, metrics)
		if (mnl_attr_get_type(attr) == RTAX_FEATURES &&
		    mnl_attr_get_u32(attr) & RTAX_FEATURE_TCP_USEC_TS)
			return true;
	return false;
}

static int count_usec(const struct nlmsghdr *message, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct rtmsg))
		if (mnl_attr_get_type(attr) == RTA_METRICS && has_usec(attr))
			++*(int *)arg;
	return MNL_CB_OK;
}

int route_count_usec(void)
{
	char buffer[256] = { 0 };
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *route;
	int nr = 0, err;

	request->nlmsg_type = RTM_GETROUTE;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	route = mnl_nlmsg_put_extra_header(request, sizeof(*route));
	route->rtm_family = AF_UNSPEC; /* every family, every table */
	err = netlink_ask(request, count_usec, &nr);
	return err ? err : nr;
}
