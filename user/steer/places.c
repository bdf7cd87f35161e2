// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * places.c: an address's region and AS number (places.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "places.h"
#include "world.h"

/* A range of each location of @from, as @numbers has it. */
static int translate(const struct steer_ranges *from, const __u32 *numbers, struct steer_ranges *to)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < from->nr; i++) {
		__u32 location = from->list[i].location;

		err = steer_ranges_add(to, from->list[i].end,
				       location == WORLD_NO_CLASS ? 0 : numbers[location]);
	}
	return err;
}

/* Number of the region that names class @class most exactly. Behind the last one is a cell. */
static __u32 region_of(const struct world *world, __u32 class, size_t nr_regions)
{
	const __u32 *words = intern_words(&world->classes, class);
	__u32 region = 0, level = MATCH_NONE;
	size_t i;

	for (i = 0; i < world->classes.items[class].nr; i += 2) {
		if (words[i] >= nr_regions || words[i + 1] <= level)
			continue;
		region = words[i] + 1;
		level = words[i + 1];
	}
	return region;
}

static int take_regions(const struct world *world, size_t nr_regions, struct places *places)
{
	__u32 *numbers = calloc(world->classes.nr + 1, sizeof(*numbers));
	size_t class;
	int err;

	if (!numbers)
		return -ENOMEM;
	for (class = 0; class < world->classes.nr; class ++)
		numbers[class] = region_of(world, class, nr_regions);
	err = translate(&world->ip4, numbers, &places->region4);
	err = err ?: translate(&world->ip6, numbers, &places->region6);
	free(numbers);
	return err;
}

static int take_names(const struct config *config, struct places *places)
{
	size_t i;

	places->regions = calloc(config->nr_regions + 1, sizeof(*places->regions));
	if (!places->regions)
		return -ENOMEM;
	for (i = 0; i < config->nr_regions + 1; i++) {
		places->regions[i] = strdup(i ? config->regions[i - 1].name : PLACES_NOWHERE);
		places->nr_regions++;
		if (!places->regions[i])
			return -ENOMEM;
	}
	return 0;
}

/* Nothing, if @file knows no AS number. */
static int take_asns(const struct geo_file *file, struct places *places)
{
	__u32 *numbers = calloc(file->nr_records + 1, sizeof(*numbers));
	bool knows_any = false;
	size_t i;
	int err = 0;

	if (!numbers)
		return -ENOMEM;
	for (i = 0; i < file->nr_records; i++) {
		numbers[i] = file->records[i].asn;
		knows_any = knows_any || numbers[i];
	}
	if (knows_any) {
		i = places->nr_asns++;
		err = translate(&file->ip4, numbers, &places->asn4[i]);
		err = err ?: translate(&file->ip6, numbers, &places->asn6[i]);
	}
	free(numbers);
	return err;
}

/* FNV-1a, a word at a time. */
static void mix(__u64 *hash, __u64 word)
{
	*hash = (*hash ^ word) * 0x100000001b3ull;
	*hash ^= *hash >> 32;
}

static void mix_ranges(__u64 *hash, const struct steer_ranges *ranges)
{
	size_t i;

	mix(hash, ranges->nr);
	for (i = 0; i < ranges->nr; i++) {
		mix(hash, ranges->list[i].end);
		mix(hash, ranges->list[i].location);
	}
}

static __u64 fingerprint(const struct places *places)
{
	__u64 hash = 0xcbf29ce484222325ull;
	const char *at;
	size_t i;

	for (i = 0; i < places->nr_regions; i++)
		for (at = places->regions[i]; at == places->regions[i] || at[-1]; at++)
			mix(&hash, (__u8)*at);
	mix_ranges(&hash, &places->region4);
	mix_ranges(&hash, &places->region6);
	for (i = 0; i < places->nr_asns; i++) {
		mix_ranges(&hash, &places->asn4[i]);
		mix_ranges(&hash, &places->asn6[i]);
	}
	return hash;
}

int places_build(const struct world *world, const struct config *config, struct places **out)
{
	struct places *places = calloc(1, sizeof(*places));
	size_t i;
	int err;

	if (!places)
		return -ENOMEM;
	err = take_names(config, places);
	err = err ?: take_regions(world, config->nr_regions, places);
	for (i = 0; !err && i < world->nr_files; i++)
		err = take_asns(&world->files[i], places);
	if (err) {
		places_free(places);
		return err;
	}
	places->fingerprint = fingerprint(places);
	*out = places;
	return 0;
}

void places_free(struct places *places)
{
	size_t i;

	if (!places)
		return;
	for (i = 0; i < places->nr_regions; i++)
		free(places->regions[i]);
	free(places->regions);
	steer_ranges_free(&places->region4);
	steer_ranges_free(&places->region6);
	for (i = 0; i < places->nr_asns; i++) {
		steer_ranges_free(&places->asn4[i]);
		steer_ranges_free(&places->asn6[i]);
	}
	free(places);
}

static __u32 look_up(const struct steer_ranges *ranges, const struct steer_key *key)
{
	__u64 start;

	return steer_ranges_find(ranges, key->key, &start)->location;
}

void places_find(const struct places *places, const struct ad_addr *addr, __u32 *region, __u32 *asn)
{
	const struct steer_key key = steer_map_key(addr, 128);
	size_t i;

	*region = 0;
	*asn = 0;
	if (!places)
		return;
	*region = look_up(key.is_ip4 ? &places->region4 : &places->region6, &key);
	for (i = 0; !*asn && i < places->nr_asns; i++)
		*asn = look_up(key.is_ip4 ? &places->asn4[i] : &places->asn6[i], &key);
}
