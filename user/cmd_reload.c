// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_reload.c: has the daemon read everything again.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "args.h"
#include "cmd.h"
#include "control.h"
#include "log.h"

static void print_list(FILE *out, const json_t *list)
{
	json_t *line;
	size_t i;

	json_array_foreach(list, i, line)
		fprintf(out, "%s\n", json_string_value(line));
}

static void show(const struct globals *globals, const json_t *reply)
{
	const json_t *changes = json_object_get(reply, "changes");

	if (globals->json) {
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (!json_is_true(json_object_get(reply, "ok"))) {
		print_list(stderr, json_object_get(reply, "errors"));
		log_err("reload failed; nothing was changed");
	} else {
		print_list(stdout, changes);
		printf("reloaded%s\n", json_array_size(changes) ? "" : ": nothing changed");
	}
}

static int refuse(const struct globals *globals, const struct config_errors *errors, int code)
{
	json_t *list = json_array(), *reply;
	size_t i;

	for (i = 0; i < errors->nr; i++)
		json_array_append_new(list, json_string(errors->list[i].text));
	reply = json_pack("{s:b, s:o}", "ok", 0, "errors", list);
	show(globals, reply);
	json_decref(reply);
	return code;
}

static int reload(const struct globals *globals, const struct config *config,
		  struct config_errors *errors)
{
	const char *name = globals->instance;
	json_t *reply;
	int err = control_call(config, name, "reload", NULL, &reply);
	bool ok;

	if (err == -ENOENT || err == -ECONNREFUSED) {
		config_errors_add(errors, name, 0,
				  "no daemon runs; when one starts it reads it all");
		return refuse(globals, errors, EXIT_NOT_LOADED);
	}
	if (err) {
		config_errors_add(errors, name, 0, "the daemon does not answer: %s",
				  strerror(-err));
		return refuse(globals, errors, EXIT_FAILED);
	}
	ok = json_is_true(json_object_get(reply, "ok"));
	show(globals, reply);
	json_decref(reply);
	return ok ? EXIT_OK : EXIT_FAILED;
}

int cmd_reload(const struct globals *globals, int argc, char **argv)
{
	struct config_errors errors = {};
	struct config *config;
	int code;

	if (args_none(argc, argv))
		return EXIT_USAGE;
	/* Where the daemon listens is in the file too. */
	if (config_load(globals->config_path, &config, &errors)) {
		code = refuse(globals, &errors, EXIT_USAGE);
	} else {
		code = reload(globals, config, &errors);
		config_free(config);
	}
	config_errors_free(&errors);
	return code;
}
