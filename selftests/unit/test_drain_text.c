// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_drain_text.c: what is seen of a drain, in words.
 */
#include <string.h>
#include <time.h>
#include "selftests/tap.h"
#include "user/bgp/drain_text.h"

static void expect(json_t *drain, const char *expected, const char *name)
{
	char text[DRAIN_TEXT];

	is_str(drain_text(drain, text), expected, "%s", name);
	json_decref(drain);
}

static void test_what_is_not_known_is_left_out(void)
{
	expect(NULL, "", "no record");
	expect(json_string("drain"), "", "no object");
	expect(json_pack("{s:s}", "new_per_second", "many"), "", "no number");
	expect(json_pack("{s:f, s:n, s:n}", "new_per_second", 0.0, "sending", "answers"),
	       "0.0 new connections a second", "only the rate");
}

static void test_senders_and_answers_are_named(void)
{
	json_int_t now = time(NULL);

	expect(json_pack("{s:f, s:{s:i, s:i, s:[{s:s, s:i, s:i}, {s:s, s:n, s:i}]}, s:{s:b, s:I}}",
			 "new_per_second", 2.5, "sending", "connections", 12, "prefixes", 3, "most",
			 "prefix", "192.0.2.0/24", "asn", 64500, "connections", 8, "prefix",
			 "2001:db8::/48", "asn", "connections", 3, "answers", "named", 0,
			 "cached_until_s", now - 1),
	       "2.5 new connections a second; 12 connections from 3 prefixes send here: "
	       "192.0.2.0/24 (AS64500) 8, 2001:db8::/48 3; no answer leads here",
	       "all of it");
	expect(json_pack("{s:i, s:{s:i}, s:{s:b, s:n}}", "new_per_second", 1, "sending",
			 "connections", 0, "answers", "named", 1, "cached_until_s"),
	       "1.0 new connections a second; nobody sends here; steered names still name this POP",
	       "nobody, and named");
	expect(json_pack("{s:i, s:{s:b, s:n}}", "new_per_second", 1, "answers", "named", 0,
			 "cached_until_s"),
	       "1.0 new connections a second; resolvers may keep answers that lead here until "
	       "their TTL is over",
	       "a TTL that is not known");
}

/* The record is a file. */
static void test_rubbish_is_neither_shown_nor_too_long(void)
{
	json_t *most = json_array(), *drain;
	char text[DRAIN_TEXT];
	int i;

	for (i = 0; i < 1000; i++)
		json_array_append_new(most, json_pack("{s:s, s:I, s:i}", "prefix", "\033[31m\n/24",
						      "asn", (json_int_t)-1, "connections", 1));
	json_array_append_new(most, json_integer(7));
	drain = json_pack("{s:i, s:{s:i, s:o}}", "new_per_second", 1, "sending", "connections", 5,
			  "most", most);
	drain_text(drain, text);
	ok(strlen(text) < DRAIN_TEXT, "it fits");
	ok(!strpbrk(text, "\033\n"), "no control character");
	json_decref(drain);
}

int main(void)
{
	test_what_is_not_known_is_left_out();
	test_senders_and_answers_are_named();
	test_rubbish_is_neither_shown_nor_too_long();
	return done_testing();
}
