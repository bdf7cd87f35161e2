// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_latecomer.c: of an interface that joins, the sockets whose replies leave by it are listed,
 * but those that have been stamped before. In a network namespace with two interfaces.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include "instance_fixture.h"
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/flows/latecomer.h"
#include "user/flows/unstamped.h"

#define VIP_PORT 80

static struct ad_state state;
static struct datapath dp;
static int sockets[8], nr_sockets;

/* A socket of @vip that is about to open a connection to @client: nobody answers there. */
static void add_socket(const char *vip, const char *client, __u16 client_port)
{
	struct sockaddr_storage from, to;
	struct ad_addr addr;
	socklen_t len;
	int fd, on = 1;

	addr_parse(vip, &addr);
	len = addr_to_sockaddr(&addr, VIP_PORT, &from);
	addr_parse(client, &addr);
	addr_to_sockaddr(&addr, client_port, &to);
	fd = socket(from.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&from, len) ||
	    (connect(fd, (struct sockaddr *)&to, len) && errno != EINPROGRESS))
		diag("%s to %s: %s", vip, client, strerror(errno));
	sockets[nr_sockets++] = fd;
}

static bool is_listed(const char *vip, const char *client, __u16 client_port)
{
	struct ad_tuple tuple = { .client_port = htons(client_port), .vip_port = htons(VIP_PORT) };

	addr_parse(vip, &tuple.vip);
	addr_parse(client, &tuple.client);
	return unstamped_has(&dp, &tuple);
}

static void datapath_new(struct fixture *fixture)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);

	datapath_init(&dp);
	state = (struct ad_state){};
	dp.state_at = &state;
	dp.locals = pins_map(&fixture->pins, "locals", false);
	dp.unstamped = bpf_map_create(BPF_MAP_TYPE_HASH, "unstamped", sizeof(struct ad_tuple),
				      sizeof(__u32), 16, &opts);
}

/* What the flow table knows of one of the sockets. */
static struct ad_flow *add_flow(struct fixture *fixture, size_t index, __u8 kind, __u16 client_port)
{
	struct ad_flow *flow = fixture_flow(fixture, index, kind, 1);

	addr_parse("198.51.100.9", &flow->client);
	flow->client_port = htons(client_port);
	flow->vip_port = htons(VIP_PORT);
	flow->vip = 0;
	return flow;
}

static void test_note_sockets_that_leave_by_the_interface(struct fixture *fixture)
{
	datapath_new(fixture);
	add_socket("203.0.113.1", "198.51.100.9", 1001);
	add_socket("203.0.113.1", "192.0.2.9", 1001);
	add_socket("2001:db8::1", "2001:db8:1::9", 1001);
	add_socket("198.51.100.1", "198.51.100.9", 1002);
	is_int(latecomer_note(&dp, &fixture->pins, if_nametoindex("v0")), 2, "two are listed");
	ok(is_listed("203.0.113.1", "198.51.100.9", 1001), "IPv4");
	ok(is_listed("2001:db8::1", "2001:db8:1::9", 1001), "IPv6");
	ok(!is_listed("203.0.113.1", "192.0.2.9", 1001), "not what leaves by another interface");
	ok(!is_listed("198.51.100.1", "198.51.100.9", 1002), "nor a socket of no VIP");
	is_int(state.unstamped, 2, "and the data path knows that there are some");
	is_int(latecomer_note(&dp, &fixture->pins, if_nametoindex("v0")), 0, "once each");
	is_int(latecomer_note(&dp, &fixture->pins, if_nametoindex("v1")), 1, "by the other one");
}

static void test_note_stamped_flows_are_left_out(struct fixture *fixture)
{
	datapath_new(fixture);
	add_socket("203.0.113.1", "198.51.100.9", 2001);
	add_socket("203.0.113.1", "198.51.100.9", 2002);
	add_socket("203.0.113.1", "198.51.100.9", 2003);
	add_flow(fixture, 0, AD_FLOW_OURS, 2001);
	add_flow(fixture, 1, AD_FLOW_OURS, 2002)->flags = 0;
	add_flow(fixture, 2, AD_FLOW_TRANSIT, 2003);
	ok(latecomer_note(&dp, &fixture->pins, if_nametoindex("v0")) >= 2, "noted");
	ok(!is_listed("203.0.113.1", "198.51.100.9", 2001), "a flow that was seen with a stamp");
	ok(is_listed("203.0.113.1", "198.51.100.9", 2002), "one that was seen without");
	ok(is_listed("203.0.113.1", "198.51.100.9", 2003), "one that was another's then");
}

static void test_note_full_list_is_an_error(struct fixture *fixture)
{
	datapath_new(fixture);
	close(dp.unstamped);
	dp.unstamped = bpf_map_create(BPF_MAP_TYPE_HASH, "unstamped", sizeof(struct ad_tuple),
				      sizeof(__u32), 1, NULL);
	is_int(latecomer_note(&dp, &fixture->pins, if_nametoindex("v0")), -E2BIG, "no room");
}

static bool network_new(void)
{
	return netns_enter() && netns_add_veth() &&
	       netns_run("ip address add 203.0.113.1/32 dev lo && "
			 "ip address add 2001:db8::1/128 dev lo nodad && "
			 "ip route add 192.0.2.0/24 dev v1");
}

int main(void)
{
	struct fixture fixture;

	if (!fixture_new(&fixture, 16))
		return skip_all("needs root and a bpffs");
	if (ok(network_new(), "a network")) {
		fixture_vip(&fixture, "203.0.113.1", 0);
		fixture_vip(&fixture, "2001:db8::1", 1);
		test_note_sockets_that_leave_by_the_interface(&fixture);
		test_note_stamped_flows_are_left_out(&fixture);
		test_note_full_list_is_an_error(&fixture);
	}
	fixture_free(&fixture);
	return done_testing();
}
