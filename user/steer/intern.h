/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intern.h: lists of numbers, each different one once, numbered from 0 in the order in which they
 * were first seen.
 */
#ifndef AD_INTERN_H
#define AD_INTERN_H

#include <stddef.h>
#include <linux/types.h>

struct intern_item {
	size_t start; /* in @words */
	size_t nr;
};
struct intern {
	__u32 *words;
	size_t nr_words, room_words;
	struct intern_item *items;
	size_t nr, room;
	__u32 *table; /* number + 1 by hash; 0: free */
	size_t places;
};

/* The number of @words: its own if it is new, when intern->nr has grown. 0 or -ENOMEM. */
int intern_add(struct intern *intern, const __u32 *words, size_t nr, __u32 *number);
static inline const __u32 *intern_words(const struct intern *intern, __u32 number)
{
	return intern->words + intern->items[number].start;
}
void intern_free(struct intern *intern);

#endif
