// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * record.c: what the daemon last knew of BGP and of its drain (record.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "record.h"
#include "user/base/file.h"

static const char *const drivers[] = { "none", "print", "bird", "frr", "exabgp" };

bool record_path(const char *run_dir, const char *instance, char path[RECORD_PATH_MAX])
{
	return snprintf(path, RECORD_PATH_MAX, "%s/%s/bgp.json", run_dir, instance) <
	       RECORD_PATH_MAX;
}

/* --- writing ---------------------------------------------------------------------------------- */

static const char *family_key(enum bgp_family family)
{
	return family == BGP_IP4 ? "ip4" : "ip6";
}

/* Families that no VIP is of are left out. */
static json_t *families_json(const struct record *record)
{
	struct bgp_wishes fact = bgp_fact_wishes(record->fact, record->setup);
	json_t *list = json_array();
	enum bgp_family family;

	for (family = 0; family < BGP_FAMILIES; family++) {
		enum bgp_cause cause = record->judgement->causes[family];
		const char *heard = record->fact->answered ? bgp_wish_key(fact.of[family]) : NULL;

		if (!bgp_setup_count(record->setup, family))
			continue;
		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:s, s:I, s:s?}", "family", family_key(family),
				  "wish", bgp_wish_key(record->judgement->wishes.of[family]),
				  "cause", bgp_cause_key(cause), "why", bgp_cause_text(cause),
				  "since_s", (json_int_t)record->since_real_s[family], "fact",
				  heard));
	}
	return list;
}

static json_t *neighbours_json(const struct bgp_fact *fact)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < fact->nr; i++) {
		const struct bgp_export *export = &fact->list[i];

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:b, s:i, s:i}", "neighbour", export->neighbour,
					"family", family_key(export->family), "established",
					export->established, "announced", export->announced,
					"depreferred", export->depreferred));
	}
	return list;
}

json_t *record_kept_json(const struct drain_steps *steps)
{
	if (steps->step == DRAIN_OFF)
		return json_null();
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:b}", "step",
			 drain_step_key(steps->step), "what", drain_steps_text(steps), "since_s",
			 (json_int_t)steps->since_real_s, "begun_s",
			 (json_int_t)steps->begun_real_s, "window_s",
			 (json_int_t)steps->terms.window_s, "until_flows",
			 (json_int_t)steps->terms.until_flows, "even_last", steps->terms.even_last,
			 "held", steps->held);
}

json_t *record_drain_json(const struct drain_steps *steps)
{
	json_t *json = record_kept_json(steps);

	if (json_is_object(json)) {
		json_object_set_new(json, "heard_s", json_integer(steps->heard_real_s));
		json_object_set_new(json, "landed", json_integer(steps->landed));
	}
	return json;
}

static json_t *drain_json(const struct record *record)
{
	json_t *json = record_drain_json(record->steps);

	if (record->seen && json_is_object(json))
		json_object_update(json, record->seen);
	return json;
}

static json_t *record_json(const struct record *record)
{
	const struct bgp_fact *fact = record->fact;

	return json_pack("{s:s, s:o, s:b, s:b, s:s?, s:o, s:{s:b, s:I, s:I}, s:o}", "driver",
			 drivers[record->setup->driver], "families", families_json(record),
			 "answered", fact->answered, "as_wished",
			 bgp_fact_is(fact, record->setup, &record->judgement->wishes), "trouble",
			 *fact->why ? fact->why : NULL, "neighbours", neighbours_json(fact), "hold",
			 "open", record->calm->is_open, "hold_s", (json_int_t)record->calm->hold_s,
			 "left_s", (json_int_t)(record->judgement->left_s + 9) / 10 * 10, "drain",
			 drain_json(record));
}

int record_save(const char *path, mode_t mode, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
	int err = text ? file_write(path, text, mode) : -ENOMEM;

	free(text);
	json_decref(json);
	return err < 0 ? err : 0;
}

int record_write(const char *path, const struct record *record)
{
	return record_save(path, 0644, record_json(record));
}

/* --- reading ---------------------------------------------------------------------------------- */

json_t *record_read(const char *path)
{
	json_t *json;
	char *text;

	if (file_read(path, &text))
		return NULL;
	json = json_loads(text, 0, NULL);
	free(text);
	if (!json_is_object(json)) {
		json_decref(json);
		return NULL;
	}
	return json;
}

bool record_has_bgp(const json_t *record)
{
	const char *driver = json_string_value(json_object_get(record, "driver"));

	return driver && strcmp(driver, drivers[CONFIG_BGP_NONE]);
}

json_t *record_bgp_json(const json_t *record)
{
	json_t *bgp;

	if (!record_has_bgp(record))
		return json_null();
	bgp = json_copy((json_t *)record);
	json_object_del(bgp, "drain");
	return bgp;
}

static __u64 number_of(const json_t *json, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(json, key));

	return number > 0 ? number : 0;
}

void record_drain_recall(const json_t *json, struct drain_steps *steps)
{
	const char *key = json_string_value(json_object_get(json, "step"));
	enum drain_step step;

	if (!key || !drain_step_find(key, &step) || step == DRAIN_OFF)
		return;
	*steps = (struct drain_steps){
		.step = step,
		.terms = { .window_s = number_of(json, "window_s"),
			   .until_flows = number_of(json, "until_flows"),
			   .even_last = json_is_true(json_object_get(json, "even_last")) },
		.begun_real_s = number_of(json, "begun_s"),
		.since_real_s = number_of(json, "since_s"),
		.heard_real_s = number_of(json, "heard_s"),
		.landed = number_of(json, "landed"),
	};
}

void record_recall(const json_t *json, struct calm *calm, struct drain_steps *steps)
{
	const json_t *hold = json_object_get(json, "hold");

	calm->is_open = json_is_true(json_object_get(hold, "open"));
	calm->hold_s = number_of(hold, "hold_s");
	record_drain_recall(json_object_get(json, "drain"), steps);
}

void record_wishes(const json_t *json, struct bgp_wishes *wishes)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(json, "families"), i, one) {
		const char *key = json_string_value(json_object_get(one, "family"));
		const char *wish = json_string_value(json_object_get(one, "wish"));

		if (key && wish)
			bgp_wish_find(wish, &wishes->of[!strcmp(key, "ip6")]);
	}
}
