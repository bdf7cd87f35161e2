// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_bgp_frr.c: the file that FRR's bgpd reads, and what is read of its replies.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/bgp/frr.h"
#include "user/bgp/wish_file.h"

static struct bgp_setup a_setup(void)
{
	struct bgp_setup setup = { .driver = CONFIG_BGP_FRR,
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

/* --- the file --------------------------------------------------------------------------------- */

static void is_file(const struct bgp_setup *setup, enum bgp_wish ip4, enum bgp_wish ip6,
		    const char *expected, const char *name)
{
	struct bgp_wishes wishes = { { ip4, ip6 } }, again;
	char *text = frr_file_text(setup, &wishes);

	is_str(strchr(text, '\n') + 1, expected, "%s", name);
	ok(wish_file_wishes(text, &again) && bgp_wishes_are(&wishes, &again), "%s: read back",
	   name);
	free(text);
}

static void test_file_has_the_route_maps_that_are_wished(void)
{
	struct bgp_setup setup = a_setup();

	is_file(&setup, BGP_WITHDRAW, BGP_ANNOUNCE,
		"# anydoor: ip4 withdraw, ip6 announce\n"
		"route-map anydoor4 deny 1\nexit\nroute-map anydoor6 permit 3\nexit\n",
		"IPv4 and IPv6 apart");
	is_file(&setup, BGP_DEPREFER, BGP_WITHDRAW,
		"# anydoor: ip4 deprefer, ip6 withdraw\n"
		"route-map anydoor4 permit 2\n set community 65535:0 additive\n"
		" set as-path prepend 64512 64512\nexit\nroute-map anydoor6 deny 1\nexit\n",
		"de-preferred");
	setup.prepend = 0;
	is_file(&setup, BGP_DEPREFER, BGP_WITHDRAW,
		"# anydoor: ip4 deprefer, ip6 withdraw\n"
		"route-map anydoor4 permit 2\n set community 65535:0 additive\n"
		" no set as-path prepend\nexit\nroute-map anydoor6 deny 1\nexit\n",
		"nothing is prepended");
}

/* --- replies ---------------------------------------------------------------------------------- */

static bool map_is(const char *text, unsigned int prepend, enum bgp_wish wish)
{
	struct bgp_setup setup = a_setup();
	json_t *reply = json_loads(text, 0, NULL);
	bool is;

	setup.prepend = prepend;
	is = frr_map_is(reply, "anydoor4", &setup, wish);
	json_decref(reply);
	return is;
}

#define MAP(rules) "{\"BGP\":{\"anydoor4\":{\"rules\":[" rules "]}}}"
#define RULE(nr, type, sets)                                                                       \
	"{\"sequenceNumber\":" #nr ",\"type\":\"" type "\",\"setClauses\":[" sets "]}"

static void test_route_map_is_the_one_of_the_file_or_not(void)
{
	const char *deprefer = MAP(RULE(2, "permit", "\"community 1\",\"as-path 2\""));

	ok(map_is(MAP(RULE(3, "permit", "")), 2, BGP_ANNOUNCE), "announced");
	ok(map_is(deprefer, 2, BGP_DEPREFER), "de-preferred");
	ok(!map_is(deprefer, 0, BGP_DEPREFER), "but nothing shall be prepended");
	ok(!map_is(deprefer, 2, BGP_ANNOUNCE), "another wish");
	ok(!map_is(MAP(RULE(1, "deny", "") "," RULE(3, "permit", "")), 2, BGP_ANNOUNCE),
	   "the first entry decides");
	ok(map_is(MAP(RULE(1, "deny", "") "," RULE(3, "permit", "")), 2, BGP_WITHDRAW),
	   "withdrawn, whatever follows");
	ok(!map_is(MAP(""), 2, BGP_ANNOUNCE), "no entry");
	ok(!map_is("{\"BGP\":{}}", 2, BGP_ANNOUNCE), "no such route-map");
	ok(!map_is("[]", 2, BGP_ANNOUNCE), "another kind of JSON");
	ok(!map_is("", 2, BGP_ANNOUNCE), "no JSON");
}

static bool read_summary(const char *text, const struct bgp_setup *setup, struct bgp_fact *fact)
{
	json_t *reply = json_loads(text, 0, NULL);
	bool is;

	memset(fact, 0, sizeof(*fact));
	is = frr_read_summary(reply, setup, BGP_IP4, fact);
	json_decref(reply);
	return is;
}

static const char summary[] = "{\"peers\":{\"10.0.0.1\":{\"state\":\"Established\"},"
			      "\"10.0.0.2\":{\"state\":\"Active\"}}}";

static void test_neighbours_are_read_of_the_summary(void)
{
	struct bgp_fact *fact = calloc(1, sizeof(*fact));
	struct bgp_setup setup = a_setup();
	char *many = malloc(200000), *end = many;
	int i;

	ok(read_summary(summary, &setup, fact) && fact->nr == 2, "all of them");
	ok(fact->list[0].established && !fact->list[1].established, "with their sessions");
	setup.nr_neighbours = 2;
	strcpy(setup.neighbours[0], "10.0.0.2");
	strcpy(setup.neighbours[1], "10.0.0.3");
	ok(read_summary(summary, &setup, fact) && fact->nr == 1, "those of the configuration");
	is_str(fact->list[0].neighbour, "10.0.0.2", "by name");
	setup.nr_neighbours = 0;
	ok(read_summary("{}", &setup, fact) && !fact->nr, "no neighbours");
	ok(read_summary("{\"peers\":{\"a\":7,\"b\":{\"state\":[]}}}", &setup, fact) &&
		   fact->nr == 2 && !fact->list[0].established && !fact->list[1].established,
	   "a state that is none");
	ok(!read_summary("{\"peers\":[]}", &setup, fact), "peers that are a list");
	ok(!read_summary("[]", &setup, fact) && !read_summary("", &setup, fact), "no summary");
	end += sprintf(end, "{\"peers\":{");
	for (i = 0; i < 2000; i++)
		end += sprintf(end, "%s\"10.0.%d.%d\":{\"state\":\"Established\"}", i ? "," : "",
			       i / 250, i % 250);
	sprintf(end, ",\"%0*d\":{}}}", BGP_NAME_MAX + 1, 0);
	ok(read_summary(many, &setup, fact) && fact->nr == BGP_NEIGHBOURS_MAX * BGP_FAMILIES,
	   "more than there is room for");
	free(many);
	free(fact);
}

/* What 10.0.0.1 is told by a reply about a prefix: 10 * announced + depreferred; -1: it is none. */
static int told_by(const char *text, const unsigned int community[2])
{
	struct bgp_fact *fact = calloc(1, sizeof(*fact));
	json_t *reply = json_loads(text, 0, NULL);
	struct bgp_setup setup = a_setup();
	int told;

	memcpy(setup.community, community, sizeof(setup.community));
	read_summary(summary, &setup, fact);
	told = !frr_read_prefix(reply, &setup, BGP_IP4, fact)
		       ? -1
		       : (int)(10 * fact->list[0].announced + fact->list[0].depreferred);
	ok(!fact->list[1].announced, "nobody else is told");
	json_decref(reply);
	free(fact);
	return told;
}

#define PREFIX(to, communities)                                                                    \
	"{\"advertisedTo\":{" to "},\"paths\":[{\"community\":{\"string\":\"1:1\"}},"              \
	"{\"bestpath\":{\"overall\":true},\"community\":{\"string\":\"" communities "\"}}]}"

static void test_prefix_is_told_to_whom_it_is_advertised_to(void)
{
	static const unsigned int graceful[2] = { 65535, 0 }, own[2] = { 64512, 77 },
				  blackhole[2] = { 65535, 666 };
	const char *both = PREFIX("\"10.0.0.1\":{}", "graceful-shutdown 64512:77 1:1");

	is_int(told_by(PREFIX("\"10.0.0.1\":{}", "1:1"), graceful), 10, "announced");
	is_int(told_by(both, graceful), 11, "de-preferred, by the name of a community");
	is_int(told_by(both, own), 11, "and by its number");
	is_int(told_by(both, blackhole), 10, "not by another one");
	is_int(told_by(PREFIX("", "graceful-shutdown"), graceful), 0, "advertised to nobody");
	is_int(told_by("{\"advertisedTo\":{\"10.0.0.1\":{}}}", graceful), 10, "without paths");
	is_int(told_by("{\"advertisedTo\":7,\"paths\":{\"a\":1}}", graceful), 0, "rubbish");
	is_int(told_by("{}", graceful), 0, "a prefix that it does not have");
	is_int(told_by("[]", graceful), -1, "another kind of JSON");
}

/* --- one that answers what it likes ----------------------------------------------------------- */

struct liar {
	int fd;
	const char *answer; /* to everything; NULL: it hangs up */
	size_t size, again;
};

static void *lie(void *arg)
{
	const struct liar *liar = arg;
	int fd = accept(liar->fd, NULL, NULL);
	char heard[512];
	size_t i;

	while (liar->answer && recv(fd, heard, sizeof(heard), 0) > 0)
		for (i = 0; i < liar->again; i++)
			if (send(fd, liar->answer, liar->size, MSG_NOSIGNAL) < 0)
				break;
	close(fd);
	return NULL;
}

static void hear_a_liar(const char *answer, size_t size, size_t again, const char *why,
			const char *name)
{
	struct liar liar = { .answer = answer, .size = size, .again = again };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct bgp_fact *fact = calloc(1, sizeof(*fact));
	struct bgp_setup setup = a_setup();
	pthread_t thread;

	snprintf(setup.socket, sizeof(setup.socket), "/tmp/anydoor-liar-%d", getpid());
	strcpy(address.sun_path, setup.socket);
	liar.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	unlink(setup.socket);
	if (bind(liar.fd, (struct sockaddr *)&address, sizeof(address)) || listen(liar.fd, 1))
		abort();
	pthread_create(&thread, NULL, lie, &liar);
	frr_driver.ask(&setup, fact);
	ok(!fact->answered && strstr(fact->why, why), "%s: %s", name, fact->why);
	pthread_join(thread, NULL);
	unlink(setup.socket);
	close(liar.fd);
	free(fact);
}

static void test_what_is_no_frr_is_not_believed(void)
{
	static char page[65536];

	memset(page, 'x', sizeof(page));
	hear_a_liar(NULL, 0, 0, "does not say what it exports", "it hangs up");
	hear_a_liar("% no\n\0\0\0\1", 9, 1, "% no (code 1)", "it refuses");
	hear_a_liar("rubbish\0\0\0\0", 11, 1, "Protocol error", "no JSON");
	hear_a_liar("a\0b\0\0\0\0", 7, 1, "Protocol error", "a NUL in the text");
	hear_a_liar(page, sizeof(page), 100, "Message too long", "a reply without end");
}

int main(void)
{
	test_file_has_the_route_maps_that_are_wished();
	test_route_map_is_the_one_of_the_file_or_not();
	test_neighbours_are_read_of_the_summary();
	test_prefix_is_told_to_whom_it_is_advertised_to();
	test_what_is_no_frr_is_not_believed();
	return done_testing();
}
