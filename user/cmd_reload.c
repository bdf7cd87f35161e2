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

static int show(const struct globals *globals, const json_t *reply)
{
	bool ok = json_is_true(json_object_get(reply, "ok"));
	const json_t *changes = json_object_get(reply, "changes");

	if (globals->json) {
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (!ok) {
		print_list(stderr, json_object_get(reply, "errors"));
		log_err("reload failed; nothing was changed");
	} else {
		print_list(stdout, changes);
		printf("reloaded%s\n", json_array_size(changes) ? "" : ": configuration unchanged");
	}
	return ok ? EXIT_OK : EXIT_FAILED;
}

int cmd_reload(const struct globals *globals, int argc, char **argv)
{
	static const struct arg none[] = { {} };
	struct config_errors errors = {};
	struct config *config;
	json_t *reply;
	int err, code;

	if (args_parse(none, argc, argv, NULL))
		return EXIT_USAGE;
	/* Where the daemon listens is in the file too; it may not be broken beyond that. */
	if (config_load(globals->config_path, &config, &errors)) {
		config_errors_log(&errors);
		config_errors_free(&errors);
		log_err("reload failed; nothing was changed");
		return EXIT_USAGE;
	}
	err = control_call(config, globals->instance, "reload", NULL, &reply);
	config_free(config);
	if (err == -ENOENT || err == -ECONNREFUSED) {
		log_err("%s: no daemon runs; systemctl start anydoor reads the configuration",
			globals->instance);
		return EXIT_NOT_LOADED;
	}
	if (err) {
		log_err("%s: the daemon does not answer: %s", globals->instance, strerror(-err));
		return EXIT_FAILED;
	}
	code = show(globals, reply);
	json_decref(reply);
	return code;
}
