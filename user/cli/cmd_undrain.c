// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_undrain.c: ends a drain.
 */
#include <stddef.h>
#include <stdio.h>
#include "ask.h"
#include "cmd.h"
#include "far.h"
#include "user/base/args.h"
#include "user/base/output.h"
#include "user/fleet/drain_cmd.h"

struct undrain_options {
	const char *target;
	const char *revision;
	const char *reason;
	bool now;
};

const struct arg cmd_undrain_args[] = {
	{ .name = "NODE|POP",
	  .type = ARG_WORD,
	  .offset = offsetof(struct undrain_options, target),
	  .help = "another node, or all nodes of a POP, by the bus; without it: this node" },
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
	{ .name = "--revision",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct undrain_options, revision),
	  .value = "N",
	  .help = FAR_REVISION_HELP },
	{}
};

/* Nobody else announces what the operator may have withdrawn. */
static void show_by_hand(const struct config *config)
{
	if (config->bgp.driver == CONFIG_BGP_NONE)
		puts("bgp.driver is none: announce the VIPs again by your BGP daemon, if they are "
		     "withdrawn");
}

static int show(const struct globals *globals, const json_t *reply)
{
	bool was_on = json_is_true(json_object_get(reply, "was_draining"));
	json_int_t slow_s = json_integer_value(json_object_get(reply, "slow_start_s"));

	if (globals->json)
		output_json(json_pack("{s:b, s:s, s:b, s:b, s:I, s:O}", "ok", 1, "instance",
				      globals->instance, "draining", 0, "was_draining", was_on,
				      "slow_start_s", slow_s, "ended",
				      json_object_get(reply, "ended") ?: json_null()));
	else if (slow_s)
		printf("new flows are served here again: a part at first, all of them in %lld s\n",
		       (long long)slow_s);
	else
		puts(was_on ? "new flows are served here again" : ask_not_draining(reply));
	return EXIT_OK;
}

int cmd_undrain(const struct globals *globals, int argc, char **argv)
{
	struct undrain_options options = {};
	struct far_request far = { .globals = globals, .verb = "undrain" };
	struct drain_handle handle;
	bool is_far = false;
	json_t *reply, *terms;
	int code;

	if (args_parse(cmd_undrain_args, argc, argv, &options))
		return EXIT_USAGE;
	code = drain_open(&handle, globals, options.target);
	if (code)
		return code;
	if (options.target || options.revision)
		code = far_find(globals, handle.config, options.target, options.revision, &is_far);
	far.target = options.target;
	far.reason = options.reason;
	far.revision = options.revision;
	terms = json_pack("{s:b}", "now", options.now);
	if (code || is_far) {
		drain_close(&handle);
		code = code ?: far_ask(&far, terms);
		json_decref(terms);
		return code;
	}
	code = ask_drain(globals, &handle, "undrain", options.reason, NULL, terms, &reply);
	json_decref(terms);
	if (!code) {
		ask_has_steps(&handle, reply);
		code = show(globals, reply);
		if (!globals->json && json_is_true(json_object_get(reply, "was_draining")))
			show_by_hand(handle.config);
		json_decref(reply);
	}
	drain_close(&handle);
	return code;
}
