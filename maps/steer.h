/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * steer.h: steering as kernel and binary share it: where a client is.
 *
 * A *location* is a set of client addresses that no policy tells apart; they are numbered from 0,
 * which is "nothing is known of it".
 */
#ifndef AD_STEER_H
#define AD_STEER_H

#include "types.h"

#define AD_STEER_POPS_MAX      255 /* a slot of a row is a byte */
#define AD_STEER_POP_NONE      255
#define AD_STEER_LOCATIONS_MAX 65535
#define AD_STEER_LOCATION_NONE 65535 /* in the table: looked up as the IPv4 address inside */

/*
 * The location table: an array of lines, each a cache line, in pages that are elements of one array
 * map. Line 0 is the head. Two search trees follow: IPv4 addresses (32 bits, host order), and the
 * first 64 bits of IPv6 addresses. The whole space is cut into ranges, neighbours differ in their
 * location, and a range is known by its last key. The scope of an answer needs no more: it is the
 * shortest prefix of the client's address that meets neither the key before its range nor the one
 * behind it.
 *
 * A tree is laid out level by level, the root first, the leaves last: near the root it is one page,
 * the first. Nodes of a level stand side by side, and the children of node n are the nodes n * FAN
 * .. n * FAN + FAN - 1 of the next level: an inner node has FAN - 1 keys, the last keys of what is
 * below its children but the last one. What is not used has all bits set.
 *
 * Nobody begins at the root of IPv4: for each value of an address's first 16 bits there is a
 * *start*. If all such addresses are in one location, and in a database of countries five in six
 * are, that is the location and the scope, and nothing else is read. If not, it is the lowest node
 * that they are all below.
 */
#define AD_STEER_FORMAT	  3
#define AD_STEER_LEVELS4  6
#define AD_STEER_LEVELS6  7
#define AD_STEER_FAN4	  17
#define AD_STEER_FAN6	  9
#define AD_STEER_RANGES4  10 /* in one leaf */
#define AD_STEER_RANGES6  5
#define AD_STEER_LINE	  64
#define AD_STEER_LINE_MAX (1u << 24) /* a gigabyte */

#define AD_STEER_PAGE_BYTES (1u << 20) /* of these, and of rows (steer_rows.h) */
#define AD_STEER_PAGE_MASK  (AD_STEER_PAGE_BYTES - 1)
#define AD_STEER_PAGE_LINES (AD_STEER_PAGE_BYTES / AD_STEER_LINE)

/* Where IPv4 begins: lines of 16 starts each, behind the head. */
#define AD_STEER_STARTS	     1 /* the first of them */
#define AD_STEER_START_LINES 4096
#define AD_STEER_START_WHOLE (1u << 31) /* in a start: one location */
#define AD_STEER_START_SCOPE 16 /* bits that a scope is shifted by, the location is below it */
#define AD_STEER_START_UP    3	/* bits of other starts: levels above the leaves; then: its node */

struct ad_steer_head {
	__u32 format; /* AD_STEER_FORMAT */
	__u32 nr_lines;
	__u16 nr_locations;
	__u8 depth4; /* levels, the leaves' with them; at least one */
	__u8 depth6;
	__u32 levels4[AD_STEER_LEVELS4]; /* where each starts, the leaves' first */
	__u32 levels6[AD_STEER_LEVELS6];
};
AD_ASSERT_SIZE(struct ad_steer_head, AD_STEER_LINE);

struct ad_steer_node4 {
	__u32 ends[AD_STEER_FAN4 - 1];
};
AD_ASSERT_SIZE(struct ad_steer_node4, AD_STEER_LINE);

struct ad_steer_leaf4 {
	__u32 before; /* the last key in front of this leaf; all bits set: it is the first */
	__u32 ends[AD_STEER_RANGES4];
	__u16 locations[AD_STEER_RANGES4];
};
AD_ASSERT_SIZE(struct ad_steer_leaf4, AD_STEER_LINE);

struct ad_steer_node6 {
	__u64 ends[AD_STEER_FAN6 - 1];
};
AD_ASSERT_SIZE(struct ad_steer_node6, AD_STEER_LINE);

struct ad_steer_leaf6 {
	__u64 before;
	__u64 ends[AD_STEER_RANGES6];
	__u16 locations[AD_STEER_RANGES6];
	__u16 pad[3];
};
AD_ASSERT_SIZE(struct ad_steer_leaf6, AD_STEER_LINE);

struct ad_steer_starts {
	__u32 start[16];
};
AD_ASSERT_SIZE(struct ad_steer_starts, AD_STEER_LINE);

struct ad_steer_line {
	union {
		struct ad_steer_head head;
		struct ad_steer_starts starts;
		struct ad_steer_node4 node4;
		struct ad_steer_leaf4 leaf4;
		struct ad_steer_node6 node6;
		struct ad_steer_leaf6 leaf6;
	};
};
AD_ASSERT_SIZE(struct ad_steer_line, AD_STEER_LINE);

#endif
