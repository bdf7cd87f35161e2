// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rows.c: policies to rows (rows.h).
 *
 * Each POP of a group gets as many slots as its weight is worth. Which ones, a hash of slot and POP
 * decides: of all pairs the lowest hash first, while the slot is free and the POP has not got all
 * of its own. So a slot leaves a POP for few reasons but that its own number or another's has
 * changed.
 */
#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "rows.h"

#define SLOTS AD_STEER_SLOTS

/* A row as it is kept for comparison: equal ones are stored once. */
struct known {
	struct ad_steer_row row;
	__u32 next;
	__u32 entry;
};

struct rows {
	const __u64 *seeds;
	void *tree; /* of struct known */
	struct known **list;
	size_t nr, room;
};

struct pair {
	__u64 hash;
	__u8 slot;
	__u8 member; /* of the group */
};

static __u64 mix(__u64 v)
{
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9ull;
	v = (v ^ v >> 27) * 0x94d049bb133111ebull;
	return v ^ v >> 31;
}

__u64 steer_seed(const char *name)
{
	__u64 seed = 0x9e3779b97f4a7c15ull;

	for (; *name; name++)
		seed = mix(seed ^ (__u8)*name);
	return seed;
}

static int by_hash(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->slot != y->slot ? x->slot - y->slot : x->member - y->member;
}

void steer_quotas(const struct steer_choice *group, size_t nr, __u8 *quotas)
{
	__u32 total = 0, left = SLOTS, best;
	size_t i, at;

	for (i = 0; i < nr; i++)
		total += group[i].weight;
	for (i = 0; i < nr && total; i++) {
		quotas[i] = SLOTS * group[i].weight / total;
		left -= quotas[i];
	}
	while (left && total) {
		best = 0;
		at = 0;
		for (i = 0; i < nr; i++) {
			__u32 rest = SLOTS * group[i].weight % total + 1;

			if (quotas[i] == SLOTS * group[i].weight / total && rest > best) {
				best = rest;
				at = i;
			}
		}
		quotas[at]++;
		left--;
	}
}

/* More POPs than slots: those with the most weight have one each. */
static int fill_row(const struct rows *rows, const struct steer_choice *group, size_t nr,
		    struct ad_steer_row *row)
{
	static const struct ad_steer_row nobody = { .pop = { [0 ... SLOTS - 1] = AD_STEER_NONE } };
	__u8 left[AD_STEER_POPS] = { 0 };
	struct pair *pairs = calloc(nr * SLOTS, sizeof(*pairs)), *pair;
	size_t i;

	*row = nobody;
	if (!pairs)
		return -ENOMEM;
	steer_quotas(group, nr, left);
	for (i = 0; i < nr * SLOTS; i++) {
		pairs[i].member = i / SLOTS;
		pairs[i].slot = i % SLOTS;
		pairs[i].hash = mix(rows->seeds[group[i / SLOTS].pop] + i % SLOTS);
	}
	qsort(pairs, nr * SLOTS, sizeof(*pairs), by_hash);
	for (pair = pairs; pair < pairs + nr * SLOTS; pair++) {
		if (!left[pair->member] || row->pop[pair->slot] != AD_STEER_NONE)
			continue;
		row->pop[pair->slot] = group[pair->member].pop;
		left[pair->member]--;
	}
	free(pairs);
	return 0;
}

/* --- rows, each once -------------------------------------------------------------------------- */

static int by_content(const void *a, const void *b)
{
	const struct known *x = a, *y = b;
	__u32 spread = (x->entry ^ y->entry) & AD_STEER_SPREAD;

	if (x->next != y->next)
		return x->next < y->next ? -1 : 1;
	if (spread)
		return x->entry & AD_STEER_SPREAD ? 1 : -1;
	return memcmp(&x->row, &y->row, sizeof(x->row));
}

static bool is_single(const struct ad_steer_row *row)
{
	return !memcmp(row->pop, row->pop + 1, SLOTS - 1);
}

static int rows_grow(struct rows *rows)
{
	struct known **grown;

	if (rows->nr < rows->room)
		return 0;
	rows->room = rows->room ? 2 * rows->room : 64;
	grown = reallocarray(rows->list, rows->room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	rows->list = grown;
	return 0;
}

/* The entry of this row, which is new or known. 0 when out of memory. */
static __u32 rows_add(struct rows *rows, const struct ad_steer_row *row, __u32 next, __u32 flags)
{
	struct known *mine = calloc(1, sizeof(*mine)), **found;

	if (!mine || rows_grow(rows)) {
		free(mine);
		return 0;
	}
	mine->row = *row;
	mine->next = next;
	mine->entry = flags;
	found = tsearch(mine, &rows->tree, by_content);
	if (!found || *found != mine) {
		free(mine);
		return found ? (*found)->entry : 0;
	}
	rows->list[rows->nr++] = mine;
	mine->entry |= rows->nr | (is_single(row) ? AD_STEER_SINGLE : 0);
	return mine->entry;
}

static void rows_free(struct rows *rows)
{
	size_t i;

	for (i = 0; i < rows->nr; i++) {
		tdelete(rows->list[i], &rows->tree, by_content);
		free(rows->list[i]);
	}
	free(rows->list);
}

/* --- one rule --------------------------------------------------------------------------------- */

/* Those of @rule with a weight and a rank between @low and @high. */
static size_t pick_group(const struct steer_rule *rule, unsigned int low, unsigned int high,
			 struct steer_choice *group)
{
	bool seen[AD_STEER_POPS + 1] = { false };
	size_t i, nr = 0;

	for (i = 0; i < rule->nr; i++) {
		const struct steer_choice *choice = &rule->choices[i];

		if (choice->rank < low || choice->rank > high || !choice->weight ||
		    choice->pop >= AD_STEER_POPS || seen[choice->pop])
			continue;
		seen[choice->pop] = true;
		group[nr++] = *choice;
	}
	return nr;
}

static unsigned int first_rank(const struct steer_rule *rule)
{
	unsigned int rank = 255;
	size_t i;

	for (i = 0; i < rule->nr; i++)
		if (rule->choices[i].weight && rule->choices[i].rank < rank)
			rank = rule->choices[i].rank;
	return rank;
}

/* Adds the row of a group in front of *@entry. */
static int put_group(struct rows *rows, const struct steer_choice *group, size_t nr, __u32 flags,
		     __u32 *entry)
{
	struct ad_steer_row row;

	if (!nr)
		return 0;
	if (fill_row(rows, group, nr, &row))
		return -ENOMEM;
	*entry = rows_add(rows, &row, *entry, flags);
	return *entry ? 0 : -ENOMEM;
}

/* Ranks one behind the other, from the last one on; what is beyond AD_STEER_RANKS is one rank. */
static int put_order(struct rows *rows, const struct steer_rule *rule, __u32 *entry)
{
	struct steer_choice group[AD_STEER_POPS];
	unsigned int rank = 256, high = 255, ranks[AD_STEER_RANKS], nr = 0;
	int err = 0;

	for (rank = 0; rank < 256 && nr < AD_STEER_RANKS; rank++)
		if (pick_group(rule, rank, rank, group))
			ranks[nr++] = rank;
	while (nr-- && !err) {
		err = put_group(rows, group, pick_group(rule, ranks[nr], high, group), 0, entry);
		high = ranks[nr] - 1;
	}
	return err;
}

static int put_rule(struct rows *rows, enum steer_draw draw, const struct steer_rule *rule,
		    __u32 *entry)
{
	struct steer_choice group[AD_STEER_POPS];
	unsigned int first = first_rank(rule);
	int err;

	*entry = 0;
	if (draw == STEER_ORDER)
		return put_order(rows, rule, entry);
	err = put_group(rows, group, pick_group(rule, 0, 255, group), 0, entry);
	if (err || draw == STEER_WEIGHTED)
		return err;
	return put_group(rows, group, pick_group(rule, first, first, group), AD_STEER_SPREAD,
			 entry);
}

/* --- all of them ------------------------------------------------------------------------------ */

static int put_policy(struct rows *rows, const struct steer_policy *policy, size_t nr_locations,
		      __u32 *entries)
{
	const struct steer_rule *rules = policy->rules;
	size_t i;
	int err = 0;

	for (i = 0; i < nr_locations && !err; i++) {
		if (i && rules[i].choices == rules[i - 1].choices && rules[i].nr == rules[i - 1].nr)
			entries[i] = entries[i - 1];
		else
			err = put_rule(rows, policy->draw, &rules[i], &entries[i]);
	}
	if (!err && policy->out == STEER_OUT_LAST_RESORT)
		err = put_rule(rows, STEER_ORDER, &policy->last_resort, &entries[nr_locations]);
	return err;
}

static __u64 aligned(__u64 at)
{
	return (at + SLOTS - 1) & ~(__u64)(SLOTS - 1);
}

static int pack(const struct rows *rows, const __u32 *entries, size_t nr_policies,
		size_t nr_locations, struct steer_table *table)
{
	size_t nr_entries = nr_policies * (nr_locations + 1), i;
	struct ad_rows_head head = {
		.nr_policies = nr_policies,
		.nr_locations = nr_locations,
		.nr_rows = rows->nr,
		.entries = sizeof(head),
	};

	head.nexts = aligned(head.entries + nr_entries * sizeof(*entries));
	head.rows = aligned(head.nexts + (rows->nr + 1) * sizeof(*entries));
	table->size = head.rows + (rows->nr + 1) * sizeof(struct ad_steer_row);
	head.pages = (table->size + AD_STEER_PAGE_BYTES - 1) / AD_STEER_PAGE_BYTES;
	table->size = (size_t)head.pages * AD_STEER_PAGE_BYTES;
	table->bytes = calloc(1, table->size);
	if (!table->bytes)
		return -ENOMEM;
	memcpy(table->bytes, &head, sizeof(head));
	memcpy(table->bytes + head.entries, entries, nr_entries * sizeof(*entries));
	memset(table->bytes + head.rows, AD_STEER_NONE, sizeof(struct ad_steer_row));
	for (i = 0; i < rows->nr; i++) {
		const struct known *known = rows->list[i];

		((__u32 *)(table->bytes + head.nexts))[i + 1] = known->next;
		((struct ad_steer_row *)(table->bytes + head.rows))[i + 1] = known->row;
	}
	return 0;
}

int steer_rows_build(const struct steer_policy *policies, size_t nr_policies, size_t nr_locations,
		     const __u64 *seeds, struct steer_table *table)
{
	struct rows rows = { .seeds = seeds };
	__u32 *entries;
	size_t i;
	int err = 0;

	memset(table, 0, sizeof(*table));
	if (nr_policies && !nr_locations)
		return -EINVAL;
	entries = calloc(nr_policies * (nr_locations + 1) + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	for (i = 0; i < nr_policies && !err; i++)
		err = put_policy(&rows, &policies[i], nr_locations,
				 entries + i * (nr_locations + 1));
	err = err ?: pack(&rows, entries, nr_policies, nr_locations, table);
	rows_free(&rows);
	free(entries);
	return err;
}

void steer_table_free(struct steer_table *table)
{
	free(table->bytes);
	memset(table, 0, sizeof(*table));
}
