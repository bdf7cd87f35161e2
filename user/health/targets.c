// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * targets.c: the list of what is checked (targets.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "targets.h"

_Static_assert(CONFIG_NAME_MAX < AD_STEER_NAME, "names fit a key");
_Static_assert(CONFIG_TARGETS_MAX == AD_HEALTH_TARGETS, "as many as the map holds");

int targets_compare(const struct ad_health_key *a, const struct ad_health_key *b)
{
	return memcmp(a, b, sizeof(*a));
}

static int by_key(const void *a, const void *b)
{
	return targets_compare(&((const struct target *)a)->key, &((const struct target *)b)->key);
}

static size_t count(const struct config *config, const struct config_check *check)
{
	size_t i, nr = 0;

	for (i = 0; i < config->nr_pops; i++)
		if (config_check_covers(check, i))
			nr += config->pops[i].service.nr;
	return nr;
}

static void fill(struct target *target, const struct config *config,
		 const struct config_check *check, size_t pop, size_t address)
{
	memset(&target->key, 0, sizeof(target->key));
	snprintf(target->key.check, sizeof(target->key.check), "%s", check->name);
	snprintf(target->key.pop, sizeof(target->key.pop), "%s", config->pops[pop].name);
	target->key.address = config->pops[pop].service.list[address];
	target->check = check;
	target->pop = pop;
}

int targets_list(const struct config *config, struct target **list, size_t *nr)
{
	size_t i, pop, address, room = 0;

	for (i = 0; i < config->nr_checks; i++)
		room += count(config, &config->checks[i]);
	*nr = 0;
	*list = calloc(room ?: 1, sizeof(**list));
	if (!*list)
		return -ENOMEM;
	for (i = 0; i < config->nr_checks; i++)
		for (pop = 0; pop < config->nr_pops; pop++)
			for (address = 0; config_check_covers(&config->checks[i], pop) &&
					  address < config->pops[pop].service.nr;
			     address++)
				fill(&(*list)[(*nr)++], config, &config->checks[i], pop, address);
	qsort(*list, *nr, sizeof(**list), by_key);
	return 0;
}

struct target *targets_find(struct target *list, size_t nr, const struct ad_health_key *key)
{
	struct target wanted = { .key = *key };

	return nr ? bsearch(&wanted, list, nr, sizeof(*list), by_key) : NULL;
}
