// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * explain_text.c: an explanation for people (explain.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "explain.h"
#include "user/base/addr.h"
#include "user/base/output.h"
#include "user/zone/zone_rdata.h"

#define say(label, format, ...) printf("  %-10s" format "\n", label, ##__VA_ARGS__)

static const char *const draws[] = {
	[CONFIG_DRAW_ORDER] = "order",	     [CONFIG_DRAW_WEIGHTED] = "weighted",
	[CONFIG_DRAW_SPREAD] = "spread",     [CONFIG_DRAW_RTT] = "rtt",
	[CONFIG_DRAW_DISTANCE] = "distance",
};

/* --- where the client is ---------------------------------------------------------------------- */

static void print_client(const struct explain *explain, const struct dns_explain_name *name)
{
	const struct config_policy *policy = explain_policy(explain, name);
	char text[EXPLAIN_TEXT], address[ADDR_TEXT];
	const char *why = "nobody told a subnet";

	if (policy->locate == CONFIG_LOCATE_POP) {
		say("client", "does not matter: locate is `pop`, and the query arrives at %s",
		    explain->config->pops[explain->config->self->pop].name);
		return;
	}
	if (name->by_subnet) {
		say("client", "%s, the subnet that %s tells",
		    explain_prefix(&name->where, name->known_bits, text),
		    addr_format(&explain->ask.client, address));
		return;
	}
	if (policy->locate == CONFIG_LOCATE_RESOLVER)
		why = "locate is `resolver`";
	else if (!(name->steered->flags & AD_DNS_STEER_ECS))
		why = "ecs is off for this name";
	else if (explain->ask.has_subnet)
		why = "a subnet of no bits is the wish to stay unknown (RFC 7871, 7.1.2)";
	say("client", "%s, the address that asks: %s", addr_format(&name->where, address), why);
}

static void print_record(const char *database, const struct geo_record *record, const char *where)
{
	printf("  %-10s%s: ", "database", database);
	if (!*record->continent && !*record->country && !*record->subdivision && !record->asn &&
	    !record->cell)
		printf("nothing");
	if (*record->continent)
		printf("continent %s ", record->continent);
	if (*record->country)
		printf("country %s ", record->country);
	if (*record->subdivision)
		printf("subdivision %s ", record->subdivision);
	if (record->asn)
		printf("AS%u ", record->asn);
	if (record->cell)
		printf("coordinates ");
	printf("%sof %s\n", record->continent[0] || record->country[0] || record->asn ? "" : " ",
	       where);
}

/* The longest network first; those around it follow. */
static void print_networks(const struct explain *explain, const struct dns_explain_name *name,
			   const struct world_spot *spot)
{
	struct steer_key key = explain_key(name);
	char text[EXPLAIN_TEXT];
	__u32 network, same;

	for (network = spot->network; network; network = spot->networks->list[network].around)
		for (same = network; same; same = spot->networks->list[same].same)
			say("network", "%s of region %s",
			    explain_network(key.is_ip4, &spot->networks->list[same], text),
			    explain->config->regions[spot->networks->list[same].region].name);
}

static void print_regions(const struct explain *explain, const struct explain_rule *rule)
{
	const struct world_spot *spot = &rule->spot;
	char text[EXPLAIN_TEXT];
	size_t i;

	for (i = 0; i < spot->nr_pairs; i += 2)
		say("region", "%s, by %s", explain->config->regions[spot->pairs[i]].name,
		    explain_level(spot->pairs[i + 1], text));
}

static void print_place(struct explain *explain, const struct dns_explain_name *name)
{
	const struct config_policy *policy = explain_policy(explain, name);
	struct steer_key key = explain_key(name);
	struct explain_rule rule;
	char text[EXPLAIN_TEXT];
	size_t i;

	explain_find_rule(explain, name, &rule);
	if (policy->locate != CONFIG_LOCATE_POP) {
		for (i = 0; i < explain->world.nr_files; i++)
			print_record(explain->config->databases[i].name, rule.spot.words[i].record,
				     explain_range(&key, rule.spot.words[i].start,
						   rule.spot.words[i].end, text));
		print_networks(explain, name, &rule.spot);
		print_regions(explain, &rule);
	}
	if (rule.level)
		say("rule", "%s, which names it most exactly (by %s): %s", rule.region,
		    explain_level(rule.level, text), rule.pops);
	else
		say("rule", "default, for no rule of the policy fits%s: %s",
		    policy->draw == CONFIG_DRAW_DISTANCE && rule.spot.record.cell
			    ? ", the nearest first"
			    : "",
		    rule.pops);
	if (policy->locate != CONFIG_LOCATE_POP)
		say("location", "%u, like all of %s", name->location,
		    explain_prefix(&name->where, name->place_bits, text));
}

/* --- who is chosen ---------------------------------------------------------------------------- */

static void print_rows(const struct explain *explain, const struct dns_explain_name *name)
{
	char text[EXPLAIN_ROW_TEXT], network[EXPLAIN_TEXT];
	const struct ad_steer_row *row;
	unsigned int rank;

	for (rank = 0; rank < AD_STEER_RANKS; rank++) {
		row = dns_explain_row(explain->zones->steering, name->steered->policy,
				      name->location, rank);
		if (!row)
			break;
		say("row", "%u: %s of %u slots", rank + 1, explain_row(explain, row, text),
		    AD_STEER_SLOTS);
	}
	if (name->drawn)
		say("draw", "slot %u, like all of %s",
		    (unsigned int)(name->draw & (AD_STEER_SLOTS - 1)),
		    explain_prefix(&name->where, name->draw_bits, network));
	else
		say("draw", "none: every client of the location gets the same");
}

static void print_pops(const struct explain *explain, const struct dns_explain_name *name)
{
	char state[POP_STATE_TEXT], who[POP_WHO_TEXT];
	const struct ad_steer_told *told;
	size_t i;

	for (i = 0; i < name->asked.nr; i++) {
		const struct dns_asked_pop *pop = &name->asked.list[i];

		told = &explain->told[pop->pop];
		say("POP", "%s: %s%s%s: %s%s", explain->config->pops[pop->pop].name,
		    pops_state(told, state), told->state ? ", told by " : "", pops_who(told, who),
		    explain_outcome(name, i),
		    pop->careless ? " (all others are out: what it sheds does not count)" : "");
	}
}

/* Not where all are out, and the last resort has one nevertheless. */
static bool is_chosen(const struct dns_explain_name *name)
{
	size_t i;

	for (i = 0; i < name->asked.nr; i++)
		if (name->asked.list[i].pop == name->pop &&
		    !strcmp(explain_outcome(name, i), "chosen"))
			return true;
	return false;
}

static void print_choice(const struct explain *explain, const struct dns_explain_name *name)
{
	static const char *const outs[] = { [CONFIG_OUT_LAST_RESORT] = "the last resort",
					    [CONFIG_OUT_SERVFAIL] = "SERVFAIL",
					    [CONFIG_OUT_NODATA] = "no data" };
	const struct config_policy *policy = explain_policy(explain, name);
	char member[NAME_TEXT];
	unsigned int i;

	if (name->pop == AD_STEER_NONE) {
		say("all out", "%s, as all_out says", outs[policy->all_out]);
		return;
	}
	if (!is_chosen(name))
		say("all out", "%s, as if it were up", explain->config->pops[name->pop].name);
	for (i = 0; i < name->nr_pops; i++)
		say("member", "%s", name_format(name->steered->members[name->pops[i]], member));
	if (name->doubtful && name->steered->flags & AD_DNS_STEER_DOUBT)
		say("TTL", "at most %u (doubt_ttl), for a POP that was asked is in doubt or out",
		    name->steered->doubt_ttl);
	else if (name->steered->ttl != DNS_STEERED_TTL)
		say("TTL", "%u, the name's", name->steered->ttl);
	else
		say("TTL", "as the member's records have it");
}

static void print_name(struct explain *explain, const struct dns_explain_name *name)
{
	const struct config_policy *policy;
	char text[NAME_TEXT], steered[NAME_TEXT];

	name_format(name->name, text);
	if (!name->steered) {
		printf("%s is not steered: everybody is told the same\n\n", text);
		return;
	}
	policy = explain_policy(explain, name);
	printf("%s is steered", text);
	if (strcmp(text, name_format(name->steered->name, steered)))
		printf(" as %s", steered);
	printf(", by policy %s (%s)\n", policy->name, draws[policy->draw]);
	print_client(explain, name);
	print_place(explain, name);
	print_rows(explain, name);
	print_pops(explain, name);
	print_choice(explain, name);
	putchar('\n');
}

/* --- the answer ------------------------------------------------------------------------------- */

static void print_answer(const struct explain *explain)
{
	knot_pkt_t *pkt = explain_reply(&explain->how);
	const knot_pktsection_t *answers = pkt ? knot_pkt_section(pkt, KNOT_ANSWER) : NULL;
	char owner[NAME_TEXT], type[ZONE_TYPE_TEXT];
	__u16 i;

	printf("answer: %s", explain_verdict(&explain->how));
	if (explain->how.scope >= 0)
		printf(", for all of the subnet's first %d bits (scope)", explain->how.scope);
	putchar('\n');
	for (i = 0; answers && i < answers->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(answers, i);
		char *data = explain_data(rr, 0);

		printf("  %s %u %s %s\n", name_format(rr->owner, owner), rr->ttl,
		       zone_type_name(rr->type, type), data ?: "?");
		free(data);
	}
	knot_pkt_free(pkt);
}

void explain_print(struct explain *explain)
{
	size_t i;

	for (i = 0; i < explain->how.nr; i++)
		print_name(explain, &explain->how.names[i]);
	print_answer(explain);
	if (!explain->is_loaded)
		puts("No instance is loaded here: all POPs are taken as up.");
}
