// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_undrain.c: ends a drain.
 */
#include <stddef.h>
#include <stdio.h>
#include "ask.h"
#include "cmd.h"
#include "user/base/args.h"
#include "user/base/output.h"
#include "user/fleet/drain_cmd.h"

struct undrain_options {
	const char *reason;
};

const struct arg cmd_undrain_args[] = {
	{ .name = "--reason",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct undrain_options, reason),
	  .value = "TEXT",
	  .help = "why it is taken back: status --json shows it, with who said it and when" },
	{}
};

static int show(const struct globals *globals, bool was_on)
{
	if (globals->json)
		output_json(json_pack("{s:b, s:s, s:b, s:b}", "ok", 1, "instance",
				      globals->instance, "draining", 0, "was_draining", was_on));
	else
		puts(was_on ? "new flows are served here again" : "was not draining");
	return EXIT_OK;
}

int cmd_undrain(const struct globals *globals, int argc, char **argv)
{
	struct undrain_options options = {};
	struct drain_handle handle;
	json_t *reply;
	int code;

	if (args_parse(cmd_undrain_args, argc, argv, &options))
		return EXIT_USAGE;
	code = drain_open(&handle, globals, false);
	if (code)
		return code;
	code = ask_drain(globals, &handle, "undrain", options.reason, NULL, NULL, &reply);
	if (!code)
		ask_has_steps(&handle, reply);
	drain_close(&handle);
	if (code)
		return code;
	code = show(globals, json_is_true(json_object_get(reply, "was_draining")));
	json_decref(reply);
	return code;
}
