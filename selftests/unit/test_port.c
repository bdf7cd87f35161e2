// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_port.c: which sockets are in our way at a port, and whose they are. In a network namespace.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/wait.h>
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/net/port.h"

#define PORT 5300

static int bind_to(const char *address, int type, bool ip6_only)
{
	struct sockaddr_storage at;
	int fd, only = ip6_only;
	struct ad_addr addr;
	socklen_t len;

	addr_parse(address, &addr);
	len = addr_to_sockaddr(&addr, PORT, &at);
	fd = socket(at.ss_family, type, 0);
	if (at.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (bind(fd, (struct sockaddr *)&at, len) || (type == SOCK_STREAM && listen(fd, 1)))
		diag("%s: %s", address, strerror(errno));
	return fd;
}

static bool is_taken(const char *address, struct port_holder *holder)
{
	static struct port_sockets sockets;
	struct ad_addr addr;

	addr_parse(address, &addr);
	is_int(port_read(PORT, &sockets), 0, "read");
	return port_is_taken(&sockets, &addr, holder);
}

static void test_read_own_sockets_are_marked(void)
{
	int udp = bind_to("198.51.100.1", SOCK_DGRAM, false),
	    tcp = bind_to("::", SOCK_STREAM, true);
	static struct port_sockets sockets;
	struct port_holder holder;
	char text[ADDR_TEXT];

	is_int(port_read(PORT, &sockets), 0, "read");
	if (!is_int(sockets.nr, 2, "two sockets"))
		return;
	is_str(addr_format(&sockets.list[0].address, text), "198.51.100.1", "the first address");
	ok(!sockets.list[0].tcp && !sockets.list[0].any && sockets.list[0].own, "UDP, of this");
	ok(sockets.list[1].tcp && sockets.list[1].any && sockets.list[1].own, "TCP, of this");
	ok(sockets.list[1].ip6_only, "for IPv6 only");
	ok(!is_taken("198.51.100.1", &holder), "our own are not in our way");
	is_int(port_read(PORT + 1, &sockets), 0, "another port");
	is_int(sockets.nr, 0, "has none");
	close(udp);
	close(tcp);
}

/* A child that has one socket open until it is killed. */
static pid_t holder_new(const char *address, int type, bool ip6_only)
{
	int ready[2];
	char byte;
	pid_t child;

	is_int(pipe(ready), 0, "a pipe");
	child = fork();
	if (!child) {
		bind_to(address, type, ip6_only);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(0);
	}
	ok(read(ready[0], &byte, 1) == 1, "another process has %s", address);
	close(ready[0]);
	close(ready[1]);
	return child;
}

static void holder_free(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void test_taken_one_address(void)
{
	pid_t child = holder_new("198.51.100.1", SOCK_DGRAM, false);
	struct port_holder holder;
	char text[PORT_WHO_TEXT], expected[PORT_WHO_TEXT];

	ok(is_taken("198.51.100.1", &holder), "the same address is taken");
	is_int(holder.pid, child, "by it");
	snprintf(expected, sizeof(expected), "UDP by test_port, process %d", child);
	is_str(port_who(&holder, text), expected, "which people are told");
	ok(!is_taken("127.0.0.1", &holder), "another address is not");
	ok(!is_taken("2001:db8:1::1", &holder), "nor one of the other family");
	holder_free(child);
	ok(!is_taken("198.51.100.1", &holder), "nor is it once the process is gone");
}

static void test_taken_all_addresses(void)
{
	struct port_holder holder;
	pid_t child = holder_new("0.0.0.0", SOCK_STREAM, false);

	ok(is_taken("198.51.100.1", &holder) && holder.tcp, "all of IPv4, by TCP");
	ok(!is_taken("2001:db8:1::1", &holder), "and nothing of IPv6");
	holder_free(child);
	child = holder_new("::", SOCK_DGRAM, false);
	ok(is_taken("198.51.100.1", &holder), "all of both");
	ok(is_taken("2001:db8:1::1", &holder), "IPv6, too");
	holder_free(child);
	child = holder_new("::", SOCK_DGRAM, true);
	ok(!is_taken("198.51.100.1", &holder), "IPv6 only: not IPv4");
	ok(is_taken("2001:db8:1::1", &holder), "but IPv6");
	holder_free(child);
}

static void test_who_unseen_process_is_told_by_its_user(void)
{
	struct port_holder holder = { .uid = 1234, .tcp = true };
	char text[PORT_WHO_TEXT];

	is_str(port_who(&holder, text), "TCP by a process of user 1234; ss -lpn as root tells more",
	       "no process number");
}

int main(void)
{
	if (!netns_enter())
		return skip_all("needs root");
	if (!ok(netns_add_veth(), "addresses"))
		return done_testing();
	test_read_own_sockets_are_marked();
	test_taken_one_address();
	test_taken_all_addresses();
	test_who_unseen_process_is_told_by_its_user();
	return done_testing();
}
