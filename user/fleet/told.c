// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * told.c: what an operator said, kept and shown (told.h).
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "told.h"
#include "user/base/output.h"
#include "user/base/printable.h"

#define WHO_TEXT (PRINTABLE_GROWS * sizeof(((struct ad_told *)0)->who))
#define WHY_TEXT (PRINTABLE_GROWS * sizeof(((struct ad_told *)0)->why))

static const char *const words[AD_TOLD_NR] = { "nothing", "drain", "undrain" };

const char *told_word(enum ad_told_what what)
{
	return words[what < AD_TOLD_NR ? what : AD_TOLD_UNDRAIN];
}

bool told_find(const char *word, enum ad_told_what *what)
{
	for (*what = 0; *what < AD_TOLD_NR; ++*what)
		if (!strcmp(words[*what], word))
			return true;
	return false;
}

void told_set(struct ad_told *told, enum ad_told_what what, __u32 uid, const char *who,
	      const char *why)
{
	memset(told, 0, sizeof(*told));
	told->real_s = time(NULL);
	told->uid = uid;
	told->what = what;
	text_cut(told->who, sizeof(told->who), who ?: "");
	text_cut(told->why, sizeof(told->why), why ?: "");
}

void told_keep(struct ad_told *told, enum ad_told_what holds)
{
	if (told->what != holds)
		*told = (struct ad_told){ .what = holds };
}

const char *told_text(const struct ad_told *told, char text[TOLD_TEXT])
{
	char who[WHO_TEXT], why[WHY_TEXT], age[UNIT_TEXT];
	__u64 now = time(NULL);

	if (!told->real_s) {
		snprintf(text, TOLD_TEXT, "by an operator; who and why was not noted");
		return text;
	}
	printable(who, sizeof(who), told->who);
	printable(why, sizeof(why), told->why);
	unit_duration(now > told->real_s ? now - told->real_s : 0, age);
	snprintf(text, TOLD_TEXT, "by %s, %s ago%s%s", *who ? who : "?", age, *why ? ": " : "",
		 why);
	return text;
}

json_t *told_json(const struct ad_told *told)
{
	char who[WHO_TEXT], why[WHY_TEXT];

	if (told->what == AD_TOLD_NOTHING)
		return json_null();
	printable(who, sizeof(who), told->who);
	printable(why, sizeof(why), told->why);
	return json_pack("{s:s, s:s?, s:o, s:o, s:s?}", "what", told_word(told->what), "who",
			 *who ? who : NULL, "uid",
			 told->real_s ? json_integer(told->uid) : json_null(), "at_s",
			 told->real_s ? json_integer(told->real_s) : json_null(), "reason",
			 *why ? why : NULL);
}
