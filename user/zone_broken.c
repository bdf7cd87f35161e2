// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_broken.c: what is served of a zone that cannot be read (zone.h).
 */
#include <stdlib.h>
#include <string.h>
#include "arena.h"
#include "zone.h"

static int fill(struct zone *zone, const char *name, const char *file, const __u8 *wire)
{
	__u8 apex[256], bytes[NAME_KEY_MAX];

	name_lower(apex, wire);
	name_to_key(apex, bytes, &zone->key);
	zone->arena = arena_new();
	zone->name = strdup(name);
	zone->file = strdup(file);
	if (!zone->arena || !zone->name || !zone->file)
		return -1;
	zone->apex = arena_copy(zone->arena, apex, name_len(apex));
	zone->key.bytes = arena_copy(zone->arena, bytes, zone->key.len);
	return zone->apex && zone->key.bytes ? 0 : -1;
}

struct zone *zone_new_broken(const char *name, const char *file)
{
	struct zone *zone;
	__u8 wire[256];

	if (name_parse(name, wire))
		return NULL;
	zone = calloc(1, sizeof(*zone));
	if (zone && fill(zone, name, file, wire)) {
		zone_free(zone);
		zone = NULL;
	}
	return zone;
}
