// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_reload.c: tells the daemon to read configuration and zones again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ask.h"
#include "cmd.h"
#include "user/base/args.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/base/printable.h"
#include "user/config/failure.h"
#include "user/daemon/control.h"
#include "user/state/instance.h"

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

static void print_end(const json_t *reply, int code)
{
	size_t nr = json_array_size(json_object_get(reply, "changes"));

	if (!json_is_true(json_object_get(reply, "applied")))
		log_err("reload failed; nothing was changed");
	else if (code)
		log_err("reloaded, but for zones that cannot be read: they stay as they were");
	else
		printf("reloaded%s\n", nr ? "" : ": nothing changed");
}

/* Takes @reply. */
static int show(const struct globals *globals, json_t *reply)
{
	int code = json_integer_value(json_object_get(reply, "code"));

	if (globals->json) {
		json_object_set_new(reply, "instance", json_string(globals->instance));
		return output_json(reply) ? EXIT_FAILED : code;
	}
	print_list(stdout, json_object_get(reply, "changes"));
	ask_warn(reply);
	print_list(stderr, json_object_get(reply, "errors"));
	print_end(reply, code);
	json_decref(reply);
	return code;
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
	return control_call(instance.control, "reload", json_pack("{s:s}", "who", ask_user_name()),
			    reply);
}

/* Without a daemon, the errors in the file are all that can be reported. */
static int fail_alone(const struct globals *globals, const struct config_errors *errors)
{
	if (errors->nr)
		return fail_errors(globals, EXIT_USAGE, errors);
	return fail(globals, EXIT_NOT_LOADED, "%s: no daemon runs; when one starts it reads it all",
		    globals->instance);
}

/*
 * The daemon is told, too, if the file is wrong: status must show later that a reload was refused.
 */
int cmd_reload(const struct globals *globals, int argc, char **argv)
{
	const char *path = globals->config_path;
	struct config_errors errors = {}, ignored = {};
	struct config *config = NULL;
	json_t *reply;
	int code, err;

	if (args_none(argc, argv))
		return EXIT_USAGE;
	if (config_load(path, &config, &errors)) {
		config_free(config);
		config_load_places(path, &config, &ignored);
	}
	err = config ? call(globals, config, &reply) : -ENOMEM;
	if (!err)
		code = show(globals, reply);
	else if (err == -ENOENT || err == -ECONNREFUSED)
		code = fail_alone(globals, &errors);
	else
		code = fail(globals, EXIT_FAILED, "%s: the daemon does not answer: %s",
			    globals->instance, control_why(err));
	config_free(config);
	config_errors_free(&errors);
	config_errors_free(&ignored);
	return code;
}
