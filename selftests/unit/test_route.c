// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_route.c: the kernel's routing table, asked in a network namespace with two interfaces.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/net/netlink.h"
#include "user/net/route.h"

#define USEC_TS (1 << 4) /* RTAX_FEATURE_TCP_USEC_TS */

/* The interface towards @to, or -errno. */
static int route(const char *from, const char *to)
{
	struct ad_addr source, destination;
	int ifindex, err;

	addr_parse(to, &destination);
	if (from)
		addr_parse(from, &source);
	err = route_get(from ? &source : NULL, &destination, &ifindex);
	return err ?: ifindex;
}

static int interface(const char *name)
{
	return if_nametoindex(name);
}

static void test_get_finds_the_interface(void)
{
	ok(netns_run("ip route add 203.0.113.0/24 via 198.51.100.254"), "a route");
	is_int(route(NULL, "198.51.100.9"), interface("v0"), "an address of the subnet");
	is_int(route(NULL, "203.0.113.9"), interface("v0"), "an address behind a router");
	is_int(route(NULL, "127.0.0.1"), interface("lo"), "an address of this host");
	is_int(route(NULL, "2001:db8:1::9"), interface("v0"), "IPv6");
}

static void test_get_without_a_route_is_an_error(void)
{
	is_int(route(NULL, "192.0.2.1"), -ENETUNREACH, "IPv4");
	is_int(route(NULL, "2001:db8:2::1"), -ENETUNREACH, "IPv6");
	ok(netns_run("ip route add prohibit 192.0.2.0/24"), "a route that prohibits");
	is_int(route(NULL, "192.0.2.1"), -EACCES, "the kernel's own reason");
}

static void test_get_from_an_address_goes_by_its_rules(void)
{
	int other = route("192.0.2.77", "198.51.100.9");

	is_int(route("198.51.100.1", "198.51.100.9"), interface("v0"), "an address of this host");
	ok(other == -EINVAL || other == -ENETUNREACH, "an address of another host: %d", other);
	ok(netns_run(
		   "ip address add 198.51.100.2/32 dev lo && "
		   "ip rule add from 198.51.100.2 lookup 7 && ip route add default dev v1 table 7"),
	   "a rule for one address");
	is_int(route("198.51.100.2", "198.51.100.9"), interface("v1"), "is kept for this address");
	is_int(route("198.51.100.1", "198.51.100.9"), interface("v0"), "and not for another");
}

/* Debian's ip does not know the feature. 0 or -errno. */
static int add_usec_route(void)
{
	char buffer[256] = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *message = mnl_nlmsg_put_extra_header(request, sizeof(*message));
	struct nlattr *metrics;
	struct ad_addr to;

	addr_parse("10.1.0.0", &to);
	request->nlmsg_type = RTM_NEWROUTE;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
	*message = (struct rtmsg){ .rtm_family = AF_INET,
				   .rtm_dst_len = 16,
				   .rtm_table = RT_TABLE_MAIN,
				   .rtm_protocol = RTPROT_STATIC,
				   .rtm_scope = RT_SCOPE_LINK,
				   .rtm_type = RTN_UNICAST };
	mnl_attr_put(request, RTA_DST, 4, &to.w[3]);
	mnl_attr_put_u32(request, RTA_OIF, interface("v0"));
	metrics = mnl_attr_nest_start(request, RTA_METRICS);
	mnl_attr_put_u32(request, RTAX_FEATURES, USEC_TS);
	mnl_attr_nest_end(request, metrics);
	return netlink_ask(request, NULL, NULL);
}

static void test_count_usec_counts_only_that_feature(void)
{
	ok(netns_run("ip route add 10.2.0.0/16 dev v0 features ecn"), "another feature");
	is_int(route_count_usec(), 0, "does not count");
	if (add_usec_route())
		skip("kernel before 6.7: no route can ask for microseconds");
	else
		is_int(route_count_usec(), 1, "a route with tcp_usec_ts does");
}

int main(void)
{
	if (!netns_enter())
		return skip_all("needs root");
	if (!ok(netns_add_veth(), "two interfaces"))
		return done_testing();
	test_get_finds_the_interface();
	test_get_without_a_route_is_an_error();
	test_get_from_an_address_goes_by_its_rules();
	test_count_usec_counts_only_that_feature();
	return done_testing();
}
