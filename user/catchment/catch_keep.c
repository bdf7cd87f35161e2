// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * catch_keep.c: a book's memory to JSON and back (catch_keep.h).
 *
 *   {"places": "0123456789abcdef", "at_s": 1790000000,
 *    "region": {"windows": [9, 9], "rates": [40.5, 200.0],
 *		 "groups": [{"name": "asia", "connections": [SHARE, RATE, MOVED_S], "queries":
 *...}]}, "asn": ...}
 *
 * SHARE and RATE are those of before; MOVED_S is since when it counts as moved, or -1.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "catch_keep.h"

#define PLACES_TEXT 17
#define RATE_MAX    1e12

static void places_text(__u64 fingerprint, char text[PLACES_TEXT])
{
	snprintf(text, PLACES_TEXT, "%016llx", (unsigned long long)fingerprint);
}

/* --- written ---------------------------------------------------------------------------------- */

static json_t *group_json(const struct catch_group *group)
{
	json_t *json = json_pack("{s:s}", "name", group->name);
	enum catch_kind kind;

	for (kind = 0; kind < CATCH_KINDS; kind++) {
		const struct catch_level *level = &group->levels[kind];

		json_object_set_new(json, catch_kind_name(kind),
				    json_pack("[f, f, f]", level->before, level->before_rate,
					      level->is_moved ? level->moved_s : -1.0));
	}
	return json;
}

static json_t *watch_json(const struct catch_watch *watch)
{
	json_t *windows = json_array(), *rates = json_array(), *groups = json_array();
	enum catch_kind kind;
	size_t i;

	for (kind = 0; kind < CATCH_KINDS; kind++) {
		json_array_append_new(windows, json_integer(watch->windows[kind]));
		json_array_append_new(rates, json_real(watch->total_rate[kind]));
	}
	for (i = 0; i < watch->nr; i++)
		json_array_append_new(groups, group_json(&watch->groups[i]));
	return json_pack("{s:o, s:o, s:o}", "windows", windows, "rates", rates, "groups", groups);
}

json_t *catch_keep_write(const struct catch_book *book, __u64 fingerprint, json_int_t at_s)
{
	char places[PLACES_TEXT];
	enum catch_by by;
	json_t *json;

	places_text(fingerprint, places);
	json = json_pack("{s:s, s:I}", "places", places, "at_s", at_s);
	for (by = 0; by < CATCH_BY_PREFIX; by++)
		if (json_object_set_new(json, catch_by_name(by), watch_json(&book->watches[by]))) {
			json_decref(json);
			return NULL;
		}
	return json;
}

/* --- read ------------------------------------------------------------------------------------- */

static int read_number(const json_t *array, size_t at, double least, double most, double *to)
{
	const json_t *number = json_array_get(array, at);

	*to = json_number_value(number);
	return json_is_number(number) && *to >= least && *to <= most ? 0 : -EINVAL;
}

static int read_level(const json_t *array, struct catch_level *level)
{
	double moved_s;
	int err = read_number(array, 0, 0, 1, &level->before);

	err = err ?: read_number(array, 1, 0, RATE_MAX, &level->before_rate);
	err = err ?: read_number(array, 2, -1, RATE_MAX, &moved_s);
	if (err)
		return err;
	level->share = level->before;
	level->rate = level->before_rate;
	level->is_moved = moved_s >= 0;
	level->moved_s = level->is_moved ? moved_s : 0;
	return 0;
}

static int read_group(const json_t *json, struct catch_group *group)
{
	const char *name = json_string_value(json_object_get(json, "name"));
	enum catch_kind kind;
	int err = 0;

	if (!name || !*name || strlen(name) >= CATCH_NAME)
		return -EINVAL;
	strcpy(group->name, name);
	for (kind = 0; !err && kind < CATCH_KINDS; kind++)
		err = read_level(json_object_get(json, catch_kind_name(kind)),
				 &group->levels[kind]);
	return err;
}

static int read_groups(const json_t *groups, struct catch_watch *watch)
{
	const json_t *json;
	size_t i;
	int err;

	if (!json_is_array(groups) || json_array_size(groups) > CATCH_GROUPS_MAX)
		return -EINVAL;
	watch->room = json_array_size(groups);
	watch->groups = calloc(watch->room + 1, sizeof(*watch->groups));
	if (!watch->groups)
		return -ENOMEM;
	json_array_foreach(groups, i, json) {
		err = read_group(json, &watch->groups[i]);
		/* They are searched by name. */
		if (err || (i && strcmp(watch->groups[i - 1].name, watch->groups[i].name) >= 0))
			return -EINVAL;
	}
	watch->nr = watch->room;
	return 0;
}

static int read_watch(const json_t *json, struct catch_watch *watch)
{
	const json_t *windows = json_object_get(json, "windows");
	const json_t *rates = json_object_get(json, "rates");
	enum catch_kind kind;
	double nr;
	int err = 0;

	for (kind = 0; !err && kind < CATCH_KINDS; kind++) {
		err = read_number(windows, kind, 0, INT_MAX, &nr);
		watch->windows[kind] = err ? 0 : nr;
		err = err ?: read_number(rates, kind, 0, RATE_MAX, &watch->total_rate[kind]);
	}
	return err ?: read_groups(json_object_get(json, "groups"), watch);
}

int catch_keep_read(const json_t *json, __u64 fingerprint, json_int_t now_s,
		    const struct catch_rules *rules, struct catch_book *book)
{
	const char *of = json_string_value(json_object_get(json, "places"));
	json_int_t at_s = json_integer_value(json_object_get(json, "at_s"));
	struct catch_watch watches[CATCH_BY_PREFIX] = {};
	char places[PLACES_TEXT];
	enum catch_by by;
	int err = 0;

	places_text(fingerprint, places);
	if (!of || strcmp(of, places) || at_s > now_s || now_s - at_s > rules->memory_s)
		return -ESTALE;
	for (by = 0; !err && by < CATCH_BY_PREFIX; by++)
		err = read_watch(json_object_get(json, catch_by_name(by)), &watches[by]);
	for (by = 0; by < CATCH_BY_PREFIX; by++) {
		catch_watch_free(err ? &watches[by] : &book->watches[by]);
		if (!err)
			book->watches[by] = watches[by];
	}
	return err;
}
