// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * intern.c: each list of numbers once (intern.h): a hash table with open addressing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "intern.h"

static __u64 hash_of(const __u32 *words, size_t nr)
{
	__u64 hash = nr * 0x9E3779B97F4A7C15ull;

	while (nr--)
		hash = (hash ^ *words++) * 0xFF51AFD7ED558CCDull, hash ^= hash >> 32;
	return hash;
}

static __u32 *find(const struct intern *intern, const __u32 *words, size_t nr)
{
	size_t at = hash_of(words, nr) & (intern->places - 1);

	for (; intern->table[at]; at = (at + 1) & (intern->places - 1)) {
		const struct intern_item *item = &intern->items[intern->table[at] - 1];

		if (item->nr == nr &&
		    !(nr && memcmp(intern->words + item->start, words, nr * sizeof(*words))))
			break;
	}
	return &intern->table[at];
}

static int grow_table(struct intern *intern)
{
	struct intern wider = *intern;
	size_t i;

	wider.places = intern->places ? 2 * intern->places : 1024;
	wider.table = calloc(wider.places, sizeof(*wider.table));
	if (!wider.table)
		return -ENOMEM;
	for (i = 0; i < intern->nr; i++)
		*find(&wider, intern->words + intern->items[i].start, intern->items[i].nr) = i + 1;
	free(intern->table);
	*intern = wider;
	return 0;
}

static int grow(void *list, size_t *room, size_t wanted, size_t size)
{
	size_t more = *room ?: 256;
	void *longer;

	while (more < wanted)
		more *= 2;
	if (more == *room)
		return 0;
	longer = reallocarray(*(void **)list, more, size);
	if (!longer)
		return -ENOMEM;
	*(void **)list = longer;
	*room = more;
	return 0;
}

int intern_add(struct intern *intern, const __u32 *words, size_t nr, __u32 *number)
{
	__u32 *place;
	int err = 2 * intern->nr >= intern->places ? grow_table(intern) : 0;

	if (err)
		return err;
	place = find(intern, words, nr);
	if (!*place) {
		err = grow(&intern->words, &intern->room_words, intern->nr_words + nr,
			   sizeof(*intern->words));
		err = err
			      ?: grow(&intern->items, &intern->room, intern->nr + 1,
				      sizeof(*intern->items));
		if (err)
			return err;
		if (nr)
			memcpy(intern->words + intern->nr_words, words, nr * sizeof(*words));
		intern->items[intern->nr++] = (struct intern_item){ intern->nr_words, nr };
		intern->nr_words += nr;
		*place = intern->nr;
	}
	*number = *place - 1;
	return 0;
}

void intern_free(struct intern *intern)
{
	free(intern->words);
	free(intern->items);
	free(intern->table);
	memset(intern, 0, sizeof(*intern));
}
