// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * steer_map.c: the location table: written here, read by the kernel's own code (steer_map.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "bpf/dns/dns_locate.h"
#include "steer_map.h"

/* Here the table that a question began with is plain memory. */
struct dns_work {
	const struct steer_map *map;
};

static __always_inline const struct ad_steer_line *steer_page(const struct dns_work *w, __u32 n)
{
	__u64 line = (__u64)n * AD_STEER_PAGE_LINES;

	return line < w->map->nr_lines ? &w->map->lines[line] : NULL;
}

void steer_map_locate(const struct steer_map *map, const struct ad_addr *addr, __u32 bits,
		      __u16 *location, __u8 *scope)
{
	const struct dns_work work = { .map = map };
	struct steer_place place = { 0 };

	if (steer_locate(&work, addr, bits, &place))
		place = (struct steer_place){ 0 };
	*location = place.location;
	*scope = place.scope;
}

struct steer_key steer_map_key(const struct ad_addr *addr, unsigned int bits)
{
	__u32 ip4;

	if (steer_inner_ip4(addr, bits, &ip4))
		return (struct steer_key){ true, ip4 };
	return (struct steer_key){ false, __builtin_bswap64(addr->q[0]) };
}

/* --- ranges ----------------------------------------------------------------------------------- */

int steer_ranges_add(struct steer_ranges *ranges, __u64 end, __u32 location)
{
	struct steer_range *last = ranges->nr ? &ranges->list[ranges->nr - 1] : NULL;

	if (last && last->location == location) {
		last->end = end;
		return 0;
	}
	if (ranges->nr == ranges->room) {
		size_t room = ranges->room ? 2 * ranges->room : 256;
		struct steer_range *longer = reallocarray(ranges->list, room, sizeof(*longer));

		if (!longer)
			return -ENOMEM;
		ranges->list = longer;
		ranges->room = room;
	}
	ranges->list[ranges->nr++] = (struct steer_range){ end, location };
	return 0;
}

const struct steer_range *steer_ranges_find(const struct steer_ranges *ranges, __u64 key,
					    __u64 *start)
{
	size_t low = 0, high = ranges->nr - 1, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (ranges->list[middle].end < key)
			low = middle + 1;
		else
			high = middle;
	}
	*start = low ? ranges->list[low - 1].end + 1 : 0;
	return &ranges->list[low];
}

void steer_ranges_free(struct steer_ranges *ranges)
{
	free(ranges->list);
	memset(ranges, 0, sizeof(*ranges));
}

/* --- the tree --------------------------------------------------------------------------------- */

/* Of one family: how many nodes each level has, from the leaves up. */
struct shape {
	size_t nodes[AD_STEER_LEVELS6];
	unsigned int depth;
	size_t lines;
};

static int shape_of(size_t nr_ranges, size_t in_leaf, size_t fan, unsigned int levels_max,
		    struct shape *shape)
{
	size_t nodes = (nr_ranges + in_leaf - 1) / in_leaf;

	for (shape->lines = shape->depth = 0;; nodes = (nodes + fan - 1) / fan) {
		if (shape->depth == levels_max)
			return -E2BIG;
		shape->nodes[shape->depth++] = nodes;
		shape->lines += nodes;
		if (nodes == 1)
			return 0;
	}
}

/* The root's level first, its number last: lines from @at on. Gives where the next tree starts. */
static __u32 place_levels(const struct shape *shape, __u32 at, __u32 *levels)
{
	unsigned int up;

	for (up = shape->depth; up--;) {
		levels[up] = at;
		at += shape->nodes[up];
	}
	return at;
}

static void write_leaves4(const struct steer_ranges *ranges, struct ad_steer_line *leaves,
			  size_t nr)
{
	size_t n, i, at;

	for (n = 0; n < nr; n++) {
		struct ad_steer_leaf4 *leaf = &leaves[n].leaf4;

		memset(leaf, 0xff, sizeof(*leaf));
		if (n)
			leaf->before = ranges->list[n * AD_STEER_RANGES4 - 1].end;
		for (i = 0; i < AD_STEER_RANGES4; i++) {
			at = n * AD_STEER_RANGES4 + i;
			if (at >= ranges->nr)
				break;
			leaf->ends[i] = ranges->list[at].end;
			leaf->locations[i] = ranges->list[at].location;
		}
	}
}

static void write_leaves6(const struct steer_ranges *ranges, struct ad_steer_line *leaves,
			  size_t nr)
{
	size_t n, i, at;

	for (n = 0; n < nr; n++) {
		struct ad_steer_leaf6 *leaf = &leaves[n].leaf6;

		memset(leaf, 0xff, sizeof(*leaf));
		if (n)
			leaf->before = ranges->list[n * AD_STEER_RANGES6 - 1].end;
		for (i = 0; i < AD_STEER_RANGES6; i++) {
			at = n * AD_STEER_RANGES6 + i;
			if (at >= ranges->nr)
				break;
			leaf->ends[i] = ranges->list[at].end;
			leaf->locations[i] = ranges->list[at].location;
		}
	}
}

/* The last key below node @n of a level whose nodes have @below ranges each. */
static __u64 end_below(const struct steer_ranges *ranges, size_t n, size_t below)
{
	size_t behind = (n + 1) * below;

	return ranges->list[(behind < ranges->nr ? behind : ranges->nr) - 1].end;
}

static void write_inner4(const struct steer_ranges *ranges, const struct shape *shape,
			 struct ad_steer_line *lines, const __u32 *levels)
{
	size_t below = AD_STEER_RANGES4, n, child;
	unsigned int up, i;

	for (up = 1; up < shape->depth; up++, below *= AD_STEER_FAN4) {
		for (n = 0; n < shape->nodes[up]; n++) {
			struct ad_steer_node4 *node = &lines[levels[up] + n].node4;

			memset(node, 0xff, sizeof(*node));
			for (i = 0; i < AD_STEER_FAN4 - 1; i++) {
				child = n * AD_STEER_FAN4 + i;
				if (child < shape->nodes[up - 1])
					node->ends[i] = end_below(ranges, child, below);
			}
		}
	}
}

static void write_inner6(const struct steer_ranges *ranges, const struct shape *shape,
			 struct ad_steer_line *lines, const __u32 *levels)
{
	size_t below = AD_STEER_RANGES6, n, child;
	unsigned int up, i;

	for (up = 1; up < shape->depth; up++, below *= AD_STEER_FAN6) {
		for (n = 0; n < shape->nodes[up]; n++) {
			struct ad_steer_node6 *node = &lines[levels[up] + n].node6;

			memset(node, 0xff, sizeof(*node));
			for (i = 0; i < AD_STEER_FAN6 - 1; i++) {
				child = n * AD_STEER_FAN6 + i;
				if (child < shape->nodes[up - 1])
					node->ends[i] = end_below(ranges, child, below);
			}
		}
	}
}

/* The start of 16 bits that are all in range @at. Its neighbours decide the scope, as in a leaf. */
static __u32 whole_start(const struct steer_ranges *ip4, size_t at, __u32 key)
{
	__u64 low = at ? ip4->list[at - 1].end ^ key : 1ull << 32;
	__u64 high = at + 1 < ip4->nr ? (ip4->list[at].end + 1) ^ key : 1ull << 32;
	__u32 scope = steer_zeros(low < high ? low : high) - 31;

	return AD_STEER_START_WHOLE | scope << AD_STEER_START_SCOPE | ip4->list[at].location;
}

/* Of all addresses that begin alike their one location, or the lowest node that they are below. */
static void write_starts(const struct steer_ranges *ip4, struct ad_steer_line *lines)
{
	size_t range = 0, first, low, high;
	__u32 begin, up, *start;

	for (begin = 0; begin < 1 << 16; begin++) {
		start = &lines[begin / 16].starts.start[begin % 16];
		first = range;
		while (ip4->list[range].end < ((__u64)begin << 16 | 0xffff))
			range++;
		low = first / AD_STEER_RANGES4;
		high = range / AD_STEER_RANGES4;
		for (up = 0; low != high; up++) {
			low /= AD_STEER_FAN4;
			high /= AD_STEER_FAN4;
		}
		*start = first == range ? whole_start(ip4, first, begin << 16)
					: low << AD_STEER_START_UP | up;
		range += ip4->list[range].end == ((__u64)begin << 16 | 0xffff);
	}
}

int steer_map_build(const struct steer_ranges *ip4, const struct steer_ranges *ip6,
		    unsigned int nr_locations, struct steer_map *map)
{
	struct shape shape4, shape6;
	struct ad_steer_head *head;
	size_t used;
	__u32 at;

	if (shape_of(ip4->nr, AD_STEER_RANGES4, AD_STEER_FAN4, AD_STEER_LEVELS4, &shape4) ||
	    shape_of(ip6->nr, AD_STEER_RANGES6, AD_STEER_FAN6, AD_STEER_LEVELS6, &shape6))
		return -E2BIG;
	used = AD_STEER_STARTS + AD_STEER_START_LINES + shape4.lines + shape6.lines;
	map->nr_lines =
		(used + AD_STEER_PAGE_LINES - 1) / AD_STEER_PAGE_LINES * AD_STEER_PAGE_LINES;
	map->lines = aligned_alloc(AD_STEER_LINE, map->nr_lines * (size_t)AD_STEER_LINE);
	if (!map->lines)
		return -ENOMEM;
	memset(map->lines + used, 0xff, (map->nr_lines - used) * sizeof(*map->lines));
	map->nr_locations = nr_locations;
	map->nr_ranges4 = ip4->nr;
	map->nr_ranges6 = ip6->nr;
	memset(map->lines, 0, AD_STEER_LINE);
	head = &map->lines[0].head;
	head->format = AD_STEER_FORMAT;
	head->nr_lines = map->nr_lines;
	head->nr_locations = nr_locations;
	head->depth4 = shape4.depth;
	head->depth6 = shape6.depth;
	at = place_levels(&shape4, AD_STEER_STARTS + AD_STEER_START_LINES, head->levels4);
	place_levels(&shape6, at, head->levels6);
	write_starts(ip4, &map->lines[AD_STEER_STARTS]);
	write_inner4(ip4, &shape4, map->lines, head->levels4);
	write_inner6(ip6, &shape6, map->lines, head->levels6);
	write_leaves4(ip4, &map->lines[head->levels4[0]], shape4.nodes[0]);
	write_leaves6(ip6, &map->lines[head->levels6[0]], shape6.nodes[0]);
	return 0;
}

void steer_map_free(struct steer_map *map)
{
	free(map->lines);
	memset(map, 0, sizeof(*map));
}
