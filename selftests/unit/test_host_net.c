// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_host_net.c: what `check` warns of on a host's network. Each trouble is made in a network
 * namespace, must be found, and must no longer be found when it is mended as the warning says.
 */
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/config/config.h"
#include "user/host/host_net.h"

static char *interfaces[] = { (char *)"v0" };
static struct config_node nodes[2] = { { .name = (char *)"me", .id = 1 },
				       { .name = (char *)"far", .id = 2 } };
static struct config_vip vips[1];
static struct config config = { .interfaces = interfaces,
				.nr_interfaces = 1,
				.nodes = nodes,
				.nr_nodes = 2,
				.self = &nodes[0],
				.vips = vips,
				.nr_vips = 1,
				.flow_max = 1024 };

/* The first warning with all of these words in it, copied; "" if there is none. */
static const char *warned(const char *word, const char *other)
{
	struct findings findings = { 0 };
	struct devices devices = { 0 };
	static char text[1024];
	size_t i;

	text[0] = '\0';
	devices_load(&devices);
	host_net_check(&config, &devices, &findings);
	for (i = 0; i < findings.nr && !*text; i++)
		if (strstr(findings.list[i].text, word) && strstr(findings.list[i].text, other))
			snprintf(text, sizeof(text), "%s", findings.list[i].text);
	is_int(findings.nr_errors, 0, "no finding of the network is an error");
	findings_free(&findings);
	devices_free(&devices);
	return text;
}

static void test_gro_matters_in_generic_mode(void)
{
	config.xdp_mode = CONFIG_XDP_GENERIC;
	netns_run("ethtool -K v0 gro on >/dev/null");
	ok(*warned("rx-gro on", "ethtool -K v0 gro off"), "GRO in generic mode");
	config.xdp_mode = CONFIG_XDP_NATIVE;
	is_str(warned("rx-gro on", ""), "", "not in native mode");
	config.xdp_mode = CONFIG_XDP_GENERIC;
	netns_run("ethtool -K v0 gro off");
	is_str(warned("rx-gro on", ""), "", "nor once it is off");
}

static void test_strict_filter_away_from_replies(void)
{
	netns_run("ip link add w0 type veth peer name w1 && ip link set w0 up && "
		  "ip link set w1 up && ip address add 203.0.113.1/24 dev w0 && "
		  "ip route add default via 203.0.113.2");
	netns_run("sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.v0.rp_filter=1");
	ok(*warned("net.ipv4.conf.v0.rp_filter is strict (1)", "by w0"),
	   "strict, and replies leave elsewhere");
	netns_run("sysctl -qw net.ipv4.conf.v0.rp_filter=2");
	is_str(warned("rp_filter", ""), "", "loose: nothing");
	netns_run("sysctl -qw net.ipv4.conf.v0.rp_filter=0 net.ipv4.conf.all.rp_filter=1");
	ok(*warned("rp_filter is strict", "by w0"), "`all` counts as much");
	netns_run("ip route del default && ip route add default via 198.51.100.2");
	is_str(warned("rp_filter", ""), "", "replies leave by it: nothing");
	netns_run("sysctl -qw net.ipv4.conf.all.rp_filter=0");
}

/* What clients may send, and the tunnel's headers around it. */
static void test_path_without_room(void)
{
	unsigned int enough = 0;
	const char *text, *at;

	config.tunnel_overhead = 0;
	text = warned("mss_overhead", "far, which takes 1500");
	at = strstr(text, " would do");
	while (at && at > text && at[-1] >= '0' && at[-1] <= '9')
		at--;
	enough = at ? strtoul(at, NULL, 10) : 0;
	is_int(enough, AD_OVERHEAD_IP4, "no room for the headers: what is needed is told");
	config.tunnel_overhead = enough - 1;
	ok(*warned("mss_overhead", "1 bytes too long"), "a byte less is too little");
	config.tunnel_overhead = enough;
	is_str(warned("mss_overhead", ""), "", "so much is enough");
	nodes[1].mtu = 1400;
	ok(*warned("100 bytes too long", "far, which takes 1400"), "nodes[].mtu counts");
	nodes[1].state = CONFIG_NODE_DOWN;
	is_str(warned("mss_overhead", ""), "", "not of a node that is down");
	nodes[1].state = CONFIG_NODE_UP;
	nodes[1].mtu = 0;
}

static void test_path_too_narrow_for_ip6(void)
{
	addr_parse("2001:db8::53", &vips[0].address);
	vips[0].tcp = true;
	nodes[1].mtu = 1280 + AD_OVERHEAD_IP4 - 1;
	ok(*warned("nodes: the path to far", "IPv6 needs"), "a byte less than IPv6 needs");
	nodes[1].mtu = 1280 + AD_OVERHEAD_IP4;
	is_str(warned("IPv6 needs", ""), "", "as much as it needs");
	nodes[1].mtu = 0;
	addr_parse("192.0.2.53", &vips[0].address);
}

int main(void)
{
	nodes[0].state = nodes[1].state = CONFIG_NODE_UP;
	addr_parse("198.51.100.1", &nodes[0].tunnel);
	addr_parse("198.51.100.9", &nodes[1].tunnel);
	addr_parse("192.0.2.53", &vips[0].address);
	if (!netns_enter())
		return skip_all("needs root");
	if (ok(netns_add_veth(), "a network")) {
		test_gro_matters_in_generic_mode();
		test_strict_filter_away_from_replies();
		test_path_without_room();
		test_path_too_narrow_for_ip6();
	}
	return done_testing();
}
