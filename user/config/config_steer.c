// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * config_steer.c: what needs more than one row of the schema, of steering: choices of POPs, rules
 * by region, and what contradicts itself.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config_schema.h"
#include "user/base/addr.h"
#include "user/base/nearest.h"

#define QUOTED 64

/* --- choices ---------------------------------------------------------------------------------- */

/* A text that is being read, and what it becomes. */
struct reading {
	struct config_reader *loader;
	const struct value *value;
	struct config_choices *choices;
	size_t ranks;
	bool is_bad;
};

__attribute__((format(printf, 3, 4))) static void refuse(struct reading *reading, const char *item,
							 const char *format, ...)
{
	char what[128], quoted[QUOTED];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	config_complain(reading->loader, reading->value->line, reading->value->row->path,
			"\"%s\" %s", text_quote(item, quoted, sizeof(quoted)), what);
	reading->is_bad = true;
}

/* The index of the POP, or nr_pops after a complaint. */
static size_t find_pop(struct reading *reading, const char *name)
{
	const struct config *config = reading->loader->config;
	struct nearest near = { .word = name };
	size_t i;

	for (i = 0; i < config->nr_own_pops; i++)
		if (config->pops[i].name && !strcmp(config->pops[i].name, name))
			return i;
	for (i = 0; i < config->nr_own_pops; i++)
		if (config->pops[i].name)
			nearest_offer(&near, config->pops[i].name);
	refuse(reading, name, "is not among `pops`%s%s%s", near.best ? "; did you mean " : "",
	       near.best ?: "", near.best ? "?" : "");
	return config->nr_pops;
}

static bool is_chosen(const struct config_choices *choices, size_t pop)
{
	size_t i;

	for (i = 0; i < choices->nr; i++)
		if (choices->list[i].pop == pop)
			return true;
	return false;
}

/* "fra" or "fra=3". Its weight, 0 if nobody shall be sent there. */
static unsigned int read_choice(struct reading *reading, char *item)
{
	struct config_choices *choices = reading->choices;
	unsigned long weight = 1;
	char *digits = strchr(item, '=');
	size_t pop;

	if (digits) {
		*digits++ = '\0';
		weight = strtoul(digits, NULL, 10);
		if (!*digits || digits[strspn(digits, "0123456789")] || weight > CONFIG_WEIGHT_MAX)
			refuse(reading, digits, "is no weight: 0 to %d", CONFIG_WEIGHT_MAX);
	}
	pop = find_pop(reading, item);
	if (reading->is_bad)
		return 1;
	if (is_chosen(choices, pop))
		refuse(reading, item, "stands here twice");
	else if (pop >= AD_STEER_POPS_MAX)
		refuse(reading, item, "is not among the first %d of `pops`, which can be chosen",
		       AD_STEER_POPS_MAX);
	else if (weight)
		choices->list[choices->nr++] =
			(struct config_choice){ pop, reading->ranks, weight };
	return weight;
}

static void read_group(struct reading *reading, char *group)
{
	unsigned int weights = 0;
	char *item, *rest = group, whole[QUOTED];

	snprintf(whole, sizeof(whole), "%s", group);
	while ((item = strsep(&rest, "|")))
		weights += read_choice(reading, item);
	if (!weights)
		refuse(reading, whole, "has no weight above 0");
	reading->ranks++;
}

static size_t count_choices(const char *text)
{
	size_t nr = 1;

	for (; *text; text++)
		nr += *text == ',' || *text == '|';
	return nr;
}

/* @text: "fra, nyc|sin, lax=3|sea=1". */
static void read_choices(struct config_reader *loader, const struct value *value, const char *text,
			 struct config_choices *choices)
{
	struct reading reading = { .loader = loader, .value = value, .choices = choices };
	char *copy = strdup(text), *rest = copy, *group;

	choices->text = strdup(text);
	choices->list = calloc(count_choices(text), sizeof(*choices->list));
	if (!copy || !choices->text || !choices->list) {
		loader->no_memory = true;
		free(copy);
		return;
	}
	while ((group = strsep(&rest, ","))) {
		group += strspn(group, " ");
		read_group(&reading, group);
	}
	free(copy);
}

void later_choices(struct config_reader *loader, const struct value *value)
{
	if (value->text)
		read_choices(loader, value, value->text, value->where);
}

/* --- rules ------------------------------------------------------------------------------------ */

static void complain_region(struct config_reader *loader, const struct value *value,
			    const char *name)
{
	const struct config *config = loader->config;
	struct nearest near = { .word = name };
	char quoted[QUOTED];
	size_t i;

	for (i = 0; i < config->nr_regions; i++)
		if (config->regions[i].name)
			nearest_offer(&near, config->regions[i].name);
	config_complain(loader, value->line, value->row->path,
			"\"%s\" is not among `regions`%s%s%s",
			text_quote(name, quoted, sizeof(quoted)),
			near.best ? "; did you mean " : "", near.best ?: "", near.best ? "?" : "");
}

static void take_region(struct config_reader *loader, const struct value *value, const char *name,
			struct config_rule *rule)
{
	const struct config *config = loader->config;
	size_t i;

	for (i = 0; i < config->nr_regions; i++) {
		if (config->regions[i].name && !strcmp(config->regions[i].name, name)) {
			rule->region = i;
			return;
		}
	}
	rule->region = config->nr_regions;
	complain_region(loader, value, name);
}

/* One rule: "europe: fra, nyc|sin". */
void later_rule(struct config_reader *loader, const struct value *value)
{
	const char *colon = value->text ? strchr(value->text, ':') : NULL;
	struct config_rule *rule = value->where;
	char *name;

	if (!colon)
		return;
	name = strndup(value->text, colon - value->text);
	if (!name) {
		loader->no_memory = true;
		return;
	}
	take_region(loader, value, name, rule);
	read_choices(loader, value, colon + 1 + strspn(colon + 1, " "), &rule->pops);
	free(name);
}

void later_policy(struct config_reader *loader, const struct value *value)
{
	const struct config *config = loader->config;
	struct nearest near = { .word = value->text };
	char quoted[QUOTED];
	__u16 i;

	for (i = 0; i < config->nr_policies; i++) {
		if (config->policies[i].name && !strcmp(config->policies[i].name, value->text)) {
			memcpy(value->where, &i, sizeof(i));
			return;
		}
	}
	for (i = 0; i < config->nr_policies; i++)
		if (config->policies[i].name)
			nearest_offer(&near, config->policies[i].name);
	config_complain(loader, value->line, value->row->path,
			"\"%s\" is not among `policies`%s%s%s",
			text_quote(value->text, quoted, sizeof(quoted)),
			near.best ? "; did you mean " : "", near.best ?: "", near.best ? "?" : "");
}

/* --- rules that span keys --------------------------------------------------------------------- */

/* What steer_locate() (bpf/dns/dns_locate.h) looks up as an IPv4 address. */
static bool hides_ip4(const struct ad_addr *addr)
{
	static const __u8 nat64[12] = { 0x00, 0x64, 0xff, 0x9b }, teredo[4] = { 0x20, 0x01 };

	return (addr->b[0] == 0x20 && addr->b[1] == 0x02) ||
	       !memcmp(addr->b, teredo, sizeof(teredo)) || !memcmp(addr->b, nat64, sizeof(nat64));
}

const char *config_network_trouble(const struct config_prefix *network)
{
	if (addr_is_ip4(&network->address) && network->bits >= 96)
		return NULL;
	if (hides_ip4(&network->address))
		return "stands for IPv4 addresses: write their IPv4 network instead";
	return network->bits > 64 ? "is longer than /64, which is what IPv6 clients are told "
				    "apart by"
				  : NULL;
}

static void check_region(struct config_reader *loader, const struct config_region *region)
{
	bool by_database = region->continents.nr || region->countries.nr ||
			   region->subdivisions.nr || region->asns.nr;
	const char *trouble = NULL, *name = region->name ?: "it";
	char text[ADDR_TEXT];
	size_t i;

	if (!by_database && !region->networks.nr && !region->network_file)
		config_complain(loader, region->line, "regions[]",
				"%s has nothing in it: name countries, networks or the like", name);
	if (by_database && !loader->config->nr_databases)
		config_complain(loader, region->line, "regions[]",
				"%s needs a database that tells where addresses are: name one in "
				"`geo.databases`",
				name);
	for (i = 0; i < region->networks.nr && !trouble; i++) {
		trouble = config_network_trouble(&region->networks.list[i]);
		if (trouble)
			config_complain(loader, region->line, "regions[].networks", "%s/%u %s",
					addr_format(&region->networks.list[i].address, text),
					region->networks.list[i].bits, trouble);
	}
}

static void check_twice(struct config_reader *loader, const struct config_policy *policy)
{
	const struct config_rule *rules = policy->rules.list;
	size_t i, j;

	for (i = 0; i < policy->rules.nr; i++) {
		for (j = 0; rules[i].region < loader->config->nr_regions && j < i; j++) {
			if (rules[j].region != rules[i].region)
				continue;
			config_complain(loader, rules[i].line, "policies[].rules",
					"%s stands here twice; first on line %d",
					loader->config->regions[rules[i].region].name,
					rules[j].line);
			break;
		}
	}
}

/* Each POP that distance orders must be somewhere. */
static void check_places(struct config_reader *loader, const struct config_policy *policy)
{
	const struct config *config = loader->config;
	size_t i;

	for (i = 0; i < policy->fallback.nr; i++) {
		const struct config_pop *pop = &config->pops[policy->fallback.list[i].pop];

		if (!pop->at.text)
			config_complain(loader, pop->line, "pops[].at",
					"%s is in no place, and policy %s goes by distance: write "
					"its coordinates, such as at: [50.1, 8.7]",
					pop->name ?: "it", policy->name ?: "?");
	}
	if (!config->nr_databases)
		config_complain(loader, policy->line, "policies[].draw",
				"%s goes by distance, which needs a database with coordinates: "
				"name one in `geo.databases`",
				policy->name ?: "it");
	if (policy->locate == CONFIG_LOCATE_POP)
		config_complain(loader, policy->line, "policies[].draw",
				"%s has `locate: pop`, by which clients are nowhere: leave one of "
				"them out",
				policy->name ?: "it");
}

static void check_policy(struct config_reader *loader, const struct config_policy *policy)
{
	const char *name = policy->name ?: "it";

	if (policy->draw == CONFIG_DRAW_DISTANCE)
		check_places(loader, policy);
	if (policy->draw == CONFIG_DRAW_RTT && policy->locate == CONFIG_LOCATE_POP)
		config_complain(loader, policy->line, "policies[].draw",
				"%s goes by round-trip time and has `locate: pop`, by which "
				"clients are nowhere: leave one of them out",
				name);

	if (policy->locate == CONFIG_LOCATE_POP && policy->rules.nr)
		config_complain(loader, policy->line, "policies[].rules",
				"%s has `locate: pop`, by which clients are in no region: leave "
				"its rules out",
				name);
	if (policy->all_out != CONFIG_OUT_LAST_RESORT && policy->last_resort.text)
		config_complain(loader, policy->line, "policies[].last_resort",
				"%s has another `all_out`, so nobody would get there: leave one of "
				"them out",
				name);
}

/* Whether the absolute @name is @zone's apex or below it. */
static bool is_in(const char *name, const char *zone)
{
	size_t length = strlen(name), tail = strlen(zone);

	if (!strcmp(zone, "."))
		return true;
	return length >= tail && !strcmp(name + length - tail, zone) &&
	       (length == tail || name[length - tail - 1] == '.');
}

size_t config_zone_of(const struct config *config, const char *name)
{
	size_t i, best = config->nr_zones;

	for (i = 0; i < config->nr_zones; i++)
		if (config->zones[i].name && is_in(name, config->zones[i].name) &&
		    (best == config->nr_zones ||
		     strlen(config->zones[i].name) > strlen(config->zones[best].name)))
			best = i;
	return best;
}

static void check_steered(struct config_reader *loader, const struct config_steered *steered)
{
	if (steered->name &&
	    config_zone_of(loader->config, steered->name) == loader->config->nr_zones)
		config_complain(loader, steered->line, "steer[].name",
				"%s is in none of `dns.zones`", steered->name);
	if (steered->members && !strstr(steered->members, CONFIG_POP_MARK))
		config_complain(loader, steered->line, "steer[].members",
				"has no {pop} in it: all POPs would have the same records");
}

static void check_shed_command(struct config_reader *loader)
{
	struct config *config = loader->config;
	struct config_check *by = &config->shed.by;
	size_t i, nr = 0;

	by->by = CONFIG_CHECK_COMMAND;
	config_check_times(loader, by, "shed.timeout", config->shed.line);
	if (!by->command.text)
		return;
	for (i = 0; i < by->command.nr; i++)
		if (strstr(by->command.list[i], "{address}"))
			config_complain(loader, config->shed.line, "shed.command",
					"a POP has no one address: leave {address} out");
	for (i = 0; i < config->nr_pops; i++)
		nr += config->pops[i].capacity != 0;
	if (!nr)
		config_complain(loader, config->shed.line, "shed.command",
				"its number has nothing to be compared with: give a POP a "
				"`capacity`");
}

static void check_shed(struct config_reader *loader)
{
	const struct config *config = loader->config;

	if (config->shed.from && config->shed.to && config->shed.from >= config->shed.to)
		config_complain(loader, config->shed.line, "shed",
				"`from` %u is not below `to` %u: write a smaller `from`",
				config->shed.from, config->shed.to);
	check_shed_command(loader);
}

char *config_variant_file(const struct config_zone *zone, const char *pop)
{
	const char *at = zone->variants, *mark;
	size_t size;
	char *path;
	FILE *out = open_memstream(&path, &size);

	if (!out)
		return NULL;
	for (; (mark = strstr(at, CONFIG_POP_MARK)); at = mark + strlen(CONFIG_POP_MARK))
		fprintf(out, "%.*s%s", (int)(mark - at), at, pop);
	fputs(at, out);
	return fclose(out) ? NULL : path;
}

static void check_variants(struct config_reader *loader, size_t index)
{
	const struct config *config = loader->config;
	const struct config_zone *zone = &config->zones[index];
	size_t i;

	if (!zone->variants && !zone->sign_key)
		return;
	if (zone->variants && zone->sign_key)
		config_complain(loader, zone->line, "dns.zones[].sign_key",
				"%s has `variants`, too: take one away", zone->name ?: "the zone");
	if (zone->variants && !strstr(zone->variants, CONFIG_POP_MARK))
		config_complain(loader, zone->line, "dns.zones[].variants",
				"has no {pop} in it: the records of each POP are signed in a file "
				"of their own");
	for (i = 0; i < config->nr_steered; i++)
		if (config->steered[i].name &&
		    config_zone_of(config, config->steered[i].name) == index)
			return;
	config_complain(loader, zone->line,
			zone->variants ? "dns.zones[].variants" : "dns.zones[].sign_key",
			"no name of %s is steered: leave it out", zone->name ?: "the zone");
}

void config_steer_check(struct config_reader *loader)
{
	const struct config *config = loader->config;
	size_t i;

	for (i = 0; i < config->nr_regions; i++)
		check_region(loader, &config->regions[i]);
	for (i = 0; i < config->nr_policies; i++) {
		check_twice(loader, &config->policies[i]);
		check_policy(loader, &config->policies[i]);
	}
	for (i = 0; i < config->nr_steered; i++)
		check_steered(loader, &config->steered[i]);
	check_shed(loader);
	for (i = 0; i < config->nr_zones; i++)
		check_variants(loader, i);
}
