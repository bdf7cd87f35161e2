// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * metrics_text.c: metrics from what was read (metrics_text.h).
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <event2/buffer.h>
#include "maps/dns.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/prom.h"
#include "user/daemon/metrics_text.h"
#include "user/fleet/hunt.h"
#include "user/flows/flow_text.h"

/* A family of one sample without labels. */
static void write_one(struct evbuffer *out, const char *name, const char *type, const char *help,
		      double value)
{
	prom_family(out, name, type, help);
	prom_sample(out, name, value, NULL);
}

/* --- instance and daemon --------------------------------------------------------------------- */

static void write_build(struct evbuffer *out, const struct view *view, bool loaded)
{
	const struct config_node *self = view->config->self;
	const char *pop = config_pop_name(view->config, self->pop);
	char abi[16], id[16];

	snprintf(abi, sizeof(abi), "%d", AD_ABI_VERSION);
	snprintf(id, sizeof(id), "%u", self->id);
	prom_family(out, "build_info", "gauge", "Versions and identity, in labels; always 1.");
	prom_sample(out, "build_info", 1, "version", VERSION, "abi", abi, "loaded_version",
		    loaded ? view->meta.version : "", "node", self->name, "node_id", id, "pop", pop,
		    NULL);
	write_one(out, "loaded", "gauge", "1 while the data path is loaded.", loaded);
}

static void write_daemon(struct evbuffer *out, const struct metrics_daemon *daemon)
{
	prom_family(out, "reloads_total", "counter",
		    "Attempts to load configuration and zones since the daemon started.");
	prom_sample(out, "reloads_total", daemon->reloads[AD_RELOAD_OK], "result", "ok", NULL);
	prom_sample(out, "reloads_total", daemon->reloads[AD_RELOAD_PARTLY], "result", "partly",
		    NULL);
	prom_sample(out, "reloads_total", daemon->reloads[AD_RELOAD_REFUSED], "result", "failed",
		    NULL);
	write_one(out, "reload_success", "gauge",
		  "1 if the last attempt found no error, in no zone either.", daemon->last_ok);
	write_one(out, "reload_success_timestamp_seconds", "gauge",
		  "When configuration and zones were last loaded with success.",
		  daemon->last_ok_real_s);
}

static void write_state(struct evbuffer *out, const struct view *view, const struct status *status)
{
	const struct ad_state *state = &status->state;

	write_one(out, "armed", "gauge", "1 while replies are stamped and stamps are read.",
		  !!(state->flags & AD_STATE_ARMED));
	write_one(out, "draining", "gauge", "1 while new flows are handed to successors.",
		  !!(state->flags & AD_STATE_DRAINING));
	if (state->flags & AD_STATE_DRAINING)
		write_one(out, "drain_flows_left", "gauge",
			  "Connections that still end here, during a drain.", status->flows_left);
	write_one(out, "drain_successors", "gauge", "Nodes that take new flows during a drain.",
		  state->nr_successors);
	write_one(out, "unstamped_sockets", "gauge", "Connections on the list of unstamped ones.",
		  state->unstamped);
	write_one(out, "reload_refused", "gauge",
		  "1 while the last attempt to load changed nothing, for it found errors.",
		  status->reload.end == AD_RELOAD_REFUSED);
	write_one(out, "warnings", "gauge", "Warnings that `anydoor status` shows.",
		  status->nr_warnings);
	write_one(out, "loaded_timestamp_seconds", "gauge", "When the data path was loaded.",
		  clock_real_s(view->meta.loaded_s));
}

/* --- packets --------------------------------------------------------------------------------- */

static void write_reasons(struct evbuffer *out, const struct status *status)
{
	prom_family(out, "packets_total", "counter", "Packets by how they left the data path.");
	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++)
		prom_sample(out, "packets_total", status->reasons[i].packets, "reason",
			    reason_table[i].label, "side", reason_table[i].side, "action",
			    reason_table[i].action, NULL);
	prom_family(out, "bytes_total", "counter",
		    "Bytes of these packets, as they came, with the Ethernet header.");
	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++)
		prom_sample(out, "bytes_total", status->reasons[i].bytes, "reason",
			    reason_table[i].label, "side", reason_table[i].side, "action",
			    reason_table[i].action, NULL);
}

/* --- the fleet ------------------------------------------------------------------------------- */

static __u64 peer_value(const struct peer *peer, bool rx, bool bytes)
{
	const struct ad_count *count = rx ? &peer->count.rx : &peer->count.tx;

	return bytes ? count->bytes : count->packets;
}

static void write_peers(struct evbuffer *out, const char *name, const char *help,
			const struct view *view, const struct status *status, bool bytes)
{
	prom_family(out, name, "counter", help);
	for (size_t i = 0; i < status->nr_peers; i++) {
		const struct peer *peer = &status->peers[i];
		const char *node = names_node_name(&view->names, peer->id);
		const char *pop = names_pop_name(&view->names, peer->id);

		if (peer->id == view->meta.node_id)
			continue;
		prom_sample(out, name, peer_value(peer, false, bytes), "direction", "tx", "node",
			    node, "pop", pop, NULL);
		prom_sample(out, name, peer_value(peer, true, bytes), "direction", "rx", "node",
			    node, "pop", pop, NULL);
	}
}

static __u64 pop_value(const struct view *view, const struct status *status, size_t pop, bool rx,
		       bool bytes)
{
	__u64 sum = 0;

	for (size_t i = 0; i < status->nr_peers; i++) {
		const struct config_node *node = names_node(&view->names, status->peers[i].id);

		if (node && node->pop == pop && node->id != view->meta.node_id)
			sum += peer_value(&status->peers[i], rx, bytes);
	}
	return sum;
}

static void write_pops(struct evbuffer *out, const char *name, const char *help,
		       const struct view *view, const struct status *status, bool bytes)
{
	prom_family(out, name, "counter", help);
	for (size_t i = 0; i < view->config->nr_pops; i++) {
		const char *pop = view->config->pops[i].name;

		prom_sample(out, name, pop_value(view, status, i, false, bytes), "direction", "tx",
			    "pop", pop, NULL);
		prom_sample(out, name, pop_value(view, status, i, true, bytes), "direction", "rx",
			    "pop", pop, NULL);
	}
}

static void write_node_states(struct evbuffer *out, const struct view *view,
			      const struct status *status)
{
	static const char *const states[] = { "up", "draining", "silent", "dead", "unknown" };

	prom_family(out, "node_state", "gauge",
		    "1 for the state that the data path holds a node to be in.");
	for (size_t i = 0; i < status->nr_peers; i++) {
		const struct peer *peer = &status->peers[i];

		for (size_t s = 0; s < sizeof(states) / sizeof(*states); s++)
			prom_sample(out, "node_state", !strcmp(peer_state(peer), states[s]), "node",
				    names_node_name(&view->names, peer->id), "pop",
				    names_pop_name(&view->names, peer->id), "state", states[s],
				    NULL);
	}
}

static void write_fleet(struct evbuffer *out, const struct view *view, const struct status *status)
{
	write_peers(out, "tunnel_packets_total",
		    "Packets wrapped for a node (tx) and unwrapped from it (rx).", view, status,
		    false);
	write_peers(out, "tunnel_bytes_total", "Bytes of the inner packets.", view, status, true);
	write_pops(out, "pop_tunnel_packets_total",
		   "Packets wrapped for the nodes of a POP (tx) and unwrapped from them (rx).",
		   view, status, false);
	write_pops(out, "pop_tunnel_bytes_total", "Bytes of the inner packets, by POP.", view,
		   status, true);
	write_node_states(out, view, status);
}

/* --- flows ----------------------------------------------------------------------------------- */

static void write_flow_table(struct evbuffer *out, const struct status *status)
{
	const struct ad_flow_stats *stats = &status->flow_stats;

	prom_family(out, "flow_table_entries", "gauge", "Live flows in the table, by kind.");
	for (int kind = AD_FLOW_TRANSIT; kind <= AD_FLOW_OURS; kind++)
		prom_sample(out, "flow_table_entries", status->flows.by_kind[kind], "kind",
			    flow_kind(kind), NULL);
	write_one(out, "flow_table_idle_entries", "gauge",
		  "Entries of flows so long silent that they make room for others.",
		  status->flows.idle);
	write_one(out, "flow_table_capacity", "gauge", "Flows that the table can hold.",
		  status->flows.slots);
	write_one(out, "flow_table_inserts_total", "counter", "Flows entered.", stats->inserts);
	write_one(out, "flow_table_evictions_total", "counter",
		  "Live flows that made room for another.", stats->evictions);
	write_one(out, "flow_table_expiries_total", "counter",
		  "Idle flows that made room for another.", stats->expiries);
	write_one(out, "flow_table_refusals_total", "counter",
		  "Flows that found no room: shifted ones are asked about packet by packet.",
		  stats->refusals);
}

static void write_budgets(struct evbuffer *out, const struct ad_hunt_stats *stats)
{
	prom_family(out, "budget_refused_total", "counter",
		    "Packets beyond a budget, by whom it bounds.");
	for (int i = 0; i < AD_BUDGET_CLASSES; i++)
		for (int j = 0; j < AD_BUDGET_SCOPES; j++)
			prom_sample(out, "budget_refused_total", stats->refused[i][j], "budget",
				    budget_names[i], "scope", budget_scopes[j], NULL);
}

static void write_hunt(struct evbuffer *out, const struct ad_hunt_stats *stats)
{
	write_one(out, "hunt_claims_learned_total", "counter",
		  "Claims that said where a client prefix comes from.", stats->learned);
	write_one(out, "hunt_scouts_total", "counter",
		  "ACKs of stamped flows sent to learn where their prefix comes from.",
		  stats->scouts);
	write_one(out, "hunt_by_hint_total", "counter",
		  "Hunts whose first node was known by the client's prefix.", stats->by_hint);
	write_one(out, "hunt_by_source_total", "counter",
		  "Hunts whose first node was one that others had come from.", stats->by_source);
	write_budgets(out, stats);
}

/* --- DNS ------------------------------------------------------------------------------------- */

static const struct by {
	const char *who, *transport;
} dns_by[DNS_BY_NR] = {
	[DNS_BY_KERNEL] = { "kernel", "udp" },
	[DNS_BY_DAEMON_UDP] = { "daemon", "udp" },
	[DNS_BY_DAEMON_TCP] = { "daemon", "tcp" },
};

static void write_rcodes(struct evbuffer *out, const struct by *by,
			 const struct ad_dns_count *count)
{
	char number[16];

	for (int i = 0; i < AD_DNS_RCODES; i++) {
		const char *name = dns_rcode_name(i);

		snprintf(number, sizeof(number), "RCODE%d", i);
		/* A row that is always there can be alerted on before it first counts. */
		if (count->rcodes[i] || !i)
			prom_sample(out, "dns_responses_total", count->rcodes[i], "by", by->who,
				    "transport", by->transport, "rcode", name ? name : number,
				    NULL);
	}
}

static void write_types(struct evbuffer *out, const struct by *by, const struct ad_dns_count *count)
{
	char text[DNS_TYPE_TEXT];

	for (int i = 0; i < AD_DNS_TYPES; i++)
		if (count->types[i] || !i)
			prom_sample(out, "dns_types_total", count->types[i], "by", by->who,
				    "transport", by->transport, "type", dns_type_name(i, text),
				    NULL);
}

static void write_edns(struct evbuffer *out, const struct by *by, const struct ad_dns_count *count)
{
	for (int i = 0; i < 2; i++)
		for (int kind = 0; kind < AD_DNS_EDNS_KINDS; kind++)
			prom_sample(out, "dns_edns_total", count->edns[i][kind], "by", by->who,
				    "transport", by->transport, "family", i ? "ip6" : "ip4", "edns",
				    dns_edns_name(kind), NULL);
}

static void write_truncated(struct evbuffer *out, const struct by *by,
			    const struct ad_dns_count *count)
{
	prom_sample(out, "dns_truncated_total", count->truncated, "by", by->who, "transport",
		    by->transport, NULL);
}

static void write_answers(struct evbuffer *out, const struct dns_stats *dns)
{
	static const struct {
		const char *name, *help;
		void (*write)(struct evbuffer *, const struct by *, const struct ad_dns_count *);
	} families[] = {
		{ "dns_responses_total", "DNS answers, in the kernel and by the daemon.",
		  write_rcodes },
		{ "dns_types_total", "DNS answers by the type that was asked for.", write_types },
		{ "dns_edns_total", "DNS answers by what the client speaks: EDNS, DO.",
		  write_edns },
		{ "dns_truncated_total", "DNS answers that had to say TC.", write_truncated },
	};

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		prom_family(out, families[i].name, "counter", families[i].help);
		for (int by = 0; by < DNS_BY_NR; by++)
			families[i].write(out, &dns_by[by], &dns->by[by]);
	}
}

/* Of signed zones alone: what is not signed never expires. */
static void write_signing(struct evbuffer *out, const struct dns_stats *dns)
{
	prom_family(out, "dns_zone_signed_until_timestamp_seconds", "gauge",
		    "When the first signature of the zone that is served expires.");
	for (size_t i = 0; i < dns->nr_zones; i++)
		if (dns->zones[i].denial)
			prom_sample(out, "dns_zone_signed_until_timestamp_seconds",
				    dns->zones[i].signed_until_s, "zone", dns->zones[i].name,
				    "denial", dns_zone_denial(&dns->zones[i]), NULL);
	prom_family(out, "dns_zone_resign_by_timestamp_seconds", "gauge",
		    "When less than a tenth of a signature's life will be left: signers renew "
		    "them before.");
	for (size_t i = 0; i < dns->nr_zones; i++)
		if (dns->zones[i].denial)
			prom_sample(out, "dns_zone_resign_by_timestamp_seconds",
				    dns->zones[i].resign_by_s, "zone", dns->zones[i].name, NULL);
}

static void write_zones(struct evbuffer *out, const struct dns_stats *dns)
{
	prom_family(out, "dns_zone_queries_total", "counter", "Queries answered from a zone.");
	for (size_t i = 0; i < dns->nr_zones; i++) {
		const struct dns_zone_stats *zone = &dns->zones[i];

		prom_sample(out, "dns_zone_queries_total", zone->queries - zone->daemon_queries,
			    "zone", zone->name, "by", "kernel", NULL);
		prom_sample(out, "dns_zone_queries_total", zone->daemon_queries, "zone", zone->name,
			    "by", "daemon", NULL);
	}
	prom_family(out, "dns_zone_serial", "gauge", "Serial of the zone that is served.");
	for (size_t i = 0; i < dns->nr_zones; i++)
		prom_sample(out, "dns_zone_serial", dns->zones[i].serial, "zone",
			    dns->zones[i].name, NULL);
	prom_family(out, "dns_zone_names", "gauge", "Names of the zone that is served.");
	for (size_t i = 0; i < dns->nr_zones; i++)
		prom_sample(out, "dns_zone_names", dns->zones[i].names, "zone", dns->zones[i].name,
			    NULL);
	prom_family(out, "dns_zone_bytes", "gauge",
		    "Memory of the zone that is served: its names, sets and indexes.");
	for (size_t i = 0; i < dns->nr_zones; i++)
		prom_sample(out, "dns_zone_bytes", dns->zones[i].bytes, "zone", dns->zones[i].name,
			    NULL);
	prom_family(out, "dns_zone_records", "gauge", "Records of the zone that is served.");
	for (size_t i = 0; i < dns->nr_zones; i++)
		prom_sample(out, "dns_zone_records", dns->zones[i].records, "zone",
			    dns->zones[i].name, NULL);
	prom_family(out, "dns_zone_loaded_timestamp_seconds", "gauge",
		    "When the zone that is served was loaded.");
	for (size_t i = 0; i < dns->nr_zones; i++)
		prom_sample(out, "dns_zone_loaded_timestamp_seconds", dns->zones[i].loaded_real_s,
			    "zone", dns->zones[i].name, NULL);
	write_signing(out, dns);
	prom_family(out, "dns_zone_load_failed", "gauge",
		    "1 while the zone's file cannot be read: it is served as it was read last, or "
		    "with SERVFAIL if it never was.");
	for (size_t i = 0; i < dns->nr_zones; i++)
		prom_sample(out, "dns_zone_load_failed", *dns->zones[i].error != '\0', "zone",
			    dns->zones[i].name, NULL);
}

static void write_guard(struct evbuffer *out, const struct ad_dns_guarded *guarded)
{
	int i, class;

	prom_family(out, "dns_cookies_total", "counter",
		    "Queries that brought a DNS cookie, by how it was found.");
	for (i = AD_DNS_COOKIE_NEW; i < AD_DNS_COOKIE_STATES; i++)
		prom_sample(out, "dns_cookies_total", guarded->cookies[i], "cookie",
			    dns_cookie_name(i), NULL);
	prom_family(out, "dns_limited_total", "counter",
		    "Answers over the rate limit, by kind and by what became of them.");
	for (i = AD_DNS_LIMITED_DROPPED; i < AD_DNS_LIMITED_STATES; i++)
		for (class = 0; class < AD_DNS_CLASSES; class ++)
			prom_sample(out, "dns_limited_total", guarded->limited[i][class], "class",
				    dns_class_name(class), "action", dns_limited_name(i), NULL);
}

static void write_dns(struct evbuffer *out, const struct dns_stats *dns)
{
	write_answers(out, dns);
	write_one(out, "dns_tcp_connections", "gauge", "Open connections to TCP port 53.",
		  dns->tcp_open);
	write_one(out, "dns_tcp_refused_total", "counter",
		  "Connections to TCP port 53 closed to make room for others.", dns->tcp_refused);
	write_guard(out, &dns->guarded);
	write_one(out, "dns_zones", "gauge", "Zones that are served or were to be.", dns->nr_zones);
	write_one(out, "dns_zones_capacity", "gauge", "Zones that there is room for.",
		  AD_DNS_ZONE_MAX);
	write_zones(out, dns);
}

void metrics_write(struct evbuffer *out, const struct view *view, const struct status *status,
		   const struct metrics_daemon *daemon)
{
	write_build(out, view, status);
	write_daemon(out, daemon);
	if (!status)
		return;
	write_state(out, view, status);
	write_reasons(out, status);
	write_fleet(out, view, status);
	write_flow_table(out, status);
	write_hunt(out, &status->hunt_stats);
	write_dns(out, &status->dns);
}

/* --- the heaviest flows ---------------------------------------------------------------------- */

static void write_flow(struct evbuffer *out, const char *name, double value,
		       const struct names *names, const struct ad_flow *flow, const char *direction)
{
	char client[ENDPOINT_TEXT], vip[ENDPOINT_TEXT];

	endpoint_format(&flow->client, flow->client_port, client);
	flow_vip_format(flow, names, vip);
	prom_sample(out, name, value, "client", client, "vip", vip, "kind", flow_kind(flow->kind),
		    "owner", names_node_name(names, flow->owner), "pop",
		    names_pop_name(names, flow->owner), direction ? "direction" : NULL, direction,
		    NULL);
}

void metrics_write_flows(struct evbuffer *out, const struct names *names,
			 const struct flow_top *top)
{
	const struct ad_flow *flow, *end = top->flows + top->nr;

	prom_family(out, "flow_bytes_total", "counter", "IP bytes of the heaviest flows.");
	for (flow = top->flows; flow < end; flow++) {
		write_flow(out, "flow_bytes_total", flow->rx_bytes, names, flow, "rx");
		write_flow(out, "flow_bytes_total", flow->tx_bytes, names, flow, "tx");
	}
	prom_family(out, "flow_packets_total", "counter", "Packets of the heaviest flows.");
	for (flow = top->flows; flow < end; flow++) {
		write_flow(out, "flow_packets_total", flow->rx_packets, names, flow, "rx");
		write_flow(out, "flow_packets_total", flow->tx_packets, names, flow, "tx");
	}
	prom_family(out, "flow_age_seconds", "gauge", "Time since the flow was entered.");
	for (flow = top->flows; flow < end; flow++)
		write_flow(out, "flow_age_seconds", flow_seconds(names->now_s, flow->first_s),
			   names, flow, NULL);
	prom_family(out, "flow_idle_seconds", "gauge", "Time since the flow's last packet.");
	for (flow = top->flows; flow < end; flow++)
		write_flow(out, "flow_idle_seconds", flow_seconds(names->now_s, flow->last_s),
			   names, flow, NULL);
}
