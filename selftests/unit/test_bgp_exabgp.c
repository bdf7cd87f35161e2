// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_bgp_exabgp.c: what ExaBGP is told, and what is read of its replies.
 */
#include <stdlib.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/bgp/exabgp.h"
#include "user/bgp/wish_file.h"

static struct bgp_setup a_setup(void)
{
	struct bgp_setup setup = { .driver = CONFIG_BGP_EXABGP,
				   .nr_prefixes = 2,
				   .as = 64512,
				   .prepend = 2,
				   .community = { 65535, 0 } };

	addr_parse("192.0.2.53", &setup.prefixes[0].address);
	setup.prefixes[0].bits = 128;
	addr_parse("2001:db8:53::", &setup.prefixes[1].address);
	setup.prefixes[1].bits = 48;
	return setup;
}

static void is_file(const struct bgp_setup *setup, enum bgp_wish ip4, enum bgp_wish ip6,
		    const char *expected, const char *name)
{
	struct bgp_wishes wishes = { { ip4, ip6 } }, again;
	char *text = exabgp_file_text(setup, &wishes);

	is_str(strchr(text, '\n') + 1, expected, "%s", name);
	ok(wish_file_wishes(text, &again) && bgp_wishes_are(&wishes, &again), "%s: read back",
	   name);
	free(text);
}

static void test_file_has_the_routes_that_are_wished(void)
{
	struct bgp_setup setup = a_setup();

	is_file(&setup, BGP_WITHDRAW, BGP_ANNOUNCE,
		"# anydoor: ip4 withdraw, ip6 announce\n"
		"withdraw route 192.0.2.53/32 next-hop self\n"
		"announce route 2001:db8:53::/48 next-hop self\n",
		"IPv4 and IPv6 apart");
	is_file(&setup, BGP_DEPREFER, BGP_WITHDRAW,
		"# anydoor: ip4 deprefer, ip6 withdraw\n"
		"announce route 192.0.2.53/32 next-hop self community [65535:0] as-path [ 64512 "
		"64512 64512 ]\n"
		"withdraw route 2001:db8:53::/48 next-hop self\n",
		"de-preferred");
	setup.prepend = 0;
	is_file(&setup, BGP_DEPREFER, BGP_WITHDRAW,
		"# anydoor: ip4 deprefer, ip6 withdraw\n"
		"announce route 192.0.2.53/32 next-hop self community [65535:0]\n"
		"withdraw route 2001:db8:53::/48 next-hop self\n",
		"nothing is prepended");
}

#define ROUTE(neighbour, family, prefix, rest)                                                     \
	"neighbor " neighbour " local-ip 10.0.0.9 local-as 64512 " family " unicast " prefix       \
	" next-hop self" rest

static void read_all(struct bgp_fact *fact, const struct bgp_setup *setup,
		     const char *const lines[])
{
	size_t i;

	memset(fact, 0, sizeof(*fact));
	for (i = 0; lines[i]; i++)
		exabgp_read_line(lines[i], setup, fact);
}

static void test_neighbours_and_routes_are_read(void)
{
	static const char *const lines[] = {
		"Peer            AS        up/down state       |     #sent     #recvd",
		"10.0.0.1        65002     0:00:04 established           2          0",
		"10.0.0.2        65002     down    connect               0          0",
		"fd09:0::2       65002   1 day, 0:00:05 established           2          0",
		ROUTE("10.0.0.1", "ipv4", "192.0.2.53/32", ""),
		ROUTE("10.0.0.1", "ipv4", "192.0.2.0/24", " community 65535:0"),
		ROUTE("10.0.0.2", "ipv4", "192.0.2.53/32", ""),
		ROUTE("fd09:0::2", "ipv6", "2001:db8:53::/48", " community [ 1:1 65535:0 ]"),
		"end",
		NULL,
	};
	struct bgp_fact *fact = calloc(1, sizeof(*fact));
	struct bgp_setup setup = a_setup();

	read_all(fact, &setup, lines);
	is_int(fact->nr, 3, "neighbours");
	ok(fact->list[0].established && !fact->list[1].established, "with their sessions");
	is_int(fact->list[0].announced, 1, "a prefix of ours, and not another one");
	is_int(fact->list[0].depreferred, 0, "plain");
	is_int(fact->list[1].announced, 0, "nothing is told without a session");
	is_str(fact->list[2].neighbour, "fd09::2", "an address is written as ours are");
	is_int(fact->list[2].family, BGP_IP6, "its family");
	is_int(fact->list[2].depreferred, 1, "one community of two");
	strcpy(setup.neighbours[setup.nr_neighbours++], "10.0.0.2");
	read_all(fact, &setup, lines);
	is_int(fact->nr, 1, "those of the configuration");
	free(fact);
}

static void test_neighbours_without_a_session_are_listed(void)
{
	static const char *const lines[] = {
		"10.0.0.1        65002     0:00:04 established           2          0",
		"Neighbor 10.0.0.1",
		"",
		"   Session                         Local",
		"   local                       10.0.0.9                                ",
		"Neighbor fd09:0::2",
		"   state                         IDLE                                ",
		"Neighbor",
		"Neighbor nobody",
		ROUTE("fd09:0::2", "ipv6", "2001:db8:53::/48", ""),
		NULL,
	};
	struct bgp_fact *fact = calloc(1, sizeof(*fact));
	struct bgp_setup setup = a_setup();

	read_all(fact, &setup, lines);
	is_int(fact->nr, 2, "each once");
	ok(fact->list[0].established, "the one that is up");
	is_str(fact->list[1].neighbour, "fd09::2", "the one that is not");
	ok(!fact->list[1].established && !fact->list[1].announced, "which is told nothing");
	free(fact);
}

static void test_session_is_up_for_any_time(void)
{
	static const char *const lines[] = {
		"10.0.0.1        65002   12 days, 10:00:05 established           2          0", NULL
	};
	struct bgp_fact *fact = calloc(1, sizeof(*fact));
	struct bgp_setup setup = a_setup();

	read_all(fact, &setup, lines);
	ok(fact->nr == 1 && fact->list[0].established, "for days");
	free(fact);
}

static void test_communities_are_whole_words(void)
{
	static const char *const lines[] = {
		"10.0.0.1        65002     0:00:04 established           2          0",
		ROUTE("10.0.0.1", "ipv4", "192.0.2.53/32", " community [ 165535:0 65535:01 ]"),
		NULL,
	};
	struct bgp_fact *fact = calloc(1, sizeof(*fact));
	struct bgp_setup setup = a_setup();

	read_all(fact, &setup, lines);
	is_int(fact->list[0].announced, 1, "announced");
	is_int(fact->list[0].depreferred, 0, "what only looks like the community is another one");
	free(fact);
}

static void test_rubbish_is_not_read(void)
{
	static const char *const lines[] = {
		"",
		" ",
		"neighbor ",
		"neighbor 10.0.0.1",
		"neighbor nobody unicast 192.0.2.53/32",
		"neighbor 10.0.0.1 unicast ",
		"neighbor 10.0.0.1 community 65535:0",
		"10.0.0.1 x y established",
		"10.0.0.1",
		"host.example 65002 0:00:04 established 1 1",
		NULL,
	};
	struct bgp_fact *fact = calloc(1, sizeof(*fact));
	struct bgp_setup setup = a_setup();
	char line[4096];
	int i;

	read_all(fact, &setup, lines);
	is_int(fact->nr, 0, "no neighbour is in it");
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	exabgp_read_line(line, &setup, fact);
	memcpy(line, "neighbor ", 9);
	exabgp_read_line(line, &setup, fact);
	is_int(fact->nr, 0, "nor in a line that is long");
	for (i = 0; i < 2000; i++) {
		snprintf(line, sizeof(line), "10.0.%d.%d 65002 0:00:04 established 1 1", i / 250,
			 i % 250);
		exabgp_read_line(line, &setup, fact);
	}
	is_int(fact->nr, BGP_NEIGHBOURS_MAX * BGP_FAMILIES, "more than there is room for");
	free(fact);
}

int main(void)
{
	test_file_has_the_routes_that_are_wished();
	test_neighbours_and_routes_are_read();
	test_neighbours_without_a_session_are_listed();
	test_session_is_up_for_any_time();
	test_communities_are_whole_words();
	test_rubbish_is_not_read();
	return done_testing();
}
