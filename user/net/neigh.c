// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * neigh.c: keeps the next hops towards peers resolved.
 */
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include "neigh.h"
#include "netlink.h"
#include "user/base/addr.h"

#define HOPS_MAX 16 /* of one multipath route */

struct hop {
	__u8 family;
	__u8 addr[16];
	__u32 ifindex;
};

struct hops {
	struct hop list[HOPS_MAX];
	size_t nr;
};

static size_t addr_len(__u8 family)
{
	return family == AF_INET ? 4 : 16;
}

static const void *addr_bytes(const struct ad_addr *addr, __u8 *family)
{
	*family = addr_is_ip4(addr) ? AF_INET : AF_INET6;
	return *family == AF_INET ? &addr->b[12] : addr->b;
}

/* The attributes of a route or of one leg of it, whichever of them are there. */
struct leg {
	const struct nlattr *gateway;
	const struct nlattr *via;
	__u32 ifindex;
};

static void leg_take(struct leg *leg, const struct nlattr *attr)
{
	switch (mnl_attr_get_type(attr)) {
	case RTA_GATEWAY:
		leg->gateway = attr;
		break;
	case RTA_VIA:
		leg->via = attr;
		break;
	case RTA_OIF:
		leg->ifindex = mnl_attr_get_u32(attr);
		break;
	}
}

/* A leg without a gateway is on the same network: then @dst itself is the next hop. */
static void add_hop(struct hops *hops, const struct leg *leg, const struct hop *dst)
{
	struct hop *hop = &hops->list[hops->nr];
	const struct rtvia *via;

	if (hops->nr == HOPS_MAX || !leg->ifindex)
		return;
	*hop = *dst;
	hop->ifindex = leg->ifindex;
	if (leg->gateway) {
		memcpy(hop->addr, mnl_attr_get_payload(leg->gateway), addr_len(hop->family));
	} else if (leg->via) {
		via = mnl_attr_get_payload(leg->via);
		hop->family = via->rtvia_family;
		memcpy(hop->addr, via->rtvia_addr, addr_len(hop->family));
	}
	hops->nr++;
}

static void add_multipath(struct hops *hops, const struct nlattr *multipath, const struct hop *dst)
{
	struct rtnexthop *next = mnl_attr_get_payload(multipath);
	int len = mnl_attr_get_payload_len(multipath);

	for (; RTNH_OK(next, len); len -= RTNH_ALIGN(next->rtnh_len), next = RTNH_NEXT(next)) {
		struct leg leg = { .ifindex = next->rtnh_ifindex };
		struct nlattr *attr;

		mnl_attr_for_each_payload((void *)RTNH_DATA(next), next->rtnh_len - sizeof(*next))
			leg_take(&leg, attr);
		add_hop(hops, &leg, dst);
	}
}

struct lookup {
	struct hop dst;
	struct hops *hops;
};

static int on_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *multipath = NULL;
	struct lookup *lookup = arg;
	struct leg leg = {};
	struct nlattr *attr;

	if (rt->rtm_type != RTN_UNICAST)
		return MNL_CB_STOP;
	mnl_attr_for_each(attr, nlh, sizeof(*rt)) {
		leg_take(&leg, attr);
		if (mnl_attr_get_type(attr) == RTA_MULTIPATH)
			multipath = attr;
	}
	if (multipath)
		add_multipath(lookup->hops, multipath, &lookup->dst);
	else
		add_hop(lookup->hops, &leg, &lookup->dst);
	return MNL_CB_STOP;
}

/* Asks for all legs of the route, not only for the one that some flow would take. */
static int find_hops(struct netlink *netlink, const struct ad_addr *from, const struct ad_addr *to,
		     struct hops *hops)
{
	struct lookup lookup = { .hops = hops };
	char buf[512];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rt = mnl_nlmsg_put_extra_header(nlh, sizeof(*rt));
	const void *dst = addr_bytes(to, &lookup.dst.family), *src;
	__u8 family;
	size_t len = addr_len(lookup.dst.family);

	memcpy(lookup.dst.addr, dst, len);
	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	rt->rtm_family = lookup.dst.family;
	rt->rtm_dst_len = len * 8;
	rt->rtm_flags = RTM_F_FIB_MATCH;
	mnl_attr_put(nlh, RTA_DST, len, dst);
	src = addr_bytes(from, &family);
	if (family == rt->rtm_family) {
		rt->rtm_src_len = len * 8;
		mnl_attr_put(nlh, RTA_SRC, len, src);
	}
	return netlink_ask_by(netlink, nlh, on_route, &lookup);
}

/*
 * NTF_USE does what a packet to this neighbour would do: resolve it, or confirm it if it is stale.
 */
static int use_hop(struct netlink *netlink, const struct hop *hop)
{
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *nd = mnl_nlmsg_put_extra_header(nlh, sizeof(*nd));

	nlh->nlmsg_type = RTM_NEWNEIGH;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	nd->ndm_family = hop->family;
	nd->ndm_ifindex = hop->ifindex;
	nd->ndm_state = NUD_NONE;
	nd->ndm_flags = NTF_USE;
	mnl_attr_put(nlh, NDA_DST, addr_len(hop->family), hop->addr);
	return netlink_ask_by(netlink, nlh, NULL, NULL);
}

static int warm_node(struct netlink *netlink, const struct ad_addr *from, const struct ad_addr *to)
{
	struct hops hops = {};
	int used = 0;
	size_t i;

	if (find_hops(netlink, from, to, &hops))
		return 0;
	for (i = 0; i < hops.nr; i++)
		used += !use_hop(netlink, &hops.list[i]);
	return used;
}

int neigh_keep_warm(const struct config *config)
{
	struct netlink netlink;
	int used = 0;
	size_t i;

	if (netlink_open(&netlink))
		return 0;
	for (i = 0; i < config->nr_nodes; i++) {
		const struct config_node *node = &config->nodes[i];

		/* If there is no route to one peer, the others are still kept resolved. */
		if (node != config->self && node->state != CONFIG_NODE_DOWN)
			used += warm_node(&netlink, &config->self->tunnel, &node->tunnel);
	}
	netlink_close(&netlink);
	return used;
}

/* --- looking ---------------------------------------------------------------------------------- */

static int on_neighbour(const struct nlmsghdr *nlh, void *arg)
{
	const struct ndmsg *nd = mnl_nlmsg_get_payload(nlh);

	*(__u16 *)arg = nd->ndm_state;
	return MNL_CB_STOP;
}

/* The kernel's own rule for what can be sent to: NUD_VALID. */
static bool hop_is_resolved(struct netlink *netlink, const struct hop *hop)
{
	char buf[256] = {};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *nd = mnl_nlmsg_put_extra_header(nlh, sizeof(*nd));
	__u16 state = NUD_NONE;

	nlh->nlmsg_type = RTM_GETNEIGH;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nd->ndm_family = hop->family;
	nd->ndm_ifindex = hop->ifindex;
	mnl_attr_put(nlh, NDA_DST, addr_len(hop->family), hop->addr);
	return !netlink_ask_by(netlink, nlh, on_neighbour, &state) &&
	       state & (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE |
			NUD_DELAY);
}

static void look_at_node(struct netlink *netlink, const struct config *config,
			 const struct config_node *node,
			 void (*each)(const struct neigh_hop *hop, void *arg), void *arg)
{
	struct hops hops = {};

	if (find_hops(netlink, &config->self->tunnel, &node->tunnel, &hops))
		return;
	for (size_t i = 0; i < hops.nr; i++) {
		const struct hop *hop = &hops.list[i];
		struct neigh_hop seen = { .node = node, .ifindex = hop->ifindex };

		if (hop->family == AF_INET) {
			seen.address.w[2] = htonl(0xffff);
			memcpy(&seen.address.w[3], hop->addr, 4);
		} else {
			memcpy(seen.address.b, hop->addr, 16);
		}
		seen.resolved = hop_is_resolved(netlink, hop);
		each(&seen, arg);
	}
}

int neigh_look(const struct config *config, void (*each)(const struct neigh_hop *hop, void *arg),
	       void *arg)
{
	struct netlink netlink;
	int err = netlink_open(&netlink);

	if (err)
		return err;
	for (size_t i = 0; i < config->nr_nodes; i++)
		if (&config->nodes[i] != config->self && config->nodes[i].state != CONFIG_NODE_DOWN)
			look_at_node(&netlink, config, &config->nodes[i], each, arg);
	netlink_close(&netlink);
	return 0;
}
