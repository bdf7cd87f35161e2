// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_table.c: a cuckoo table with two choices and two cells to a bucket (dns_table.h).
 *
 * A name whose two buckets are full takes the cell of another name, which moves to its own other
 * bucket, and so on. Below 80 % load this nearly always ends soon; if not, the table is made
 * larger.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dns_home.h"
#include "dns_table.h"

#define KICKS_MAX   500
#define BUCKETS_MIN 4
#define BUCKETS_MAX (1u << 28)

static void table_hash(const struct dns_node *node, const __u64 keys[AD_DNS_NAME_WORDS][2],
		       __u64 hash[2])
{
	__u64 words[AD_DNS_NAME_WORDS] = { 0 };
	size_t i, len = name_len(node->name);

	memcpy(words, node->name, len);
	hash[0] = hash[1] = 0;
	for (i = 0; 8 * i < len; i++) {
		hash[0] += dns_nh(dns_lower(words[i]), keys[i][0]);
		hash[1] += dns_nh(dns_lower(words[i]), keys[i][1]);
	}
	hash[0] ^= node->class - DNS_CLASS_IN;
}

static __u32 table_bucket(const struct dns_table *table, __u32 node, int choice)
{
	return dns_mix(table->hashes[node][choice]) & (table->nr_buckets - 1);
}

/* Takes the cell of the bucket that the engine tries first, or the other. */
static bool bucket_take(struct dns_table *table, __u32 node, int choice)
{
	__u32 *cells = &table->cells[table_bucket(table, node, choice) * AD_DNS_BUCKET_CELLS];
	__u32 seat = dns_seat(dns_mix(table->hashes[node][choice]));

	if (cells[seat])
		seat ^= 1;
	if (cells[seat])
		return false;
	cells[seat] = node + 1;
	return true;
}

/* Puts @node into @bucket in place of another node, which is returned. */
static __u32 bucket_kick(struct dns_table *table, __u32 bucket, __u32 node, unsigned int victim)
{
	__u32 *cell = &table->cells[bucket * AD_DNS_BUCKET_CELLS + victim % AD_DNS_BUCKET_CELLS];
	__u32 out = *cell - 1;

	*cell = node + 1;
	return out;
}

static bool table_insert(struct dns_table *table, __u32 node)
{
	unsigned int kicks, random = node * 2654435761u;
	__u32 bucket;
	int choice;

	if (bucket_take(table, node, 0) || bucket_take(table, node, 1))
		return true;
	bucket = table_bucket(table, node, 0);
	for (kicks = 0; kicks < KICKS_MAX; kicks++) {
		random = random * 1664525u + 1013904223u;
		node = bucket_kick(table, bucket, node, random >> 16);
		choice = bucket == table_bucket(table, node, 0);
		if (bucket_take(table, node, choice))
			return true;
		bucket = table_bucket(table, node, choice);
	}
	return false;
}

static bool table_fill(struct dns_table *table, const struct dns_tree *tree)
{
	__u32 i;

	memset(table->cells, 0, (size_t)table->nr_buckets * AD_DNS_BUCKET_CELLS * sizeof(__u32));
	for (i = 0; i < tree->nr_nodes; i++)
		if (!table_insert(table, i))
			return false;
	return true;
}

static int table_grow(struct dns_table *table, const struct dns_tree *tree)
{
	for (; table->nr_buckets <= BUCKETS_MAX; table->nr_buckets *= 2) {
		free(table->cells);
		table->cells = calloc((size_t)table->nr_buckets * AD_DNS_BUCKET_CELLS,
				      sizeof(*table->cells));
		if (!table->cells)
			return -ENOMEM;
		if (table_fill(table, tree))
			return 0;
	}
	return -ENOSPC;
}

int dns_table_hash(struct dns_table *table, const struct dns_tree *tree,
		   const __u64 keys[AD_DNS_NAME_WORDS][2])
{
	size_t i;

	memset(table, 0, sizeof(*table));
	table->hashes = calloc(tree->nr_nodes + 1, sizeof(*table->hashes));
	if (!table->hashes)
		return -ENOMEM;
	for (i = 0; i < tree->nr_nodes; i++)
		table_hash(&tree->nodes[i], keys, table->hashes[i]);
	return 0;
}

int dns_table_build(struct dns_table *table, struct dns_tree *tree,
		    const __u64 keys[AD_DNS_NAME_WORDS][2])
{
	int err = dns_table_hash(table, tree, keys);
	__u32 i;

	if (err)
		return err;
	table->nr_buckets = BUCKETS_MIN;
	while ((__u64)table->nr_buckets * AD_DNS_BUCKET_CELLS * 4 < (__u64)tree->nr_nodes * 5)
		table->nr_buckets *= 2;
	err = table_grow(table, tree);
	for (i = 0; !err && i < table->nr_buckets * AD_DNS_BUCKET_CELLS; i++)
		if (table->cells[i])
			tree->nodes[table->cells[i] - 1].cell = i;
	return err;
}

void dns_table_free(struct dns_table *table)
{
	free(table->hashes);
	free(table->cells);
}
