// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * match.c: an address's record and networks to the regions that it is in (match.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "match.h"

static __u64 key_of(const char *text)
{
	__u64 key = 0;

	for (; *text; text++)
		key = key << 8 | (__u8)*text;
	return key;
}

static int by_word(const void *a, const void *b)
{
	const struct match_word *x = a, *y = b;

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->region > y->region) - (x->region < y->region);
}

static void add_word(struct matcher *matcher, __u64 key, enum match_level level, __u16 region)
{
	matcher->words[matcher->nr_words++] = (struct match_word){ key, region, level, false };
}

static void add_codes(struct matcher *matcher, const struct config_codes *codes,
		      enum match_level level, __u16 region)
{
	size_t i;

	for (i = 0; i < codes->nr; i++)
		add_word(matcher, key_of(codes->list[i].text), level, region);
}

static void add_region(struct matcher *matcher, const struct config_region *region, __u16 number)
{
	size_t i;

	add_codes(matcher, &region->continents, MATCH_CONTINENT, number);
	add_codes(matcher, &region->countries, MATCH_COUNTRY, number);
	add_codes(matcher, &region->subdivisions, MATCH_SUBDIVISION, number);
	for (i = 0; i < region->asns.nr; i++)
		add_word(matcher, region->asns.list[i], MATCH_ASN, number);
}

int matcher_open(struct matcher *matcher, const struct config *config)
{
	size_t i, nr = 0;

	memset(matcher, 0, sizeof(*matcher));
	matcher->config = config;
	for (i = 0; i < config->nr_regions; i++)
		nr += config->regions[i].continents.nr + config->regions[i].countries.nr +
		      config->regions[i].subdivisions.nr + config->regions[i].asns.nr;
	for (i = 0; i < config->nr_policies; i++)
		matcher->by_place |= config->policies[i].draw == CONFIG_DRAW_DISTANCE;
	matcher->words = calloc(nr + 1, sizeof(*matcher->words));
	matcher->levels = calloc(config->nr_regions + 1, sizeof(*matcher->levels));
	matcher->touched = calloc(2 * config->nr_regions + 2, sizeof(*matcher->touched));
	if (!matcher->words || !matcher->levels || !matcher->touched) {
		matcher_close(matcher);
		return -ENOMEM;
	}
	for (i = 0; i < config->nr_regions; i++)
		add_region(matcher, &config->regions[i], i);
	qsort(matcher->words, matcher->nr_words, sizeof(*matcher->words), by_word);
	return 0;
}

void matcher_close(struct matcher *matcher)
{
	free(matcher->words);
	free(matcher->levels);
	free(matcher->touched);
	memset(matcher, 0, sizeof(*matcher));
}

static void touch(struct matcher *matcher, __u32 region, __u32 level)
{
	if (!matcher->levels[region])
		matcher->touched[matcher->nr_touched++] = region;
	if (matcher->levels[region] < level)
		matcher->levels[region] = level;
}

static void touch_cell(struct matcher *matcher, __u16 cell)
{
	if (cell)
		touch(matcher, matcher->config->nr_regions, cell);
}

static void touch_word(struct matcher *matcher, __u64 key, enum match_level level)
{
	size_t low = 0, high = matcher->nr_words, middle;
	struct match_word wanted = { key, 0, level, false }, *word;

	if (!key)
		return;
	while (low < high) {
		middle = (low + high) / 2;
		if (by_word(&matcher->words[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < matcher->nr_words; low++) {
		word = &matcher->words[low];
		if (word->key != key || word->level != level)
			break;
		word->is_seen = true;
		touch(matcher, word->region, level);
	}
}

static int by_number(const void *a, const void *b)
{
	__u32 x = *(const __u32 *)a, y = *(const __u32 *)b;

	return (x > y) - (x < y);
}

int matcher_classify(struct matcher *matcher, const struct geo_record *record,
		     const struct networks *networks, __u32 network, struct intern *classes,
		     __u32 *number)
{
	__u32 *touched = matcher->touched, same;
	size_t i;

	matcher->nr_touched = 0;
	matcher->has_place |= !!record->cell;
	if (matcher->by_place)
		touch_cell(matcher, record->cell);
	touch_word(matcher, key_of(record->continent), MATCH_CONTINENT);
	touch_word(matcher, key_of(record->country), MATCH_COUNTRY);
	touch_word(matcher, key_of(record->subdivision), MATCH_SUBDIVISION);
	touch_word(matcher, record->asn, MATCH_ASN);
	for (; network; network = networks->list[network].around)
		for (same = network; same; same = networks->list[same].same)
			touch(matcher, networks->list[same].region,
			      MATCH_NETWORK + networks->list[same].bits);
	qsort(touched, matcher->nr_touched, sizeof(*touched), by_number);
	for (i = matcher->nr_touched; i--;) {
		__u32 region = touched[i];

		touched[2 * i] = region;
		touched[2 * i + 1] = matcher->levels[region];
		matcher->levels[region] = MATCH_NONE;
	}
	return intern_add(classes, touched, 2 * matcher->nr_touched, number);
}

size_t match_rule(const struct config_policy *policy, const __u32 *levels)
{
	size_t i, best = policy->rules.nr;
	__u32 most = MATCH_NONE;

	for (i = 0; i < policy->rules.nr; i++) {
		if (levels[policy->rules.list[i].region] > most) {
			most = levels[policy->rules.list[i].region];
			best = i;
		}
	}
	return best;
}
