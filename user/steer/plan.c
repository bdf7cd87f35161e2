// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * plan.c: the configuration and its databases to a plan (policy.h).
 *
 * Addresses come in classes (world.h). Of each class every policy chooses a rule; classes for which
 * all policies choose alike are one location.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "distance.h"
#include "places.h"
#include "policy.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/config/config.h"
#include "user/zone/zone_seen.h"
#include "world.h"

struct building {
	const struct config *config;
	struct config_errors *errors;
	struct steer_plan *plan;
	struct world world;
	struct intern locations; /* of each: by policy, the rule chosen */
	__u32 *by_class;	 /* the location of each class */
	__u32 **orders; /* by policy, and if it goes by distance, of each cell: 1 + its order */
	__u32 **alike;	/* by policy, of each rule: the first one that sends clients to the same */
};

/* --- choices ---------------------------------------------------------------------------------- */

static int copy_choices(const struct config_choices *from, struct steer_rule *to)
{
	struct steer_choice *list = calloc(from->nr ?: 1, sizeof(*list));
	size_t i;

	if (!list)
		return -ENOMEM;
	for (i = 0; i < from->nr; i++)
		list[i] = (struct steer_choice){ from->list[i].pop, from->list[i].rank,
						 from->list[i].weight };
	to->choices = list;
	to->nr = from->nr;
	return 0;
}

/* `locate: pop`: where the query lands comes first, then the others in their order. */
static int put_own_first(const struct config *config, struct steer_rule *rule)
{
	struct steer_choice *list = calloc(rule->nr + 1, sizeof(*list));
	size_t i, nr = 0;

	if (!list)
		return -ENOMEM;
	list[nr++] = (struct steer_choice){ config->self->pop, 0, 1 };
	for (i = 0; i < rule->nr; i++) {
		if (rule->choices[i].pop == config->self->pop)
			continue;
		list[nr] = rule->choices[i];
		list[nr++].rank++;
	}
	free((void *)rule->choices);
	rule->choices = list;
	rule->nr = nr;
	return 0;
}

static bool is_alike(const struct steer_rule *a, const struct steer_rule *b)
{
	return a->nr == b->nr && !memcmp(a->choices, b->choices, a->nr * sizeof(*a->choices));
}

/* The shares of @policy, each with where it sends its clients; which of them are alike. */
static int take_rules(const struct config *config, const struct config_policy *from,
		      struct steer_policy *policy, __u32 **alike)
{
	size_t i, j;
	int err = 0;

	policy->shares = calloc(from->rules.nr + 1, sizeof(*policy->shares));
	*alike = calloc(from->rules.nr + 1, sizeof(**alike));
	if (!policy->shares || !*alike)
		return -ENOMEM;
	policy->nr_shares = from->rules.nr + 1;
	for (i = 0; !err && i < from->rules.nr; i++)
		err = copy_choices(&from->rules.list[i].pops, &policy->shares[i].to);
	err = err ?: copy_choices(&from->fallback, &policy->shares[i].to);
	if (!err && from->locate == CONFIG_LOCATE_POP)
		err = put_own_first(config, &policy->shares[i].to);
	for (i = 0; !err && i < policy->nr_shares; i++) {
		/* What is measured for one need not be so for another that is written alike. */
		for (j = from->draw == CONFIG_DRAW_RTT ? i : 0;
		     !is_alike(&policy->shares[j].to, &policy->shares[i].to); j++)
			;
		(*alike)[i] = j;
	}
	return err;
}

static int take_policy(const struct config *config, const struct config_policy *from,
		       struct steer_policy *policy, __u32 **alike)
{
	static const enum steer_draw draws[] = {
		[CONFIG_DRAW_ORDER] = STEER_ORDER,   [CONFIG_DRAW_WEIGHTED] = STEER_WEIGHTED,
		[CONFIG_DRAW_SPREAD] = STEER_SPREAD, [CONFIG_DRAW_DISTANCE] = STEER_ORDER,
		[CONFIG_DRAW_RTT] = STEER_ORDER,
	};
	static const enum steer_where wheres[] = {
		[CONFIG_LOCATE_ECS] = STEER_BY_ECS,
		[CONFIG_LOCATE_RESOLVER] = STEER_BY_RESOLVER,
		[CONFIG_LOCATE_POP] = STEER_BY_POP,
	};
	static const enum steer_out outs[] = {
		[CONFIG_OUT_LAST_RESORT] = STEER_OUT_LAST_RESORT,
		[CONFIG_OUT_SERVFAIL] = STEER_OUT_SERVFAIL,
		[CONFIG_OUT_NODATA] = STEER_OUT_NODATA,
	};
	const struct config_choices *last =
		from->last_resort.nr ? &from->last_resort : &from->fallback;

	policy->name = strdup(from->name);
	policy->draw = draws[from->draw];
	policy->where = wheres[from->locate];
	policy->out = outs[from->all_out];
	if (!policy->name)
		return -ENOMEM;
	if (policy->out == STEER_OUT_LAST_RESORT && copy_choices(last, &policy->last_resort))
		return -ENOMEM;
	return take_rules(config, from, policy, alike);
}

static int take_policies(struct building *building)
{
	const struct config *config = building->config;
	struct steer_plan *plan = building->plan;
	size_t i;
	int err = 0;

	plan->policies = calloc(config->nr_policies + 1, sizeof(*plan->policies));
	building->alike = calloc(config->nr_policies + 1, sizeof(*building->alike));
	building->orders = calloc(config->nr_policies + 1, sizeof(*building->orders));
	if (!plan->policies || !building->alike || !building->orders)
		return -ENOMEM;
	for (i = 0; !err && i < config->nr_policies; i++) {
		plan->nr_policies++;
		err = take_policy(config, &config->policies[i], &plan->policies[i],
				  &building->alike[i]);
	}
	return err;
}

/* --- locations -------------------------------------------------------------------------------- */

/* --- by distance ------------------------------------------------------------------------------ */

/* The number of the order of the policy's `default` from @cell; new or known. -ENOMEM */
static int order_find(struct building *building, size_t number, __u32 cell, __u32 *order)
{
	struct steer_policy *policy = &building->plan->policies[number];
	struct steer_rule *from = &policy->shares[policy->nr_shares - 1].to;
	struct steer_share *longer;
	struct steer_choice *list = calloc(from->nr ?: 1, sizeof(*list));
	struct steer_rule rule = { list, from->nr };

	if (!list)
		return -ENOMEM;
	memcpy(list, from->choices, from->nr * sizeof(*list));
	distance_sort(building->config->pops, cell, list, from->nr);
	for (*order = 0; *order < policy->nr_nearest; ++*order) {
		if (is_alike(&policy->nearest[*order].to, &rule)) {
			free(list);
			return 0;
		}
	}
	longer = reallocarray(policy->nearest, policy->nr_nearest + 1, sizeof(*longer));
	if (!longer) {
		free(list);
		return -ENOMEM;
	}
	policy->nearest = longer;
	longer[policy->nr_nearest++] = (struct steer_share){ .to = rule };
	return 0;
}

/* The same, each cell once. */
static int order_of(struct building *building, size_t policy, __u32 cell, __u32 *order)
{
	__u32 **cells = &building->orders[policy];
	int err;

	if (!*cells)
		*cells = calloc(DISTANCE_CELLS + 1, sizeof(**cells));
	if (!*cells)
		return -ENOMEM;
	if (!(*cells)[cell]) {
		err = order_find(building, policy, cell, order);
		if (err)
			return err;
		(*cells)[cell] = *order + 1;
	}
	*order = (*cells)[cell] - 1;
	return 0;
}

/* What a client in no region of the policy gets, in the cell behind the last region. */
static int choose_nearest(struct building *building, size_t number, __u32 class, __u32 cell,
			  __u32 *chosen)
{
	struct steer_policy *policy = &building->plan->policies[number];
	__u32 order;
	int err;

	if (!cell || building->config->policies[number].draw != CONFIG_DRAW_DISTANCE)
		return 0;
	err = order_of(building, number, cell, &order);
	if (err)
		return err;
	policy->nearest[order].nr4 += building->world.nr4[class];
	policy->nearest[order].nr6 += building->world.nr6[class];
	if (!is_alike(&policy->nearest[order].to, &policy->shares[policy->nr_shares - 1].to))
		*chosen = policy->nr_shares + order;
	return 0;
}

/* --- classes ---------------------------------------------------------------------------------- */

/* Which rules the policies choose for a class, @levels being those of its regions. */
static int locate_class(struct building *building, __u32 class, const __u32 *levels, __u32 *chosen)
{
	const struct config *config = building->config;
	struct world *world = &building->world;
	size_t i, rule;
	int err = 0;

	for (i = 0; !err && i < config->nr_policies; i++) {
		rule = match_rule(&config->policies[i], levels);
		building->plan->policies[i].shares[rule].nr4 += world->nr4[class];
		building->plan->policies[i].shares[rule].nr6 += world->nr6[class];
		chosen[i] = building->alike[i][rule];
		if (rule + 1 == building->plan->policies[i].nr_shares)
			err = choose_nearest(building, i, class, levels[config->nr_regions],
					     &chosen[i]);
	}
	return err
		       ?: intern_add(&building->locations, chosen, config->nr_policies,
				     &building->by_class[class]);
}

/* Class 0 comes first: nothing is known of it, and so of location 0. */
static int locate_classes(struct building *building)
{
	const struct intern *classes = &building->world.classes;
	__u32 *levels = calloc(building->config->nr_regions + 1, sizeof(*levels));
	__u32 *chosen = calloc(building->config->nr_policies + 1, sizeof(*chosen)), class;
	int err = 0;
	size_t i;

	building->by_class = calloc(classes->nr, sizeof(*building->by_class));
	if (!levels || !chosen || !building->by_class)
		err = -ENOMEM;
	for (class = 0; !err && class < classes->nr; class ++) {
		const __u32 *pairs = intern_words(classes, class);

		for (i = 0; i < classes->items[class].nr; i += 2)
			levels[pairs[i]] = pairs[i + 1];
		err = locate_class(building, class, levels, chosen);
		for (i = 0; i < classes->items[class].nr; i += 2)
			levels[pairs[i]] = MATCH_NONE;
	}
	free(levels);
	free(chosen);
	return err;
}

static int to_locations(const struct building *building, const struct steer_ranges *classes,
			struct steer_ranges *locations)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < classes->nr; i++) {
		__u32 class = classes->list[i].location;

		err = steer_ranges_add(locations, classes->list[i].end,
				       class == WORLD_NO_CLASS ? AD_STEER_LOCATION_NONE
							       : building->by_class[class]);
	}
	return err;
}

static int make_map(struct building *building)
{
	struct steer_ranges ip4 = { 0 }, ip6 = { 0 };
	int err = to_locations(building, &building->world.ip4, &ip4);

	err = err ?: to_locations(building, &building->world.ip6, &ip6);
	err = err ?: steer_map_build(&ip4, &ip6, building->locations.nr, &building->plan->map);
	if (err == -E2BIG)
		config_errors_add(building->errors, building->config->path, 0,
				  "regions: the world falls into more networks than there is room "
				  "for: %zu of IPv4, %zu of IPv6",
				  ip4.nr, ip6.nr);
	steer_ranges_free(&ip4);
	steer_ranges_free(&ip6);
	return err;
}

static const struct steer_rule *chosen_rule(const struct steer_policy *policy, __u32 chosen)
{
	return chosen < policy->nr_shares ? &policy->shares[chosen].to
					  : &policy->nearest[chosen - policy->nr_shares].to;
}

static int make_rules(struct building *building)
{
	struct steer_plan *plan = building->plan;
	size_t i, location;

	for (i = 0; i < plan->nr_policies; i++) {
		struct steer_policy *policy = &plan->policies[i];

		policy->rules = calloc(building->locations.nr, sizeof(*policy->rules));
		if (!policy->rules)
			return -ENOMEM;
		for (location = 0; location < building->locations.nr; location++)
			policy->rules[location] = *chosen_rule(
				policy, intern_words(&building->locations, location)[i]);
	}
	return 0;
}

static int locate_all(struct building *building)
{
	int err = locate_classes(building);

	if (!err && building->locations.nr > AD_STEER_LOCATIONS_MAX) {
		config_errors_add(building->errors, building->config->path, 0,
				  "policies: they tell %zu kinds of clients apart; at most %d fit",
				  building->locations.nr, AD_STEER_LOCATIONS_MAX);
		return -E2BIG;
	}
	err = err ?: make_map(building);
	return err ?: make_rules(building);
}

/* --- names and databases ---------------------------------------------------------------------- */

static int take_names(struct building *building)
{
	const struct config *config = building->config;
	struct steer_plan *plan = building->plan;
	size_t i;

	plan->names = calloc(config->nr_steered + 1, sizeof(*plan->names));
	if (!plan->names)
		return -ENOMEM;
	for (i = 0; i < config->nr_steered; i++) {
		const struct config_steered *from = &config->steered[i];
		struct steer_name *name = &plan->names[plan->nr_names++];

		*name = (struct steer_name){
			.name = strdup(from->name),
			.zone = config_zone_of(config, from->name),
			.policy = from->policy,
			.members = strdup(from->members),
			.ttl = from->ttl_s,
			.doubt_ttl = from->doubt_ttl_s,
			.answers = from->answers ?: 1,
			.ecs = from->ecs,
			.line = from->line,
		};
		if (!name->name || !name->members)
			return -ENOMEM;
	}
	return 0;
}

static int take_sources(struct building *building)
{
	const struct world *world = &building->world;
	struct steer_plan *plan = building->plan;
	size_t i;

	plan->sources = calloc(world->nr_files + 1, sizeof(*plan->sources));
	if (!plan->sources)
		return -ENOMEM;
	for (i = 0; i < world->nr_files; i++) {
		plan->sources[i] = (struct steer_source){
			.name = strdup(building->config->databases[i].name),
			.built_real_s = world->files[i].built_real_s,
			.bytes = world->files[i].bytes,
		};
		plan->nr_sources++;
		if (!plan->sources[i].name)
			return -ENOMEM;
	}
	return 0;
}

/* --- files ------------------------------------------------------------------------------------ */

static int see_file(struct steer_plan *plan, const char *file)
{
	struct stat st;
	char *name;

	if (stat(file, &st)) /* whoever reads it has the error */
		return 0;
	name = strdup(file);
	if (!name)
		return -ENOMEM;
	zone_seen_take(&plan->seen[plan->nr_seen++], name, &st);
	return 0;
}

static int see_files(struct building *building)
{
	const struct config *config = building->config;
	struct steer_plan *plan = building->plan;
	size_t i;
	int err = 0;

	plan->seen = calloc(config->nr_databases + config->nr_regions + 1, sizeof(*plan->seen));
	if (!plan->seen)
		return -ENOMEM;
	for (i = 0; !err && i < config->nr_databases; i++)
		err = see_file(plan, config->databases[i].file);
	for (i = 0; !err && i < config->nr_regions; i++)
		if (config->regions[i].network_file)
			err = see_file(plan, config->regions[i].network_file);
	return err;
}

bool steer_plan_is_current(const struct steer_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->nr_seen; i++)
		if (!zone_seen_holds(&plan->seen[i]))
			return false;
	return true;
}

/* --- doubts ----------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void doubt(struct building *building, int line,
							const char *format, ...)
{
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	config_errors_add(building->plan->doubts, building->config->path, line, "%s", what);
}

static void word_text(const struct match_word *word, char text[16])
{
	__u64 key = word->key;
	size_t i, length = 0;

	if (word->level == MATCH_ASN) {
		snprintf(text, 16, "AS%llu", (unsigned long long)key);
		return;
	}
	while (length < sizeof(key) && key >> (8 * length))
		length++;
	for (i = 0; i < length; i++)
		text[i] = key >> (8 * (length - 1 - i));
	text[length] = '\0';
}

static void doubt_words(struct building *building)
{
	const struct matcher *matcher = &building->world.matcher;
	const struct config_region *region;
	char text[16];
	size_t i;

	for (i = 0; i < matcher->nr_words; i++) {
		if (matcher->words[i].is_seen)
			continue;
		region = &building->config->regions[matcher->words[i].region];
		word_text(&matcher->words[i], text);
		doubt(building, region->line,
		      "regions[]: %s: no network of the databases is in %s: is it spelled right, "
		      "and do the databases tell such things?",
		      region->name, text);
	}
}

/*
 * Regions that policies name, and that nobody is in; and those that none names. Without any policy
 * they are there for catchments.
 */
static int doubt_regions(struct building *building)
{
	const struct config *config = building->config;
	const struct intern *classes = &building->world.classes;
	bool *has_clients = calloc(config->nr_regions + 1, sizeof(bool));
	bool *is_named = calloc(config->nr_regions + 1, sizeof(bool));
	size_t i, j;

	for (i = 0; has_clients && i < classes->nr; i++)
		for (j = 0; j < classes->items[i].nr; j += 2)
			has_clients[intern_words(classes, i)[j]] = true;
	for (i = 0; is_named && i < config->nr_policies; i++)
		for (j = 0; j < config->policies[i].rules.nr; j++)
			is_named[config->policies[i].rules.list[j].region] = true;
	for (i = 0; has_clients && is_named && i < config->nr_regions; i++) {
		if (!has_clients[i])
			doubt(building, config->regions[i].line,
			      "regions[]: %s: no address is in it", config->regions[i].name);
		if (config->nr_policies && !is_named[i])
			doubt(building, config->regions[i].line,
			      "regions[]: %s: no policy has a rule for it",
			      config->regions[i].name);
	}
	i = has_clients && is_named;
	free(has_clients);
	free(is_named);
	return i ? 0 : -ENOMEM;
}

/* Rules that never decide, for other rules name all of their clients more exactly. */
static void doubt_rules(struct building *building)
{
	const struct config *config = building->config;
	size_t i, j;

	for (i = 0; i < config->nr_policies; i++) {
		const struct config_rules *rules = &config->policies[i].rules;

		for (j = 0; j < rules->nr; j++) {
			const struct steer_share *share = &building->plan->policies[i].shares[j];

			if (!share->nr4 && !share->nr6)
				doubt(building, rules->list[j].line,
				      "policies[].rules: %s: %s: decides on nobody: there are no "
				      "clients, or other rules name them more exactly",
				      config->policies[i].name,
				      config->regions[rules->list[j].region].name);
		}
	}
}

static void reach(const struct steer_rule *rule, bool *is_reached)
{
	size_t i;

	for (i = 0; i < rule->nr; i++)
		is_reached[rule->choices[i].pop] = true;
}

/* Whoever steers by POPs has a use for each of them; `locate: pop` finds its own. */
static void doubt_pops(struct building *building)
{
	const struct config *config = building->config;
	bool is_reached[CONFIG_POPS_MAX] = { false };
	size_t i, j;

	for (i = 0; i < building->plan->nr_policies; i++) {
		const struct steer_policy *policy = &building->plan->policies[i];

		if (policy->where == STEER_BY_POP)
			return;
		for (j = 0; j < policy->nr_shares; j++)
			reach(&policy->shares[j].to, is_reached);
		reach(&policy->last_resort, is_reached);
	}
	for (i = 0; building->plan->nr_policies && i < config->nr_own_pops; i++)
		if (!is_reached[i])
			doubt(building, config->pops[i].line,
			      "pops[]: %s: no policy sends anybody there", config->pops[i].name);
}

static void doubt_places(struct building *building)
{
	const struct config *config = building->config;
	size_t i;

	for (i = 0; i < config->nr_policies && !building->world.matcher.has_place; i++)
		if (config->policies[i].draw == CONFIG_DRAW_DISTANCE)
			doubt(building, config->policies[i].line,
			      "policies[].draw: %s: goes by distance, and no network of the "
			      "databases has coordinates: it takes a database of cities",
			      config->policies[i].name);
}

static int doubt_all(struct building *building)
{
	building->plan->doubts = calloc(1, sizeof(*building->plan->doubts));
	if (!building->plan->doubts)
		return -ENOMEM;
	doubt_words(building);
	doubt_rules(building);
	doubt_pops(building);
	doubt_places(building);
	return doubt_regions(building);
}

/* --- the whole -------------------------------------------------------------------------------- */

static int check_self(const struct building *building)
{
	const struct config *config = building->config;
	size_t i;

	for (i = 0; i < config->nr_policies; i++) {
		if (config->policies[i].locate != CONFIG_LOCATE_POP ||
		    config->self->pop < STEER_POPS_MAX)
			continue;
		config_errors_add(building->errors, config->path, config->policies[i].line,
				  "policies[].locate: this node's POP is not among the first %d of "
				  "`pops`, which can be chosen",
				  STEER_POPS_MAX);
		return -EINVAL;
	}
	return 0;
}

static int build_all(struct building *building)
{
	int err = check_self(building);

	err = err ?: see_files(building);
	err = err ?: world_read(&building->world, building->config, building->errors);
	err = err ?: take_policies(building);
	err = err ?: locate_all(building);
	err = err ?: take_names(building);
	err = err ?: take_sources(building);
	err = err ?: places_build(&building->world, building->config, &building->plan->places);
	err = err ?: doubt_all(building);
	return err ?: steer_plan_prove(building->plan, building->config, building->errors);
}

static void building_end(struct building *building)
{
	size_t i;

	for (i = 0; building->alike && i < building->config->nr_policies; i++)
		free(building->alike[i]);
	for (i = 0; building->orders && i < building->config->nr_policies; i++)
		free(building->orders[i]);
	free(building->orders);
	free(building->alike);
	free(building->by_class);
	intern_free(&building->locations);
	world_free(&building->world);
}

int steer_plan_build(const struct config *config, struct config_errors *errors,
		     struct steer_plan **plan)
{
	struct building building = { .config = config, .errors = errors };
	size_t before = errors->nr;
	int err;

	*plan = NULL;
	if (!config->nr_databases && !config->nr_regions && !config->nr_policies &&
	    !config->nr_steered)
		return 0;
	building.plan = calloc(1, sizeof(*building.plan));
	if (building.plan)
		building.plan->users = 1;
	err = building.plan ? build_all(&building) : -ENOMEM;
	building_end(&building);
	if (err) {
		steer_plan_free(building.plan);
		if (errors->nr == before && err != -ECANCELED)
			config_errors_add(errors, config->path, 0, "steering: %s", strerror(-err));
		return err;
	}
	*plan = building.plan;
	return 0;
}

struct steer_plan *steer_plan_share(struct steer_plan *plan)
{
	plan->users++;
	return plan;
}

void steer_plan_free(struct steer_plan *plan)
{
	size_t i, j;

	if (!plan || --plan->users)
		return;
	for (i = 0; i < plan->nr_seen; i++)
		free((void *)plan->seen[i].name);
	free(plan->seen);
	for (i = 0; i < plan->nr_policies; i++) {
		struct steer_policy *policy = &plan->policies[i];

		for (j = 0; j < policy->nr_shares; j++)
			free((void *)policy->shares[j].to.choices);
		for (j = 0; j < policy->nr_nearest; j++)
			free((void *)policy->nearest[j].to.choices);
		free(policy->nearest);
		free((void *)policy->last_resort.choices);
		free(policy->shares);
		free(policy->rules);
		free(policy->name);
	}
	for (i = 0; i < plan->nr_names; i++) {
		free(plan->names[i].name);
		free(plan->names[i].members);
	}
	for (i = 0; i < plan->nr_sources; i++)
		free(plan->sources[i].name);
	if (plan->doubts)
		config_errors_free(plan->doubts);
	free(plan->doubts);
	free(plan->policies);
	free(plan->names);
	free(plan->sources);
	steer_map_free(&plan->map);
	places_free(plan->places);
	free(plan);
}

void steer_plan_warn(const struct steer_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->doubts->nr; i++)
		log_warn("%s", plan->doubts->list[i].text);
}

void steer_plan_tell(const struct steer_plan *plan)
{
	const struct steer_map *map = &plan->map;
	char bytes[UNIT_TEXT], ip4[UNIT_TEXT], ip6[UNIT_TEXT];

	log_info("steering: %zu names by %zu policies that tell %u kinds of clients apart, in %s "
		 "ranges of IPv4 and %s of IPv6: %s in the kernel",
		 plan->nr_names, plan->nr_policies, map->nr_locations,
		 unit_count(map->nr_ranges4, ip4), unit_count(map->nr_ranges6, ip6),
		 unit_bytes((__u64)map->nr_lines * AD_STEER_LINE, bytes));
}

/* --- the proof -------------------------------------------------------------------------------- */

static const char *rule_trouble(const struct steer_rule *rule, const struct config *config)
{
	size_t i;

	if (!rule->nr)
		return "names no POP";
	for (i = 0; i < rule->nr; i++) {
		if (rule->choices[i].pop >= config->nr_pops ||
		    rule->choices[i].pop >= STEER_POPS_MAX)
			return "names a POP that there is not";
		if (!rule->choices[i].weight)
			return "names a POP that nobody may be sent to";
		if (i && rule->choices[i].rank < rule->choices[i - 1].rank)
			return "has its choices out of order";
	}
	return NULL;
}

int steer_plan_prove(const struct steer_plan *plan, const struct config *config,
		     struct config_errors *errors)
{
	size_t before = errors->nr, i, location;
	const char *trouble;

	for (i = 0; i < plan->nr_policies; i++) {
		const struct steer_policy *policy = &plan->policies[i];

		for (location = 0; location < plan->map.nr_locations; location++) {
			trouble = rule_trouble(&policy->rules[location], config);
			if (trouble)
				config_errors_add(errors, config->path, config->policies[i].line,
						  "policies[]: %s: location %zu %s", policy->name,
						  location, trouble);
		}
		if (policy->out != STEER_OUT_LAST_RESORT)
			continue;
		trouble = rule_trouble(&policy->last_resort, config);
		if (trouble)
			config_errors_add(errors, config->path, config->policies[i].line,
					  "policies[].last_resort: %s %s", policy->name, trouble);
	}
	return errors->nr > before ? -EINVAL : 0;
}
