/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_table.h: finds a cell of the hash table for each name. A part of dns_image.h.
 */
#ifndef AD_DNS_TABLE_H
#define AD_DNS_TABLE_H

#include "dns_tree.h"

struct dns_table {
	__u64 (*hashes)[2]; /* by node */
	__u32 *cells;	    /* node + 1, or 0 */
	__u32 nr_buckets;   /* a power of two */
};

/* Hashes every node with @keys and finds it a cell (node->cell). 0 or -errno. */
int dns_table_build(struct dns_table *table, struct dns_tree *tree,
		    const __u64 keys[AD_DNS_NAME_WORDS][2]);
/* Only computes the hashes. 0 or -ENOMEM. */
int dns_table_hash(struct dns_table *table, const struct dns_tree *tree,
		   const __u64 keys[AD_DNS_NAME_WORDS][2]);
void dns_table_free(struct dns_table *table);

#endif
