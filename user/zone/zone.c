// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone.c: a zone is created, compared and freed (zone.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/arena.h"
#include "zone.h"
#include "zone_check.h"
#include "zone_seen.h"

static int fill(struct zone *zone, const char *name, const char *file, const __u8 *wire)
{
	__u8 apex[256], bytes[NAME_KEY_MAX];

	name_lower(apex, wire);
	name_to_key(apex, bytes, &zone->key);
	zone->arena = arena_new();
	zone->name = strdup(name);
	zone->file = strdup(file);
	if (!zone->arena || !zone->name || !zone->file)
		return -ENOMEM;
	zone->apex = arena_copy(zone->arena, apex, name_len(apex));
	zone->key.bytes = arena_copy(zone->arena, bytes, zone->key.len);
	return zone->apex && zone->key.bytes ? 0 : -ENOMEM;
}

int zone_new(const char *name, const char *file, struct zone **result)
{
	struct zone *zone;
	__u8 wire[256];
	int err;

	if (name_parse(name, wire))
		return -EINVAL;
	zone = calloc(1, sizeof(*zone));
	err = zone ? fill(zone, name, file, wire) : -ENOMEM;
	if (err) {
		zone_free(zone);
		zone = NULL;
	}
	*result = zone;
	return err;
}

void zone_free(struct zone *zone)
{
	if (!zone)
		return;
	arena_free(zone->arena);
	free(zone->chain.deniers);
	free(zone->rrs);
	free(zone->name);
	free(zone->file);
	free(zone);
}

struct zone *zone_new_broken(const char *name, const char *file)
{
	struct zone *zone = NULL;

	zone_new(name, file, &zone);
	return zone;
}

bool zone_is_current(const struct zone *zone)
{
	size_t i;

	for (i = 0; i < zone->nr_seen; i++)
		if (!zone_seen_holds(&zone->seen[i]))
			return false;
	return zone->nr_seen;
}

int zone_compare(const void *a, const void *b)
{
	const struct zone *const *x = a, *const *y = b;

	return name_key_compare(&(*x)->key, &(*y)->key);
}
