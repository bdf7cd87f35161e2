// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_reloaded.c: the record of the last reload in words, whoever wrote it.
 */
#include "selftests/tap.h"
#include "user/status/reloaded.h"

static void test_words_of_each_kind(void)
{
	struct ad_reload reload = { .by = AD_RELOAD_COMMAND, .end = AD_RELOAD_PARTLY };
	char text[RELOADED_BY_TEXT];

	is_str(reloaded_end(&reload), "partly", "how it ended");
	is_str(reloaded_by(&reload, text), "anydoor reload", "who asked");
	strcpy(reload.who, "root");
	is_str(reloaded_by(&reload, text), "anydoor reload (root)", "as which user");
	for (int by = 0; by < AD_RELOAD_BY_NR; by++) {
		reload.by = by;
		ok(strcmp(reloaded_by(&reload, text), "? (root)"), "kind %d: %s", by, text);
	}
	for (int end = 0; end < AD_RELOAD_END_NR; end++) {
		reload.end = end;
		ok(reloaded_end(&reload) != NULL, "end %d: %s", end, reloaded_end(&reload));
	}
}

static void test_numbers_of_another_version(void)
{
	struct ad_reload reload = { .by = 200, .end = 200 };
	char text[RELOADED_BY_TEXT];

	is_str(reloaded_end(&reload), "none", "an unknown end");
	is_str(reloaded_by(&reload, text), "?", "somebody unknown");
}

static void test_json_of_a_reload_and_of_none(void)
{
	struct ad_reload reload = { .real_s = 1000,
				    .took_ms = 12,
				    .errors = 3,
				    .by = AD_RELOAD_SIGNAL,
				    .end = AD_RELOAD_REFUSED,
				    .text = "c:1: no" };
	struct ad_reload none = {}, odd = { .real_s = 1, .text = "\xff" };
	json_t *json = reloaded_json(&reload);

	is_str(json_string_value(json_object_get(json, "result")), "refused", "result");
	is_str(json_string_value(json_object_get(json, "by")), "SIGHUP", "by");
	is_int(json_integer_value(json_object_get(json, "at_s")), 1000, "at");
	is_int(json_integer_value(json_object_get(json, "errors")), 3, "errors");
	is_str(json_string_value(json_object_get(json, "text")), "c:1: no", "text");
	json_decref(json);
	json = reloaded_json(&none);
	ok(json_is_null(json), "none is null");
	json_decref(json);
	json = reloaded_json(&odd);
	ok(json_is_string(json_object_get(json, "text")), "a text that is no UTF-8 is still one");
	json_decref(json);
}

int main(void)
{
	test_words_of_each_kind();
	test_numbers_of_another_version();
	test_json_of_a_reload_and_of_none();
	return done_testing();
}
