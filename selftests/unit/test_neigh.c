// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_neigh.c: the kernel is made to resolve every next hop towards the peers, and no others.
 */
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/net/neigh.h"

static struct config_node nodes[8];
static struct config config = { .nodes = nodes, .self = &nodes[0] };

static void add_node(const char *tunnel, enum config_node_state state)
{
	struct config_node *node = &nodes[config.nr_nodes++];

	node->state = state;
	addr_parse(tunnel, &node->tunnel);
}

static void fleet_of(const char *self)
{
	memset(nodes, 0, sizeof(nodes));
	config.nr_nodes = 0;
	add_node(self, CONFIG_NODE_UP);
}

static bool asked_for(const char *hop)
{
	char command[128];

	snprintf(command, sizeof(command), "ip neigh show to %s dev v0", hop);
	return *netns_read(command);
}

static void test_keep_warm_peers_of_the_subnet(void)
{
	fleet_of("198.51.100.1");
	add_node("198.51.100.2", CONFIG_NODE_UP);
	add_node("198.51.100.3", CONFIG_NODE_DRAINING);
	add_node("198.51.100.4", CONFIG_NODE_DOWN);
	is_int(neigh_keep_warm(&config), 2, "two next hops");
	ok(asked_for("198.51.100.2"), "a peer");
	ok(asked_for("198.51.100.3"), "a peer that is draining");
	ok(!asked_for("198.51.100.4"), "none that is down");
	ok(!asked_for("198.51.100.1"), "nor this node itself");
}

static void test_keep_warm_peers_behind_routers(void)
{
	ok(netns_run("ip route add 203.0.113.0/24 via 198.51.100.254 && "
		     "ip route add 203.0.114.0/24 nexthop via 198.51.100.251 "
		     "nexthop via 198.51.100.252"),
	   "a route, and one of two legs");
	fleet_of("198.51.100.1");
	add_node("192.0.2.9", CONFIG_NODE_UP);
	add_node("203.0.113.9", CONFIG_NODE_UP);
	add_node("203.0.114.9", CONFIG_NODE_UP);
	is_int(neigh_keep_warm(&config), 3, "none where there is no route, one, and two");
	ok(asked_for("198.51.100.254"), "the router");
	ok(asked_for("198.51.100.251") && asked_for("198.51.100.252"), "both legs");
	ok(!asked_for("203.0.113.9"), "and not the peer behind it");
}

static void test_keep_warm_by_ipv6(void)
{
	ok(netns_run("ip route add 203.0.115.0/24 via inet6 2001:db8:1::99 dev v0"),
	   "IPv4 through an IPv6 next hop");
	fleet_of("2001:db8:1::1");
	add_node("2001:db8:1::2", CONFIG_NODE_UP);
	add_node("203.0.115.9", CONFIG_NODE_UP);
	is_int(neigh_keep_warm(&config), 2, "two next hops");
	ok(asked_for("2001:db8:1::2"), "a peer by IPv6");
	ok(asked_for("2001:db8:1::99"), "the router");
}

int main(void)
{
	if (!netns_enter())
		return skip_all("needs root");
	if (!ok(netns_add_veth(), "two interfaces"))
		return done_testing();
	test_keep_warm_peers_of_the_subnet();
	test_keep_warm_peers_behind_routers();
	test_keep_warm_by_ipv6();
	return done_testing();
}
