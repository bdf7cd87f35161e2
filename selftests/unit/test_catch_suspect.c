// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_catch_suspect.c: which prefixes and ASes are farther away than their region, and which only
 * seem so.
 */
#include <stdlib.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/catchment/catch_suspect.h"

#define MS(ms) ((ms)*1000u)

static struct suspect_seen seen[4096];
static size_t nr;
static struct suspect found[SUSPECTS_MAX];

static void clear(void)
{
	nr = 0;
}

static void put(__u64 prefix, __u32 region, __u32 asn, __u32 sockets, __u32 rtt_us)
{
	seen[nr++] = (struct suspect_seen){ prefix, region, asn, sockets, rtt_us };
}

/* A region of 40 prefixes around 20 ms, each of an AS of its own. */
static void put_region(__u32 region)
{
	for (unsigned int i = 0; i < 40; i++)
		put(1000 * region + i, region, 10000 * region + i, 3, MS(10 + i % 21));
}

static void test_suspect_prefix_is_found(void)
{
	clear();
	put_region(1);
	put_region(2);
	put(77, 1, 10000, 5, MS(180));
	is_int(suspects_find(seen, nr, found), 1, "one is far slower than its region");
	ok(found[0].prefix == 77 && found[0].region == 1 && found[0].sockets == 5 &&
		   found[0].rtt_least_us == MS(180),
	   "which one, where, by how many");
	ok(found[0].region_us >= MS(18) && found[0].region_us <= MS(22), "and what is usual there");
}

static void test_suspect_asn_stands_for_its_prefixes(void)
{
	clear();
	put_region(1);
	put(71, 1, 7, 2, MS(150));
	put(72, 1, 7, 2, MS(170));
	put(73, 1, 7, 2, MS(160));
	is_int(suspects_find(seen, nr, found), 1, "an AS as a whole");
	ok(!found[0].prefix && found[0].asn == 7 && found[0].sockets == 6 &&
		   found[0].rtt_least_us == MS(150),
	   "its nearest, all its sockets");
	put(74, 1, 7, 9, MS(20));
	is_int(suspects_find(seen, nr, found), 0, "one of them is near: too few of each are left");
	put(75, 1, 7, 6, MS(200));
	ok(suspects_find(seen, nr, found) == 1 && found[0].prefix == 75,
	   "of an AS that is near a prefix may be far");
}

static void test_suspect_needs_enough_and_far_enough(void)
{
	static const struct {
		__u32 sockets, rtt_us;
		int suspects;
		const char *what;
	} cases[] = {
		{ 4, MS(500), 0, "four sockets" },
		{ 5, MS(49), 0, "29 ms more" },
		{ 5, MS(51), 1, "31 ms more, and more than twice as much" },
		{ 5, MS(20), 0, "as the region" },
		{ 5, 0xffffffff, 1, "the longest there is" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		clear();
		put_region(1);
		put(77, 1, 0, cases[i].sockets, cases[i].rtt_us);
		is_int(suspects_find(seen, nr, found), cases[i].suspects, "%s", cases[i].what);
	}
	clear();
	for (unsigned int i = 0; i < 40; i++)
		put(i, 1, i, 3, MS(150));
	put(77, 1, 0, 5, MS(250));
	is_int(suspects_find(seen, nr, found), 0, "far from a region that is far itself");
}

static void test_suspect_of_what_is_not_known_is_none(void)
{
	clear();
	put_region(0);
	put(77, 0, 7, 50, MS(900));
	is_int(suspects_find(seen, nr, found), 0, "in no region: nobody said where it is");
	clear();
	put(1, 1, 1, 10, MS(10));
	put(77, 1, 7, 9, MS(900));
	is_int(suspects_find(seen, nr, found), 0, "19 sockets say nothing of a region");
	put(2, 1, 1, 1, MS(10));
	is_int(suspects_find(seen, nr, found), 1, "20 do");
	is_int(suspects_find(seen, 0, found), 0, "nobody is there");
}

static void test_suspects_are_bounded(void)
{
	clear();
	for (unsigned int i = 0; i < 300; i++)
		put(i, 1, 0, 50, MS(10));
	for (unsigned int i = 0; i < 200; i++)
		put(1000 + i, 1, 0, 5, MS(300));
	is_int(suspects_find(seen, nr, found), 200, "all are counted");
	ok(found[SUSPECTS_MAX - 1].prefix >= 1000, "as many as fit are told");
}

int main(void)
{
	test_suspect_prefix_is_found();
	test_suspect_asn_stands_for_its_prefixes();
	test_suspect_needs_enough_and_far_enough();
	test_suspect_of_what_is_not_known_is_none();
	test_suspects_are_bounded();
	return done_testing();
}
