// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_pop.c: says of a POP how many of the clients of steered names it gets: by the daemon, or in
 * its place if none runs.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ask.h"
#include "cmd.h"
#include "far.h"
#include "user/base/output.h"
#include "user/config/failure.h"
#include "user/daemon/control.h"
#include "user/state/instance.h"
#include "user/steer/pops.h"

#define STATES "up|down|drain|shed N%%|auto"

struct pop_options {
	const char *name;
	const char *state;
	const char *percent;
	const char *revision;
	struct ad_steer_told told;
};

const struct arg cmd_pop_args[] = {
	{ .name = "POP",
	  .type = ARG_WORD,
	  .offset = offsetof(struct pop_options, name),
	  .help = "its name, as in the configuration" },
	{ .name = "up|down|drain|shed|auto",
	  .type = ARG_WORD,
	  .offset = offsetof(struct pop_options, state),
	  .help = "gets its clients; gets nobody (down, drain); sheds a part of them; as nobody "
		  "had said anything" },
	{ .name = "PERCENT",
	  .type = ARG_WORD,
	  .offset = offsetof(struct pop_options, percent),
	  .help = "with shed: how many of them go elsewhere: 20%" },
	{ .name = "--revision",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct pop_options, revision),
	  .value = "N",
	  .help = FAR_REVISION_HELP },
	{}
};

static int done(const struct globals *globals, const struct pop_options *options)
{
	char text[POP_STATE_TEXT];

	pops_state(&options->told, text);
	if (globals->json)
		return output_json(json_pack("{s:b, s:s, s:s, s:s, s:i}", "ok", 1, "instance",
					     globals->instance, "pop", options->name, "told", text,
					     "shed_percent", options->told.percent))
			       ? EXIT_FAILED
			       : EXIT_OK;
	printf("%s: %s\n", options->name, text);
	return EXIT_OK;
}

static int failed(const struct globals *globals, const struct pop_options *options, int err)
{
	if (err == -ENOENT)
		return fail(globals, EXIT_USAGE,
			    "%s: no steered name is ever sent to a POP '%s': `anydoor pops` lists "
			    "those that are",
			    globals->instance, options->name);
	return fail(globals, EXIT_FAILED, "%s: POP %s: %s", globals->instance, options->name,
		    strerror(-err));
}

/* One word of an operator. */
struct telling {
	const struct globals *globals;
	struct pop_options *options;
};

static int by_daemon(struct instance *instance, void *arg)
{
	const struct telling *telling = arg;
	const struct globals *globals = telling->globals;
	const struct pop_options *options = telling->options;
	json_t *reply, *args = json_pack("{s:s, s:s, s:s*, s:s}", "pop", options->name, "state",
					 options->state, "percent", options->percent, "who",
					 ask_user_name());
	long long revision;
	int err;

	if (options->revision && far_parse_revision(options->revision, &revision))
		json_object_set_new(args, "revision", json_integer(revision));

	instance_find_control(instance);
	err = control_call(instance->control, "pop", args, &reply);
	if (err)
		return fail(globals, EXIT_FAILED, "%s: the daemon does not answer: %s",
			    globals->instance, strerror(-err));
	ask_warn(reply);
	err = -json_integer_value(json_object_get(reply, "errno"));
	if (err)
		err = failed(globals, options, err);
	else if (!json_is_true(json_object_get(reply, "ok")))
		err = fail_lines(globals, EXIT_FAILED,
				 json_incref(json_object_get(reply, "errors")));
	else
		err = done(globals, options);
	json_decref(reply);
	return err;
}

static int by_ourselves(struct instance *instance, void *arg)
{
	const struct telling *telling = arg;
	const struct globals *globals = telling->globals;
	struct pop_options *options = telling->options;
	struct pins pins;
	int err;

	if (options->revision)
		return fail(globals, EXIT_FAILED,
			    "--revision: no daemon runs here, and only a daemon is on the bus");
	err = pins_open(&pins, instance->root, instance->name);

	if (err == -ENOENT)
		return fail(globals, EXIT_NOT_LOADED, "%s: not loaded: anydoor run loads it",
			    globals->instance);
	err = err ?: pops_say(&pins, options->name, ask_user_name(), &options->told);
	return err ? failed(globals, options, err) : done(globals, options);
}

/* What pops_parse() does not take, or what is not there. */
static int fail_usage(const struct globals *globals, const struct pop_options *options)
{
	const char *name = options->name, *state = options->state;

	if (!name)
		return fail(globals, EXIT_USAGE,
			    "pop: the name of a POP is missing, and what is said of it: pop "
			    "NAME " STATES);
	if (!state)
		return fail(globals, EXIT_USAGE,
			    "pop %s: what is said of it is missing: pop %s " STATES
			    "; `anydoor pops` shows how it stands",
			    name, name);
	if (!strcmp(state, "shed") && !options->percent)
		return fail(
			globals, EXIT_USAGE,
			"pop %s shed: the part is missing: pop %s shed 20%% sends a fifth of its "
			"clients elsewhere",
			name, name);
	if (!strcmp(state, "shed"))
		return fail(globals, EXIT_USAGE,
			    "pop %s shed: '%s' is no part: a whole number from 0%% to 100%% is",
			    name, options->percent);
	if (options->percent && !pops_parse(state, NULL, &(struct ad_steer_told){}))
		return fail(globals, EXIT_USAGE,
			    "pop %s %s: '%s' is too much: only shed has a part", name, state,
			    options->percent);
	return fail(globals, EXIT_USAGE, "pop %s: '%s' is no state of a POP: " STATES, name, state);
}

int cmd_pop(const struct globals *globals, int argc, char **argv)
{
	struct pop_options options = {};
	struct telling telling = { .globals = globals, .options = &options };
	struct config_errors errors = {};
	struct instance instance;
	struct config *config;
	long long revision;
	int code = EXIT_FAILED;

	if (args_parse(cmd_pop_args, argc, argv, &options))
		return EXIT_USAGE;
	if (!options.name || !options.state ||
	    pops_parse(options.state, options.percent, &options.told))
		return fail_usage(globals, &options);
	if (options.revision && !far_parse_revision(options.revision, &revision))
		return fail(globals, EXIT_USAGE, "--revision: '%s' is no number", options.revision);
	if (config_load_places(globals->config_path, &config, &errors) && config)
		places_only(config, &errors);
	if (config)
		code = ask_either(globals, config, &instance, by_daemon, by_ourselves, &telling);
	config_errors_free(&errors);
	config_free(config);
	return code;
}
