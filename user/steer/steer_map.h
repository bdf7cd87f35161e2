/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer_map.h: sorted ranges of addresses into the location table (maps/steer.h).
 */
#ifndef AD_STEER_MAP_H
#define AD_STEER_MAP_H

#include "policy.h"

/*
 * What the table is asked for @addr, of which the first @bits are known: a key of IPv4, or of IPv6.
 */
struct steer_key {
	bool is_ip4;
	__u64 key;
};
struct steer_key steer_map_key(const struct ad_addr *addr, unsigned int bits);

/* Ranges that follow each other without a gap: each begins behind the one before. */
struct steer_range {
	__u64 end; /* the last key; of IPv4 32 bits */
	__u32 location;
};
struct steer_ranges {
	struct steer_range *list;
	size_t nr, room;
};

/* A range that ends at @end; one that has the location of the one before it makes that longer. */
int steer_ranges_add(struct steer_ranges *ranges, __u64 end, __u32 location);
/* The range that @key lies in, and where it begins. The last of @ranges ends at the last key. */
const struct steer_range *steer_ranges_find(const struct steer_ranges *ranges, __u64 key,
					    __u64 *start);
void steer_ranges_free(struct steer_ranges *ranges);

/*
 * The table of @ip4, whose last range ends at 2^32 - 1, and @ip6, whose last one ends at 2^64 - 1.
 * 0, or -ENOMEM, or -E2BIG: more ranges than it can hold.
 */
int steer_map_build(const struct steer_ranges *ip4, const struct steer_ranges *ip6,
		    unsigned int nr_locations, struct steer_map *map);
void steer_map_free(struct steer_map *map);

#endif
