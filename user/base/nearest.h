/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nearest.h: "did you mean": which known word a typing error is closest to.
 */
#ifndef AD_NEAREST_H
#define AD_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *word; /* what was typed */
	const char *best; /* NULL while no known word is near enough */
	size_t distance;
};

/* Start with { .word = typed }, offer every known word, then look at ->best. */
void nearest_offer(struct nearest *nearest, const char *known);

#endif
