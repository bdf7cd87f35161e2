/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_locate.h: where a client is: its address to its location, and how many bits of the address
 * decided that (maps/steer.h has the table's layout).
 *
 * Plain C. Whoever includes it defines where the table is:
 *
 *   steer_page(work, n)	page n of the table that this question began with, or NULL
 */
#ifndef AD_DNS_LOCATE_H
#define AD_DNS_LOCATE_H

#include <linux/types.h>
#include "maps/steer.h"

struct dns_work;

struct steer_place {
	__u16 location;
	/*
	 * Every address that begins with so many bits of this one is in the same location. Counted
	 * in all 128, IPv4 as IPv4-mapped: take 96 off for a scope of family 1.
	 */
	__u8 scope;
};

static __always_inline const struct ad_steer_line *steer_page(const struct dns_work *w, __u32 n);

/* Line @n of the table whose first page is @head: most are there. */
static __always_inline const struct ad_steer_line *
steer_line(const struct dns_work *w, const struct ad_steer_line *head, __u32 n)
{
	const struct ad_steer_line *page = head;

	if (n >= AD_STEER_PAGE_LINES)
		page = steer_page(w, n / AD_STEER_PAGE_LINES);
	if (!page)
		return 0;
	__asm__ volatile("" : "+r"(page)); /* or the offset is added to what may be none */
	return page + n % AD_STEER_PAGE_LINES;
}

/* v < 0 in 64 bits. No branch: one that depends on the client's address is guessed wrong often. */
static __always_inline __u32 steer_sign(__u64 v)
{
	__asm__("" : "+r"(v)); /* or clang makes a comparison of it, and BPF's only ones jump */
	return v >> 63;
}

static __always_inline __u32 steer_less32(__u32 a, __u32 b)
{
	return steer_sign((__u64)a - b);
}

static __always_inline __u32 steer_less64(__u64 a, __u64 b)
{
	return steer_sign((~a & b) | (~(a ^ b) & (a - b)));
}

/*
 * How many of a node's sorted keys are less than @key: first in steps of four, then within one.
 * Half of the comparisons of a plain count, and two loads that wait for each other instead of the
 * four of a binary search.
 */
static __always_inline __u32 steer_count4(const __u32 ends[AD_STEER_FAN4 - 1], __u32 key)
{
	__u32 step = steer_less32(ends[3], key) + steer_less32(ends[7], key) +
		     steer_less32(ends[11], key);
	const __u32 *four = ends + 4 * (step & 3);

	return 4 * step + steer_less32(four[0], key) + steer_less32(four[1], key) +
	       steer_less32(four[2], key) + steer_less32(four[3], key);
}

static __always_inline __u32 steer_count6(const __u64 ends[AD_STEER_FAN6 - 1], __u64 key)
{
	__u32 step = steer_less64(ends[3], key);
	const __u64 *four = ends + 4 * (step & 1);

	return 4 * step + steer_less64(four[0], key) + steer_less64(four[1], key) +
	       steer_less64(four[2], key) + steer_less64(four[3], key);
}

/* The smaller one, without a branch that would be a coin toss. */
static __always_inline __u64 steer_min64(__u64 a, __u64 b)
{
	return b ^ ((a ^ b) & -(__u64)steer_less64(a, b));
}

/*
 * Zeros in front of the first one; @v is not 0. BPF has no instruction for it: all bits behind the
 * first one are set, and then counted.
 */
static __always_inline __u32 steer_zeros(__u64 v)
{
	v |= v >> 1;
	v |= v >> 2;
	v |= v >> 4;
	v |= v >> 8;
	v |= v >> 16;
	v |= v >> 32;
	v -= v >> 1 & 0x5555555555555555ull;
	v = (v & 0x3333333333333333ull) + (v >> 2 & 0x3333333333333333ull);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return 64 - (v * 0x0101010101010101ull >> 56);
}

/*
 * The IPv4 address that an IPv6 address stands for: IPv4-mapped, of a NAT64 (RFC 6052, 2.1), of
 * Teredo (RFC 4380, 4: its complement), of 6to4 (RFC 3056, 2). Gives how many bits stand in front
 * of it, 0 if there is none. Of an address of which only the first @bits are known, the others
 * are zeros.
 */
static __always_inline __u32 steer_inner_ip4(const struct ad_addr *addr, __u32 bits, __u32 *ip4)
{
	__u64 high = __builtin_bswap64(addr->q[0]);
	__u32 last = __builtin_bswap32(addr->w[3]);

	*ip4 = last;
	if (!high && addr->w[2] == __builtin_bswap32(0xffff))
		return 96;
	if (high == 0x0064ff9b00000000ull && !addr->w[2])
		return 96;
	if (high >> 32 == 0x20010000) {
		*ip4 = bits >= 128 ? ~last : bits <= 96 ? 0 : ~last & ~(0xffffffffu >> (bits - 96));
		return 96;
	}
	*ip4 = high >> 16;
	return high >> 48 == 0x2002 ? 16 : 0;
}

/* levels[@up]: not by a pointer that goes down with it, whose bounds the verifier does not see. */
static __always_inline __u32 steer_level(const __u32 *levels, __u32 up)
{
	__asm__ volatile("" : "+r"(up));
	return levels[up & 7];
}

/*
 * In which leaf @key is, from its start on; of a table that was not made by us no loop comes, only
 * nothing.
 */
static __always_inline const struct ad_steer_leaf4 *
steer_find4(const struct dns_work *w, const struct ad_steer_line *head, __u32 start, __u32 key)
{
	__u32 n = start >> AD_STEER_START_UP, up = start & ((1 << AD_STEER_START_UP) - 1), i;
	const struct ad_steer_line *line;

	for (i = 0; i < AD_STEER_LEVELS4 - 1; i++, up--) {
		if (!up || up >= AD_STEER_LEVELS4)
			break;
		line = steer_line(w, head, steer_level(head->head.levels4, up) + n);
		if (!line)
			return 0;
		n = n * AD_STEER_FAN4 + steer_count4(line->node4.ends, key);
	}
	line = steer_line(w, head, head->head.levels4[0] + n);
	return line ? &line->leaf4 : 0;
}

static __always_inline const struct ad_steer_leaf6 *
steer_find6(const struct dns_work *w, const struct ad_steer_line *head, __u64 key)
{
	const struct ad_steer_line *line;
	__u32 n = 0, up = head->head.depth6 - 1, i;

	for (i = 0; i < AD_STEER_LEVELS6 - 1; i++, up--) {
		if (!up || up >= AD_STEER_LEVELS6)
			break;
		line = steer_line(w, head, steer_level(head->head.levels6, up) + n);
		if (!line)
			return 0;
		n = n * AD_STEER_FAN6 + steer_count6(line->node6.ends, key);
	}
	line = steer_line(w, head, head->head.levels6[0] + n);
	return line ? &line->leaf6 : 0;
}

/*
 * The scope is the shortest prefix of @key that meets neither what is before its range nor what is
 * behind it.
 */
static __always_inline int steer_locate4(const struct dns_work *w, const struct ad_steer_line *head,
					 __u32 key, struct steer_place *place)
{
	const struct ad_steer_line *line =
		steer_line(w, head, AD_STEER_STARTS + key / (AD_STEER_START_LINES * 256));
	__u32 start = line ? line->starts.start[key >> 16 & 15] : 0;
	const struct ad_steer_leaf4 *leaf;
	__u64 low, high, nearest;
	__u32 at = 0, i, before, end;

	if (start & AD_STEER_START_WHOLE) {
		place->location = start;
		place->scope = start >> AD_STEER_START_SCOPE & 31;
		return 0;
	}
	leaf = line ? steer_find4(w, head, start, key) : 0;
	if (!leaf)
		return -1;
	for (i = 0; i < AD_STEER_RANGES4 - 1; i++)
		at += steer_less32(leaf->ends[i], key);
	if (at >= AD_STEER_RANGES4)
		return -1;
	before = (&leaf->before)[at];
	end = leaf->ends[at];
	/* Nothing on that side: a bit in front of all 32. */
	low = before == 0xffffffff ? 1ull << 32 : before ^ key;
	high = end == 0xffffffff ? 1ull << 32 : (end + 1) ^ key;
	nearest = steer_min64(low, high);
	place->location = leaf->locations[at];
	place->scope = steer_zeros(nearest) - 31;
	return 0;
}

static __always_inline int steer_locate6(const struct dns_work *w, const struct ad_steer_line *head,
					 __u64 key, struct steer_place *place)
{
	const struct ad_steer_leaf6 *leaf = steer_find6(w, head, key);
	__u64 low, high, nearest, before, end;
	__u32 at = 0, i;

	if (!leaf)
		return -1;
	for (i = 0; i < AD_STEER_RANGES6 - 1; i++)
		at += steer_less64(leaf->ends[i], key);
	if (at >= AD_STEER_RANGES6)
		return -1;
	before = (&leaf->before)[at];
	end = leaf->ends[at];
	low = before == ~0ull ? ~0ull : before ^ key;
	high = end == ~0ull ? ~0ull : (end + 1) ^ key;
	nearest = steer_min64(low, high);
	place->location = leaf->locations[at];
	place->scope = before == ~0ull && end == ~0ull ? 0 : steer_zeros(nearest) + 1;
	return 0;
}

/*
 * Where @client is, of whose address the first @bits are known (of all 128; the others are zeros).
 * 0, or -1 if there is no table. An answer may have a scope that is longer than @bits.
 */
static __always_inline int steer_locate(const struct dns_work *w, const struct ad_addr *client,
					__u32 bits, struct steer_place *place)
{
	const struct ad_steer_line *head = steer_page(w, 0);
	__u32 ip4, front = steer_inner_ip4(client, bits, &ip4);

	if (!head || head->head.format != AD_STEER_FORMAT)
		return -1;
	if (front) {
		if (steer_locate4(w, head, ip4, place))
			return -1;
		place->scope += front;
		return 0;
	}
	if (steer_locate6(w, head, __builtin_bswap64(client->q[0]), place))
		return -1;
	if (place->location == AD_STEER_LOCATION_NONE) { /* beside them: ::1, for one */
		place->location = 0;
		place->scope = 128;
	}
	return 0;
}

#endif
