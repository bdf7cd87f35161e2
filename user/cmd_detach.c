// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_detach.c: takes the data path off; through the daemon if one runs, or else by itself.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "args.h"
#include "cmd.h"
#include "control.h"
#include "loader.h"
#include "log.h"

struct detach_options {
	bool force;
};

const struct arg cmd_detach_args[] = {
	{ .name = "--force",
	  .type = ARG_FLAG,
	  .offset = offsetof(struct detach_options, force),
	  .help = "also while stamped flows live, which breaks them" },
	{}
};

static void log_list(const json_t *list)
{
	json_t *line;
	size_t i;

	json_array_foreach(list, i, line)
		log_err("%s", json_string_value(line));
}

static int not_loaded(const char *name)
{
	log_err("%s: not loaded", name);
	return EXIT_NOT_LOADED;
}

static int by_daemon(const struct config *config, const char *name, bool force)
{
	json_t *reply;
	int err = control_call(config, name, "detach", json_pack("{s:b}", "force", force), &reply);
	int code = EXIT_FAILED;

	if (err) {
		log_err("%s: its daemon holds it, but does not answer: %s", name, strerror(-err));
		return EXIT_TRY_AGAIN;
	}
	if (json_is_true(json_object_get(reply, "ok")))
		code = EXIT_OK;
	else if (json_is_false(json_object_get(reply, "loaded")))
		code = not_loaded(name); /* detached already, and about to leave */
	else
		log_list(json_object_get(reply, "errors"));
	json_decref(reply);
	return code;
}

static int by_ourselves(struct loader *loader, bool force)
{
	struct config_errors errors = {};
	int err = loader_detach(loader, force, &errors);

	config_errors_log(&errors);
	config_errors_free(&errors);
	loader_close(loader);
	if (err == -ENOENT)
		return not_loaded(loader->instance.name);
	return err ? EXIT_FAILED : EXIT_OK;
}

static int detach(const struct globals *globals, const struct config *config, bool force)
{
	struct config_errors errors = {};
	struct loader loader;
	int err, code = EXIT_FAILED;

	loader_init(&loader);
	err = instance_init(&loader.instance, config, globals->instance, &errors);
	err = err ?: instance_lock(&loader.instance, &errors);
	if (!err)
		code = by_ourselves(&loader, force);
	else if (err == -EAGAIN)
		code = by_daemon(config, globals->instance, force);
	config_errors_log(&errors);
	config_errors_free(&errors);
	instance_unlock(&loader.instance);
	return code;
}

int cmd_detach(const struct globals *globals, int argc, char **argv)
{
	struct detach_options options = {};
	struct config_errors errors = {};
	struct config *config;
	int code = EXIT_USAGE;

	if (args_parse(cmd_detach_args, argc, argv, &options))
		return EXIT_USAGE;
	log_adopt_libbpf();
	if (!config_load(globals->config_path, &config, &errors)) {
		code = detach(globals, config, options.force);
		config_free(config);
	}
	config_errors_log(&errors);
	config_errors_free(&errors);
	return code;
}
