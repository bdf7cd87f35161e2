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
	bool now;
};

const struct arg cmd_undrain_args[] = {
	{ .name = "--reason",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct undrain_options, reason),
	  .value = "TEXT",
	  .help = "why it is taken back: status --json shows it, with who said it and when" },
	{ .name = "--now",
	  .type = ARG_FLAG,
	  .offset = offsetof(struct undrain_options, now),
	  .help = "all new flows at once, and all steered answers (default: by and by, over "
		  "drain.slow_start); also ends a slow start" },
	{}
};

static int show(const struct globals *globals, const json_t *reply)
{
	bool was_on = json_is_true(json_object_get(reply, "was_draining"));
	json_int_t slow_s = json_integer_value(json_object_get(reply, "slow_start_s"));

	if (globals->json)
		output_json(json_pack("{s:b, s:s, s:b, s:b, s:I}", "ok", 1, "instance",
				      globals->instance, "draining", 0, "was_draining", was_on,
				      "slow_start_s", slow_s));
	else if (slow_s)
		printf("new flows are served here again: a part at first, all of them in %lld s\n",
		       (long long)slow_s);
	else
		puts(was_on ? "new flows are served here again" : "was not draining");
	return EXIT_OK;
}

int cmd_undrain(const struct globals *globals, int argc, char **argv)
{
	struct undrain_options options = {};
	struct drain_handle handle;
	json_t *reply, *more;
	int code;

	if (args_parse(cmd_undrain_args, argc, argv, &options))
		return EXIT_USAGE;
	code = drain_open(&handle, globals, false);
	if (code)
		return code;
	more = json_pack("{s:b}", "now", options.now);
	code = ask_drain(globals, &handle, "undrain", options.reason, NULL, more, &reply);
	json_decref(more);
	if (!code)
		ask_has_steps(&handle, reply);
	drain_close(&handle);
	if (code)
		return code;
	code = show(globals, reply);
	json_decref(reply);
	return code;
}
