// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_zone_word.c: what one word of a zone file means.
 */
#include <errno.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/zone/zone_word.h"

static struct zone_word word_of(const char *text)
{
	return (struct zone_word){ .at = text, .len = strlen(text) };
}

static void number(const char *text, __u64 max, int err, __u64 expected)
{
	struct zone_word word = word_of(text);
	__u64 value = 4711;

	is_int(zone_word_number(&word, max, &value), err, "\"%s\", at most %llu", text, max);
	is_int(value, err ? 4711 : expected, "  and its value");
}

static void test_number_is_digits_up_to_its_bound(void)
{
	number("0", 0, 0, 0);
	number("65535", 65535, 0, 65535);
	number("65536", 65535, -EINVAL, 0);
	number("00012", 99, 0, 12);
	number("18446744073709551616", ~0ull >> 1, -EINVAL, 0);
	number("", 9, -EINVAL, 0);
	number("-1", 9, -EINVAL, 0);
	number("+1", 9, -EINVAL, 0);
	number("1 ", 9, -EINVAL, 0);
	number("0x1", 9, -EINVAL, 0);
}

static void ttl(const char *text, int err, __u32 expected)
{
	struct zone_word word = word_of(text);
	__u32 seconds = 4711;

	is_int(zone_word_ttl(&word, &seconds), err, "TTL \"%s\"", text);
	is_int(seconds, err ? 4711 : expected, "  and its seconds");
}

static void test_ttl_with_units(void)
{
	ttl("3600", 0, 3600);
	ttl("1h", 0, 3600);
	ttl("1W2D3H4M5S", 0, 604800 + 2 * 86400 + 3 * 3600 + 4 * 60 + 5);
	ttl("4294967295", 0, 4294967295u);
	ttl("4294967296", -EINVAL, 0);
	ttl("7101w", 0, 7101u * 604800);
	ttl("7102w", -EINVAL, 0);
	ttl("1h30", -EINVAL, 0);
	ttl("h", -EINVAL, 0);
	ttl("1y", -EINVAL, 0);
	ttl("", -EINVAL, 0);
}

static void date(const char *text, int err, __u32 expected)
{
	struct zone_word word = word_of(text);
	__u32 seconds = 0;

	is_int(zone_word_date(&word, &seconds), err, "date \"%s\"", text);
	if (!err)
		is_int(seconds, expected, "  and its seconds");
}

static void test_date_is_of_the_calendar(void)
{
	date("19700101000000", 0, 0);
	date("20240229120000", 0, 1709208000);
	date("21060207062815", 0, 4294967295u);
	date("20230229000000", -EINVAL, 0);
	date("20230431000000", -EINVAL, 0);
	date("20230431120060", -EINVAL, 0);
	date("20231301000000", -EINVAL, 0);
	date("20230100000000", -EINVAL, 0);
	date("20230101240000", -EINVAL, 0);
	date("20230101006000", -EINVAL, 0);
	date("20161231235960", 0, 1483228800);
	date("20230101000061", -EINVAL, 0);
	date("2023010100000", -EINVAL, 0);
	date("2023010100000x", -EINVAL, 0);
}

static const __u8 origin[] = "\7example\3com";

static void name(const char *text, int err, const char *expected, size_t len)
{
	struct zone_word word = word_of(text);
	__u8 wire[256];

	is_int(zone_word_name(&word, origin, wire), err, "name \"%.40s\"", text);
	if (!err)
		is_mem(wire, expected, len, "  and its wire format");
}

static void test_name_is_relative_unless_it_ends_in_a_dot(void)
{
	name("www", 0, "\3www\7example\3com", 17);
	name("a.b", 0, "\1a\1b\7example\3com", 17);
	name("www.", 0, "\3www", 5);
	name("@", 0, "\7example\3com", 13);
	name(".", 0, "", 1);
	name("a\\.b.", 0, "\3a.b", 5);
	name("a\\046b.", 0, "\3a.b", 5);
	name("\\@.", 0, "\1@", 3);
	name("*", 0, "\1*\7example\3com", 15);
}

static void test_name_that_is_none(void)
{
	name("", -EINVAL, NULL, 0);
	name("..", -EINVAL, NULL, 0);
	name("a..b", -EINVAL, NULL, 0);
	name(".a", -EINVAL, NULL, 0);
	name("a\\", -EINVAL, NULL, 0);
	name("a\\256.", -EINVAL, NULL, 0);
	name("a\\25.", -EINVAL, NULL, 0);
}

/* @labels of @len bytes each. */
static void long_name(size_t labels, size_t len, bool dot, int err, const char *what)
{
	char text[600];
	size_t at = 0;
	struct zone_word word = { .at = text };
	__u8 wire[256];

	for (size_t i = 0; i < labels; i++) {
		memset(text + at, 'x', len);
		at += len;
		text[at++] = '.';
	}
	word.len = dot ? at : at - 1;
	is_int(zone_word_name(&word, origin, wire), err, "%s", what);
}

static void test_name_keeps_its_bounds(void)
{
	long_name(1, 63, true, 0, "a label of 63 bytes");
	long_name(1, 64, true, -EINVAL, "one of 64");
	long_name(127, 1, true, 0, "255 bytes in all");
	long_name(128, 1, true, -EINVAL, "257");
	long_name(121, 1, false, 0, "255 with the origin");
	long_name(122, 1, false, -EINVAL, "257 with it");
}

static void test_bytes_of_a_word(void)
{
	struct zone_word word = word_of("a\\\"b\\000\\255c");
	__u8 bytes[8];

	is_int(zone_word_bytes(&word, bytes, sizeof(bytes)), 6, "escapes are one byte each");
	is_mem(bytes, "a\"b\0\377c", 6, "and these");
	is_int(zone_word_bytes(&word, bytes, 5), -EINVAL, "too long for where it goes");
	is_int(zone_word_bytes(&word, bytes, 6), 6, "just right");
}

static void test_file_name_is_text(void)
{
	struct zone_word plain = word_of("a\\b"), quoted = word_of("a\\032b"),
			 zero = word_of("a\\000b");
	char to[4];

	is_int(zone_word_file(&plain, to, sizeof(to)), 0, "outside of quotes");
	is_str(to, "a\\b", "a backslash is one");
	quoted.quoted = zero.quoted = true;
	is_int(zone_word_file(&quoted, to, sizeof(to)), 0, "inside of them");
	is_str(to, "a b", "it begins an escape");
	is_int(zone_word_file(&zero, to, sizeof(to)), -EINVAL, "no zero byte is in a name");
	is_int(zone_word_file(&plain, to, 3), -EINVAL, "nor is it cut");
}

static void test_word_is_whatever_its_case(void)
{
	struct zone_word word = word_of("$Origin");

	ok(zone_word_is(&word, "$ORIGIN"), "whatever the case");
	ok(!zone_word_is(&word, "$ORIGINS") && !zone_word_is(&word, "$ORIGI"), "but all of it");
}

static void test_word_is_shown_without_what_terminals_obey(void)
{
	char text[ZONE_WORD_TEXT], long_text[100];
	struct zone_word word = word_of("a\033[2Jb\n"), longer = { .at = long_text, .len = 100 };

	memset(long_text, 'y', sizeof(long_text));
	is_str(zone_word_show(&word, text), "a?[2Jb?", "controls are question marks");
	zone_word_show(&longer, text);
	is_int(strlen(text), ZONE_WORD_TEXT - 1, "a long one is cut");
	is_str(text + strlen(text) - 4, "y...", "and says so");
}

int main(void)
{
	test_number_is_digits_up_to_its_bound();
	test_ttl_with_units();
	test_date_is_of_the_calendar();
	test_name_is_relative_unless_it_ends_in_a_dot();
	test_name_that_is_none();
	test_name_keeps_its_bounds();
	test_bytes_of_a_word();
	test_file_name_is_text();
	test_word_is_whatever_its_case();
	test_word_is_shown_without_what_terminals_obey();
	return done_testing();
}
