/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet_fixture.h: a configuration and names of three POPs, without a file or a map behind them.
 */
#ifndef FLEET_FIXTURE_H
#define FLEET_FIXTURE_H

#include <arpa/inet.h>
#include <string.h>
#include "user/base/addr.h"
#include "user/config/config.h"
#include "user/state/names.h"

static struct config_pop fleet_pops[] = { { .name = (char *)"fra" },
					  { .name = (char *)"nyc" },
					  { .name = (char *)"sin" } };
static struct config_node fleet_nodes[] = {
	{ .name = (char *)"fra-1", .id = 1, .pop = 0 },
	{ .name = (char *)"fra-2", .id = 4, .pop = 0 },
	{ .name = (char *)"edge7", .id = 2, .pop = 1 },
	{ .name = (char *)"sin", .id = 3, .pop = 2 },
};
static const struct config fleet_config = {
	.path = (char *)"fleet.yaml",
	.run_dir = (char *)"/nonexistent",
	.pops = fleet_pops,
	.nr_pops = 3,
	.nodes = fleet_nodes,
	.nr_nodes = 4,
	.self = &fleet_nodes[0],
	.flow_idle_s = 600,
	.catchment_top = 1,
};
static const struct config_node *fleet_by_id[] = { NULL, &fleet_nodes[0], &fleet_nodes[2],
						   &fleet_nodes[3], &fleet_nodes[1] };

/* VIPs 203.0.113.1 and 2001:db8::1, at second 1000 of the monotonic clock. */
static inline void fleet_names(struct names *names)
{
	memset(names, 0, sizeof(*names));
	names->config = &fleet_config;
	names->by_id = fleet_by_id;
	names->nr_ids = 5;
	names->nr_vips = 2;
	names->now_s = 1000;
	addr_parse("203.0.113.1", &names->vips[0]);
	addr_parse("2001:db8::1", &names->vips[1]);
}

static inline struct ad_flow fleet_flow(const char *client, __u16 owner, __u64 bytes)
{
	struct ad_flow flow = {
		.client_port = htons(40000),
		.vip_port = htons(443),
		.owner = owner,
		.kind = owner == 1 ? AD_FLOW_OURS : AD_FLOW_TRANSIT,
		.rx_bytes = bytes / 2,
		.tx_bytes = bytes - bytes / 2,
		.rx_packets = 3,
		.tx_packets = 4,
		.first_s = 900,
		.last_s = 990,
		.flags = AD_FLOW_STAMPED,
	};

	addr_parse(client, &flow.client);
	return flow;
}

#endif
