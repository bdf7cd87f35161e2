/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catch_table.h: what landed here, added up by prefix, by AS number or by region. Bounded: what
 * finds no row is added to the sums of the other tables only.
 */
#ifndef AD_CATCH_TABLE_H
#define AD_CATCH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

enum catch_kind {
	CATCH_CONNECTIONS,
	CATCH_QUERIES,
	CATCH_KINDS
};
/* "connections", "queries" */
const char *catch_kind_name(enum catch_kind kind);

struct catch_row {
	__u64 key;
	__u64 count[CATCH_KINDS];
	__u64 rtt_sum_us; /* of its sockets, each one's least */
	__u32 rtt_least_us;
	__u32 sockets;
	bool is_used;
};

struct catch_table {
	struct catch_row *rows; /* a hash table of @room places */
	size_t room;		/* a power of two, twice as many as rows fit at least */
	size_t nr, max;
};

/* For @max rows. 0 or -ENOMEM. */
int catch_table_init(struct catch_table *table, size_t max);
void catch_table_free(struct catch_table *table);
void catch_table_clear(struct catch_table *table);
/* The row of @key, a new one if there is none; NULL: the table is full. */
struct catch_row *catch_table_add(struct catch_table *table, __u64 key);
/* The rows, those with the most of both kinds first; at most @max of them. NULL without memory. */
const struct catch_row **catch_table_sort(const struct catch_table *table, size_t max, size_t *nr);
/* One more socket, with this round-trip time. */
void catch_row_time(struct catch_row *row, __u32 rtt_us);

#endif
