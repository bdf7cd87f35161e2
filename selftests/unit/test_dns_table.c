// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_dns_table.c: every name has a cell in one of its two buckets, where the engine looks.
 */
#include <stdlib.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/dns/dns_home.h"
#include "user/dns/dns_table.h"

static __u64 keys[AD_DNS_NAME_WORDS][2];

static void make_keys(unsigned int seed)
{
	srandom(seed);
	for (size_t i = 0; i < AD_DNS_NAME_WORDS; i++)
		for (int j = 0; j < 2; j++)
			keys[i][j] = (__u64)random() << 33 ^ (__u64)random() << 11 ^ random();
}

/* @nr names, "n0.test" and so on, each in memory that is zero to the next word. */
static struct dns_tree tree_of(size_t nr)
{
	struct dns_tree tree = { .nr_nodes = nr, .nodes = calloc(nr, sizeof(*tree.nodes)) };

	for (size_t i = 0; i < nr; i++) {
		char *name = calloc(1, 32);
		int len = snprintf(name + 1, 30, "n%zu", i);

		name[0] = len;
		memcpy(name + 1 + len, "\4test", 6);
		tree.nodes[i].name = (__u8 *)name;
		tree.nodes[i].class = 1;
		tree.nodes[i].cell = ~0u;
	}
	return tree;
}

static void free_tree(struct dns_tree *tree)
{
	for (size_t i = 0; i < tree->nr_nodes; i++)
		free((void *)tree->nodes[i].name);
	free(tree->nodes);
}

static __u32 bucket_of(const struct dns_table *table, size_t node, int choice)
{
	return dns_mix(table->hashes[node][choice]) & (table->nr_buckets - 1);
}

/* How many names are not where the engine would look for them, or share their cell. */
static size_t misplaced(const struct dns_table *table, const struct dns_tree *tree)
{
	size_t wrong = 0;

	for (size_t i = 0; i < tree->nr_nodes; i++) {
		__u32 cell = tree->nodes[i].cell, bucket = cell / AD_DNS_BUCKET_CELLS;

		wrong += cell == ~0u || table->cells[cell] != i + 1 ||
			 (bucket != bucket_of(table, i, 0) && bucket != bucket_of(table, i, 1));
	}
	return wrong;
}

static void test_table_of(size_t nr, __u32 most)
{
	struct dns_tree tree = tree_of(nr);
	struct dns_table table;
	size_t used = 0;

	make_keys(nr);
	is_int(dns_table_build(&table, &tree, keys), 0, "%zu names find room", nr);
	is_int(misplaced(&table, &tree), 0, "each where it is looked for");
	for (size_t i = 0; i < (size_t)table.nr_buckets * AD_DNS_BUCKET_CELLS; i++)
		used += table.cells[i] != 0;
	is_int(used, nr, "and nothing else is in the table");
	ok(!(table.nr_buckets & (table.nr_buckets - 1)), "its buckets are a power of two");
	ok(table.nr_buckets <= most, "and not more than need be: %u", table.nr_buckets);
	dns_table_free(&table);
	free_tree(&tree);
}

/* As much as one bucket holds, if both choices are the same. */
static void test_table_holds_two_names_of_one_hash(void)
{
	struct dns_tree tree = tree_of(2);
	struct dns_table table;

	make_keys(1);
	for (size_t i = 0; i < tree.nr_nodes; i++)
		memcpy((void *)tree.nodes[i].name, "\2n0\4test", 9);
	is_int(dns_table_build(&table, &tree, keys), 0, "two that are the same share a bucket");
	is_int(misplaced(&table, &tree), 0, "each with a cell of its own");
	dns_table_free(&table);
	free_tree(&tree);
}

static void test_table_tells_classes_apart(void)
{
	struct dns_tree tree = tree_of(1);
	struct dns_table in, chaos;

	make_keys(7);
	dns_table_build(&in, &tree, keys);
	tree.nodes[0].class = 3;
	dns_table_build(&chaos, &tree, keys);
	ok(in.hashes[0][0] != chaos.hashes[0][0], "a name of CHAOS has another hash");
	dns_table_free(&in);
	dns_table_free(&chaos);
	free_tree(&tree);
}

static void test_table_takes_names_in_any_case(void)
{
	struct dns_tree tree = tree_of(1);
	struct dns_table lower, upper;

	make_keys(9);
	dns_table_build(&lower, &tree, keys);
	memcpy((void *)tree.nodes[0].name, "\2N0\4TeSt", 9);
	dns_table_build(&upper, &tree, keys);
	is_mem(lower.hashes[0], upper.hashes[0], sizeof(lower.hashes[0]), "the same hash");
	dns_table_free(&lower);
	dns_table_free(&upper);
	free_tree(&tree);
}

int main(void)
{
	test_table_of(1, 4);
	test_table_of(2, 4);
	test_table_of(7, 16);
	test_table_of(1000, 1024);
	test_table_of(13107, 8192); /* 80 % */
	test_table_of(100000, 131072);
	test_table_holds_two_names_of_one_hash();
	test_table_tells_classes_apart();
	test_table_takes_names_in_any_case();
	return done_testing();
}
