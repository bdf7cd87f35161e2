// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_zone_lex.c: the text of a zone file as entries and words.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/zone/zone_lex.h"

/*
 * What the lexer makes of @text: entries in brackets, with their line; "+" before what is glued to
 * the word before; what is quoted in quotes; " " before the first word of what is indented; "!"
 * with its line for each error.
 */
static const char *read_all(const char *text, size_t len)
{
	static char out[2 * ZONE_ENTRY_MAX];
	struct zone_entry entry = {};
	struct zone_lex lex;
	size_t used = 0;
	int got;

	*out = '\0';
	zone_lex_begin(&lex, text, len);
	for (int i = 0; i < 50 && (got = zone_lex_next(&lex, &entry)); i++) {
		if (got < 0) {
			used += snprintf(out + used, sizeof(out) - used, "!%u", lex.why_line);
			continue;
		}
		used += snprintf(out + used, sizeof(out) - used, "[%u:%s", entry.line,
				 entry.indented ? " " : "");
		for (size_t w = 0; w < entry.nr; w++)
			used += snprintf(out + used, sizeof(out) - used, "%s%s%.*s%s",
					 w ? entry.words[w].glued ? "+" : "," : "",
					 entry.words[w].quoted ? "\"" : "", (int)entry.words[w].len,
					 entry.words[w].at, entry.words[w].quoted ? "\"" : "");
		used += snprintf(out + used, sizeof(out) - used, "]");
	}
	zone_entry_free(&entry);
	return out;
}

static void reads(const char *text, const char *expected, const char *name)
{
	is_str(read_all(text, strlen(text)), expected, "%s", name);
}

static void test_lex_lines(void)
{
	reads("a b\nc d\n", "[1:a,b][2:c,d]", "two lines");
	reads("a b", "[1:a,b]", "the last one needs no end");
	reads("", "", "nothing");
	reads("\n\n  \n; only this\n", "", "lines without a word are none");
	reads("a\n\n\tb\n", "[1:a][3: b]", "one that begins with a blank");
	reads("a\t  b \n", "[1:a,b]", "blanks of any length and kind");
	reads("a\r\nb\r\n", "[1:a][2:b]", "CR LF ends a line");
	reads("a\rb\r", "[1:a][2:b]", "and so does CR, where there is no LF");
	reads("a ; c\rb\r", "[1:a][2:b]", "also a comment's");
	reads("a ; c\rb\nd\n", "[1:a][2:d]",
	      "but not where there is one: then it is of the comment");
	reads("\xef\xbb\xbf"
	      "a b\n",
	      "[1:a,b]", "a byte order mark is passed over");
}

static void test_lex_comments(void)
{
	reads("a b ; c \"(\nd\n", "[1:a,b][2:d]", "they end with their line, whatever is in them");
	reads("a\\;b ;c\n", "[1:a\\;b]", "an escaped semicolon begins none");
	reads("a;b\n", "[1:a]", "no blank need come before one");
}

static void test_lex_quotes(void)
{
	reads("a \"b ; ( c\"\n", "[1:a,\"b ; ( c\"]", "quotes keep everything");
	reads("a \"b\\\"c\"\n", "[1:a,\"b\\\"c\"]", "an escaped quote ends nothing");
	reads("a \"\"\n", "[1:a,\"\"]", "empty text is a word");
	reads("a \"b\"\"c\"\n", "[1:a,\"b\"+\"c\"]", "what is glued is known to be");
	reads("a k=\"v w\"\n", "[1:a,k=+\"v w\"]", "also to a bare word");
}

static void test_lex_parentheses(void)
{
	reads("a ( b\n c ; why\n) d\ne\n", "[1:a,b,c,d][4:e]", "an entry of several lines");
	reads("a(b)c\n", "[1:a,b,c]", "they part words");
	reads("a ((b)\nc)\n", "[1:a,b,c]", "they may be nested");
	reads("(\n\na )\n", "[3:a]", "an entry stands where its first word does");
	reads("a \\(b\n", "[1:a,\\(b]", "an escaped one is a byte");
	reads("a )\nb\n", "!1[2:b]", "one that nothing opens is an error of its line");
	reads("a ( b\nc\n", "!1[2:c]", "and so is one that nothing closes; the rest is still read");
}

static void test_lex_errors_name_their_line_and_go_on(void)
{
	reads("a \"b\nc d\n", "!1[2:c,d]", "text that nothing closes");
	reads("a\nb )\nc\n", "[1:a]!2[3:c]", "an error in the middle");
}

static void test_lex_takes_any_byte(void)
{
	static const char zero[] = "a\0b c\n";
	char bytes[256 + 1];
	int ended = 0;

	ok(read_all(zero, sizeof(zero) - 1), "a zero byte ends nothing that matters");
	for (int seed = 0; seed < 2000; seed++) {
		static const char some[] = "ab \t\n\r();\"\\\0\xff";

		srandom(seed);
		for (size_t i = 0; i < sizeof(bytes) - 1; i++)
			bytes[i] = some[random() % sizeof(some)];
		read_all(bytes, sizeof(bytes) - 1);
		ended++;
	}
	is_int(ended, 2000, "two thousand random texts of what has a meaning come to an end");
}

static void test_lex_bounds_an_entry(void)
{
	size_t len = ZONE_ENTRY_MAX + 100;
	char *text = malloc(len + 2);

	memset(text, 'a', len);
	memcpy(text + len, "\nb", 2);
	is_str(read_all(text, len + 2), "!1[2:b]",
	       "what is longer is an error, and the rest is read");
	free(text);
}

int main(void)
{
	test_lex_lines();
	test_lex_comments();
	test_lex_quotes();
	test_lex_parentheses();
	test_lex_errors_name_their_line_and_go_on();
	test_lex_takes_any_byte();
	test_lex_bounds_an_entry();
	return done_testing();
}
