// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * config_rules.c: what more than one row of the schema decides: references, computed defaults, and
 * rules about several keys.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config_schema.h"
#include "user/base/addr.h"
#include "user/base/nearest.h"

#define QUOTED 64

static void complain_reference(struct config_reader *loader, const struct value *value,
			       const char *list, const struct nearest *near)
{
	char quoted[QUOTED];

	text_quote(value->text, quoted, sizeof(quoted));
	config_complain(loader, value->line, value->row->path, "\"%s\" is not among `%s`%s%s%s",
			quoted, list, near->best ? "; did you mean " : "",
			near->best ? near->best : "", near->best ? "?" : "");
}

void later_pop(struct config_reader *loader, const struct value *value)
{
	struct nearest near = { .word = value->text };
	struct config *config = loader->config;
	__u16 i;

	for (i = 0; i < config->nr_own_pops; i++)
		if (config->pops[i].name && !strcmp(config->pops[i].name, value->text)) {
			memcpy(value->where, &i, sizeof(i));
			return;
		}
	for (i = 0; i < config->nr_own_pops; i++)
		if (config->pops[i].name)
			nearest_offer(&near, config->pops[i].name);
	complain_reference(loader, value, "pops", &near);
}

static const struct config_node *find_node(struct config_reader *loader, const struct value *value)
{
	const struct config_node *node = config_node_by_name(loader->config, value->text);
	struct nearest near = { .word = value->text };
	size_t i;

	for (i = 0; !node && i < loader->config->nr_nodes; i++)
		if (loader->config->nodes[i].name)
			nearest_offer(&near, loader->config->nodes[i].name);
	if (!node)
		complain_reference(loader, value, "nodes", &near);
	return node;
}

void later_self(struct config_reader *loader, const struct value *value)
{
	loader->config->self = find_node(loader, value);
}

void later_loopback(struct config_reader *loader, const struct value *value)
{
	config_complain(
		loader, value->line, value->row->path,
		"lo: no packet of a client comes in there; name what faces the clients, such as "
		"eth0");
}

/* @why_not: what is wrong with this node itself. */
static void take_other(struct config_reader *loader, const struct value *value, const char *why_not)
{
	const struct config *config = loader->config;
	const struct config_node *node;

	/* It is left out until the bus knows it. */
	if (config->nodes_from_bus && !config_node_by_name(config, value->text)) {
		config_nodes_doubt(loader, value->line,
				   "%s: %s is a node that the bus does not know", value->row->path,
				   value->text);
		return;
	}
	node = find_node(loader, value);
	if (!node)
		return;
	if (node == loader->config->self)
		config_complain(loader, value->line, value->row->path, "%s is this node itself: %s",
				node->name, why_not);
	memcpy(value->where, &node->id, sizeof(node->id));
}

void later_successor(struct config_reader *loader, const struct value *value)
{
	take_other(loader, value, "it cannot take over from itself");
}

void later_neighbour(struct config_reader *loader, const struct value *value)
{
	take_other(loader, value, "it is asked before any other");
}

void later_vip_dns(struct config_reader *loader, const struct value *value)
{
	struct config_vip *vip = value->base;

	vip->dns = loader->config->nr_zones > 0;
}

void later_nsid(struct config_reader *loader, const struct value *value)
{
	struct config *config = loader->config;

	if (!config->self || !config->self->name || !config->nr_pops)
		return;
	if (asprintf(&config->nsid, "%s.%s", config_pop_name(config, config->self->pop),
		     config->self->name) < 0) {
		config->nsid = NULL;
		loader->no_memory = true;
	}
}

void later_overhead(struct config_reader *loader, const struct value *value)
{
	struct config *config = loader->config;

	config->tunnel_overhead_auto = true;
	if (config->self)
		config->tunnel_overhead =
			addr_is_ip4(&config->self->tunnel) ? AD_OVERHEAD_IP4 : AD_OVERHEAD_IP6;
}

/*
 * One number for all kinds of answers, unless there are more numbers. The text may be the word
 * "off".
 */
void later_rate(struct config_reader *loader, const struct value *value)
{
	if (!value->text)
		memcpy(value->where, &loader->config->limit.rates[AD_DNS_CLASS_ANSWER],
		       value->row->size);
}

void later_metrics(struct config_reader *loader, const struct value *value)
{
	struct config *config = loader->config;
	const char *text = value->text ? value->text : value->row->says;
	char quoted[QUOTED];

	config->metrics.on = strcmp(text, value->row->word);
	if (config->metrics.on &&
	    addr_parse_endpoint(text, &config->metrics.address, &config->metrics.port))
		config_complain(
			loader, value->line, value->row->path,
			"\"%s\" is not an address and port, such as 127.0.0.1:9911 or [::1]:9911",
			text_quote(text, quoted, sizeof(quoted)));
}

static void check_ids(struct config_reader *loader)
{
	const struct config *config = loader->config;
	unsigned int limit = 1u << config->owner_bits;
	size_t i;

	for (i = 0; config->owner_bits && i < config->nr_nodes; i++)
		if (config->nodes[i].id >= limit)
			config_complain(loader, config->nodes[i].line, "nodes[].id",
					"%u does not fit stamp.owner_bits %u: at most %u",
					config->nodes[i].id, config->owner_bits, limit - 1);
}

/* We send from our tunnel address, so a node of the other family cannot be reached. */
static void check_families(struct config_reader *loader)
{
	static const struct ad_addr unread;
	const struct config *config = loader->config;
	size_t i;

	for (i = 0; config->self && i < config->nr_nodes; i++) {
		const struct config_node *node = &config->nodes[i];

		if (addr_compare(&node->tunnel, &unread) &&
		    addr_compare(&config->self->tunnel, &unread) &&
		    addr_is_ip4(&node->tunnel) != addr_is_ip4(&config->self->tunnel))
			config_complain(loader, node->line, "nodes[].tunnel",
					"%s is reached by another IP version than %s, this node",
					node->name ? node->name : "it", config->self->name);
	}
}

static void check_vips_are_no_tunnels(struct config_reader *loader)
{
	const struct config *config = loader->config;
	char text[ADDR_TEXT];
	size_t i, j;

	for (i = 0; i < config->nr_vips; i++)
		for (j = 0; j < config->nr_nodes; j++)
			if (!addr_compare(&config->vips[i].address, &config->nodes[j].tunnel))
				config_complain(loader, config->nodes[j].line, "nodes[].tunnel",
						"%s is a VIP: a packet to it may land anywhere",
						addr_format(&config->vips[i].address, text));
}

static void check_nobody_answers_dns(struct config_reader *loader)
{
	const struct config *config = loader->config;
	size_t i;

	for (i = 0; i < config->nr_vips; i++)
		if (config->vips[i].dns)
			return;
	if (config->nr_zones && config->nr_vips)
		config_complain(loader, config->zones[0].line, "dns.zones",
				"nobody would be asked for them: every VIP says `dns: false`");
}

static bool has_scheme(const char *url)
{
	return !strncmp(url, "nats://", 7) || !strncmp(url, "tls://", 6);
}

/* Logs and reports of a reload show what is in this file. */
static void check_bus_url(struct config_reader *loader, const char *url)
{
	int line = loader->config->bus.line;
	char quoted[QUOTED];

	if (strchr(url, '@'))
		config_complain(loader, line, "bus.servers[]",
				"has a user or a password in it, which logs would show: leave them "
				"out, and use `bus.credentials` or a certificate (`bus.tls`)");
	else if (!has_scheme(url))
		config_complain(loader, line, "bus.servers[]",
				"\"%s\" is no URL of a server: write nats://ADDRESS:4222, or "
				"tls://NAME:4222",
				text_quote(url, quoted, sizeof(quoted)));
}

static void check_bus(struct config_reader *loader)
{
	const struct config_bus *bus = &loader->config->bus;
	size_t i;

	if (bus->line && !bus->nr_servers)
		config_complain(loader, bus->line, "bus.servers",
				"names no server: name one, or leave `bus` out");
	for (i = 0; i < bus->nr_servers; i++)
		if (bus->servers[i])
			check_bus_url(loader, bus->servers[i]);
	if (bus->bucket && strchr(bus->bucket, '.'))
		config_complain(loader, bus->line, "bus.bucket",
				"%s has a dot, which no name of a bucket may have", bus->bucket);
	if (!bus->cert_file != !bus->key_file)
		config_complain(loader, bus->line,
				bus->cert_file ? "bus.tls.key_file" : "bus.tls.cert_file",
				"is missing: a certificate and its key go together");
}

static void check_flowlog(struct config_reader *loader)
{
	const struct config_flowlog *log = &loader->config->flowlog;

	if (log->file && log->socket)
		config_complain(loader, log->line, "flowlog.socket",
				"there is `flowlog.file`, too: leave one of the two out");
	if (log->line && !log->file && !log->socket)
		config_complain(loader, log->line, "flowlog.file",
				"is missing: name a file or a socket, or leave `flowlog` out");
}

/* The flow table finds a bucket by a mask (bpf/flow/flow.h). */
static void round_flows(struct config *config)
{
	unsigned int flows = AD_FLOW_MAX_MIN;

	while (flows < config->flow_max)
		flows *= 2;
	config->flow_max = flows;
}

void config_rules_check(struct config_reader *loader)
{
	round_flows(loader->config);
	config_nodes_check(loader);
	check_ids(loader);
	check_families(loader);
	check_vips_are_no_tunnels(loader);
	check_nobody_answers_dns(loader);
	config_steer_check(loader);
	config_health_check(loader);
	config_bgp_check(loader);
	check_bus(loader);
	check_flowlog(loader);
}
