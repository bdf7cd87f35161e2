// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_told.c: what an operator said, kept and shown, whatever he wrote.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "selftests/tap.h"
#include "user/fleet/told.h"

/* As JSON on one line; free() it. */
static char *json(const struct ad_told *told)
{
	json_t *value = told_json(told);
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	json_decref(value);
	return text;
}

static void test_told_is_shown(void)
{
	char text[TOLD_TEXT];
	struct ad_told told;

	told_set(&told, AD_TOLD_DRAIN, 1000, "alice", "new kernel");
	told.real_s = time(NULL) - 200;
	is_str(told_text(&told, text), "by alice, 3m20s ago: new kernel", "who, when and why");
	told_set(&told, AD_TOLD_DRAIN, 1000, NULL, NULL);
	is_str(told_text(&told, text), "by ?, 0s ago", "without a name and a reason");
	told.real_s = time(NULL) + 100;
	is_str(told_text(&told, text), "by ?, 0s ago", "a clock that went back");
	told = (struct ad_told){ .what = AD_TOLD_DRAIN };
	is_str(told_text(&told, text), "by an operator; who and why was not noted",
	       "noted by another version");
}

static void test_told_json(void)
{
	struct ad_told told;
	char *text;

	told_set(&told, AD_TOLD_UNDRAIN, 1000, "alice", "all is well");
	told.real_s = 1700000000;
	text = json(&told);
	is_str(text,
	       "{\"what\":\"undrain\",\"who\":\"alice\",\"uid\":1000,\"at_s\":1700000000,"
	       "\"reason\":\"all is well\"}",
	       "all of it");
	free(text);
	told = (struct ad_told){ .what = AD_TOLD_DRAIN };
	text = json(&told);
	is_str(text, "{\"what\":\"drain\",\"who\":null,\"uid\":null,\"at_s\":null,\"reason\":null}",
	       "of whom nothing is known");
	free(text);
	told = (struct ad_told){};
	text = json(&told);
	is_str(text, "null", "nobody has said anything");
	free(text);
}

static void test_told_in_any_bytes(void)
{
	char long_text[1000], text[TOLD_TEXT];
	struct ad_told told;
	char *out;

	memset(long_text, 0xff, sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	told_set(&told, AD_TOLD_DRAIN, 0, "e\033[1m", long_text);
	memset(told.why, 0xff, sizeof(told.why) - 1);
	told_text(&told, text);
	ok(!strchr(text, '\033') && !strstr(text, "\xff\xff"), "none of them reaches a terminal");
	ok(strlen(text) > 4 * TOLD_WHY_MAX, "and each is shown");
	out = json(&told);
	ok(out && strstr(out, "e\\\\x1b[1m"), "in JSON, too");
	free(out);
}

static void test_told_words(void)
{
	enum ad_told_what what, found;

	for (what = 0; what < AD_TOLD_NR; what++)
		ok(told_find(told_word(what), &found) && found == what, "%s, and back",
		   told_word(what));
	ok(!told_find("", &found) && !told_find("drained", &found), "other words are none");
}

int main(void)
{
	test_told_words();
	test_told_is_shown();
	test_told_json();
	test_told_in_any_bytes();
	return done_testing();
}
