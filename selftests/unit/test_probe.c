// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_probe.c: a probe is a tunnel packet with checksums and a tag that are right, and a node
 * counts as heard once its counter moves. In a network namespace, where a socket is the peer.
 */
#include <signal.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/wait.h>
#include <sodium.h>
#include "instance_fixture.h"
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/fleet/echo.h"

#define PORT	 6081
#define OPT_AT	 sizeof(struct ad_geneve)
#define INNER_AT (OPT_AT + sizeof(struct ad_geneve_opt))

static struct config_node nodes[2] = { { .id = 1 }, { .id = 2 } };
static struct config_vip vips[2];
static struct config config = { .nodes = nodes,
				.nr_nodes = 2,
				.self = &nodes[0],
				.vips = vips,
				.nr_vips = 2,
				.tunnel_port = PORT };
static struct ad_keys keys = { .stamp = { 3, 4 },
			       .tunnel[0] = { .key = { 1, 2 }, .epoch = 7, .valid = 1 } };

static void put_keys(struct fixture *fixture)
{
	__u32 zero = 0;

	fixture_put(fixture, "keys", &zero, &keys);
}

/* The tunnel socket of node 2. */
static int peer_new(void)
{
	struct timeval second = { .tv_sec = 1 };
	struct sockaddr_storage at;
	socklen_t len = addr_to_sockaddr(&nodes[1].tunnel, PORT, &at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	if (bind(fd, (struct sockaddr *)&at, len))
		diag("bind: %s", strerror(errno));
	return fd;
}

/* As RFC 1071 has it: 0xffff over what has the right checksum in it. */
static __u16 sum(const __u8 *at, size_t bytes, __u32 start)
{
	__u32 total = start;

	for (size_t i = 0; i < bytes; i += 2)
		total += at[i] << 8 | at[i + 1];
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

/* What the tag covers: outer addresses, all before the tag, the inner length, the inner packet. */
static bool tag_is_right(const __u8 *packet, size_t bytes)
{
	size_t head = OPT_AT + offsetof(struct ad_geneve_opt, tag), inner = bytes - INNER_AT;
	__u8 text[256], tag[8], *at = text;
	__be16 length[2] = { htons(inner), 0 };

	at = mempcpy(at, &nodes[0].tunnel.b[12], 4);
	at = mempcpy(at, &nodes[1].tunnel.b[12], 4);
	at = mempcpy(at, packet, head);
	at = mempcpy(at, length, sizeof(length));
	at = mempcpy(at, packet + INNER_AT, inner);
	crypto_shorthash(tag, text, at - text, (const __u8 *)keys.tunnel[0].key);
	return !memcmp(tag, packet + head, sizeof(tag));
}

static void test_send_is_a_question_to_the_node(const struct probe *probe)
{
	int peer = peer_new();
	struct ad_geneve_opt option;
	__u8 packet[2][256], *inner;
	ssize_t bytes[2];

	for (int i = 0; i < 2; i++) {
		is_int(probe_send(probe, &nodes[1]), 0, "sent");
		bytes[i] = recv(peer, packet[i], sizeof(packet[i]), 0);
	}
	if (!is_int(bytes[0], INNER_AT + sizeof(struct iphdr) + sizeof(struct tcphdr), "received"))
		return;
	memcpy(&option, packet[0] + OPT_AT, sizeof(option));
	is_int(ntohs(option.class), AD_GENEVE_CLASS, "our option");
	is_int(ntohs(option.landing), 1, "from this node");
	is_int(ntohs(option.candidates[0]), 2, "to that one");
	is_int(option.hop_why & 15, AD_WHY_HUNT, "which is asked whose flow it is");
	is_int(option.epoch, 7, "the key's epoch");
	ok(llabs((long long)ntohl(option.time_s) - time(NULL)) < 5, "the time");
	ok(tag_is_right(packet[0], bytes[0]), "the tag");
	inner = packet[0] + INNER_AT;
	is_mem(inner + 12, &vips[1].address.b[12], 4, "from a VIP that has TCP");
	is_mem(inner + 16, &vips[1].address.b[12], 4, "to it");
	is_int(sum(inner, 20, 0), 0xffff, "the IP checksum");
	is_int(sum(inner + 12, 28, IPPROTO_TCP + 20), 0xffff, "the TCP checksum");
	ok(memcmp(packet[0] + INNER_AT, packet[1] + INNER_AT, bytes[0] - INNER_AT),
	   "no two are the same");
	close(peer);
}

/* The answer of a node whose tag and checksums a socket cannot make: a note, as the data path has
 * it. */
static void note_answer(struct fixture *fixture, const struct echo *echo)
{
	__u64 note = (__u64)echo->tag << 32 | 77;

	fixture_put(fixture, "nobodies", &echo->place, &note);
}

/* Whatever the peer is asked it notes as answered, with a hash that is made here once more. */
static void note_asked(struct fixture *fixture)
{
	static int peer = -1;
	__u8 packet[2048], message[12], out[8], *inner = packet + INNER_AT;
	struct echo echo = {};
	__u64 hash;
	__u32 ack;

	if (peer < 0)
		peer = peer_new();
	if (recv(peer, packet, sizeof(packet), MSG_DONTWAIT) <= 0)
		return;
	memcpy(message, inner + 12, 8);
	memcpy(message + 8, inner + 20, 4);
	crypto_shorthash(out, message, sizeof(message), (const __u8 *)keys.stamp);
	memcpy(&hash, out, sizeof(hash));
	memcpy(&ack, inner + 28, sizeof(ack));
	echo.place = hash >> 32 & (AD_NOBODY_MAX - 1);
	echo.tag = (__u32)hash ^ ntohl(ack);
	note_answer(fixture, &echo);
}

static void test_shaped_probe_has_its_size_and_time(const struct probe *probe)
{
	struct probe_shape shape = {
		.ack = htonl(5), .port = htons(50000), .bytes = 1001, .shift_s = -27
	};
	struct ad_geneve_opt option;
	int peer = peer_new();
	__u8 packet[2048], *inner = packet + INNER_AT;

	is_int(probe_send_shaped(probe, &nodes[1], &shape), 0, "sent");
	is_int(recv(peer, packet, sizeof(packet), 0), INNER_AT + 1001, "as long as was wanted");
	memcpy(&option, packet + OPT_AT, sizeof(option));
	ok(llabs((long long)ntohl(option.time_s) + 27 - time(NULL)) < 5, "a time that is wrong");
	is_int(inner[2] << 8 | inner[3], 1001, "the IP length");
	is_int(sum(inner, 20, 0), 0xffff, "the IP checksum");
	is_int(inner[20] << 8 | inner[21], 50000, "from a port of its own");
	packet[INNER_AT + 1001] = 0;
	is_int(sum(inner + 12, 1001 - 12 + 1, IPPROTO_TCP + 1001 - 20), 0xffff, "the TCP checksum");
	shape.bytes = 65535;
	is_int(probe_send_shaped(probe, &nodes[1], &shape), 0, "as long as there can be");
	close(peer);
}

static void test_echo_hears_only_its_own_answer(struct fixture *fixture)
{
	struct echo echoes[2] = { { .node = &nodes[1] }, { .node = &nodes[1] } };
	struct ad_peer_count count = { .rx = { 9, 9 } };
	struct echo_asker asker;
	pid_t child;

	is_int(echo_open(&asker, &config, &fixture->pins), 0, "opened");
	fixture_put_percpu(fixture, "peers", 2, 0, &count, sizeof(count));
	is_int(echo_ask(&asker, echoes, 1, 30), 0, "asked");
	ok(!echoes[0].heard, "other traffic of the node is no answer");
	note_answer(fixture, &echoes[0]);
	is_int(echo_ask(&asker, echoes, 1, 30), 0, "asked again");
	ok(!echoes[0].heard, "nor is the answer to an earlier question");
	child = fork();
	if (!child) {
		for (int i = 0; i < 200; i++) {
			usleep(5000);
			note_asked(fixture);
		}
		_exit(0);
	}
	is_int(echo_ask(&asker, echoes, 2, 300), 0, "asked twice at once");
	ok(echoes[0].heard && echoes[1].heard, "both were answered");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	echo_close(&asker);
	is_int(asker.notes, -1, "closed");
}

static void test_send_without_a_vip_is_an_error(const struct probe *probe)
{
	vips[1].tcp = false;
	is_int(probe_send(probe, &nodes[1]), -ENOENT, "no VIP with TCP");
	vips[1].tcp = true;
}

static void test_init_without_a_key_is_an_error(struct fixture *fixture)
{
	struct pins gone = fixture->pins;
	struct probe probe;

	keys.tunnel[0].valid = 0;
	put_keys(fixture);
	is_int(probe_init(&probe, &config, &fixture->pins), -ENOKEY, "no key in use");
	keys.tunnel[0].valid = 1;
	put_keys(fixture);
	strcat(gone.dir, "x");
	is_int(probe_init(&probe, &config, &gone), -ENOENT, "no instance");
}

static void test_wait_until_heard(struct fixture *fixture, const struct probe *probe)
{
	struct ad_peer_count count = { .rx = { 1, 1 } }, earlier = { .rx = { 5, 5 } };
	__u16 ids[] = { 2, 1 };
	bool heard[2] = { true, true };
	pid_t child;

	fixture_put_percpu(fixture, "peers", 1, 0, &earlier, sizeof(earlier));
	is_int(probe_wait(probe, &fixture->pins, ids, 1, 100, heard), 0, "the time is over");
	ok(!heard[0], "and it was not heard");
	child = fork();
	if (!child) {
		usleep(150000);
		fixture_put_percpu(fixture, "peers", 2, 0, &count, sizeof(count));
		_exit(0);
	}
	is_int(probe_wait(probe, &fixture->pins, ids, 2, 1000, heard), 0, "waited for two");
	ok(heard[0] && !heard[1], "the first was heard, the second was not");
	waitpid(child, NULL, 0);
	is_int(probe_wait(probe, &fixture->pins, ids, AD_SUCCESSOR_MAX + 1, 1, heard), -E2BIG,
	       "more than there can be");
}

int main(void)
{
	struct fixture fixture;
	struct probe probe;
	char path[300];

	if (sodium_init() < 0 || !fixture_new(&fixture, 16))
		return skip_all("needs root and a bpffs");
	fixture_array(&fixture, "keys", sizeof(struct ad_keys), 1);
	fixture_array(&fixture, "nobodies", sizeof(__u64), AD_NOBODY_MAX);
	put_keys(&fixture);
	addr_parse("198.51.100.1", &nodes[0].tunnel);
	addr_parse("127.0.0.2", &nodes[1].tunnel);
	addr_parse("203.0.113.9", &vips[0].address);
	addr_parse("203.0.113.1", &vips[1].address);
	vips[1].tcp = true;
	if (ok(netns_enter() && netns_add_veth(), "a network")) {
		is_int(probe_init(&probe, &config, &fixture.pins), 0, "the key is read");
		test_send_is_a_question_to_the_node(&probe);
		test_shaped_probe_has_its_size_and_time(&probe);
		test_echo_hears_only_its_own_answer(&fixture);
		test_send_without_a_vip_is_an_error(&probe);
		test_init_without_a_key_is_an_error(&fixture);
		test_wait_until_heard(&fixture, &probe);
	}
	snprintf(path, sizeof(path), "%s/keys", fixture.pins.dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/nobodies", fixture.pins.dir);
	unlink(path);
	fixture_free(&fixture);
	return done_testing();
}
