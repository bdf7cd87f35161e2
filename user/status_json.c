// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * status_json.c: `anydoor status --json`. Field names are a contract with other people's programs.
 */
#include "user/base/clock.h"
#include "user/fleet/hunt.h"
#include "user/flows/flow_text.h"
#include "user/status/reloaded.h"
#include "user/status/status.h"

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

	return json_pack("{s:b, s:o, s:o}", "draining", draining, "successors",
			 successors_json(view, &status->state), "flows_left",
			 draining ? json_integer(status->flows_left) : json_null());
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

json_t *status_flows_json(const struct status *status)
{
	const struct pins_occupancy *flows = &status->flows;
	const struct ad_flow_stats *stats = &status->flow_stats;

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "ours",
			 (json_int_t)flows->by_kind[AD_FLOW_OURS], "pin",
			 (json_int_t)flows->by_kind[AD_FLOW_PIN], "transit",
			 (json_int_t)flows->by_kind[AD_FLOW_TRANSIT], "idle",
			 (json_int_t)flows->idle, "free", (json_int_t)flows->by_kind[AD_FLOW_FREE],
			 "capacity", (json_int_t)flows->slots, "inserts",
			 (json_int_t)stats->inserts, "evictions", (json_int_t)stats->evictions,
			 "expiries", (json_int_t)stats->expiries, "refusals",
			 (json_int_t)stats->refusals);
}

static json_t *refused_json(const struct ad_hunt_stats *stats)
{
	json_t *budgets = json_object();

	for (int i = 0; i < AD_BUDGET_CLASSES; i++) {
		json_t *scopes = json_object();

		for (int j = 0; j < AD_BUDGET_SCOPES; j++)
			json_object_set_new(scopes, budget_scopes[j],
					    json_integer(stats->refused[i][j]));
		json_object_set_new(budgets, budget_names[i], scopes);
	}
	return budgets;
}

json_t *status_hunt_json(const struct status *status)
{
	const struct ad_hunt_stats *stats = &status->hunt_stats;

	return json_pack("{s:I, s:I, s:I, s:I, s:o}", "by_hint", (json_int_t)stats->by_hint,
			 "by_source", (json_int_t)stats->by_source, "learned",
			 (json_int_t)stats->learned, "scouts", (json_int_t)stats->scouts, "refused",
			 refused_json(stats));
}

static json_t *count_json(const struct ad_count *count)
{
	return json_pack("{s:I, s:I}", "packets", (json_int_t)count->packets, "bytes",
			 (json_int_t)count->bytes);
}

static json_t *packets_json(const struct status *status)
{
	json_t *packets = json_object();

	for (int i = 0; i < OUTCOME_NR; i++)
		json_object_set_new(packets, outcome_texts[i].label,
				    count_json(&status->outcomes[i]));
	return packets;
}

static json_t *rcodes_json(const struct ad_dns_count *count)
{
	json_t *rcodes = json_object();
	char number[16];

	for (int i = 0; i < AD_DNS_RCODES; i++) {
		const char *name = dns_rcode_name(i);

		if (!count->rcodes[i])
			continue;
		snprintf(number, sizeof(number), "RCODE%d", i);
		json_object_set_new(rcodes, name ? name : number, json_integer(count->rcodes[i]));
	}
	return rcodes;
}

static json_t *types_json(const struct ad_dns_count *count)
{
	json_t *types = json_object();
	char text[DNS_TYPE_TEXT];

	for (int i = 0; i < AD_DNS_TYPES; i++)
		if (count->types[i])
			json_object_set_new(types, dns_type_name(i, text),
					    json_integer(count->types[i]));
	return types;
}

static json_t *edns_json(const struct ad_dns_count *count)
{
	static const char *const families[] = { "ip4", "ip6" };
	json_t *edns = json_object(), *kinds;

	for (int i = 0; i < 2; i++) {
		kinds = json_object();
		for (int kind = 0; kind < AD_DNS_EDNS_KINDS; kind++)
			json_object_set_new(kinds, dns_edns_name(kind),
					    json_integer(count->edns[i][kind]));
		json_object_set_new(edns, families[i], kinds);
	}
	return edns;
}

static json_t *truncated_json(const struct ad_dns_count *count)
{
	return json_integer(count->truncated);
}

/* The same of all who answer. */
static json_t *by_json(const struct dns_stats *dns, json_t *(*part)(const struct ad_dns_count *))
{
	return json_pack("{s:o, s:o, s:o}", "kernel", part(&dns->by[DNS_BY_KERNEL]), "daemon_udp",
			 part(&dns->by[DNS_BY_DAEMON_UDP]), "daemon_tcp",
			 part(&dns->by[DNS_BY_DAEMON_TCP]));
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

static json_t *cookies_json(const struct ad_dns_guarded *guarded)
{
	json_t *cookies = json_object();

	for (int i = AD_DNS_COOKIE_NEW; i < AD_DNS_COOKIE_STATES; i++)
		json_object_set_new(cookies, dns_cookie_name(i), json_integer(guarded->cookies[i]));
	return cookies;
}

static json_t *limited_json(const struct ad_dns_guarded *guarded)
{
	json_t *limited = json_object(), *classes;

	for (int class = 0; class < AD_DNS_CLASSES; class ++) {
		classes = json_object();
		for (int i = AD_DNS_LIMITED_DROPPED; i < AD_DNS_LIMITED_STATES; i++)
			json_object_set_new(classes, dns_limited_name(i),
					    json_integer(guarded->limited[i][class]));
		json_object_set_new(limited, dns_class_name(class), classes);
	}
	return limited;
}

json_t *status_dns_json(const struct dns_stats *dns)
{
	json_t *json = by_json(dns, rcodes_json);

	json_object_set_new(json, "types", by_json(dns, types_json));
	json_object_set_new(json, "edns", by_json(dns, edns_json));
	json_object_set_new(json, "truncated", by_json(dns, truncated_json));
	json_object_set_new(json, "tcp_open", json_integer(dns->tcp_open));
	json_object_set_new(json, "tcp_refused", json_integer(dns->tcp_refused));
	json_object_set_new(json, "zones", zones_json(dns));
	json_object_set_new(json, "cookies", cookies_json(&dns->guarded));
	json_object_set_new(json, "limited", limited_json(&dns->guarded));
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

json_t *status_peers_json(const struct view *view, const struct status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->nr_peers; i++)
		if (status->peers[i].id != view->meta.node_id)
			json_array_append_new(list, peer_json(&view->names, &status->peers[i]));
	return list;
}

static json_t *warnings_json(const struct status *status)
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

	return json_pack("{s:s, s:b, s:s, s:i, s:o, s:I, s:I, s:b, s:b, s:o, s:o, s:o, s:i, s:o, "
			 "s:o, s:o, s:o, s:b, s:o}",
			 "instance", view->globals->instance, "loaded", 1, "version", meta->version,
			 "abi", meta->abi, "node", names_node_json(&view->names, meta->node_id),
			 "loaded_s", (json_int_t)clock_real_s(meta->loaded_s), "age_s",
			 (json_int_t)age, "armed", !!(status->state.flags & AD_STATE_ARMED),
			 "daemon", status->has_daemon, "reload", reloaded_json(&status->reload),
			 "attached", interfaces_json(status), "drain", drain_json(view, status),
			 "unstamped", status->state.unstamped, "flows", status_flows_json(status),
			 "packets", packets_json(status), "dns", dns_json(status), "peers",
			 status_peers_json(view, status), "degraded", status->nr_warnings > 0,
			 "warnings", warnings_json(status));
}
