// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_bgp_bird.c: the file that BIRD includes, and what is read of its replies.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/bgp/bird.h"
#include "user/bgp/wish_file.h"

static const unsigned int graceful[2] = { 65535, 0 };

static struct bgp_setup a_setup(void)
{
	struct bgp_setup setup = { .driver = CONFIG_BGP_BIRD,
				   .nr_prefixes = 3,
				   .as = 64512,
				   .prepend = 2,
				   .community = { 65535, 0 } };

	addr_parse("192.0.2.53", &setup.prefixes[0].address);
	setup.prefixes[0].bits = 128;
	addr_parse("198.51.100.0", &setup.prefixes[1].address);
	setup.prefixes[1].bits = 96 + 24;
	addr_parse("2001:db8:53::", &setup.prefixes[2].address);
	setup.prefixes[2].bits = 48;
	return setup;
}

static void is_file(enum bgp_wish ip4, enum bgp_wish ip6, const char *expected, const char *name)
{
	struct bgp_setup setup = a_setup();
	struct bgp_wishes wishes = { { ip4, ip6 } }, again;
	char *text = bird_file_text(&setup, &wishes);

	is_str(strchr(text, '\n') + 1, expected, "%s", name);
	ok(wish_file_wishes(text, &again) && bgp_wishes_are(&wishes, &again), "%s: read back",
	   name);
	free(text);
}

static void test_file_has_the_routes_that_are_wished(void)
{
	is_file(BGP_WITHDRAW, BGP_WITHDRAW,
		"# anydoor: ip4 withdraw, ip6 withdraw\n"
		"protocol static anydoor4 {\n\tipv4 { preference 250; };\n}\n"
		"protocol static anydoor6 {\n\tipv6 { preference 250; };\n}\n",
		"nothing");
	is_file(BGP_ANNOUNCE, BGP_DEPREFER,
		"# anydoor: ip4 announce, ip6 deprefer\n"
		"protocol static anydoor4 {\n\tipv4 { preference 250; };\n"
		"\troute 192.0.2.53/32 blackhole;\n\troute 198.51.100.0/24 blackhole;\n}\n"
		"protocol static anydoor6 {\n\tipv6 { preference 250; };\n"
		"\troute 2001:db8:53::/48 blackhole { bgp_community.add((65535,0)); "
		"bgp_path.prepend(64512); bgp_path.prepend(64512); };\n}\n",
		"IPv4 and IPv6 apart");
}

static void test_file_of_others_says_nothing(void)
{
	static const char *const texts[] = { "", "# anydoor: ", "# anydoor: ip4 up, ip6 up\n",
					     "# anydoor: ip4 announce\n",
					     "protocol static anydoor4 {}\n" };
	struct bgp_wishes wishes;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		ok(!wish_file_wishes(texts[i], &wishes), "no state: %s", texts[i]);
}

static void test_line_is_told_by_its_code(void)
{
	unsigned int code = 0;
	const char *text;
	bool is_last;

	ok(bird_line("1002-up4 BGP", &code, &is_last, &text) && code == 1002 && !is_last,
	   "a numbered line");
	is_str(text, "up4 BGP", "its text");
	ok(bird_line("   State: UP", &code, &is_last, &text) && code == 1002 && !is_last,
	   "the next one has its code");
	ok(bird_line("8002 a.conf:1:1 syntax error", &code, &is_last, &text) && code == 8002 &&
		   is_last,
	   "the last one");
	ok(bird_line("0000 ", &code, &is_last, &text) && !code && is_last, "an empty one");
	for (size_t i = 0; i < 5; i++) {
		static const char *const bad[] = { "", "100", "hello", "10022-x", "0000" };

		ok(!bird_line(bad[i], &code, &is_last, &text), "no line: '%s'", bad[i]);
	}
}

static void test_protocols_of_bgp_are_found(void)
{
	char name[BGP_NAME_MAX + 1];

	ok(bird_read_protocol(1002, "up4        BGP        ---        up     13:35:56", name),
	   "a BGP protocol");
	is_str(name, "up4", "its name");
	ok(!bird_read_protocol(1002, "direct1    Direct     ---        up     13:35:54", name),
	   "another one");
	ok(!bird_read_protocol(2002, "Name BGP", name), "the heading");
	ok(!bird_read_protocol(1002, "a'b BGP", name), "a name that cannot be quoted");
}

static void test_channels_are_told_apart(void)
{
	struct bird_channels channels = { .channel = -1 };

	bird_read_channel(1006, "    State:          UP", &channels);
	bird_read_channel(1006, "  Channel ipv4", &channels);
	bird_read_channel(1006, "    State:          UP", &channels);
	bird_read_channel(1006, "  Channel ipv6", &channels);
	bird_read_channel(1006, "    State:          DOWN", &channels);
	bird_read_channel(1006, "  Channel ipv4-mc", &channels);
	bird_read_channel(1006, "    State:          UP", &channels);
	ok(channels.has[BGP_IP4] && channels.up[BGP_IP4], "IPv4 is up");
	ok(channels.has[BGP_IP6] && !channels.up[BGP_IP6], "IPv6 is there, and down");
}

static void test_routes_and_their_community_are_read(void)
{
	ok(bird_read_route(1007, "192.0.2.53/32        blackhole [anydoor4 13:36] * (250)"),
	   "a route");
	ok(!bird_read_route(1007, "Table master4:"), "a heading");
	ok(!bird_read_route(1008, "\tType: static univ"), "something of a route");
	ok(bird_read_community(1012, "\tBGP.community: (64512,1) (65535,0)", graceful),
	   "the community");
	ok(!bird_read_community(1012, "\tBGP.community: (65535,1)", graceful), "another one");
	ok(!bird_read_community(1012, "\tBGP.large_community: (65535,0)", graceful),
	   "what is no community");
}

/* What a neighbour is told, in the order of struct bgp_export. */
static void add(struct bgp_fact *fact, enum bgp_family family, bool established,
		unsigned int announced, unsigned int depreferred)
{
	fact->list[fact->nr++] =
		(struct bgp_export){ "up", family, established, announced, depreferred };
}

static void test_fact_is_the_wish_or_not(void)
{
	static const struct bgp_wishes announce = { { BGP_ANNOUNCE, BGP_ANNOUNCE } },
				       half = { { BGP_ANNOUNCE, BGP_WITHDRAW } },
				       depref = { { BGP_DEPREFER, BGP_WITHDRAW } }, nothing = {};
	struct bgp_setup setup = a_setup();
	struct bgp_fact fact = {};

	ok(!bgp_fact_is(&fact, &setup, &nothing), "a daemon that does not answer is no fact");
	fact.answered = true;
	ok(bgp_fact_is(&fact, &setup, &nothing), "no session: nothing is announced");
	ok(!bgp_fact_is(&fact, &setup, &announce), "and nothing else is");
	add(&fact, BGP_IP4, true, 2, 0);
	add(&fact, BGP_IP6, true, 0, 0);
	ok(bgp_fact_is(&fact, &setup, &half), "one family is");
	ok(!bgp_fact_is(&fact, &setup, &announce), "the other one is not");
	ok(!bgp_fact_is(&fact, &setup, &depref), "it has no community");
	fact.list[0].depreferred = 1;
	ok(!bgp_fact_is(&fact, &setup, &depref), "one of two has none");
	is_int(bgp_fact_wishes(&fact, &setup).of[BGP_IP4], BGP_ANNOUNCE, "so it is announced");
	fact.list[0].depreferred = 2;
	ok(bgp_fact_is(&fact, &setup, &depref), "both have");
	is_int(bgp_fact_wishes(&fact, &setup).of[BGP_IP4], BGP_DEPREFER, "so it is de-preferred");
	add(&fact, BGP_IP4, false, 0, 0);
	ok(bgp_fact_is(&fact, &setup, &depref), "a session that is down is told nothing");
	add(&fact, BGP_IP4, true, 2, 0);
	ok(!bgp_fact_is(&fact, &setup, &depref), "one neighbour was told nothing of it");
}

/* --- one that answers what it likes ----------------------------------------------------------- */

struct liar {
	int fd;
	const char *greeting, *answer; /* to everything; NULL: it hangs up */
	size_t again;		       /* how often */
};

static void *lie(void *arg)
{
	const struct liar *liar = arg;
	int fd = accept(liar->fd, NULL, NULL);
	char heard[512];
	size_t i;

	send(fd, liar->greeting, strlen(liar->greeting), MSG_NOSIGNAL);
	while (liar->answer && recv(fd, heard, sizeof(heard), 0) > 0)
		for (i = 0; i < liar->again; i++)
			if (send(fd, liar->answer, strlen(liar->answer), MSG_NOSIGNAL) < 0)
				break;
	close(fd);
	return NULL;
}

static void hear_a_liar(const char *greeting, const char *answer, size_t again, const char *why,
			const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct bgp_fact *fact = calloc(1, sizeof(*fact));
	struct liar liar = { .greeting = greeting, .answer = answer, .again = again };
	struct bgp_setup setup = a_setup();
	pthread_t thread;

	snprintf(setup.socket, sizeof(setup.socket), "/tmp/anydoor-liar-%d", getpid());
	strcpy(address.sun_path, setup.socket);
	liar.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	unlink(setup.socket);
	if (bind(liar.fd, (struct sockaddr *)&address, sizeof(address)) || listen(liar.fd, 1))
		abort();
	pthread_create(&thread, NULL, lie, &liar);
	bird_driver.ask(&setup, fact);
	ok(!fact->answered && strstr(fact->why, why), "%s: %s", name, fact->why);
	pthread_join(thread, NULL);
	unlink(setup.socket);
	close(liar.fd);
	free(fact);
}

static void test_what_is_no_bird_is_not_believed(void)
{
	static char line[8193];

	memset(line, 'x', sizeof(line) - 1);
	hear_a_liar("", NULL, 0, "reset", "it hangs up");
	hear_a_liar("hello\n", NULL, 0, "Protocol error", "it greets otherwise");
	hear_a_liar("9001 no\n", NULL, 0, "Protocol error", "it is not ready");
	hear_a_liar("0001 BIRD ready.\n", NULL, 0, "BIRD does not", "it says no more");
	hear_a_liar("0001 BIRD ready.\n", "rubbish\n", 1, "Protocol error", "no lines of a reply");
	hear_a_liar("0001 BIRD ready.\n", line, 1, "Protocol error", "a line without end");
	hear_a_liar("0001 BIRD ready.\n", "1002-a BGP\n", 200000, "Protocol error",
		    "a reply without end");
	hear_a_liar("0001 BIRD ready.\n", " \n", 200000, "Protocol error", "lines without a code");
}

int main(void)
{
	test_file_has_the_routes_that_are_wished();
	test_file_of_others_says_nothing();
	test_line_is_told_by_its_code();
	test_protocols_of_bgp_are_found();
	test_channels_are_told_apart();
	test_routes_and_their_community_are_read();
	test_fact_is_the_wish_or_not();
	test_what_is_no_bird_is_not_believed();
	return done_testing();
}
