// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * explain_json.c: an explanation for programs (explain.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "explain.h"
#include "user/base/addr.h"
#include "user/zone/zone_rdata.h"

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static json_t *record_json(const char *database, const struct geo_record *record, const char *where)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "database", database, "network", where,
			 "continent", text_or_null(record->continent), "country",
			 text_or_null(record->country), "subdivision",
			 text_or_null(record->subdivision), "asn",
			 record->asn ? json_integer(record->asn) : json_null());
}

static json_t *databases_json(const struct explain *explain, const struct dns_explain_name *name,
			      const struct world_spot *spot)
{
	struct steer_key key = explain_key(name);
	json_t *list = json_array();
	char text[EXPLAIN_TEXT];
	size_t i;

	for (i = 0; i < explain->world.nr_files; i++)
		json_array_append_new(list, record_json(explain->config->databases[i].name,
							spot->words[i].record,
							explain_range(&key, spot->words[i].start,
								      spot->words[i].end, text)));
	return list;
}

static json_t *networks_json(const struct explain *explain, const struct dns_explain_name *name,
			     const struct world_spot *spot)
{
	struct steer_key key = explain_key(name);
	const struct network *list = spot->networks->list;
	json_t *networks = json_array();
	char text[EXPLAIN_TEXT];
	__u32 network, same;

	for (network = spot->network; network; network = list[network].around)
		for (same = network; same; same = list[same].same)
			json_array_append_new(
				networks,
				json_pack("{s:s, s:s}", "network",
					  explain_network(key.is_ip4, &list[same], text), "region",
					  explain->config->regions[list[same].region].name));
	return networks;
}

static json_t *regions_json(const struct explain *explain, const struct world_spot *spot)
{
	json_t *list = json_array();
	char text[EXPLAIN_TEXT];
	size_t i;

	for (i = 0; i < spot->nr_pairs; i += 2)
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "region",
						explain->config->regions[spot->pairs[i]].name, "by",
						explain_level(spot->pairs[i + 1], text)));
	return list;
}

static json_t *place_json(struct explain *explain, const struct dns_explain_name *name)
{
	bool asks = explain_policy(explain, name)->locate != CONFIG_LOCATE_POP;
	struct explain_rule rule;
	char text[EXPLAIN_TEXT];
	json_t *place;

	explain_find_rule(explain, name, &rule);
	place = json_pack("{s:s, s:s, s:s, s:i}", "rule", rule.region, "by",
			  explain_level(rule.level, text), "pops", rule.pops, "location",
			  name->location);
	if (!asks)
		return place;
	json_object_set_new(place, "databases", databases_json(explain, name, &rule.spot));
	json_object_set_new(place, "networks", networks_json(explain, name, &rule.spot));
	json_object_set_new(place, "regions", regions_json(explain, &rule.spot));
	json_object_set_new(place, "alike",
			    json_string(explain_prefix(&name->where, name->place_bits, text)));
	return place;
}

static json_t *rows_json(const struct explain *explain, const struct dns_explain_name *name)
{
	json_t *list = json_array();
	char text[EXPLAIN_ROW_TEXT];
	const struct ad_steer_row *row;
	unsigned int rank;

	for (rank = 0; rank < AD_STEER_RANKS; rank++) {
		row = dns_explain_row(explain->zones->steering, name->steered->policy,
				      name->location, rank);
		if (!row)
			break;
		json_array_append_new(list, json_string(explain_row(explain, row, text)));
	}
	return list;
}

static json_t *draw_json(const struct dns_explain_name *name)
{
	char text[EXPLAIN_TEXT];

	if (!name->drawn)
		return json_null();
	return json_pack("{s:i, s:s}", "slot", (int)(name->draw & (AD_STEER_SLOTS - 1)), "alike",
			 explain_prefix(&name->where, name->draw_bits, text));
}

static json_t *asked_json(const struct explain *explain, const struct dns_explain_name *name)
{
	json_t *list = json_array();
	char state[POP_STATE_TEXT];
	size_t i;

	for (i = 0; i < name->asked.nr; i++) {
		const struct dns_asked_pop *pop = &name->asked.list[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "pop",
						      explain->config->pops[pop->pop].name, "state",
						      pops_state(&explain->told[pop->pop], state),
						      "outcome", explain_outcome(name, i)));
	}
	return list;
}

static void set_choice(json_t *to, const struct explain *explain,
		       const struct dns_explain_name *name)
{
	json_t *others = json_array();
	char member[NAME_TEXT];
	unsigned int i;

	json_object_set_new(to, "others", others);
	if (name->pop == AD_STEER_NONE) {
		json_object_set_new(to, "pop", json_null());
		json_object_set_new(to, "member", json_null());
		return;
	}
	for (i = 1; i < name->nr_pops; i++)
		json_array_append_new(
			others,
			json_pack("{s:s, s:s}", "pop", explain->config->pops[name->pops[i]].name,
				  "member",
				  name_format(name->steered->members[name->pops[i]], member)));
	json_object_set_new(to, "pop", json_string(explain->config->pops[name->pop].name));
	json_object_set_new(to, "member",
			    json_string(name_format(name->steered->members[name->pop], member)));
}

static json_t *name_json(struct explain *explain, const struct dns_explain_name *name)
{
	char text[NAME_TEXT], address[ADDR_TEXT], network[EXPLAIN_TEXT];
	json_t *to = json_pack("{s:s, s:b}", "name", name_format(name->name, text), "steered",
			       name->steered != NULL);

	if (!name->steered)
		return to;
	json_object_set_new(to, "as", json_string(name_format(name->steered->name, text)));
	json_object_set_new(to, "policy", json_string(explain_policy(explain, name)->name));
	json_object_set_new(to, "found_by", json_string(explain_by(explain, name)));
	json_object_set_new(to, "client",
			    json_string(name->by_subnet ? explain_prefix(&name->where,
									 name->known_bits, network)
							: addr_format(&name->where, address)));
	json_object_update_new(to, place_json(explain, name));
	json_object_set_new(to, "rows", rows_json(explain, name));
	json_object_set_new(to, "draw", draw_json(name));
	json_object_set_new(to, "asked", asked_json(explain, name));
	json_object_set_new(to, "in_doubt", json_boolean(name->doubtful));
	set_choice(to, explain, name);
	return to;
}

static json_t *answers_json(const struct explain *explain)
{
	knot_pkt_t *pkt = explain_reply(&explain->how);
	const knot_pktsection_t *answers = pkt ? knot_pkt_section(pkt, KNOT_ANSWER) : NULL;
	char owner[NAME_TEXT], type[ZONE_TYPE_TEXT];
	json_t *list = json_array();
	__u16 i, at;

	for (i = 0; answers && i < answers->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(answers, i);

		for (at = 0; at < rr->rrs.count; at++) {
			char *data = explain_data(rr, at);

			json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:s}", "name",
							      name_format(rr->owner, owner), "ttl",
							      (int)rr->ttl, "type",
							      zone_type_name(rr->type, type),
							      "data", data ?: ""));
			free(data);
		}
	}
	knot_pkt_free(pkt);
	return list;
}

json_t *explain_json(struct explain *explain)
{
	const struct dns_explanation *how = &explain->how;
	json_t *names = json_array();
	char address[ADDR_TEXT];
	size_t i;

	for (i = 0; i < how->nr; i++)
		json_array_append_new(names, name_json(explain, &how->names[i]));
	return json_pack("{s:s, s:b, s:o, s:s, s:o, s:o}", "asked_by",
			 addr_format(&explain->ask.client, address), "loaded", explain->is_loaded,
			 "names", names, "rcode", explain_verdict(how), "scope",
			 how->scope >= 0 ? json_integer(how->scope) : json_null(), "answers",
			 answers_json(explain));
}
