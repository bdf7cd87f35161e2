// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_bus.c: `anydoor bus`: who is on the bus; `anydoor bus init`: makes the bucket, once;
 * `anydoor bus forget NODE`: a node is gone for good.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ask.h"
#include "cmd.h"
#include "user/base/output.h"
#include "user/bus/admin.h"
#include "user/bus/seen.h"
#include "user/config/failure.h"
#include "user/status/status.h"

struct bus_options {
	const char *what, *node;
	unsigned int replicas;
};

const struct arg cmd_bus_args[] = {
	{ .name = "init|forget",
	  .type = ARG_WORD,
	  .offset = offsetof(struct bus_options, what),
	  .help = "`init`: make the bucket that `bus.bucket` names, once for a fleet; `forget`: a "
		  "node is gone for good, and its id is free again" },
	{ .name = "NODE",
	  .type = ARG_WORD,
	  .offset = offsetof(struct bus_options, node),
	  .help = "with forget: name or id of the node" },
	{ .name = "--replicas",
	  .type = ARG_NUMBER,
	  .offset = offsetof(struct bus_options, replicas),
	  .value = "N",
	  .min = 1,
	  .max = 5,
	  .help = "with init: on how many servers of a cluster the bucket lies (1)" },
	{}
};

static int show(const struct globals *globals)
{
	struct bus_seen seen;
	struct view view;
	int err, code = view_open(&view, globals);

	if (code)
		return code;
	err = bus_seen_read(&view.pins, &seen);
	if (!err && !status_daemon(&view))
		bus_seen_is_old(&seen);
	if (err)
		code = view_failed(&view, "the bus", err);
	else if (globals->json)
		code = output_json(bus_seen_json(&seen)) ? EXIT_FAILED : EXIT_OK;
	else if (seen.self.state == AD_BUS_OFF)
		puts("bus: off: no bus is configured, or the daemon has not been on it");
	else
		bus_seen_print(&seen, true);
	bus_seen_free(&seen);
	view_close(&view);
	return code;
}

static int init(const struct globals *globals, const struct config *config, unsigned int replicas)
{
	const char *bucket = config->bus.bucket;
	char why[BUS_WHY] = "";
	int err;

	if (!config->bus.nr_servers)
		return fail(globals, EXIT_USAGE, "%s: bus.servers: names no server", config->path);
	err = bus_make_bucket(&config->bus, replicas, why);
	if (err && err != -EEXIST)
		return fail(globals, EXIT_FAILED, "bucket %s: %s", bucket, why);
	if (globals->json)
		return output_json(json_pack("{s:b, s:s, s:b}", "ok", 1, "bucket", bucket, "made",
					     !err))
			       ? EXIT_FAILED
			       : EXIT_OK;
	printf("bucket %s: %s\n", bucket, err ? "is there already, and stays as it is" : "made");
	return EXIT_OK;
}

/* A dead node's flows are lost with it; its id may be given away after that. */
static int forget(const struct globals *globals, const char *node)
{
	char *name = ask_sendable(node);
	json_t *reply, *args = json_pack("{s:s, s:s}", "node", name, "who", ask_user_name());
	int code = ask_running(globals, "forget", args, &reply);

	free(name);
	if (code)
		return code;
	if (!json_is_true(json_object_get(reply, "ok"))) {
		code = fail_lines(globals, EXIT_FAILED,
				  json_incref(json_object_get(reply, "errors")));
		json_decref(reply);
		return code;
	}
	if (globals->json)
		return output_json(reply) ? EXIT_FAILED : EXIT_OK;
	ask_warn(reply);
	printf("node %lld, %s: forgotten\n",
	       (long long)json_integer_value(json_object_get(reply, "id")),
	       json_string_value(json_object_get(reply, "node")) ?: "?");
	json_decref(reply);
	return EXIT_OK;
}

int cmd_bus(const struct globals *globals, int argc, char **argv)
{
	struct bus_options options = { .replicas = 1 };
	struct config_errors errors = {};
	struct config *config;
	int code;

	if (args_parse(cmd_bus_args, argc, argv, &options))
		return EXIT_USAGE;
	if (!options.what)
		return show(globals);
	if (!strcmp(options.what, "forget"))
		return options.node
			       ? forget(globals, options.node)
			       : fail(globals, EXIT_USAGE,
				      "bus forget: name the node that is gone for good: `anydoor "
				      "bus forget NODE`");
	if (strcmp(options.what, "init") || options.node)
		return fail(globals, EXIT_USAGE,
			    "bus: '%s' is no such thing: `anydoor bus init`, or `anydoor bus "
			    "forget NODE`",
			    options.what);
	if (config_load(globals->config_path, &config, &errors)) {
		code = fail_errors(globals, EXIT_USAGE, &errors);
	} else {
		code = init(globals, config, options.replicas);
		config_free(config);
	}
	config_errors_free(&errors);
	return code;
}
