// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * drain_text.c: a drain that is under way, in words (drain_text.h).
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "drain_text.h"
#include "user/base/output.h"
#include "user/base/printable.h"

#define NAME_MAX_BYTES 64

struct line {
	char *text;
	size_t used;
};

/* What has no room is cut off. */
__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
	size_t room = DRAIN_TEXT - line->used;
	va_list args;
	int wrote;

	va_start(args, format);
	wrote = vsnprintf(line->text + line->used, room, format, args);
	va_end(args);
	if (wrote > 0)
		line->used += (size_t)wrote < room ? (size_t)wrote : room - 1;
}

static void add_sender(struct line *line, const json_t *one, bool is_first)
{
	const char *prefix = json_string_value(json_object_get(one, "prefix"));
	json_int_t asn = json_integer_value(json_object_get(one, "asn"));
	char name[PRINTABLE_GROWS * NAME_MAX_BYTES + 1];

	if (!prefix || strlen(prefix) > NAME_MAX_BYTES)
		return;
	printable(name, sizeof(name), prefix);
	add(line, "%s %s", is_first ? ":" : ",", name);
	if (asn > 0)
		add(line, " (AS%lld)", (long long)asn);
	add(line, " %lld", (long long)json_integer_value(json_object_get(one, "connections")));
}

static void add_sending(struct line *line, const json_t *sending)
{
	json_int_t connections = json_integer_value(json_object_get(sending, "connections"));
	json_int_t prefixes = json_integer_value(json_object_get(sending, "prefixes"));
	const json_t *one;
	size_t i;

	if (!json_is_object(sending))
		return;
	if (!connections) {
		add(line, "; nobody sends here");
		return;
	}
	add(line, "; %lld connections from %lld prefixes send here", (long long)connections,
	    (long long)prefixes);
	json_array_foreach(json_object_get(sending, "most"), i, one)
		add_sender(line, one, !i);
}

static void add_answers(struct line *line, const json_t *answers)
{
	json_int_t until = json_integer_value(json_object_get(answers, "cached_until_s"));
	json_int_t now = time(NULL);
	char left[UNIT_TEXT];

	if (!json_is_object(answers))
		return;
	if (json_is_true(json_object_get(answers, "named")))
		add(line, "; steered names still name this POP");
	else if (until > now)
		add(line, "; resolvers may keep answers that lead here for %s",
		    unit_duration(until - now, left));
	else if (until)
		add(line, "; no answer leads here");
	else
		add(line, "; resolvers may keep answers that lead here until their TTL is over");
}

const char *drain_text(const json_t *drain, char text[DRAIN_TEXT])
{
	const json_t *rate = json_object_get(drain, "new_per_second");
	struct line line = { .text = text };

	*text = '\0';
	if (!json_is_number(rate))
		return text;
	add(&line, "%.1f new connections a second", json_number_value(rate));
	add_sending(&line, json_object_get(drain, "sending"));
	add_answers(&line, json_object_get(drain, "answers"));
	return text;
}
