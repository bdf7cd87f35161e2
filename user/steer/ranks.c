// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ranks.c: POPs by measured round-trip time in the place of the configuration's order (ranks.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ranks.h"
#include "user/base/arena.h"

/* --- the list --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct steer_ranked *x = a, *y = b;

	return strcmp(x->policy, y->policy) ?: strcmp(x->region, y->region);
}

static struct steer_ranked *last_of(struct steer_ranks *ranks, const char *policy,
				    const char *region)
{
	struct steer_ranked *grown, *last = ranks->nr ? &ranks->list[ranks->nr - 1] : NULL;

	if (last && !strcmp(last->policy, policy) && !strcmp(last->region, region))
		return last;
	grown = reallocarray(ranks->list, ranks->nr + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	ranks->list = grown;
	last = &grown[ranks->nr++];
	memset(last, 0, sizeof(*last));
	snprintf(last->policy, sizeof(last->policy), "%s", policy);
	snprintf(last->region, sizeof(last->region), "%s", region);
	return last;
}

int steer_ranks_add(struct steer_ranks *ranks, const char *policy, const char *region,
		    const char *pop)
{
	struct steer_ranked *ranked = last_of(ranks, policy, region);
	void *grown;

	if (!ranked)
		return -ENOMEM;
	grown = reallocarray(ranked->pops, ranked->nr + 1, sizeof(*ranked->pops));
	if (!grown)
		return -ENOMEM;
	ranked->pops = grown;
	snprintf(ranked->pops[ranked->nr++], sizeof(*ranked->pops), "%s", pop);
	return 0;
}

void steer_ranks_sort(struct steer_ranks *ranks)
{
	if (ranks->nr)
		qsort(ranks->list, ranks->nr, sizeof(*ranks->list), compare);
}

void steer_ranks_free(struct steer_ranks *ranks)
{
	size_t i;

	for (i = 0; i < ranks->nr; i++)
		free(ranks->list[i].pops);
	free(ranks->list);
	memset(ranks, 0, sizeof(*ranks));
}

/* FNV-1a, with the final zero, so that names do not run together. */
static __u64 hash_text(__u64 hash, const char *text)
{
	do
		hash = (hash ^ (__u8)*text) * 0x100000001b3ull;
	while (*text++);
	return hash;
}

__u64 steer_ranks_fingerprint(const struct steer_ranks *ranks)
{
	__u64 hash = 0xcbf29ce484222325ull;
	size_t i, k;

	if (!ranks || !ranks->nr)
		return 0;
	for (i = 0; i < ranks->nr; i++) {
		hash = hash_text(hash, ranks->list[i].policy);
		hash = hash_text(hash, ranks->list[i].region);
		for (k = 0; k < ranks->list[i].nr; k++)
			hash = hash_text(hash, ranks->list[i].pops[k]);
	}
	return hash;
}

/* --- rules ------------------------------------------------------------------------------------ */

const char *steer_share_region(const struct config *config, const struct config_policy *policy,
			       size_t share)
{
	return share < policy->rules.nr ? config->regions[policy->rules.list[share].region].name
					: "";
}

/* Moves the choice of @pop to place @at; those between make room. False: it is not behind there. */
static bool move_forward(const struct config *config, struct steer_choice *list, size_t nr,
			 size_t at, const char *pop)
{
	struct steer_choice moved;
	size_t i;

	for (i = at; i < nr; i++) {
		if (strcmp(config->pops[list[i].pop].name, pop))
			continue;
		moved = list[i];
		memmove(&list[at + 1], &list[at], (i - at) * sizeof(*list));
		list[at] = moved;
		return true;
	}
	return false;
}

/* Those that are ranked first, each of a rank of its own; the others behind, in their order. */
static int rank_rule(const struct config *config, const struct steer_ranked *ranked,
		     struct steer_ranking *ranking, struct steer_rule *rule)
{
	struct steer_choice *list =
		arena_copy(ranking->arena, rule->choices, rule->nr * sizeof(*list));
	size_t i, at = 0;

	if (!list)
		return -ENOMEM;
	for (i = 0; i < ranked->nr; i++)
		at += move_forward(config, list, rule->nr, at, ranked->pops[i]);
	for (i = 0; i < rule->nr; i++)
		list[i].rank = i;
	rule->choices = list;
	return 0;
}

/* One share: all locations with its rule get the ranked one. */
static int rank_share(const struct steer_plan *plan, const struct config *config,
		      const struct steer_ranked *ranked, size_t policy, size_t share,
		      struct steer_ranking *ranking)
{
	const struct steer_policy *from = &plan->policies[policy];
	struct steer_rule rule = from->shares[share].to;
	size_t i;
	int err = rank_rule(config, ranked, ranking, &rule);

	for (i = 0; !err && i < plan->map.nr_locations; i++)
		if (from->rules[i].choices == from->shares[share].to.choices)
			ranking->policies[policy].rules[i] = rule;
	return err;
}

static int rank_policy(const struct steer_plan *plan, const struct config *config,
		       const struct steer_ranks *ranks, size_t policy,
		       struct steer_ranking *ranking)
{
	const struct config_policy *from = &config->policies[policy];
	struct steer_policy *to = &ranking->policies[policy];
	size_t size = plan->map.nr_locations * sizeof(*to->rules), i;
	struct steer_ranked key = {}, *found;
	int err = 0;

	to->rules = arena_copy(ranking->arena, plan->policies[policy].rules, size);
	if (!to->rules)
		return -ENOMEM;
	snprintf(key.policy, sizeof(key.policy), "%s", from->name);
	for (i = 0; !err && i < to->nr_shares; i++) {
		snprintf(key.region, sizeof(key.region), "%s", steer_share_region(config, from, i));
		found = bsearch(&key, ranks->list, ranks->nr, sizeof(*ranks->list), compare);
		if (found)
			err = rank_share(plan, config, found, policy, i, ranking);
	}
	return err;
}

int steer_ranking_make(const struct steer_plan *plan, const struct config *config,
		       const struct steer_ranks *ranks, struct steer_ranking *ranking)
{
	size_t i;
	int err = 0;

	memset(ranking, 0, sizeof(*ranking));
	ranking->nr = plan->nr_policies;
	ranking->arena = arena_new();
	if (ranking->arena)
		ranking->policies = arena_copy(ranking->arena, plan->policies,
					       plan->nr_policies * sizeof(*plan->policies));
	if (!ranking->policies)
		return -ENOMEM;
	for (i = 0; !err && ranks && ranks->nr && i < plan->nr_policies; i++)
		if (config->policies[i].draw == CONFIG_DRAW_RTT)
			err = rank_policy(plan, config, ranks, i, ranking);
	return err;
}

void steer_ranking_free(struct steer_ranking *ranking)
{
	arena_free(ranking->arena);
	memset(ranking, 0, sizeof(*ranking));
}
