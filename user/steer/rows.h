/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rows.h: policies to the rows that the kernel draws from (maps/steer_rows.h). A pure function:
 * what a POP's state is now has no part in it, so no client moves because rows were made anew.
 */
#ifndef AD_STEER_ROWS_USER_H
#define AD_STEER_ROWS_USER_H

#include <stddef.h>
#include "maps/steer_rows.h"
#include "policy.h"

struct steer_table {
	__u8 *bytes; /* head->pages times AD_STEER_PAGE_BYTES */
	size_t size;
};

/* What a POP is called decides which slots are its own, not its place in a list. */
__u64 steer_seed(const char *name);

/*
 * @seeds: of each POP, by number. 0, or -ENOMEM, or -EINVAL: there are policies, but not even
 * location 0.
 */
int steer_rows_build(const struct steer_policy *policies, size_t nr_policies, size_t nr_locations,
		     const __u64 *seeds, struct steer_table *table);
void steer_table_free(struct steer_table *table);

static inline const struct ad_rows_head *steer_table_head(const struct steer_table *table)
{
	return (const struct ad_rows_head *)table->bytes;
}

/* How many of 64 slots each choice of a group gets, by largest remainder. */
void steer_quotas(const struct steer_choice *group, size_t nr, __u8 *quotas);

#endif
