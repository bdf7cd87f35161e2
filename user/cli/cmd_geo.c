// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_geo.c: prefixes and ASes of which the databases may be wrong, as the daemon sees them.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "ask.h"
#include "cmd.h"
#include "user/base/output.h"
#include "user/config/failure.h"

struct geo_options {
	const char *what;
};

const struct arg cmd_geo_args[] = {
	{ .name = "suspects",
	  .type = ARG_WORD,
	  .offset = offsetof(struct geo_options, what),
	  .help = "networks and ASes whose clients are far slower than those of the region that "
		  "the databases say they are in" },
	{ NULL }
};

static void print_suspects(const json_t *suspects)
{
	static const struct column columns[] = {
		{ "name", false },   { "AS", false },	       { "region", false },
		{ "sockets", true }, { "least RTT ms", true }, { "region's RTT ms", true },
		{ NULL, false },
	};
	json_t *list = json_object_get(suspects, "suspects"), *one, *asn;
	struct table *table = json_array_size(list) ? table_new(stdout, columns) : NULL;
	size_t i;

	json_array_foreach(list, i, one) {
		if (!table)
			break;
		asn = json_object_get(one, "asn");
		table_cell(table, BOLD, "%s", json_string_value(json_object_get(one, "name")));
		if (json_is_integer(asn))
			table_cell(table, PLAIN, "AS%lld", (long long)json_integer_value(asn));
		else
			table_cell(table, PLAIN, "-");
		table_cell(table, PLAIN, "%s", json_string_value(json_object_get(one, "region")));
		table_cell(table, PLAIN, "%lld",
			   (long long)json_integer_value(json_object_get(one, "sockets")));
		table_cell(table, RED, "%.1f",
			   json_number_value(json_object_get(one, "rtt_least_ms")));
		table_cell(table, PLAIN, "%.1f",
			   json_number_value(json_object_get(one, "region_rtt_ms")));
	}
	if (table)
		table_end(table);
	printf("%lld suspects, by connections that were open in the last %.0f s%s\n",
	       (long long)json_integer_value(json_object_get(suspects, "total")),
	       json_number_value(json_object_get(suspects, "seconds")),
	       json_is_true(json_object_get(suspects, "whole")) ? ""
								: ", of which none was asked yet");
}

static int show(const struct globals *globals, const json_t *reply)
{
	json_t *suspects = json_object_get(reply, "suspects");

	if (!suspects)
		return fail(globals, EXIT_TRY_AGAIN, "%s: %s", globals->instance,
			    json_string_value(json_array_get(json_object_get(reply, "errors"), 0))
				    ?: "the daemon knows nothing of it");
	if (globals->json) {
		json_object_set_new(suspects, "instance", json_string(globals->instance));
		return output_json(json_incref(suspects)) ? EXIT_FAILED : EXIT_OK;
	}
	print_suspects(suspects);
	return EXIT_OK;
}

int cmd_geo(const struct globals *globals, int argc, char **argv)
{
	struct geo_options options = {};
	json_t *reply;
	int code;

	if (args_parse(cmd_geo_args, argc, argv, &options))
		return EXIT_USAGE;
	if (!options.what || strcmp(options.what, "suspects"))
		return fail(globals, EXIT_USAGE, "geo: what? `anydoor geo suspects`");
	code = ask_running(globals, "suspects", json_object(), &reply);
	if (code)
		return code;
	code = show(globals, reply);
	json_decref(reply);
	return code;
}
