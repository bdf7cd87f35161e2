// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_bpf_tcp.c: the walk over TCP options, odd and broken ones above all.
 */
#include <stdlib.h>
#include "selftests/tap.h"
#include "bpf/packet/tcp.h"

#define TS  8, 10, 1, 2, 3, 4, 5, 6, 7, 8
#define MSS 2, 4, 5, 180
#define AO  29, 16, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12

static struct tcp_found scan(const __u8 *bytes, __u32 nr)
{
	struct tcp_options options = {};
	struct tcp_found found = {};

	memcpy(options.b, bytes, nr < sizeof(options) ? nr : sizeof(options));
	tcp_scan_options(&options, nr, &found);
	return found;
}

#define SCAN(...) scan((const __u8[]){ __VA_ARGS__ }, sizeof((const __u8[]){ __VA_ARGS__ }))

static void test_options_of_linux_are_found(void)
{
	struct tcp_found syn = SCAN(MSS, 4, 2, TS, 1, 3, 3, 7), data = SCAN(1, 1, TS);

	is_int(syn.mss, 2, "MSS first in a SYN");
	is_int(syn.ts, 8, "timestamps behind SACK permitted");
	is_int(data.ts, 4, "timestamps behind two NOPs");
	is_int(data.mss, 0, "no MSS in data");
}

static void test_options_unusual_places_are_found(void)
{
	is_int(SCAN(1, TS, 1).ts, 3, "at an odd offset");
	is_int(SCAN(TS, 0, 0).ts, 2, "at the start");
	is_int(SCAN(254, 4, 0, 0, 254, 26, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		    0, 0, 0, 0, 0, TS)
		       .ts,
	       32, "at the very end of forty bytes");
	is_int(SCAN(TS, TS).ts, 12, "of two, the later, as Linux does");
}

static void test_options_tcp_ao_is_seen_on_either_side(void)
{
	ok(SCAN(AO, TS).ao, "before timestamps");
	ok(SCAN(1, 1, TS, AO).ao, "behind timestamps");
	ok(!SCAN(1, 1, TS).ao, "absent");
}

static void test_options_broken_end_the_walk(void)
{
	is_int(SCAN(0, TS).ts, 0, "nothing behind the end of the list");
	is_int(SCAN(254, 0, TS).ts, 0, "length 0");
	is_int(SCAN(254, 1, TS).ts, 0, "length 1");
	is_int(SCAN(254, 40, TS).ts, 0, "length beyond the header");
	is_int(SCAN(8, 10, 1, 2, 3, 4, 5, 6, 7).ts, 0, "timestamps cut short");
	is_int(SCAN(8, 9, 1, 2, 3, 4, 5, 6, 7).ts, 0, "timestamps of a wrong length");
	is_int(SCAN(8).ts, 0, "a kind without a length");
	is_int(SCAN(1, 1, 1, 1).ts, 0, "only NOPs");
	is_int(scan((const __u8[41]){ 1 }, 41).ts, 0, "more than there can be");
}

/* Nothing that random bytes say may lead outside; valgrind and sanitizers watch this one. */
static void test_options_random_bytes_stay_inside(void)
{
	struct tcp_options options;
	unsigned int wrong = 0;

	srandom(1);
	for (int round = 0; round < 200000; round++) {
		struct tcp_found found = {};
		__u32 nr = random() % 41;

		for (size_t i = 0; i < sizeof(options); i++)
			options.b[i] = random() % 4 ? random() % 12 : random();
		tcp_scan_options(&options, nr, &found);
		wrong += (found.ts && found.ts + 8u > nr) || (found.mss && found.mss + 2u > nr);
	}
	is_int(wrong, 0, "200000 random headers");
}

int main(void)
{
	test_options_of_linux_are_found();
	test_options_unusual_places_are_found();
	test_options_tcp_ao_is_seen_on_either_side();
	test_options_broken_end_the_walk();
	test_options_random_bytes_stay_inside();
	return done_testing();
}
