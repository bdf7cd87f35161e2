// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_addr.c: addresses as text and as sockaddr, both ways.
 */
#include <arpa/inet.h>
#include <errno.h>
#include "selftests/tap.h"
#include "user/base/addr.h"

static void test_addr_parse_text_survives_format(void)
{
	static const char *const pairs[][2] = {
		{ "192.0.2.53", "192.0.2.53" },
		{ "2001:db8::53", "2001:db8::53" },
		{ "2001:DB8:0:0::53", "2001:db8::53" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "::", "::" },
	};
	char text[ADDR_TEXT];
	struct ad_addr addr;
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		is_int(addr_parse(pairs[i][0], &addr), 0, "parse %s", pairs[i][0]);
		is_str(addr_format(&addr, text), pairs[i][1], "format %s", pairs[i][0]);
	}
}

static void test_addr_parse_junk_is_refused(void)
{
	static const char *const junk[] = { "",
					    "192.0.2",
					    "192.0.2.256",
					    "192.0.2.1:80",
					    "2001:db8::/32",
					    "fe80::1%eth0",
					    "1.2.3.4 ",
					    "[::1]",
					    "localhost" };
	struct ad_addr addr;
	size_t i;

	for (i = 0; i < sizeof(junk) / sizeof(*junk); i++)
		is_int(addr_parse(junk[i], &addr), -EINVAL, "refuse \"%s\"", junk[i]);
}

static void test_addr_ip4_is_mapped(void)
{
	static const __u8 bytes[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
	struct ad_addr addr;

	addr_parse("192.0.2.1", &addr);
	is_mem(addr.b, bytes, 16, "IPv4 is kept as IPv4-mapped IPv6");
	ok(addr_is_ip4(&addr), "and known as IPv4");
	addr_parse("2001:db8::1", &addr);
	ok(!addr_is_ip4(&addr), "IPv6 is not");
}

static void test_addr_sockaddr_survives_the_round(const char *text, int family, socklen_t size)
{
	struct sockaddr_storage sa;
	struct ad_addr addr, back;
	__u16 port = 0;

	addr_parse(text, &addr);
	is_int(addr_to_sockaddr(&addr, 8080, &sa), size, "%s: length", text);
	is_int(sa.ss_family, family, "%s: family", text);
	is_int(addr_from_sockaddr((struct sockaddr *)&sa, &back, &port), 0, "%s: back", text);
	is_mem(&back, &addr, sizeof(addr), "%s: the same address", text);
	is_int(port, 8080, "%s: the same port", text);
}

static void test_addr_endpoint(void)
{
	static const char *const junk[] = {
		"9911",	 "1.2.3.4",   "1.2.3.4:",      "::1:80",     "[::1]",	   "[::1]80",
		"[]:80", "1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:8x", "[:80"
	};
	char text[ADDR_TEXT];
	struct ad_addr addr;
	__u16 port;
	size_t i;

	is_int(addr_parse_endpoint("127.0.0.1:9911", &addr, &port), 0, "IPv4 and port");
	is_str(addr_format(&addr, text), "127.0.0.1", "its address");
	is_int(port, 9911, "its port");
	is_int(addr_parse_endpoint("[2001:db8::1]:80", &addr, &port), 0, "IPv6 and port");
	is_str(addr_format(&addr, text), "2001:db8::1", "its address");
	is_int(addr_parse_endpoint(":65535", &addr, &port), 0, "port alone");
	is_str(addr_format(&addr, text), "::", "is any address");
	for (i = 0; i < sizeof(junk) / sizeof(*junk); i++)
		is_int(addr_parse_endpoint(junk[i], &addr, &port), -EINVAL, "refuse \"%s\"",
		       junk[i]);
}

int main(void)
{
	test_addr_parse_text_survives_format();
	test_addr_parse_junk_is_refused();
	test_addr_ip4_is_mapped();
	test_addr_sockaddr_survives_the_round("192.0.2.1", AF_INET, sizeof(struct sockaddr_in));
	test_addr_sockaddr_survives_the_round("2001:db8::1", AF_INET6, sizeof(struct sockaddr_in6));
	test_addr_endpoint();
	return done_testing();
}
