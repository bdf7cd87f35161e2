// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ask.c: what commands have done by the daemon, or in its place (ask.h).
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ask.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/base/printable.h"
#include "user/config/failure.h"
#include "user/daemon/control.h"
#include "user/fleet/drain_serve.h"
#include "user/fleet/model_pins.h"
#include "user/fleet/told.h"
#include "user/state/datapath.h"
#include "user/steer/pops.h"

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
/* A daemon answers at once, unless it loads programs on a slow machine. */
#define ANSWER_S 30
#define START_S	 10 /* for one that holds the locks and does not listen yet, or any more */
#define AGAIN_US 100000

const char *ask_user_name(void)
{
	const char *sudo = getenv("SUDO_USER");
	struct passwd *user = getpwuid(getuid());

	if (sudo && *sudo && sudo[strspn(sudo, NAME_LETTERS)] == '\0')
		return sudo;
	return user ? user->pw_name : "?";
}

/* One thing to have done. */
struct request {
	const struct globals *globals;
	const struct drain_handle *handle;
	const char *verb;
	json_t *args;
	json_t *reply;
};

/* --- in the daemon's place -------------------------------------------------------------------- */

static int map_state(const struct pins *pins, struct ad_state **state)
{
	int err, fd = pins_map(pins, "state", true);

	if (fd < 0)
		return fd;
	err = state_map(fd, state);
	close(fd);
	return err;
}

/* Nodes count as the file has them now; the next daemon will read the same one. */
static int open_place(const struct drain_handle *handle, struct drain_place *place)
{
	struct ad_meta meta;
	int err = pins_read_meta(&handle->pins, &meta);

	*place = (struct drain_place){ .config = handle->config,
				       .pins = &handle->pins,
				       .alone = true };
	err = err ?: map_state(&handle->pins, &place->state);
	if (err)
		return err;
	place->self = meta.node_id;
	place->model = model_new();
	err = place->model ? model_read(place->model, &handle->pins) : -ENOMEM;
	if (!err && handle->config->self)
		model_configure(place->model, handle->config, clock_mono_s());
	return err;
}

/* Steered names cease to name our POP, or name it again; a daemon does that by and by. */
static void follow_pop(const struct drain_place *place)
{
	const struct config *config = place->config;
	struct model_pop sum = {};
	const char *name;
	__u32 drained;
	size_t i;

	if (!config->self) /* it could not be read: the next daemon does it */
		return;
	for (i = 0; i < config->nr_nodes; i++)
		if (config->nodes[i].pop == config->self->pop)
			model_pop_add(&sum, model_standing(place->model, config->nodes[i].id));
	name = config->pops[config->self->pop].name;
	drained = model_pop_drains(&sum) ? AD_STEER_DRAINED : 0;
	if (pops_drained(place->pins, name) != drained && pops_drain(place->pins, name, drained))
		log_warn("steered names: that POP %s drains cannot be written; a daemon will",
			 name);
}

static int by_ourselves(struct instance *instance, void *arg)
{
	struct request *request = arg;
	const struct globals *globals = request->globals;
	struct drain_place place;
	int code = EXIT_OK, err = open_place(request->handle, &place);

	if (!err) {
		request->reply = drain_serve(&place, request->verb, request->args, getuid());
		follow_pop(&place);
	} else
		code = fail(globals, EXIT_FAILED, "%s: the pinned state cannot be changed: %s",
			    globals->instance, strerror(-err));
	model_free(place.model);
	if (place.state)
		munmap(place.state, sizeof(*place.state));
	return code;
}

/* --- by the daemon ---------------------------------------------------------------------------- */

int ask_fail_unheard(const struct globals *globals, const struct instance *instance, int err)
{
	return fail(globals, EXIT_TRY_AGAIN,
		    "%s: process %d holds it, but does not answer at %s: %s", instance->name,
		    instance->holder, instance->control, control_why(err));
}

static int fail_late(const struct request *request, const struct instance *instance)
{
	return fail(request->globals, EXIT_TRY_AGAIN,
		    "%s: the daemon, process %d, does not answer in time: it hangs, or was "
		    "stopped, and may yet %s when it goes on; anydoor status shows it",
		    instance->name, instance->holder, request->verb);
}

/* EXIT_OK, or -EAGAIN: nobody listens there yet. */
static int by_daemon(struct instance *instance, void *arg)
{
	struct request *request = arg;
	int err;

	instance_find_control(instance);
	err = control_call_within(instance->control, request->verb, json_incref(request->args),
				  ANSWER_S, &request->reply);
	if (err == -ENOENT || err == -ECONNREFUSED || err == -ECONNRESET)
		return -EAGAIN;
	if (err == -ETIMEDOUT)
		return fail_late(request, instance);
	return err ? ask_fail_unheard(request->globals, instance, err) : EXIT_OK;
}

int ask_either(const struct globals *globals, const struct config *config,
	       struct instance *instance, ask_way *daemon, ask_way *alone, void *arg)
{
	struct config_errors errors = {};
	int code, err;

	err = instance_init(instance, config, globals->instance, &errors);
	err = err ?: instance_lock_run(instance, &errors);
	err = err ?: instance_lock_pins(instance, &errors);
	if (!err)
		code = alone(instance, arg);
	else if (err == -EAGAIN)
		code = daemon(instance, arg);
	else
		code = fail_errors(globals, EXIT_FAILED, &errors);
	config_errors_free(&errors);
	instance_unlock(instance);
	return code;
}

/* -EAGAIN of by_daemon(): who holds it is about to listen, or to leave. */
static int try_until_heard(struct request *request)
{
	__u32 began_s = clock_mono_s();
	struct instance instance;
	int code;

	while ((code = ask_either(request->globals, request->handle->config, &instance, by_daemon,
				  by_ourselves, request)) == -EAGAIN &&
	       clock_mono_s() - began_s < START_S)
		usleep(AGAIN_US);
	if (code != -EAGAIN)
		return code;
	return fail(request->globals, EXIT_TRY_AGAIN,
		    "%s: process %d holds it, and does not listen at %s after %d s: it still "
		    "starts, or is busy with something else; try again",
		    instance.name, instance.holder, instance.control, START_S);
}

/* --- what comes of it ------------------------------------------------------------------------- */

void ask_warn(const json_t *reply)
{
	json_t *warning;
	size_t i;

	json_array_foreach(json_object_get(reply, "warnings"), i, warning)
		log_warn("%s", json_string_value(warning));
}

static bool is_unknown(const json_t *reply)
{
	const json_t *error = json_array_get(json_object_get(reply, "errors"), 0);

	return error && !strcmp(json_string_value(error) ?: "", CONTROL_NO_VERB);
}

static int judge(const struct request *request)
{
	const json_t *code = json_object_get(request->reply, "code");

	ask_warn(request->reply);
	if (json_is_true(json_object_get(request->reply, "ok")))
		return EXIT_OK;
	if (is_unknown(request->reply))
		return fail(request->globals, EXIT_FAILED,
			    "%s: the daemon is of an older version and knows no '%s': restart it; "
			    "packets flow on meanwhile",
			    request->globals->instance, request->verb);
	return fail_lines(request->globals, code ? json_integer_value(code) : EXIT_TRY_AGAIN,
			  json_incref(json_object_get(request->reply, "errors")));
}

char *ask_sendable(const char *text)
{
	return text ? printable_take(strdup(text)) : NULL;
}

int ask_drain(const struct globals *globals, const struct drain_handle *handle, const char *verb,
	      const char *reason, const char *to, json_t *more, json_t **reply)
{
	struct request request = { .globals = globals, .handle = handle, .verb = verb };
	char *why = ask_sendable(reason), *names = ask_sendable(to);
	int code;

	request.args =
		json_pack("{s:s, s:s*, s:s*}", "who", ask_user_name(), "reason", why, "to", names);
	json_object_update(request.args, more);
	if (why && strlen(why) > TOLD_WHY_MAX)
		code = fail(globals, EXIT_USAGE, "--reason: %zu bytes are too long; %zu fit",
			    strlen(why), TOLD_WHY_MAX);
	else
		code = try_until_heard(&request);
	if (!code)
		code = judge(&request);
	if (!code && reply)
		*reply = json_incref(request.reply);
	json_decref(request.reply);
	json_decref(request.args);
	free(why);
	free(names);
	return code;
}

const char *ask_not_draining(const json_t *reply)
{
	const char *ended = json_string_value(json_object_get(reply, "ended"));
	const char *diverts = json_string_value(json_object_get(reply, "diverts"));

	if (ended)
		return strcmp(ended, "slow_start")
			       ? "was not draining; new flows are served here again"
			       : "was not draining; the slow start is over, all new flows are "
				 "served here";
	if (diverts && !strcmp(diverts, "slow_start"))
		return "was not draining; the slow start goes on, `--now` ends it";
	return "was not draining";
}

bool ask_has_steps(const struct drain_handle *handle, const json_t *reply)
{
	bool has_bgp = handle->config->bgp.driver != CONFIG_BGP_NONE;
	bool has_daemon = json_is_true(json_object_get(reply, "steps"));

	if (has_bgp && !has_daemon)
		log_warn("no daemon runs: BGP is told nothing of it until one does");
	return has_bgp && has_daemon;
}

/* --- what only a running daemon knows --------------------------------------------------------- */

/* What is loaded outlives its daemon. */
static int fail_alone(const struct globals *globals, const struct config *config)
{
	struct pins pins;

	if (pins_open(&pins, config->bpffs, globals->instance) == -ENOENT)
		return fail(globals, EXIT_NOT_LOADED,
			    "%s: not loaded, and no daemon runs: anydoor run does both",
			    globals->instance);
	return fail(globals, EXIT_FAILED,
		    "%s: loaded, but no daemon runs, and only a daemon knows and can ask others: "
		    "start it",
		    globals->instance);
}

static int ask_control(const struct globals *globals, const struct config *config, const char *verb,
		       json_t *args, json_t **reply)
{
	struct config_errors errors = {};
	struct instance instance;
	int code, err = instance_init(&instance, config, globals->instance, &errors);

	if (err) {
		json_decref(args);
		code = fail_errors(globals, EXIT_FAILED, &errors);
		config_errors_free(&errors);
		return code;
	}
	instance_find_control(&instance);
	err = control_call(instance.control, verb, args, reply);
	if (err == -ENOENT || err == -ECONNREFUSED)
		return fail_alone(globals, config);
	if (err)
		return fail(globals, EXIT_FAILED, "%s: the daemon does not answer: %s",
			    globals->instance, strerror(-err));
	return EXIT_OK;
}

int ask_running(const struct globals *globals, const char *verb, json_t *args, json_t **reply)
{
	struct config_errors errors = {};
	struct config *config;
	int code = EXIT_FAILED;

	if (config_load_places(globals->config_path, &config, &errors) && config)
		places_only(config, &errors);
	if (config)
		code = ask_control(globals, config, verb, args, reply);
	else
		json_decref(args);
	config_errors_free(&errors);
	config_free(config);
	return code;
}
