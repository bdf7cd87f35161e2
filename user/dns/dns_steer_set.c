// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_steer_set.c: steered names of a set of zones (dns_steer_set.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dns_steer_set.h"
#include "dns_variants.h"
#include "user/config/config.h"

/*
 * Clients with so many equal leading bits in their addresses are one network: they get the same
 * draw.
 */
#define IP4_BITS 24
#define IP6_BITS 56

/* --- members ---------------------------------------------------------------------------------- */

/* @name without the zone's; "" for its apex. Both end with a dot. */
static size_t relative_len(const char *name, const char *zone)
{
	size_t len = strlen(name), below = strlen(zone);

	if (below < 2) /* the root */
		return len - 1;
	return len > below ? len - below - 1 : 0;
}

static bool put_text(char *to, size_t size, size_t *at, const char *text, size_t len)
{
	if (*at + len >= size)
		return false;
	memcpy(to + *at, text, len);
	*at += len;
	to[*at] = '\0';
	return true;
}

/* Fills "{name}" and "{pop}" into the pattern and appends the zone. False: too long. */
static bool expand(const struct steer_name *name, const char *pop, const char *zone, char *to,
		   size_t size)
{
	const char *at = name->members;
	size_t used = 0, len;
	bool fits = true;

	for (; *at && fits; at += len) {
		if (!strncmp(at, "{name}", 6)) {
			len = 6;
			fits = put_text(to, size, &used, name->name,
					relative_len(name->name, zone));
		} else if (!strncmp(at, CONFIG_POP_MARK, strlen(CONFIG_POP_MARK))) {
			len = strlen(CONFIG_POP_MARK);
			fits = put_text(to, size, &used, pop, strlen(pop));
		} else {
			len = 1;
			fits = (!used && *at == '.') || put_text(to, size, &used, at, 1);
		}
	}
	fits = fits && put_text(to, size, &used, ".", 1);
	return fits && (!strcmp(zone, ".") || put_text(to, size, &used, zone, strlen(zone)));
}

/* POPs that the policy can choose for any location. */
static void mark_pops(const struct steer_policy *policy, size_t nr_locations, bool *used)
{
	const struct steer_rule *rule;
	size_t i, k;

	for (i = 0; i <= nr_locations; i++) {
		rule = i < nr_locations ? &policy->rules[i] : &policy->last_resort;
		for (k = 0; k < rule->nr; k++)
			used[rule->choices[k].pop] = true;
	}
}

/* --- names ------------------------------------------------------------------------------------ */

struct making {
	const struct steer_plan *plan;
	const struct config *config;
	const struct steer_ranks *ranks;
	struct config_errors *errors;
	struct dns_steer_set *set;
};

static int name_members(const struct making *making, const struct steer_name *from,
			struct dns_steered *to)
{
	const struct config *config = making->config;
	const char *zone = config->zones[from->zone].name, *pop;
	bool used[AD_STEER_BANK] = { false };
	char text[512];
	__u8 wire[256];
	size_t i;

	mark_pops(&making->plan->policies[from->policy], making->plan->map.nr_locations, used);
	for (i = 0; i < to->nr_pops; i++) {
		pop = config->pops[i].name;
		if (!used[i])
			continue;
		if (!expand(from, pop, zone, text, sizeof(text)) || name_parse(text, wire)) {
			config_errors_add(making->errors, config->path, from->line,
					  "steer: %s: members: '%s' gives no domain name for POP "
					  "%s",
					  from->name, from->members, pop);
			return -EINVAL;
		}
		name_lower(to->members[i], wire);
	}
	return 0;
}

static __u8 name_flags(const struct steer_name *name, const struct steer_policy *policy)
{
	__u8 flags = 0;

	if (name->ecs && policy->where == STEER_BY_ECS)
		flags |= AD_DNS_STEER_ECS;
	if (policy->where == STEER_BY_POP)
		flags |= AD_DNS_STEER_HERE;
	if (name->doubt_ttl)
		flags |= AD_DNS_STEER_DOUBT;
	return flags;
}

static int set_name(const struct making *making, size_t index)
{
	static const __u8 outs[] = { [STEER_OUT_LAST_RESORT] = AD_DNS_STEER_LAST,
				     [STEER_OUT_SERVFAIL] = AD_DNS_STEER_SERVFAIL,
				     [STEER_OUT_NODATA] = AD_DNS_STEER_NODATA };
	const struct steer_name *from = &making->plan->names[index];
	const struct steer_policy *policy = &making->plan->policies[from->policy];
	struct dns_steered *to = &making->set->names[index];
	__u8 wire[256];

	if (name_parse(from->name, wire))
		return -EINVAL;
	name_lower(to->name, wire);
	to->members = making->set->members + index * making->set->nr_pops;
	to->nr_pops = making->set->nr_pops;
	to->policy = from->policy;
	to->out = outs[policy->out];
	to->flags = name_flags(from, policy);
	to->ip4_bits = IP4_BITS;
	to->ip6_bits = IP6_BITS;
	to->ttl = from->ttl ?: DNS_STEERED_TTL;
	to->doubt_ttl = from->doubt_ttl;
	to->answers = from->answers;
	to->file = making->config->path;
	to->line = from->line;
	return name_members(making, from, to);
}

/* --- all of them ------------------------------------------------------------------------------ */

static int set_rows(const struct making *making, const __u64 *seeds)
{
	struct steer_ranking ranking;
	int err = steer_ranking_make(making->plan, making->config, making->ranks, &ranking);

	err = err
		      ?: steer_rows_build(ranking.policies, ranking.nr,
					  making->plan->map.nr_locations, seeds,
					  &making->set->rows);
	steer_ranking_free(&ranking);
	making->set->ranked = steer_ranks_fingerprint(making->ranks);
	return err;
}

static int set_pops(const struct making *making)
{
	struct dns_steer_set *set = making->set;
	const struct config *config = making->config;
	__u64 seeds[AD_STEER_BANK] = { 0 };
	size_t i;

	set->nr_pops = config->nr_own_pops < AD_STEER_POPS ? config->nr_own_pops : AD_STEER_POPS;
	set->pops = calloc(set->nr_pops + 1, sizeof(*set->pops));
	if (!set->pops)
		return -ENOMEM;
	for (i = 0; i < set->nr_pops; i++) {
		strncpy(set->pops[i], config->pops[i].name, AD_STEER_NAME - 1);
		seeds[i] = steer_seed(set->pops[i]);
	}
	return set_rows(making, seeds);
}

static int set_all(const struct making *making)
{
	struct dns_steer_set *set = making->set;
	int err = set_pops(making), failed = 0;
	size_t i;

	if (err)
		return err;
	set->nr_names = making->plan->nr_names;
	set->names = calloc(set->nr_names + 1, sizeof(*set->names));
	set->members = calloc(set->nr_names * set->nr_pops + 1, sizeof(*set->members));
	if (!set->names || !set->members)
		return -ENOMEM;
	for (i = 0; i < set->nr_names; i++) {
		err = set_name(making, i);
		if (err)
			failed = err;
	}
	set->lines = making->plan->map.lines;
	set->nr_lines = making->plan->map.nr_lines;
	return failed;
}

int dns_steer_set_new(const struct steer_plan *plan, const struct config *config,
		      const struct steer_ranks *ranks, struct config_errors *errors,
		      struct dns_steer_set **set)
{
	struct making making = { plan, config, ranks, errors, calloc(1, sizeof(**set)) };
	int err = -ENOMEM;

	if (making.set) {
		making.set->users = 1;
		making.set->places_fd = -1;
		err = set_all(&making);
	}
	if (err) {
		dns_steer_set_free(making.set);
		return err;
	}
	*set = making.set;
	return 0;
}

struct dns_steer_set *dns_steer_set_share(struct dns_steer_set *set)
{
	set->users++;
	return set;
}

void dns_steer_set_free(struct dns_steer_set *set)
{
	if (!set || --set->users)
		return;
	if (set->places_fd >= 0)
		close(set->places_fd);
	dns_variants_free(set);
	steer_table_free(&set->rows);
	free(set->names);
	free(set->members);
	free(set->pops);
	free(set);
}
