// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_reload.c: has the daemon read everything again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "args.h"
#include "cmd.h"
#include "control.h"
#include "failure.h"
#include "instance.h"
#include "output.h"
#include "printable.h"

static void print_list(FILE *out, const json_t *list)
{
	json_t *line;
	char *text;
	size_t i;

	json_array_foreach(list, i, line) {
		text = printable_take(strdup(json_string_value(line) ?: ""));
		fprintf(out, "%s\n", text ?: "");
		free(text);
	}
}

static int show(const struct globals *globals, const json_t *reply)
{
	json_t *changes = json_object_get(reply, "changes");

	if (globals->json) {
		output_json(json_pack("{s:b, s:s, s:O}", "ok", 1, "instance", globals->instance,
				      "changes", changes));
	} else {
		print_list(stdout, changes);
		printf("reloaded%s\n", json_array_size(changes) ? "" : ": nothing changed");
	}
	return EXIT_OK;
}

/* Takes @lines. */
static int refuse(const struct globals *globals, int code, json_t *lines)
{
	if (globals->json)
		return fail_lines(globals, code, lines);
	print_list(stderr, lines);
	json_decref(lines);
	return fail(globals, code, "reload failed; nothing was changed");
}

/* It listens where it did when it began, whatever the file says by now. */
static int call(const struct globals *globals, const struct config *config, json_t **reply)
{
	struct config_errors ignored = {};
	struct instance instance;
	int err = instance_init(&instance, config, globals->instance, &ignored);

	config_errors_free(&ignored);
	if (err)
		return err;
	instance_find_control(&instance);
	return control_call(instance.control, "reload", NULL, reply);
}

static int reload(const struct globals *globals, const struct config *config)
{
	const char *name = globals->instance;
	json_t *reply;
	int code, err = call(globals, config, &reply);

	if (err == -ENOENT || err == -ECONNREFUSED)
		return refuse(globals, EXIT_NOT_LOADED,
			      json_pack("[o]", json_sprintf("%s: no daemon runs; when one starts "
							    "it reads it all",
							    name)));
	if (err)
		return refuse(globals, EXIT_FAILED,
			      json_pack("[o]", json_sprintf("%s: the daemon does not answer: %s",
							    name, strerror(-err))));
	if (json_is_true(json_object_get(reply, "ok")))
		code = show(globals, reply);
	else
		code = refuse(globals, EXIT_FAILED, json_incref(json_object_get(reply, "errors")));
	json_decref(reply);
	return code;
}

int cmd_reload(const struct globals *globals, int argc, char **argv)
{
	struct config_errors errors = {};
	struct config *config;
	int code;

	if (args_none(argc, argv))
		return EXIT_USAGE;
	/* The daemon would say the same, later. */
	if (config_load(globals->config_path, &config, &errors))
		code = refuse(globals, EXIT_USAGE, errors_json(&errors));
	else
		code = reload(globals, config);
	config_free(config);
	config_errors_free(&errors);
	return code;
}
