// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_detach.c: takes the data path off the interfaces; through the daemon if one runs, else by
 * itself. It needs only what is pinned; of the configuration, only the paths.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ask.h"
#include "cmd.h"
#include "user/base/args.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/bgp/bgp.h"
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

/* One detach; the loader's instance is the one that ask_either() fills in. */
struct detaching {
	const struct globals *globals;
	const struct config *config;
	struct loader loader;
	bool force;
};

static int by_daemon(struct instance *instance, void *arg)
{
	const struct detaching *detaching = arg;
	const struct globals *globals = detaching->globals;
	int code, err;
	json_t *reply;

	instance_find_control(instance);
	err = control_call(instance->control, "detach",
			   json_pack("{s:b}", "force", detaching->force), &reply);
	if (err)
		return ask_fail_unheard(globals, instance, err);
	if (json_is_true(json_object_get(reply, "ok")))
		code = done(globals, json_integer_value(json_object_get(reply, "broken")));
	else if (json_is_false(json_object_get(reply, "loaded")))
		/* The daemon has detached already and is about to exit. */
		code = not_loaded(globals, instance);
	else
		code = fail_lines(globals, EXIT_FAILED,
				  json_incref(json_object_get(reply, "errors")));
	json_decref(reply);
	return code;
}

/* As the daemon does it. */
static void withdraw(const struct config *config)
{
	struct bgp_setup *setup = calloc(1, sizeof(*setup));
	struct bgp_fact *fact = calloc(1, sizeof(*fact));

	if (setup)
		bgp_setup_from(setup, config);
	if (!setup || !fact || !bgp_withdraw(setup, fact))
		log_warn(BGP_NOT_WITHDRAWN, fact ? fact->why : "out of memory");
	free(setup);
	free(fact);
}

static int by_ourselves(struct instance *instance, void *arg)
{
	struct detaching *detaching = arg;
	const struct globals *globals = detaching->globals;
	struct config_errors errors = {};
	int code, broken;
	int err = loader_detach(&detaching->loader, detaching->force, &broken, &errors);

	if (!err) {
		withdraw(detaching->config);
		code = done(globals, broken);
	} else if (err == -ENOENT) {
		code = not_loaded(globals, instance);
	} else {
		code = fail_errors(globals, EXIT_FAILED, &errors);
	}
	config_errors_free(&errors);
	loader_close(&detaching->loader);
	return code;
}

static int detach(const struct globals *globals, const struct config *config, bool force)
{
	struct detaching detaching = { .globals = globals, .config = config, .force = force };

	loader_init(&detaching.loader);
	return ask_either(globals, config, &detaching.loader.instance, by_daemon, by_ourselves,
			  &detaching);
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
