// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_fill.c: the fleet of a configuration in the maps, also when addresses move between nodes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/load/fill.h"

#define BITS  14
#define NODES 15000
/* What is looked through once for each node takes a quarter of a second and more. */
#define LINEAR_MS 150

static struct ad_state state;
static struct model *model;
static struct config_node nodes[NODES];
static struct config_pop pops[1] = { { .name = "pop" } };
static struct config_vip vip = { .tcp = true };
static struct config config = {
	.path = "test",
	.owner_bits = BITS,
	.nodes = nodes,
	.nr_nodes = NODES,
	.self = &nodes[0],
	.pops = pops,
	.nr_pops = 1,
	.vips = &vip,
	.nr_vips = 1,
};

static int map_new(enum bpf_map_type type, __u32 key, __u32 value, __u32 nr)
{
	return bpf_map_create(type, NULL, key, value, nr, NULL);
}

static bool maps_new(struct datapath *dp)
{
	dp->keys = map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct ad_keys), 1);
	dp->nodes = map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct ad_node), 1 << BITS);
	dp->peer_ids = map_new(BPF_MAP_TYPE_HASH, sizeof(struct ad_addr), 4, 1 << BITS);
	dp->hunt = map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct ad_hunt), 1);
	dp->locals = map_new(BPF_MAP_TYPE_HASH, sizeof(struct ad_addr), sizeof(struct ad_local),
			     AD_VIP_MAX + 1);
	dp->state_at = &state;
	return dp->keys >= 0 && dp->nodes >= 0 && dp->peer_ids >= 0 && dp->hunt >= 0 &&
	       dp->locals >= 0;
}

static void address(struct ad_addr *addr, unsigned int n)
{
	char text[ADDR_TEXT];

	snprintf(text, sizeof(text), "10.0.%u.%u", n >> 8, n & 255);
	addr_parse(text, addr);
}

static void make_fleet(void)
{
	unsigned int i;

	addr_parse("192.0.2.1", &vip.address);
	for (i = 0; i < NODES; i++) {
		nodes[i] = (struct config_node){ .name = "node", .id = i + 1 };
		address(&nodes[i].tunnel, i + 1);
	}
}

/* Fills, and tells in how many milliseconds of CPU; negative: that failed. */
static double fill(const struct datapath *dp)
{
	struct config_errors errors = {};
	struct ad_keys keys = {};
	clock_t began = clock();
	int err = fill_maps(dp, model, &config, &keys, &errors);

	config_errors_free(&errors);
	return err ? -1 : (clock() - began) * 1000.0 / CLOCKS_PER_SEC;
}

/* Which node the data path takes the @n-th address for; 0: for none. */
static __u32 owner(const struct datapath *dp, unsigned int n)
{
	struct ad_addr addr;
	__u32 id = 0;

	address(&addr, n);
	return bpf_map_lookup_elem(dp->peer_ids, &addr, &id) ? 0 : id;
}

static __u32 flags(const struct datapath *dp, __u32 id)
{
	struct ad_node row = {};

	bpf_map_lookup_elem(dp->nodes, &id, &row);
	return row.flags;
}

static __u32 count_peers(const struct datapath *dp)
{
	struct ad_addr key, *last = NULL, next;
	__u32 nr = 0;

	for (; !bpf_map_get_next_key(dp->peer_ids, last, &next); nr++) {
		key = next;
		last = &key;
	}
	return nr;
}

static void test_fill_large_fleet(const struct datapath *dp)
{
	double first = fill(dp), again = fill(dp);

	ok(first >= 0 && again >= 0 && again < LINEAR_MS,
	   "%d nodes: %.1f ms, and %.1f ms when all is there", NODES, first, again);
	is_int(count_peers(dp), NODES - 1, "every node but this one is a peer");
	is_int(owner(dp, 1), 0, "its own address is nobody's");
	is_int(owner(dp, NODES), NODES, "the last one's is the last one's");
	is_int(flags(dp, NODES), AD_NODE_KNOWN, "which is known");
	is_int(flags(dp, NODES + 1), 0, "and no other");
}

static void test_fill_addresses_that_move(const struct datapath *dp)
{
	struct ad_addr third = nodes[2].tunnel;

	nodes[2].tunnel = nodes[3].tunnel;
	nodes[3].tunnel = third;
	address(&nodes[4].tunnel, NODES + 1);
	ok(fill(dp) >= 0, "two nodes change places, one gets a new address");
	is_int(owner(dp, 3), 4, "the one");
	is_int(owner(dp, 4), 3, "and the other");
	is_int(owner(dp, NODES + 1), 5, "the new address");
	is_int(owner(dp, 5), 0, "and the one of before");
	is_int(count_peers(dp), NODES - 1, "as many as ever");
}

static void test_fill_keeps_what_others_than_the_configuration_say(const struct datapath *dp)
{
	model_see(model, 7, true, 1);
	ok(fill(dp) >= 0, "one is silent");
	is_int(flags(dp, 7), AD_NODE_KNOWN | AD_NODE_SILENT, "and so after a reload");
	nodes[6].state = CONFIG_NODE_DRAINING;
	ok(fill(dp) >= 0, "it shall drain");
	is_int(flags(dp, 7), AD_NODE_KNOWN | AD_NODE_SILENT | AD_NODE_DRAINING, "it is both");
	nodes[6].state = CONFIG_NODE_DOWN;
	ok(fill(dp) >= 0, "it is called down");
	is_int(flags(dp, 7), AD_NODE_KNOWN | AD_NODE_DEAD, "so nobody waits for its answer");
	nodes[6].state = CONFIG_NODE_DRAINING;
	model_see(model, 7, false, 2);
	ok(fill(dp) >= 0, "it is heard of");
	is_int(flags(dp, 7), AD_NODE_KNOWN | AD_NODE_DRAINING, "it is no longer silent");
	nodes[6].state = CONFIG_NODE_UP;
}

static void test_fill_nodes_that_leave(const struct datapath *dp)
{
	nodes[1].state = CONFIG_NODE_DOWN;
	config.nr_nodes = NODES - 2;
	ok(fill(dp) >= 0, "two nodes leave, one is down");
	is_int(count_peers(dp), NODES - 3, "they are no peers");
	is_int(owner(dp, NODES), 0, "nor is one's address its own");
	is_int(flags(dp, NODES), 0, "it is not known");
	is_int(flags(dp, 2), AD_NODE_KNOWN | AD_NODE_DEAD, "and the other is dead");
}

int main(void)
{
	struct datapath dp;

	datapath_init(&dp);
	model = model_new();
	if (!model || !maps_new(&dp))
		return skip_all("no right to make maps");
	make_fleet();
	test_fill_large_fleet(&dp);
	test_fill_addresses_that_move(&dp);
	test_fill_keeps_what_others_than_the_configuration_say(&dp);
	test_fill_nodes_that_leave(&dp);
	model_free(model);
	return done_testing();
}
