// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_flow_walk.c: all flows: ours by their sockets, the others by the flow table, none twice. In
 * a network namespace.
 */
#include <netinet/in.h>
#include "instance_fixture.h"
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/base/clock.h"
#include "user/flows/flow_walk.h"
#include "user/state/instance.h"

#define VIP  "203.0.113.1"
#define PORT 80
#define SELF 1
#define MANY 400 /* sockets: more than one answer of the kernel holds */

static struct names names;
static struct flow_row rows[2 * MANY];
static size_t nr_rows;

static int keep(const struct flow_row *row, void *arg)
{
	if (nr_rows < sizeof(rows) / sizeof(*rows))
		rows[nr_rows++] = *row;
	return arg ? -EINTR : 0;
}

static int walk(struct fixture *fixture)
{
	nr_rows = 0;
	return flow_walk_each(&fixture->pins, &names, keep, NULL);
}

static const struct flow_row *row_of(const char *client, __u16 port)
{
	struct ad_addr addr;

	addr_parse(client, &addr);
	for (size_t i = 0; i < nr_rows; i++)
		if (!memcmp(&rows[i].flow.client, &addr, sizeof(addr)) &&
		    rows[i].flow.client_port == htons(port))
			return &rows[i];
	return NULL;
}

static socklen_t address(const char *text, __u16 port, struct sockaddr_storage *at)
{
	struct ad_addr addr;

	addr_parse(text, &addr);
	return addr_to_sockaddr(&addr, port, at);
}

static int listen_at(const char *text)
{
	struct sockaddr_storage at;
	socklen_t len = address(text, PORT, &at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return bind(fd, (struct sockaddr *)&at, len) || listen(fd, MANY) ? -1 : fd;
}

/* The client's end; its port in *@port. */
static int connect_from(const char *client, __u16 *port)
{
	struct sockaddr_storage at;
	socklen_t len = address(client, 0, &at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	bind(fd, (struct sockaddr *)&at, len);
	len = address(VIP, PORT, &at);
	if (connect(fd, (struct sockaddr *)&at, len))
		return -1;
	len = sizeof(at);
	getsockname(fd, (struct sockaddr *)&at, &len);
	*port = ntohs(((struct sockaddr_in *)&at)->sin_port);
	return fd;
}

/* An entry of the table for @client. */
static struct ad_flow *enter(struct fixture *fixture, size_t index, __u8 kind, __u16 owner,
			     const char *client, __u16 port)
{
	struct ad_flow *flow = fixture_flow(fixture, index, kind, owner);

	addr_parse(client, &flow->client);
	flow->client_port = htons(port);
	flow->vip_port = htons(PORT);
	flow->vip = 0;
	return flow;
}

static void be_here(struct fixture *fixture, __u64 netns)
{
	const struct ad_keeper keeper = { .netns = netns };
	const struct ad_meta meta = { .abi = AD_ABI_VERSION, .node_id = SELF };
	const struct ad_state state = { .flags = AD_STATE_ARMED, .unstamped = 1 };
	const __u32 zero = 0;

	fixture_put(fixture, "keeper", &zero, &keeper);
	fixture_put(fixture, "meta", &zero, &meta);
	fixture_put(fixture, "state", &zero, &state);
}

static void test_sockets_and_the_table_once_each(struct fixture *fixture)
{
	const struct flow_row *one;
	int client, server, listener = listen_at(VIP);
	struct ad_flow *entry;
	__u16 port;

	client = connect_from("198.51.100.1", &port);
	server = accept(listener, NULL, NULL);
	ok(client >= 0 && server >= 0, "a connection");
	is_int(write(client, "twelve bytes", 12), 12, "that speaks");
	entry = enter(fixture, 0, AD_FLOW_OURS, SELF, "198.51.100.1", port);
	entry->via = 7;
	enter(fixture, 1, AD_FLOW_OURS, SELF, "198.51.100.2", 1001); /* its socket is gone */
	enter(fixture, 2, AD_FLOW_OURS, SELF, "198.51.100.3", 1002)->flags = AD_FLOW_FORWARDED;
	enter(fixture, 3, AD_FLOW_PIN, 2, "198.51.100.4", 1003);
	enter(fixture, 4, AD_FLOW_TRANSIT, 2, "198.51.100.5", 1004);
	is_int(walk(fixture), 0, "walked");
	is_int(nr_rows, 4, "one socket, and what the table has that has none");
	one = row_of("198.51.100.1", port);
	ok(one && one->tcp.known && one->tcp.rtt_us, "with what the socket knows");
	ok(one && one->flow.rx_bytes == 12 && one->flow.rx_packets >= 2, "its counts, not ours");
	ok(one && one->flow.kind == AD_FLOW_OURS && one->flow.owner == SELF, "ours");
	ok(one && one->flow.via == 7, "and where it lands, by the table");
	ok(one && one->flow.flags & AD_FLOW_STAMPED, "stamped");
	ok(one && !one->flow.first_s, "nobody noted when it began");
	ok(one && clock_mono_s() - one->flow.last_s <= 1, "it spoke just now");
	one = row_of("198.51.100.3", 1002);
	ok(one && !one->tcp.known, "forwarded: by the table");
	close(client);
	is_int(walk(fixture), 0, "walked");
	one = row_of("198.51.100.1", port);
	ok(one && one->flow.flags & AD_FLOW_CLOSING, "the client is done");
	close(server);
	close(listener);
}

static void test_unstamped_sockets_are_told(struct fixture *fixture)
{
	const struct flow_row *one;
	struct ad_tuple tuple = { .vip_port = htons(PORT) };
	int listener = listen_at(VIP);
	const __u32 seen = 1;
	int client;
	__u16 port;

	client = connect_from("198.51.100.1", &port);
	addr_parse(VIP, &tuple.vip);
	addr_parse("198.51.100.1", &tuple.client);
	tuple.client_port = htons(port);
	fixture_put(fixture, "unstamped", &tuple, &seen);
	is_int(walk(fixture), 0, "walked");
	one = row_of("198.51.100.1", port);
	ok(one && !(one->flow.flags & AD_FLOW_STAMPED), "on the list: not stamped");
	close(client);
	close(listener);
}

static void test_many_come_in_steps(struct fixture *fixture)
{
	int fds[MANY], listener = listen_at(VIP), err = 0;
	struct flow_walk *steps;
	size_t i, most = 0, before;
	__u16 port;

	for (i = 0; i < MANY; i++)
		fds[i] = connect_from("198.51.100.1", &port);
	nr_rows = 0;
	is_int(flow_walk_open(&fixture->pins, &names, &steps), 0, "opened");
	for (i = 0; !err && i < 10000; i++) {
		before = nr_rows;
		err = flow_walk_step(steps, keep, NULL);
		if (nr_rows - before > most)
			most = nr_rows - before;
	}
	is_int(err, -ENOENT, "to the end");
	is_int(flow_walk_step(steps, keep, NULL), -ENOENT, "which stays the end");
	flow_walk_close(steps);
	ok(nr_rows >= MANY, "all of them: %zu", nr_rows);
	ok(most < 200, "at most %zu in a step", most);
	nr_rows = 0;
	is_int(flow_walk_each(&fixture->pins, &names, keep, names.vips), -EINTR, "stopped");
	is_int(nr_rows, 1, "after the first");
	for (i = 0; i < MANY; i++)
		close(fds[i]);
	close(listener);
}

static void test_from_elsewhere_the_table_is_all(struct fixture *fixture)
{
	int client, listener = listen_at(VIP);
	__u16 port;

	client = connect_from("198.51.100.1", &port);
	be_here(fixture, instance_netns() + 1);
	is_int(walk(fixture), 0, "walked");
	is_int(nr_rows, 5, "all entries");
	ok(!row_of("198.51.100.1", port), "and no socket");
	close(client);
	close(listener);
}

int main(void)
{
	struct fixture fixture;

	if (!netns_enter() || !fixture_new(&fixture, 4))
		return skip_all("needs root and a bpffs");
	ok(netns_add_veth() && netns_run("ip address add " VIP "/32 dev lo"), "a network");
	fixture_vip(&fixture, VIP, 0);
	be_here(&fixture, instance_netns());
	names.nr_vips = 1;
	addr_parse(VIP, &names.vips[0]);
	test_sockets_and_the_table_once_each(&fixture);
	test_unstamped_sockets_are_told(&fixture);
	test_many_come_in_steps(&fixture);
	test_from_elsewhere_the_table_is_all(&fixture);
	fixture_free(&fixture);
	return done_testing();
}
