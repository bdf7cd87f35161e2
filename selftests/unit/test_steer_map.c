// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_steer_map.c: the location table, read by the code that the kernel runs, beside a list of its
 * ranges read in the plainest way; and what its scopes promise.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <time.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/steer/steer_map.h"

#define ROUNDS	  60
#define QUESTIONS 3000

static __u64 seed = 88172645463325252ull;

static __u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

/* A key that prefixes of any length start or end at. */
static __u64 random_end(unsigned int width)
{
	__u64 key = rnd() >> (64 - width), mask = rnd() % 3 ? (1ull << rnd() % width) - 1 : 0;

	return rnd() & 1 ? key | mask : key & ~mask;
}

static void fill(struct steer_ranges *ranges, unsigned int width, size_t nr, unsigned int locations)
{
	__u64 *ends = calloc(nr + 1, sizeof(*ends));
	size_t i;

	for (i = 0; i < nr; i++)
		ends[i] = random_end(width);
	ends[nr] = width == 64 ? ~0ull : 0xffffffff;
	qsort(ends, nr + 1, sizeof(*ends), compare);
	for (i = 0; i <= nr; i++)
		if (i == nr || ends[i] != ends[i + 1])
			steer_ranges_add(ranges, ends[i], rnd() % locations);
	free(ends);
}

static size_t range_at(const struct steer_ranges *ranges, __u64 key)
{
	size_t low = 0, high = ranges->nr - 1, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (ranges->list[middle].end < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static __u64 start_of(const struct steer_ranges *ranges, size_t at)
{
	return at ? ranges->list[at - 1].end + 1 : 0;
}

/* Whether all keys with the first @bits of @key are in range @at. */
static bool is_inside(const struct steer_ranges *ranges, size_t at, __u64 key, unsigned int bits,
		      unsigned int width)
{
	__u64 ones = width == 64 ? ~0ull : (1ull << width) - 1;
	__u64 rest = bits ? (bits == width ? 0 : ones >> bits) : ones;

	return (key & ~rest) >= start_of(ranges, at) && (key | rest) <= ranges->list[at].end;
}

static struct ad_addr addr_of(__u64 key, unsigned int width)
{
	struct ad_addr addr = { 0 };

	if (width == 64) {
		addr.q[0] = __builtin_bswap64(key);
		addr.q[1] = rnd();
	} else {
		addr.w[2] = htonl(0xffff);
		addr.w[3] = htonl(key);
	}
	return addr;
}

struct tally {
	size_t wrong, loose, narrow;
};

static void ask(const struct steer_map *map, const struct steer_ranges *ranges, unsigned int width,
		__u64 key, struct tally *tally)
{
	struct ad_addr addr = addr_of(key, width);
	size_t at = range_at(ranges, key);
	unsigned int bits;
	__u16 location;
	__u8 scope;

	steer_map_locate(map, &addr, 128, &location, &scope);
	bits = scope - (width == 64 ? 0 : 96);
	tally->wrong += location != ranges->list[at].location;
	tally->loose += !is_inside(ranges, at, key, bits, width);
	tally->narrow += bits && is_inside(ranges, at, key, bits - 1, width);
}

/* What steer_locate() takes for an IPv4 address is asked for elsewhere. */
static bool is_plain(__u64 key, unsigned int width)
{
	return width == 32 ||
	       (key && key != 0x64ff9bull << 32 && key >> 32 != 0x20010000 && key >> 48 != 0x2002);
}

static void ask_all(const struct steer_map *map, const struct steer_ranges *ranges,
		    unsigned int width, struct tally *tally)
{
	__u64 ones = width == 64 ? ~0ull : 0xffffffff, key;
	size_t i;

	for (i = 0; i < QUESTIONS; i++) {
		key = rnd() & 1 ? ranges->list[rnd() % ranges->nr].end + (rnd() % 3) - 1 : rnd();
		key &= ones;
		if (is_plain(key, width))
			ask(map, ranges, width, key, tally);
	}
}

/* Sizes about those at which a tree gets another level, and small ones. */
static size_t random_size(size_t in_leaf, size_t fan)
{
	size_t nr = in_leaf, levels = rnd() % 4;

	while (levels--)
		nr *= fan;
	return rnd() & 1 ? nr + rnd() % 3 - 1 : rnd() % (2 * nr);
}

static void test_steer_map_gives_the_range_and_its_scope(void)
{
	struct tally tally = { 0 };
	size_t round, most = 0;

	for (round = 0; round < ROUNDS; round++) {
		struct steer_ranges ip4 = { 0 }, ip6 = { 0 };
		struct steer_map map;

		fill(&ip4, 32, random_size(AD_STEER_RANGES4, AD_STEER_FAN4), 2 + rnd() % 300);
		fill(&ip6, 64, random_size(AD_STEER_RANGES6, AD_STEER_FAN6), 2 + rnd() % 300);
		if (steer_map_build(&ip4, &ip6, 302, &map))
			abort();
		ask_all(&map, &ip4, 32, &tally);
		ask_all(&map, &ip6, 64, &tally);
		most = ip4.nr > most ? ip4.nr : most;
		steer_map_free(&map);
		steer_ranges_free(&ip4);
		steer_ranges_free(&ip6);
	}
	ok(most > AD_STEER_RANGES4 * AD_STEER_FAN4 * AD_STEER_FAN4,
	   "trees of four levels: %zu ranges", most);
	is_int(tally.wrong, 0, "every address is in the location of its range");
	is_int(tally.loose, 0, "all addresses within a scope are in one range");
	is_int(tally.narrow, 0, "and of a scope one bit shorter they are not");
}

static void test_steer_map_of_one_range_has_scope_0(void)
{
	struct steer_ranges ip4 = { 0 }, ip6 = { 0 };
	struct ad_addr addr = addr_of(0xc0000201, 32);
	struct steer_map map;
	__u16 location;
	__u8 scope;

	steer_ranges_add(&ip4, 0xffffffff, 7);
	steer_ranges_add(&ip6, ~0ull, 8);
	steer_map_build(&ip4, &ip6, 9, &map);
	steer_map_locate(&map, &addr, 128, &location, &scope);
	is_int(location, 7, "IPv4: the only location");
	is_int(scope, 96, "its scope is all of IPv4");
	addr = addr_of(0x20010db800000000, 64);
	steer_map_locate(&map, &addr, 128, &location, &scope);
	is_int(location, 8, "IPv6: the only location");
	is_int(scope, 0, "its scope is all of IPv6");
	steer_map_free(&map);
	steer_ranges_free(&ip4);
	steer_ranges_free(&ip6);
}

/* 198.51.100.0/24 is 1, all other IPv4 0; IPv6 is 2, and 3 where an IPv4 address must be inside. */
static void hide(struct steer_map *map)
{
	struct steer_ranges ip4 = { 0 }, ip6 = { 0 };

	steer_ranges_add(&ip4, 0xc63363ff, 0);
	steer_ranges_add(&ip4, 0xc63364ff, 1);
	steer_ranges_add(&ip4, 0xffffffff, 0);
	steer_ranges_add(&ip6, 0, AD_STEER_LOCATION_NONE);
	steer_ranges_add(&ip6, ~0ull, 2);
	steer_map_build(&ip4, &ip6, 4, map);
	steer_ranges_free(&ip4);
	steer_ranges_free(&ip6);
}

static void test_steer_map_finds_the_ip4_address_inside(void)
{
	static const struct {
		const char *what, *addr;
		unsigned int bits, location, scope;
	} cases[] = {
		{ "IPv4-mapped", "::ffff:198.51.100.7", 128, 1, 96 + 24 },
		{ "NAT64", "64:ff9b::198.51.100.7", 128, 1, 96 + 24 },
		{ "6to4", "2002:c633:6407::1", 128, 1, 16 + 24 },
		{ "6to4, of which a /56 is known", "2002:c633:6407::", 56, 1, 16 + 24 },
		{ "Teredo", "2001:0:1234:5678:0:0:39cc:9bf8", 128, 1, 96 + 24 },
		{ "Teredo, of which /120 is known", "2001:0:1234:5678:0:0:39cc:9b00", 120, 1,
		  96 + 24 },
		{ "Teredo, of which a /56 is known: 0.0.0.0", "2001:0:1234:5600::", 56, 0, 96 + 1 },
		{ "no Teredo, its neighbour", "2001:1::1", 128, 2, 1 },
		{ "another IPv4", "::ffff:198.51.101.7", 128, 0, 96 + 24 },
		{ "another IPv6", "2001:db8::1", 128, 2, 1 },
		{ "loopback is beside IPv4-mapped addresses", "::1", 128, 0, 128 },
	};
	struct steer_map map;
	struct ad_addr addr;
	__u16 location;
	__u8 scope;
	size_t i;

	hide(&map);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (addr_parse(cases[i].addr, &addr))
			abort();
		steer_map_locate(&map, &addr, cases[i].bits, &location, &scope);
		is_int(location, cases[i].location, "%s: location", cases[i].what);
		if (location != 2)
			is_int(scope, cases[i].scope, "%s: scope", cases[i].what);
	}
	steer_map_free(&map);
}

/* Whatever lies in memory: no loop, nothing read outside. The sanitizers look on. */
static void test_steer_map_of_rubbish_ends(void)
{
	struct ad_steer_line *lines = calloc(AD_STEER_PAGE_LINES, sizeof(*lines));
	struct steer_map map = { .lines = lines, .nr_lines = AD_STEER_PAGE_LINES };
	struct ad_addr addr;
	size_t round, i;
	__u16 location;
	__u8 scope;

	for (round = 0; round < 20000; round++) {
		for (i = 0; i < sizeof(*lines) * 64 / 8; i += 1 + rnd() % 64)
			((__u64 *)lines)[i] = rnd() & 1 ? rnd() : rnd() % 64;
		lines[0].head.format = AD_STEER_FORMAT;
		addr = addr_of(rnd(), rnd() & 1 ? 64 : 32);
		lines[AD_STEER_STARTS + (__builtin_bswap32(addr.w[3]) >> 20)]
			.starts.start[rnd() % 16] = rnd();
		steer_map_locate(&map, &addr, 128, &location, &scope);
	}
	ok(true, "a table of random bytes is read to an end");
	free(lines);
}

int main(void)
{
	test_steer_map_gives_the_range_and_its_scope();
	test_steer_map_of_one_range_has_scope_0();
	test_steer_map_finds_the_ip4_address_inside();
	test_steer_map_of_rubbish_ends();
	return done_testing();
}
