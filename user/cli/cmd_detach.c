// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_detach.c: takes the data path off the interfaces; through the daemon if one runs, else by
 * itself. It needs only what is pinned; of the configuration, only the paths.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "cmd.h"
#include "user/base/args.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/config/failure.h"
#include "user/daemon/control.h"
#include "user/load/loader.h"

struct detach_options {
	bool force;
};

const struct arg cmd_detach_args[] = {
	{ .name = "--force",
	  .type = ARG_FLAG,
	  .offset = offsetof(struct detach_options, force),
	  .help = "detach also while stamped flows live, which breaks them" },
	{}
};

static int not_loaded(const struct globals *globals, const struct instance *instance)
{
	return fail(globals, EXIT_NOT_LOADED, "%s: not loaded: no %s", instance->name,
		    instance->dir);
}

static int done(const struct globals *globals, int broken)
{
	if (globals->json)
		output_json(json_pack("{s:b, s:s, s:b, s:i}", "ok", 1, "instance",
				      globals->instance, "detached", 1, "broken", broken));
	else
		printf("detached: %s: no packet passes it any more; %d stamped flows lived, and "
		       "break\n",
		       globals->instance, broken);
	return EXIT_OK;
}

static int by_daemon(const struct globals *globals, struct instance *instance, bool force)
{
	int code, err;
	json_t *reply;

	instance_find_control(instance);
	err = control_call(instance->control, "detach", json_pack("{s:b}", "force", force), &reply);
	if (err)
		return fail(globals, EXIT_TRY_AGAIN,
			    "%s: process %d holds it, but does not answer at %s: %s",
			    instance->name, instance->holder, instance->control, strerror(-err));
	if (json_is_true(json_object_get(reply, "ok")))
		code = done(globals, json_integer_value(json_object_get(reply, "broken")));
	else if (json_is_false(json_object_get(reply, "loaded")))
		code = not_loaded(
			globals,
			instance); /* the daemon has detached already and is about to exit */
	else
		code = fail_lines(globals, EXIT_FAILED,
				  json_incref(json_object_get(reply, "errors")));
	json_decref(reply);
	return code;
}

static int by_ourselves(const struct globals *globals, struct loader *loader, bool force)
{
	struct config_errors errors = {};
	int code, broken, err = loader_detach(loader, force, &broken, &errors);

	if (!err)
		code = done(globals, broken);
	else if (err == -ENOENT)
		code = not_loaded(globals, &loader->instance);
	else
		code = fail_errors(globals, EXIT_FAILED, &errors);
	config_errors_free(&errors);
	loader_close(loader);
	return code;
}

static int detach(const struct globals *globals, const struct config *config, bool force)
{
	struct config_errors errors = {};
	struct loader loader;
	int err, code;

	loader_init(&loader);
	err = instance_init(&loader.instance, config, globals->instance, &errors);
	err = err ?: instance_lock_run(&loader.instance, &errors);
	err = err ?: instance_lock_pins(&loader.instance, &errors);
	if (!err)
		code = by_ourselves(globals, &loader, force);
	else if (err == -EAGAIN)
		code = by_daemon(globals, &loader.instance, force);
	else
		code = fail_errors(globals, EXIT_FAILED, &errors);
	config_errors_free(&errors);
	instance_unlock(&loader.instance);
	return code;
}

int cmd_detach(const struct globals *globals, int argc, char **argv)
{
	struct detach_options options = {};
	struct config_errors errors = {};
	struct config *config;
	int code = EXIT_FAILED;

	if (args_parse(cmd_detach_args, argc, argv, &options))
		return EXIT_USAGE;
	log_adopt_libbpf();
	if (config_load_places(globals->config_path, &config, &errors) && config)
		places_only(config, &errors);
	if (config)
		code = detach(globals, config, options.force);
	config_errors_free(&errors);
	config_free(config);
	return code;
}
