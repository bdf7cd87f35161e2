// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * nearest.c: edit distance, in which exchanging two neighbouring letters counts as one error.
 */
#include <string.h>
#include "nearest.h"

#define WORD_MAX 31 /* no known name is longer */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment over the full matrix: the words are short, so speed does not matter. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t d[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= a_len; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= b_len; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		for (size_t j = 1; j <= b_len; j++) {
			size_t swap = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			d[i][j] = least(swap, 1 + least(d[i - 1][j], d[i][j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[a_len][b_len];
}

void nearest_offer(struct nearest *nearest, const char *known)
{
	size_t typed_len = strlen(nearest->word), known_len = strlen(known), distance;

	if (!typed_len || typed_len > WORD_MAX || known_len > WORD_MAX)
		return;
	distance = edit_distance(nearest->word, typed_len, known, known_len);
	if (distance >
	    (typed_len + 2) / 3) /* if a third of the letters differ, another word was meant */
		return;
	if (nearest->best && distance >= nearest->distance)
		return;
	nearest->best = known;
	nearest->distance = distance;
}
