// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * catch_view.c: what landed here in one window (catch_view.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include "catch_view.h"

const char *catch_by_name(enum catch_by by)
{
	static const char *const names[] = { "region", "asn", "prefix" };

	return names[by];
}

struct catch_view *catch_view_hold(struct catch_view *view)
{
	if (view)
		view->references++;
	return view;
}

void catch_view_drop(struct catch_view *view)
{
	size_t i;

	if (!view || --view->references)
		return;
	for (i = 0; i < CATCH_BYS; i++)
		free(view->lines[i]);
	free(view->suspects);
	free(view);
}

static void add_kind(json_t *row, const struct catch_line *line, enum catch_kind kind,
		     bool has_before)
{
	const char *name = catch_kind_name(kind);
	char key[48];

	snprintf(key, sizeof(key), "%s_per_second", name);
	json_object_set_new(row, key, json_real(line->rate[kind]));
	snprintf(key, sizeof(key), "%s_share", name);
	json_object_set_new(row, key, json_real(line->share[kind]));
	if (!has_before)
		return;
	snprintf(key, sizeof(key), "%s_share_before", name);
	json_object_set_new(row, key, json_real(line->before[kind]));
	snprintf(key, sizeof(key), "%s_moved", name);
	json_object_set_new(row, key, json_boolean(line->is_moved[kind]));
}

static json_t *row_json(const struct catch_line *line, enum catch_by by)
{
	json_t *row = json_pack("{s:s}", "name", line->name);
	enum catch_kind kind;

	if (by == CATCH_BY_PREFIX) {
		json_object_set_new(row, "region", json_string(line->region));
		json_object_set_new(row, "asn", line->asn ? json_integer(line->asn) : json_null());
	}
	for (kind = 0; kind < CATCH_KINDS; kind++)
		add_kind(row, line, kind, by != CATCH_BY_PREFIX);
	json_object_set_new(row, "sockets", json_integer(line->sockets));
	json_object_set_new(row, "rtt_ms",
			    line->sockets ? json_real(line->rtt_us / 1e3) : json_null());
	json_object_set_new(row, "rtt_least_ms",
			    line->sockets ? json_real(line->rtt_least_us / 1e3) : json_null());
	return row;
}

json_t *catch_view_json(const struct catch_view *view, enum catch_by by, size_t top)
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; i < view->nr[by] && i < top; i++)
		json_array_append_new(rows, row_json(&view->lines[by][i], by));
	return json_pack("{s:f, s:b, s:b, s:f, s:f, s:s, s:i, s:o}", "seconds", view->seconds,
			 "whole", view->is_whole, "known", view->is_known, "connections_per_second",
			 view->rate[CATCH_CONNECTIONS], "queries_per_second",
			 view->rate[CATCH_QUERIES], "by", catch_by_name(by), "total_rows",
			 (int)view->nr[by], "rows", rows);
}

json_t *catch_suspects_json(const struct catch_view *view)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < view->nr_suspects; i++) {
		const struct catch_suspect *one = &view->suspects[i];

		json_array_append_new(
			list,
			json_pack("{s:s, s:o, s:s, s:I, s:f, s:f}", "name", one->name, "asn",
				  one->asn ? json_integer(one->asn) : json_null(), "region",
				  one->region, "sockets", (json_int_t)one->sockets, "rtt_least_ms",
				  one->rtt_least_us / 1e3, "region_rtt_ms", one->region_us / 1e3));
	}
	return json_pack("{s:f, s:b, s:I, s:o}", "seconds", view->seconds, "whole", view->is_whole,
			 "total", (json_int_t)view->all_suspects, "suspects", list);
}
