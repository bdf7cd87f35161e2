// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * catch_table.c: rows by key, in an open hash table that never grows (catch_table.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "catch_table.h"

const char *catch_kind_name(enum catch_kind kind)
{
	return kind == CATCH_QUERIES ? "queries" : "connections";
}

int catch_table_init(struct catch_table *table, size_t max)
{
	*table = (struct catch_table){ .room = 2, .max = max };
	while (table->room < 2 * max)
		table->room *= 2;
	table->rows = calloc(table->room, sizeof(*table->rows));
	return table->rows ? 0 : -ENOMEM;
}

void catch_table_free(struct catch_table *table)
{
	free(table->rows);
	memset(table, 0, sizeof(*table));
}

void catch_table_clear(struct catch_table *table)
{
	/* What nobody has written to takes no memory. */
	if (table->nr)
		memset(table->rows, 0, table->room * sizeof(*table->rows));
	table->nr = 0;
}

struct catch_row *catch_table_add(struct catch_table *table, __u64 key)
{
	size_t at = (key * 0x9e3779b97f4a7c15ull >> 32) & (table->room - 1);

	while (table->rows[at].is_used && table->rows[at].key != key)
		at = (at + 1) & (table->room - 1);
	if (table->rows[at].is_used)
		return &table->rows[at];
	if (table->nr == table->max)
		return NULL;
	table->nr++;
	table->rows[at].is_used = true;
	table->rows[at].key = key;
	return &table->rows[at];
}

static int by_count(const void *a, const void *b)
{
	const struct catch_row *x = *(const struct catch_row *const *)a;
	const struct catch_row *y = *(const struct catch_row *const *)b;
	__u64 m = x->count[CATCH_CONNECTIONS] + x->count[CATCH_QUERIES];
	__u64 n = y->count[CATCH_CONNECTIONS] + y->count[CATCH_QUERIES];

	if (m != n)
		return m < n ? 1 : -1;
	return (x->key > y->key) - (x->key < y->key);
}

const struct catch_row **catch_table_sort(const struct catch_table *table, size_t max, size_t *nr)
{
	const struct catch_row **list = calloc(table->nr + 1, sizeof(struct catch_row *));
	size_t i;

	*nr = 0;
	if (!list)
		return NULL;
	for (i = 0; i < table->room; i++)
		if (table->rows[i].is_used)
			list[(*nr)++] = &table->rows[i];
	qsort(list, *nr, sizeof(*list), by_count);
	*nr = *nr < max ? *nr : max;
	return list;
}

void catch_row_time(struct catch_row *row, __u32 rtt_us)
{
	row->rtt_sum_us += rtt_us;
	if (!row->sockets++ || rtt_us < row->rtt_least_us)
		row->rtt_least_us = rtt_us;
}
