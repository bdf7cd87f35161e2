// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_printable.c: what is shown as it is, and what becomes an escape.
 */
#include <stdlib.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/config/config.h"
#include "user/config/failure.h"
#include "user/host/findings.h"
#include "user/base/printable.h"

static void is_shown(const char *text, const char *expected, const char *name)
{
	char out[256];

	printable(out, sizeof(out), text);
	is_str(out, expected, "%s", name);
}

static void test_printable_good_text_stays(void)
{
	char *text = strdup(
		"zones/a b\\046.zone: \xe2\x80\x9cZ\xc3\xbcrich\xe2\x80\x9d \xf0\x9f\x9a\xaa");
	char *taken = printable_take(text);

	ok(taken == text, "the very same");
	free(taken);
	is_shown("", "", "nothing");
	ok(!printable_take(NULL), "no text");
}

static void test_printable_what_is_obeyed_is_escaped(void)
{
	is_shown("a\nb", "a\\x0ab", "a line end");
	is_shown("\x1b]0;x\x07", "\\x1b]0;x\\x07", "a terminal's title");
	is_shown("\x7f\x01\x1f ~", "\\x7f\\x01\\x1f ~", "control characters, not their neighbours");
	is_shown("\xc2\x9b"
		 "2J\xc2\xa0",
		 "\\xc2\\x9b2J\xc2\xa0", "C1, not its neighbour");
	is_shown("\xe2\x80\xa8", "\\xe2\\x80\\xa8", "a line separator");
	is_shown("\xe2\x80\xae"
		 "gpj.exe",
		 "\\xe2\\x80\\xaegpj.exe", "a change of direction");
}

static void test_printable_no_utf8_is_escaped(void)
{
	is_shown("\xff\xc0\xaf", "\\xff\\xc0\\xaf", "no first byte, an overlong slash");
	is_shown("\xc3", "\\xc3", "half a character");
	is_shown("\xe2\x80"
		 "a",
		 "\\xe2\\x80a", "two thirds of one");
	is_shown("\xed\xa0\x80", "\\xed\\xa0\\x80", "a surrogate");
	is_shown("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "beyond the last");
	is_shown("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80", "five bytes");
}

static void test_printable_room_ends_before_an_escape(void)
{
	char out[8];

	is_int(printable(out, 8, "abcd\nx"), 4, "no part of it");
	is_str(out, "abcd", "what came before");
	is_int(printable(out, 8, "abc\n"), 7, "it fits to the byte");
	is_int(printable(out, 2, "\xc3\xbc"), 0, "no part of a character");
}

/* Each kind of what an operator is told. */
static void test_printable_every_list_is(void)
{
	struct config_errors errors = {};
	struct findings findings = {};
	json_t *list;

	config_errors_add(&errors, "a\nb", 3, "not found: %s", "\x1b[31m\xff");
	is_str(errors.list[0].text, "a\\x0ab:3: not found: \\x1b[31m\\xff",
	       "an error's place and words");
	list = errors_json(&errors);
	is_str(json_string_value(json_array_get(list, 0)), errors.list[0].text, "the same in JSON");
	json_decref(list);
	config_errors_free(&errors);
	findings_add(&findings, FINDING_ERROR, "%s: no such interface", "eth\x1b");
	is_str(findings.list[0].text, "eth\\x1b: no such interface", "a finding");
	findings_free(&findings);
}

int main(void)
{
	test_printable_good_text_stays();
	test_printable_what_is_obeyed_is_escaped();
	test_printable_no_utf8_is_escaped();
	test_printable_room_ends_before_an_escape();
	test_printable_every_list_is();
	return done_testing();
}
