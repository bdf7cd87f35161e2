// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_sockets.c: the TCP sockets of VIPs, as the kernel lists them. In a network namespace.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <bpf/bpf.h>
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/net/sockets.h"

#define PORT 80
#define VIP  "203.0.113.1"
#define VIP6 "2001:db8::1"

static struct vip_set vips;
static struct socket_entry found[16];
static int nr_found;

static int keep(const struct socket_entry *socket, void *arg)
{
	found[nr_found++] = *socket;
	return arg ? -EINTR : 0;
}

static int each(enum sockets_which which, void *stop)
{
	nr_found = 0;
	return sockets_each(which, &vips, keep, stop);
}

static socklen_t address(const char *text, __u16 port, struct sockaddr_storage *at)
{
	struct ad_addr addr;

	addr_parse(text, &addr);
	return addr_to_sockaddr(&addr, port, at);
}

/* From @from to the listener at @to; the result is its port, or 0. */
static __u16 connect_from(const char *from, const char *to)
{
	struct sockaddr_storage at;
	socklen_t len = address(from, 0, &at);
	int fd = socket(at.ss_family, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&at, len))
		return 0;
	len = address(to, PORT, &at);
	if (connect(fd, (struct sockaddr *)&at, len))
		return 0;
	len = sizeof(at);
	getsockname(fd, (struct sockaddr *)&at, &len);
	return ntohs(((struct sockaddr_in *)&at)->sin_port); /* at the same place in IPv6's */
}

/* For both families, at all addresses. */
static void listen_to_all(void)
{
	struct sockaddr_storage at;
	socklen_t len = address("::", PORT, &at);
	int fd = socket(AF_INET6, SOCK_STREAM, 0), off = 0;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	ok(!bind(fd, (struct sockaddr *)&at, len) && !listen(fd, 8), "a listener");
}

static const struct socket_entry *entry(const char *vip, const char *client, __u16 port)
{
	struct ad_tuple tuple = { .client_port = htons(port), .vip_port = htons(PORT) };

	addr_parse(vip, &tuple.vip);
	addr_parse(client, &tuple.client);
	for (int i = 0; i < nr_found; i++)
		if (!memcmp(&found[i].tuple, &tuple, sizeof(tuple)))
			return &found[i];
	return NULL;
}

static void test_each_lists_sockets_of_vips(void)
{
	const struct socket_entry *one;
	__u16 port, port6;

	listen_to_all();
	is_int(each(SOCKETS_ALL, NULL) ?: nr_found, 0, "a listener is none");
	port = connect_from("198.51.100.1", VIP);
	port6 = connect_from("2001:db8:1::1", VIP6);
	ok(port && port6, "two connections");
	connect_from("198.51.100.1", "127.0.0.1");
	connect_from(VIP, VIP);
	is_int(each(SOCKETS_LIVE, NULL), 0, "listed");
	is_int(nr_found, 2, "not what is of no VIP, or from one to itself");
	one = entry(VIP, "198.51.100.1", port);
	ok(one && one->state == TCP_ESTABLISHED, "IPv4, though its socket is IPv6's");
	ok(one && one->info.timestamps, "with timestamps");
	ok(one && one->info.min_rtt_us && one->info.min_rtt_us < 1000000,
	   "and the time of its handshake");
	ok(entry(VIP6, "2001:db8:1::1", port6) != NULL, "IPv6");
}

static void test_each_connections_that_begin_count_only_as_all(void)
{
	struct sockaddr_storage at;
	socklen_t len = address(VIP, 0, &at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	ok(!bind(fd, (struct sockaddr *)&at, len), "bound");
	len = address("198.51.100.9", PORT, &at);
	connect(fd, (struct sockaddr *)&at, len);
	is_int(each(SOCKETS_LIVE, NULL) ?: nr_found, 2, "not among the live ones");
	is_int(each(SOCKETS_ALL, NULL) ?: nr_found, 3, "among all");
	close(fd);
}

static void test_each_ends_when_told(void)
{
	is_int(each(SOCKETS_LIVE, &vips), -EINTR, "what the function returned");
	is_int(nr_found, 1, "after the first");
}

/* One request for both families: else a step without an answer would go through all sockets. */
static void test_walk_ends_with_its_last_answer(void)
{
	struct sockets_walk *walk;
	int steps = 0, silent = 0, before, err;

	nr_found = 0;
	err = sockets_walk_open(SOCKETS_LIVE, &vips, -1, &walk);
	is_int(err, 0, "opened");
	while (!err && steps < 100) {
		before = nr_found;
		err = sockets_walk_step(walk, keep, NULL);
		silent += nr_found == before;
		steps++;
	}
	is_int(err, -ENOENT, "to the end");
	is_int(nr_found, 2, "both families");
	ok(silent <= 1, "but for the end every step brings some: %d of %d did not", silent, steps);
	is_int(sockets_count(&vips), 2, "and as many are counted");
	sockets_walk_close(walk);
}

static void test_find_asks_for_one(void)
{
	struct mnl_socket *nl = sockets_open();
	struct socket_info info;
	struct ad_tuple tuple;
	int i;

	is_int(each(SOCKETS_LIVE, NULL) ?: nr_found, 2, "two connections");
	for (i = 0; i < nr_found; i++) {
		is_int(sockets_find(nl, &found[i].tuple, &info), 0, "found, of both families");
		ok(info.rtt_us && info.cwnd && info.timestamps, "and what its socket knows");
		is_int(info.min_rtt_us, found[i].info.min_rtt_us, "as in a list of all");
	}
	tuple = found[0].tuple;
	tuple.client_port ^= htons(1);
	is_int(sockets_find(nl, &tuple, &info), -ENOENT, "a listener is no connection");
	ok(!info.known, "nothing is known");
	tuple.vip_port ^= htons(1);
	is_int(sockets_find(nl, &tuple, &info), -ENOENT, "nor is nothing");
	is_int(sockets_find(nl, &found[0].tuple, &info), 0,
	       "the next answer is the next question's");
	sockets_close(nl);
}

static void test_timestamps_that_were_not_negotiated(void)
{
	const struct socket_entry *one;
	__u16 port;

	ok(netns_run("echo 0 >/proc/sys/net/ipv4/tcp_timestamps"), "no timestamps");
	port = connect_from("198.51.100.1", VIP);
	is_int(each(SOCKETS_LIVE, NULL), 0, "listed");
	one = entry(VIP, "198.51.100.1", port);
	ok(one && !one->info.timestamps, "a socket without");
}

static void test_vip_set_by_flags(void)
{
	int map = bpf_map_create(BPF_MAP_TYPE_HASH, "locals", sizeof(struct ad_addr),
				 sizeof(struct ad_local), 8, NULL);
	static const struct {
		const char *address;
		__u16 flags;
	} rows[] = { { VIP6, AD_LOCAL_VIP_TCP | AD_LOCAL_VIP_DNS },
		     { VIP, AD_LOCAL_VIP_TCP },
		     { "203.0.113.2", AD_LOCAL_VIP_DNS },
		     { "198.51.100.1", AD_LOCAL_TUNNEL } };
	struct ad_addr addr;

	for (size_t i = 0; i < 4; i++) {
		struct ad_local local = { .flags = rows[i].flags };

		addr_parse(rows[i].address, &addr);
		bpf_map_update_elem(map, &addr, &local, BPF_ANY);
	}
	is_int(vip_set_read(&vips, map, AD_LOCAL_VIP_TCP | AD_LOCAL_VIP_DNS), 0, "both flags");
	is_int(vips.nr, 1, "one has them");
	is_int(vip_set_read(&vips, map, AD_LOCAL_VIP_TCP), 0, "one flag");
	is_int(vips.nr, 2, "two have it");
	addr_parse(VIP, &addr);
	ok(vip_set_has(&vips, &addr), "one of them");
	addr_parse("203.0.113.2", &addr);
	ok(!vip_set_has(&vips, &addr), "another is not among them");
	close(map);
}

int main(void)
{
	if (!netns_enter())
		return skip_all("needs root");
	ok(netns_add_veth() && netns_run("ip address add " VIP "/32 dev lo && "
					 "ip address add " VIP6 "/128 dev lo nodad"),
	   "a network");
	test_vip_set_by_flags();
	test_each_lists_sockets_of_vips();
	test_each_connections_that_begin_count_only_as_all();
	test_each_ends_when_told();
	test_walk_ends_with_its_last_answer();
	test_find_asks_for_one();
	test_timestamps_that_were_not_negotiated();
	return done_testing();
}
