// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_peers.c: the fleet with its counters, as the configuration or else the data path has it.
 */
#include "selftests/tap.h"
#include "fleet_fixture.h"
#include "instance_fixture.h"
#include "output_fixture.h"
#include "user/fleet/peers.h"

/* Nodes 1 and 3 are in the configuration; 9 is known to the data path only; 2 and 4 are not. */
static void fill(struct fixture *fixture)
{
	struct ad_peer_count count = { .tx = { 10, 1000 }, .rx = { 20, 2000 } };

	fixture_node(fixture, 1, "198.51.100.1", AD_NODE_KNOWN);
	fixture_node(fixture, 3, "198.51.100.3", AD_NODE_KNOWN | AD_NODE_DRAINING);
	fixture_node(fixture, 9, "198.51.100.9", AD_NODE_KNOWN | AD_NODE_DEAD);
	fixture_put_percpu(fixture, "peers", 3, 0, &count, sizeof(count));
}

static void test_read_every_node_of_the_configuration(struct fixture *fixture)
{
	struct peer *peers;
	struct names names;
	struct ad_told told;
	size_t nr;

	fleet_names(&names);
	is_int(peers_read(&fixture->pins, &names, &peers, &nr, &told), 0, "read");
	if (!is_int(nr, 4, "four nodes"))
		return;
	for (size_t i = 0; i < nr; i++)
		is_int(peers[i].id, i + 1, "by rising id");
	is_str(peer_state(&peers[0]), "up", "this node");
	is_str(peer_state(&peers[1]), "unknown", "one that the data path does not know");
	is_str(peer_state(&peers[2]), "draining", "one that is draining");
	is_int(peers[2].count.tx.packets, 10, "what was sent to it");
	is_int(peers[2].count.rx.bytes, 2000, "what came from it");
	is_int(peers[3].count.rx.bytes, 0, "and not from another");
	free(peers);
}

static void test_read_without_a_configuration(struct fixture *fixture)
{
	struct names names = {};
	struct peer *peers;
	struct ad_told told;
	size_t nr;

	is_int(peers_read(&fixture->pins, &names, &peers, &nr, &told), 0, "read");
	if (!is_int(nr, 3, "those that the data path knows"))
		return;
	is_int(peers[2].id, 9, "the last one");
	is_str(peer_state(&peers[2]), "dead", "which is dead");
	free(peers);
}

static void test_read_without_an_instance_is_an_error(struct fixture *fixture)
{
	struct pins gone = fixture->pins;
	struct peer *peers = (void *)1;
	struct names names = {};
	struct ad_told told;
	size_t nr = 7;

	strcat(gone.dir, "x");
	is_int(peers_read(&gone, &names, &peers, &nr, &told), -ENOENT, "no maps");
	ok(!peers && !nr, "and nothing to free");
}

static const char *printed(const struct names *names, struct peer *peers, size_t nr, bool self)
{
	catch_output(stdout);
	peers_print(names, peers, nr, 1, self);
	return release_output();
}

static void test_print_this_node_is_marked_or_left_out(struct fixture *fixture)
{
	struct peer *peers;
	struct names names;
	struct ad_told told;
	const char *text;
	size_t nr;

	fleet_names(&names);
	peers_read(&fixture->pins, &names, &peers, &nr, &told);
	text = printed(&names, peers, nr, true);
	ok(strstr(text, "up (here)"), "this node is marked");
	ok(strstr(text, "198.51.100.3"), "another is there with its tunnel address");
	text = printed(&names, peers, nr, false);
	ok(!strstr(text, "(here)") && !strstr(text, "fra-1"), "this node is left out");
	ok(strstr(text, "2.0 kB"), "bytes for people");
	free(peers);
}

static void test_json_names_and_counts(void)
{
	struct peer peer = { .id = 3,
			     .node.flags = AD_NODE_KNOWN,
			     .count = { .tx = { 1, 2 }, .rx = { 3, 4 } } };
	struct names names;
	json_t *json;

	fleet_names(&names);
	addr_parse("198.51.100.3", &peer.node.tunnel);
	json = peer_json(&names, &peer);
	is_str(json_string_value(json_object_get(json, "node")), "sin", "its name");
	is_str(json_string_value(json_object_get(json, "state")), "up", "its state");
	is_str(json_string_value(json_object_get(json, "tunnel")), "198.51.100.3", "its address");
	is_int(json_integer_value(json_object_get(json, "tx_bytes")), 2, "bytes sent");
	is_int(json_integer_value(json_object_get(json, "rx_packets")), 3, "packets received");
	json_decref(json);
	peer.id = 14;
	json = peer_json(&names, &peer);
	ok(json_is_null(json_object_get(json, "node")), "a node without a name");
	json_decref(json);
}

int main(void)
{
	struct fixture fixture;

	if (!fixture_new(&fixture, 16))
		return skip_all("needs root and a bpffs");
	fill(&fixture);
	test_read_every_node_of_the_configuration(&fixture);
	test_read_without_a_configuration(&fixture);
	test_read_without_an_instance_is_an_error(&fixture);
	test_print_this_node_is_marked_or_left_out(&fixture);
	test_json_names_and_counts();
	fixture_free(&fixture);
	return done_testing();
}
