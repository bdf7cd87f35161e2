// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_catchment.c: which clients land at this POP, as the daemon has counted them.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "ask.h"
#include "cmd.h"
#include "user/base/output.h"
#include "user/catchment/catch_view.h"
#include "user/config/failure.h"

#define TOP_DEFAULT 20

struct catchment_options {
	int by;
	unsigned int top;
};

#define OPTION(member) offsetof(struct catchment_options, member)

const struct arg cmd_catchment_args[] = {
	{ "--by", 0, ARG_CHOICE, OPTION(by), "region|asn|prefix", 0, 0,
	  "by region of the configuration (default), by AS number, or by /24 and /48" },
	{ "--top", 0, ARG_NUMBER, OPTION(top), "N", 1, CATCH_LINES_MAX,
	  "at most N of them, those with the most first (default 20)" },
	{ NULL }
};

/* --- for people ------------------------------------------------------------------------------- */

static const struct column by_group[] = {
	{ "name", false },     { "conn/s", true }, { "share", true },  { "before", true },
	{ "queries/s", true }, { "share", true },  { "before", true }, { "sockets", true },
	{ "RTT ms", true },    { "least", true },  { "", false },      { NULL, false },
};
static const struct column by_prefix[] = {
	{ "prefix", false }, { "region", false },   { "AS", false },   { "conn/s", true },
	{ "share", true },   { "queries/s", true }, { "share", true }, { "sockets", true },
	{ "RTT ms", true },  { "least", true },	    { NULL, false },
};

static double number_of(const json_t *row, const char *kind, const char *what)
{
	char key[64];

	snprintf(key, sizeof(key), "%s_%s", kind, what);
	return json_number_value(json_object_get(row, key));
}

static bool is_moved(const json_t *row, const char *kind)
{
	char key[64];

	snprintf(key, sizeof(key), "%s_moved", kind);
	return json_is_true(json_object_get(row, key));
}

static void print_rtt(struct table *table, const json_t *row)
{
	json_int_t sockets = json_integer_value(json_object_get(row, "sockets"));

	table_cell(table, PLAIN, "%lld", (long long)sockets);
	if (!sockets) {
		table_cell(table, PLAIN, "-");
		table_cell(table, PLAIN, "-");
		return;
	}
	table_cell(table, PLAIN, "%.1f", json_number_value(json_object_get(row, "rtt_ms")));
	table_cell(table, PLAIN, "%.1f", json_number_value(json_object_get(row, "rtt_least_ms")));
}

static void print_kind(struct table *table, const json_t *row, const char *kind, bool has_before)
{
	enum colour colour = is_moved(row, kind) ? RED : PLAIN;

	table_cell(table, PLAIN, "%.2f", number_of(row, kind, "per_second"));
	table_cell(table, colour, "%.1f %%", 100 * number_of(row, kind, "share"));
	if (has_before)
		table_cell(table, PLAIN, "%.1f %%", 100 * number_of(row, kind, "share_before"));
}

static void print_row(struct table *table, const json_t *row, bool is_prefix)
{
	json_t *asn = json_object_get(row, "asn");

	table_cell(table, PLAIN, "%s", json_string_value(json_object_get(row, "name")));
	if (is_prefix) {
		table_cell(table, PLAIN, "%s", json_string_value(json_object_get(row, "region")));
		if (json_is_integer(asn))
			table_cell(table, PLAIN, "AS%lld", (long long)json_integer_value(asn));
		else
			table_cell(table, PLAIN, "-");
	}
	print_kind(table, row, "connections", !is_prefix);
	print_kind(table, row, "queries", !is_prefix);
	print_rtt(table, row);
	if (!is_prefix)
		table_cell(table, RED, "%s",
			   is_moved(row, "connections") || is_moved(row, "queries") ? "moved" : "");
}

static void print_all(const json_t *catchment, bool is_prefix)
{
	json_t *rows = json_object_get(catchment, "rows"), *row;
	size_t total = json_integer_value(json_object_get(catchment, "total_rows")), i;
	struct table *table = table_new(stdout, is_prefix ? by_prefix : by_group);

	if (!table)
		return;
	json_array_foreach(rows, i, row)
		print_row(table, row, is_prefix);
	table_end(table);
	printf("%zu of %zu; %.2f connections and %.2f queries a second, in %s%.0f s\n",
	       json_array_size(rows), total, number_of(catchment, "connections", "per_second"),
	       number_of(catchment, "queries", "per_second"),
	       json_is_true(json_object_get(catchment, "whole")) ? "" : "the first ",
	       json_number_value(json_object_get(catchment, "seconds")));
	if (!is_prefix && !json_is_true(json_object_get(catchment, "known")))
		printf("there are not enough windows yet to tell what has moved\n");
}

/* --- the command ------------------------------------------------------------------------------ */

static int show(const struct globals *globals, const json_t *reply, bool is_prefix)
{
	json_t *catchment = json_object_get(reply, "catchment");

	if (!catchment)
		return fail(globals, EXIT_TRY_AGAIN, "%s: %s", globals->instance,
			    json_string_value(json_array_get(json_object_get(reply, "errors"), 0))
				    ?: "the daemon knows nothing of it");
	if (globals->json) {
		json_object_set_new(catchment, "instance", json_string(globals->instance));
		return output_json(json_incref(catchment)) ? EXIT_FAILED : EXIT_OK;
	}
	print_all(catchment, is_prefix);
	return EXIT_OK;
}

int cmd_catchment(const struct globals *globals, int argc, char **argv)
{
	struct catchment_options options = { .top = TOP_DEFAULT };
	json_t *reply, *args;
	int code;

	if (args_parse(cmd_catchment_args, argc, argv, &options))
		return EXIT_USAGE;
	args = json_pack("{s:s, s:i}", "by", catch_by_name(options.by), "top", (int)options.top);
	code = ask_running(globals, "catchment", args, &reply);
	if (code)
		return code;
	code = show(globals, reply, options.by == CATCH_BY_PREFIX);
	json_decref(reply);
	return code;
}
