// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * status_json.c: `anydoor status --json` and `anydoor stats --json`. Field names are a contract
 * with other people's programs.
 */
#include "counter.h"
#include "reloaded.h"
#include "status.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/bgp/record.h"
#include "user/connections/conn_book.h"
#include "user/fleet/divert.h"
#include "user/fleet/told.h"
#include "user/flows/flow_text.h"

static json_t *successors_json(const struct view *view, const struct ad_state *state)
{
	json_t *list = json_array();

	for (__u32 i = 0; i < state->nr_successors && i < AD_SUCCESSOR_MAX; i++)
		json_array_append_new(list, names_node_json(&view->names, state->successors[i]));
	return list;
}

static json_t *drain_json(const struct view *view, const struct status *status)
{
	bool draining = status->state.flags & AD_STATE_DRAINING;

	return json_pack("{s:b, s:o, s:o, s:o, s:O?, s:s?, s:i}", "draining", draining, "told",
			 told_json(&status->told), "successors",
			 successors_json(view, &status->state), "flows_left",
			 draining ? json_integer(status->ours) : json_null(), "steps",
			 json_object_get(status->bgp, "drain"), "diverts",
			 divert_key(divert_kind(&status->state)), "kept_percent",
			 divert_kept_percent(&status->state));
}

static json_t *interfaces_json(const struct status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->nr_interfaces; i++) {
		const struct status_interface *at = &status->interfaces[i];
		__u32 flags = at->record.flags & ~at->missing;

		json_array_append_new(list,
				      json_pack("{s:s, s:b, s:b, s:s, s:b}", "interface",
						at->record.name, "xdp", !!(flags & AD_ATTACHED_XDP),
						"egress", !!(flags & AD_ATTACHED_TC), "mode",
						flags & AD_ATTACHED_GENERIC ? "generic" : "native",
						"dispatcher", !!(flags & AD_ATTACHED_DISPATCHER)));
	}
	return list;
}

static json_t *flows_json(const struct status *status)
{
	const struct pins_occupancy *flows = &status->flows;
	json_t *json =
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "ours", (json_int_t)status->ours, "pin",
			  (json_int_t)flows->by_kind[AD_FLOW_PIN], "transit",
			  (json_int_t)flows->by_kind[AD_FLOW_TRANSIT], "idle",
			  (json_int_t)flows->idle, "free", (json_int_t)flows->by_kind[AD_FLOW_FREE],
			  "capacity", (json_int_t)flows->slots);

	counters_add_json(counters_flow, &status->flow_stats, json);
	return json;
}

/* Of those whose servers are elsewhere the kernel tells nothing. */
static json_t *telling_json(const struct status *status)
{
	const struct ad_connection_state *state = &status->telling;

	return json_pack("{s:b, s:s?, s:b, s:I, s:I, s:I, s:s?}", "counted",
			 state->state == AD_CONNECTIONS_COUNTED, "why",
			 state->state == AD_CONNECTIONS_FAILED ? state->why : NULL, "forwards",
			 !!(status->state.flags & AD_STATE_FORWARDS), "lost",
			 (json_int_t)state->lost, "logged", (json_int_t)state->logged,
			 "log_dropped", (json_int_t)state->dropped, "log_error",
			 state->log_failed ? state->log_why : NULL);
}

static json_t *ends_json(const double *ends, const __u64 *counts, size_t nr)
{
	json_t *list = json_array();

	for (size_t i = 0; i < nr; i++)
		json_array_append_new(list, json_pack("{s:o, s:I}", "up_to",
						      i < nr - 1 ? json_real(ends[i]) : json_null(),
						      "connections", (json_int_t)counts[i]));
	return list;
}

static json_t *connection_json(const struct view *view, const struct conn_seen *seen)
{
	static const struct ad_addr none;
	const struct ad_connection_counts *counts = &seen->counts;
	bool is_further = !addr_compare(&seen->key.vip, &none);
	char vip[ADDR_TEXT];
	json_t *json = json_pack("{s:s?, s:o, s:s?, s:o}", "vip",
				 is_further ? NULL : addr_format(&seen->key.vip, vip), "port",
				 is_further ? json_null() : json_integer(seen->key.port), "region",
				 *seen->key.region ? seen->key.region : NULL, "landing",
				 names_node_json(&view->names, seen->key.landing));

	counters_add_json(counters_connections, counts, json);
	json_object_set_new(
		json, "handshake_s",
		ends_json(conn_handshake_ends, counts->handshakes, AD_HANDSHAKE_BUCKETS));
	json_object_set_new(json, "duration_s",
			    ends_json(conn_life_ends, counts->lives, AD_LIFE_BUCKETS));
	json_object_set_new(json, "bytes",
			    ends_json(conn_size_ends, counts->sizes, AD_SIZE_BUCKETS));
	json_object_set_new(json, "resent",
			    ends_json(conn_resent_ends, counts->resent, AD_RESENT_BUCKETS));
	return json;
}

static json_t *connections_json(const struct view *view, const struct status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->nr_connections; i++)
		json_array_append_new(list, connection_json(view, &status->connections[i]));
	return list;
}

static json_t *hunt_json(const struct status *status)
{
	json_t *json = json_object();

	counters_add_json(counters_hunt, &status->hunt_stats, json);
	return json;
}

json_t *status_count_json(const struct ad_count *count)
{
	return json_pack("{s:I, s:I}", "packets", (json_int_t)count->packets, "bytes",
			 (json_int_t)count->bytes);
}

static json_t *packets_json(const struct status *status)
{
	json_t *packets = json_object();

	for (int i = 0; i < OUTCOME_NR; i++)
		json_object_set_new(packets, outcome_texts[i].label,
				    status_count_json(&status->outcomes[i]));
	return packets;
}

/* Sums over all that answer: kernel, daemon by UDP and by TCP. */
static json_t *by_json(const struct dns_stats *dns, const struct counter *counter)
{
	return json_pack("{s:o, s:o, s:o}", "kernel",
			 counter_json(counter, &dns->by[DNS_BY_KERNEL]), "daemon_udp",
			 counter_json(counter, &dns->by[DNS_BY_DAEMON_UDP]), "daemon_tcp",
			 counter_json(counter, &dns->by[DNS_BY_DAEMON_TCP]));
}

static json_t *zones_json(const struct dns_stats *dns)
{
	json_t *zones = json_array();

	for (size_t i = 0; i < dns->nr_zones; i++)
		json_array_append_new(
			zones, json_pack("{s:s, s:I, s:I}", "zone", dns->zones[i].name, "queries",
					 (json_int_t)dns->zones[i].queries, "daemon_queries",
					 (json_int_t)dns->zones[i].daemon_queries));
	return zones;
}

/* Answers by code stand at the top, by who gave them. */
static json_t *answers_json(const struct dns_stats *dns)
{
	const struct counter *rcodes = counter_find(counters_dns, "rcodes"), *counter;
	json_t *json = by_json(dns, rcodes);

	for (counter = counters_dns; counter->key; counter++)
		if (counter != rcodes)
			json_object_set_new(json, counter->key, by_json(dns, counter));
	counters_add_json(counters_tcp, dns, json);
	json_object_set_new(json, "zones", zones_json(dns));
	counters_add_json(counters_rules, &dns->rule_counts, json);
	return json;
}

static json_t *dns_json(const struct status *status)
{
	return json_pack("{s:I, s:I, s:I, s:i}", "kernel",
			 (json_int_t)dns_count_sum(&status->dns.by[DNS_BY_KERNEL]), "daemon_udp",
			 (json_int_t)dns_count_sum(&status->dns.by[DNS_BY_DAEMON_UDP]),
			 "daemon_tcp",
			 (json_int_t)dns_count_sum(&status->dns.by[DNS_BY_DAEMON_TCP]), "zones",
			 (int)status->dns.nr_zones);
}

static json_t *peers_json(const struct view *view, const struct status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->nr_peers; i++)
		if (status->peers[i].id != view->meta.node_id)
			json_array_append_new(list, peer_json(&view->names, &status->peers[i]));
	return list;
}

static json_t *steered_json(const struct status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->nr_pops; i++)
		json_array_append_new(list, pops_json(&status->pops[i]));
	return list;
}

json_t *status_warnings_json(const struct status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->nr_warnings; i++)
		json_array_append_new(list, json_string(status->warnings[i]));
	return list;
}

json_t *status_json(const struct view *view, const struct status *status)
{
	const struct ad_meta *meta = &view->meta;
	__u64 age = flow_seconds(view->names.now_s, meta->loaded_s);

	return json_pack(
		"{s:s, s:b, s:s, s:i, s:o, s:I, s:I, s:b, s:b, s:o, s:o, s:o, s:i, s:o, "
		"s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}",
		"instance", view->globals->instance, "loaded", 1, "version", meta->version, "abi",
		meta->abi, "node", names_node_json(&view->names, meta->node_id), "loaded_s",
		(json_int_t)clock_real_s(meta->loaded_s), "age_s", (json_int_t)age, "armed",
		!!(status->state.flags & AD_STATE_ARMED), "daemon", status->has_daemon, "reload",
		reloaded_json(&status->reload), "attached", interfaces_json(status), "drain",
		drain_json(view, status), "unstamped", status->state.unstamped, "flows",
		flows_json(status), "packets", packets_json(status), "dns", dns_json(status),
		"peers", peers_json(view, status), "steered", steered_json(status), "bgp",
		record_bgp_json(status->bgp), "bus", bus_seen_json(&status->bus), "connections",
		telling_json(status), "directory", directory_seen_json(&status->directory),
		"degraded", status->nr_warnings > 0, "warnings", status_warnings_json(status));
}

static json_t *reasons_json(const struct ad_count counts[AD_REASON_MAX])
{
	json_t *list = json_array();

	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++)
		json_array_append_new(list, reason_json(i, json_integer(counts[i].packets),
							json_integer(counts[i].bytes)));
	return list;
}

json_t *status_stats_json(const struct view *view, const struct status *status)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "instance", view->globals->instance,
			 "reasons", reasons_json(status->reasons), "flows", flows_json(status),
			 "hunt", hunt_json(status), "peers", peers_json(view, status), "dns",
			 answers_json(&status->dns), "connections", connections_json(view, status));
}
