// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_peer_watch.c: a node that is sent to is asked, three questions without an answer make it
 * silent, and one packet of it ends that. Its questions are counted by a socket in its place.
 */
#include <sodium.h>
#include <sys/socket.h>
#include "instance_fixture.h"
#include "netns_fixture.h"
#include "output_fixture.h"
#include "selftests/tap.h"
#include "user/base/log.h"
#include "user/fleet/peer_watch.h"

#define PORT 6081

static struct config_node nodes[4] = { { .name = (char *)"me", .id = 1 },
				       { .name = (char *)"far", .id = 2 },
				       { .name = (char *)"idle", .id = 3 },
				       { .name = (char *)"gone", .id = 4 } };
static struct config_vip vip = { .tcp = true };
static struct config config = { .nodes = nodes,
				.nr_nodes = 4,
				.self = &nodes[0],
				.vips = &vip,
				.nr_vips = 1,
				.owner_bits = 4,
				.tunnel_port = PORT };
static struct fixture fixture;
static struct model *model;
static struct peer_watch watch;
static int sockets[4]; /* tunnel sockets of the others */
static const char *said;

/* What was exchanged with a node until now. */
static void count(__u16 id, __u64 tx, __u64 rx)
{
	struct ad_peer_count sum = { .tx = { tx, tx }, .rx = { rx, rx } };

	fixture_put_percpu(&fixture, "peers", id, 0, &sum, sizeof(sum));
}

static void tick(void)
{
	catch_output(stderr);
	peer_watch_tick(&watch, &config, &fixture.pins, model);
	said = release_output();
}

/* Questions that came to the node since the last call. */
static int questions(__u16 id)
{
	char packet[512];
	int nr = 0;

	while (recv(sockets[id - 1], packet, sizeof(packet), MSG_DONTWAIT) > 0)
		nr++;
	return nr;
}

static bool is_silent(__u16 id)
{
	return model_columns(model, id).silent;
}

static void test_who_is_not_sent_to_is_not_asked(void)
{
	int i;

	for (i = 0; i < 5; i++)
		tick();
	is_int(questions(2) + questions(3) + questions(4), 0, "nothing is sent: nobody is asked");
	ok(!is_silent(2) && !is_silent(3), "nor silent");
}

static void test_who_does_not_answer_is_silent(void)
{
	int i;

	count(2, 10, 0);
	count(4, 10, 0);
	for (i = 0; i < 3; i++) {
		tick();
		is_int(questions(2), 1, "one that is sent to is asked, question %d", i + 1);
		ok(!is_silent(2), "and is not silent yet");
	}
	tick();
	ok(is_silent(2), "after three without an answer it is");
	ok(strstr(said, "far is sent to and does not answer") && strstr(said, "6081"),
	   "which is said, with the port");
	tick();
	is_str(said, "", "once");
	is_int(questions(2), 2, "and it is asked on");
	is_int(questions(3), 0, "who is not sent to is not");
	is_int(questions(4), 0, "nor who is configured to be down");
	ok(!is_silent(3) && !is_silent(4), "and neither is silent");
}

static void test_one_packet_ends_it(void)
{
	count(2, 10, 1);
	tick();
	ok(!is_silent(2), "a packet of it: no longer silent");
	ok(strstr(said, "far answers through the tunnel again") != NULL, "which is said");
	questions(2);
	tick();
	is_int(questions(2), 0, "and nobody asks while nothing is sent");
}

static void test_answers_in_between_start_anew(void)
{
	int i;

	for (i = 0; i < 12; i++) {
		count(2, 20 + i, 2 + i / 3);
		tick();
	}
	ok(!is_silent(2), "who answers each third question is never silent");
}

/* A process before us found it silent: so it is, until it is heard. */
static void test_silence_outlives_the_process(void)
{
	struct model_columns columns = { .configured = MODEL_CONFIGURED_UP, .silent = true };

	peer_watch_free(&watch);
	model_recall(model, 3, &columns, 1);
	model_configure(model, &config, 2);
	count(3, 5, 5);
	tick();
	ok(is_silent(3), "what was counted before us is no answer");
	is_int(questions(3), 1, "it is asked");
	count(3, 5, 6);
	tick();
	ok(!is_silent(3), "until it is heard of");
}

static void hurry(void)
{
	catch_output(stderr);
	peer_watch_hurry(&watch, &config, &fixture.pins, model);
	said = release_output();
}

static void test_who_is_urgent_is_asked_each_second(void)
{
	count(2, 50, 50);
	tick();
	questions(2);
	hurry();
	is_int(questions(2) + questions(3), 0, "nobody is urgent, nobody is asked");
	count(2, 50, 51);
	peer_watch_urge(&watch, 2, true);
	hurry();
	is_int(questions(2), 6, "one that is urgent is asked, six times at once");
	is_int(questions(3), 0, "and nobody else");
	tick();
	is_int(questions(2), 0, "not by others' turns");
	hurry();
	ok(!is_silent(2), "what came before is no answer, and a second not enough");
	hurry();
	ok(is_silent(2), "two seconds are");
	count(2, 50, 52);
	hurry();
	ok(!is_silent(2), "one packet ends it");
	hurry();
	count(2, 50, 53);
	hurry();
	hurry();
	ok(!is_silent(2), "an answer to one of many is an answer");
	questions(2);
	peer_watch_urge(&watch, 2, false);
	hurry();
	is_int(questions(2), 0, "not urgent any more: not asked");
	peer_watch_urge(&watch, 2, true);
	hurry();
	questions(2);
	peer_watch_calm(&watch);
	hurry();
	is_int(questions(2), 0, "nobody is: not asked in a hurry");
	count(2, 51, 53);
	tick();
	is_int(questions(2), 1, "but as all others are");
}

static void open_sockets(void)
{
	struct sockaddr_storage at;
	char text[32];
	int i;

	for (i = 1; i < 4; i++) {
		snprintf(text, sizeof(text), "127.0.0.%d", i + 1);
		addr_parse(text, &nodes[i].tunnel);
		sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (bind(sockets[i], (struct sockaddr *)&at,
			 addr_to_sockaddr(&nodes[i].tunnel, PORT, &at)))
			diag("bind: %s", strerror(errno));
	}
}

static void run(void)
{
	nodes[1].state = nodes[2].state = CONFIG_NODE_UP;
	nodes[3].state = CONFIG_NODE_DOWN;
	open_sockets();
	model = model_new();
	model_configure(model, &config, 1);
	log_set_level(LOG_INFO_);
	test_who_is_not_sent_to_is_not_asked();
	test_who_does_not_answer_is_silent();
	test_one_packet_ends_it();
	test_answers_in_between_start_anew();
	test_silence_outlives_the_process();
	test_who_is_urgent_is_asked_each_second();
	peer_watch_free(&watch);
	model_free(model);
}

int main(void)
{
	struct ad_keys keys = { .tunnel[0] = { .key = { 1, 2 }, .epoch = 7, .valid = 1 } };
	__u32 zero = 0;
	char path[300];

	if (sodium_init() < 0 || !fixture_new(&fixture, 8))
		return skip_all("needs root and a bpffs");
	fixture_array(&fixture, "keys", sizeof(struct ad_keys), 1);
	fixture_put(&fixture, "keys", &zero, &keys);
	addr_parse("198.51.100.1", &nodes[0].tunnel);
	addr_parse("203.0.113.1", &vip.address);
	if (ok(netns_enter() && netns_add_veth(), "a network"))
		run();
	snprintf(path, sizeof(path), "%s/keys", fixture.pins.dir);
	unlink(path);
	fixture_free(&fixture);
	return done_testing();
}
