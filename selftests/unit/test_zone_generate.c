// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_zone_generate.c: ranges and patterns of $GENERATE, as BIND's manual has them.
 */
#include <errno.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/zone/zone_generate.h"

static struct zone_word word(const char *text)
{
	return (struct zone_word){ .at = text, .len = strlen(text) };
}

static void range(const char *text, __u32 start, __u32 stop, __u32 step)
{
	struct zone_word at = word(text);
	struct zone_range got = {};

	is_int(zone_range_parse(&at, &got), 0, "%s", text);
	ok(got.start == start && got.stop == stop && got.step == step, "  %u to %u by %u",
	   got.start, got.stop, got.step);
}

static void no_range(const char *text)
{
	struct zone_word at = word(text);
	struct zone_range got;

	is_int(zone_range_parse(&at, &got), -EINVAL, "%s is no range", text);
}

static void pattern(const char *text, __u32 value, const char *expected)
{
	struct zone_word at = word(text);
	char got[64] = "";
	int len = zone_generate(&at, value, got, sizeof(got));

	got[len < 0 ? 0 : len] = '\0';
	is_str(len < 0 ? NULL : got, expected, "%s", text);
}

static void test_range(void)
{
	range("1-254", 1, 254, 1);
	range("0-100/10", 0, 100, 10);
	range("7-7", 7, 7, 1);
	range("0-999999", 0, 999999, 1);
	no_range("5");
	no_range("5-");
	no_range("-5");
	no_range("9-1");
	no_range("1-9/0");
	no_range("1-9/");
	no_range("a-b");
	no_range("0-1000000");
}

static void test_pattern(void)
{
	pattern("host$", 5, "host5");
	pattern("$.$", 5, "5.5");
	pattern("a$$b", 5, "a$b");
	pattern("a\\$b", 5, "a\\$b");
	pattern("plain", 5, "plain");
	pattern("${10}", 5, "15");
	pattern("${-2}", 5, "3");
	pattern("${0,3}", 5, "005");
	pattern("${0,4,x}", 171, "00ab");
	pattern("${0,0,X}", 171, "AB");
	pattern("${0,3,o}", 8, "010");
	pattern("${0,5,n}", 0xab, "b.a.0");
	pattern("${0,1,N}", 0xab, "B.A");
}

static void test_pattern_wrong_is_an_error(void)
{
	char small[4];
	struct zone_word at = word("abcd");

	pattern("${1", 5, NULL);
	pattern("${x}", 5, NULL);
	pattern("${1,2,z}", 5, NULL);
	pattern("${0,200}", 5, NULL);
	pattern("${2147483647}", 5, NULL);
	is_int(zone_generate(&at, 5, small, sizeof(small)), -EINVAL, "no room");
}

int main(void)
{
	test_range();
	test_pattern();
	test_pattern_wrong_is_an_error();
	return done_testing();
}
