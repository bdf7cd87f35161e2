// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_drain.c: sends new flows elsewhere and, if asked to, waits until the old ones have ended.
 * The daemon does it, or this process where none runs; what is pinned outlives both.
 */
#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "ask.h"
#include "cmd.h"
#include "far.h"
#include "user/base/args.h"
#include "user/base/clock.h"
#include "user/base/interrupt.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/bgp/drain_text.h"
#include "user/bgp/record.h"
#include "user/config/failure.h"
#include "user/fleet/drain.h"
#include "user/fleet/drain_cmd.h"
#include "user/fleet/probe.h"
#include "user/flows/flow_text.h"

#define WINDOW_DEFAULT "10m"
#define SAY_EVERY_S    10   /* while nothing changes */
#define ANSWER_MS      1000 /* that a successor gets */
#define LISTED	       10   /* flows that are listed if a wait did not succeed */

struct drain_options {
	const char *target;
	const char *revision;
	unsigned int limit;
	const char *window;
	const char *to;
	const char *reason;
	bool wait;
	bool even_last;
};

/* One that is under way. */
struct draining {
	const struct globals *globals;
	struct drain_handle handle;
	const struct drain_options *options;
	long window_s;
	bool has_steps; /* a daemon goes through those of BGP, too */
	__u32 began_s;	/* CLOCK_MONOTONIC */
	int owned;	/* connections; < 0: -errno */
	enum drain_step step;
	__u64 step_real_s; /* since when */
	json_t *seen;	   /* what the daemon last noted of it, or NULL */
	bool draws; /* on a terminal: the last line is written over, until the step is over */
};

const struct arg cmd_drain_args[] = {
	{ .name = "NODE|POP",
	  .type = ARG_WORD,
	  .offset = offsetof(struct drain_options, target),
	  .help = "another node, or all nodes of a POP, by the bus; without it: this node" },
	{ .name = "--wait",
	  .type = ARG_FLAG,
	  .offset = offsetof(struct drain_options, wait),
	  .help = "show progress until no more flows than --until-flows are left and the VIPs are "
		  "withdrawn (exit 0); or give up when --window is over, with bgp.driver 15 s "
		  "later (exit 1)" },
	{ .name = "--until-flows",
	  .type = ARG_NUMBER,
	  .offset = offsetof(struct drain_options, limit),
	  .value = "N",
	  .max = ~0u,
	  .help = "flows that may be left when the VIPs are withdrawn, and when --wait ends "
		  "(default 0)" },
	{ .name = "--limit",
	  .type = ARG_NUMBER,
	  .offset = offsetof(struct drain_options, limit),
	  .value = "N",
	  .max = ~0u,
	  .help = "older name of --until-flows" },
	{ .name = "--window",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct drain_options, window),
	  .value = "TIME",
	  .help = "how long flows get to end before the VIPs are withdrawn all the same: 90s, 10m, "
		  "2h (default " WINDOW_DEFAULT ")" },
	{ .name = "--to",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct drain_options, to),
	  .value = "NODE|POP,...",
	  .help = "nodes, or those of POPs that are up, that take the new flows (default "
		  "drain.successors, or else nodes near "
		  "by)" },
	{ .name = "--reason",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct drain_options, reason),
	  .value = "TEXT",
	  .help = "why it is drained: status and pops show it, with who said it and when" },
	{ .name = "--revision",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct drain_options, revision),
	  .value = "N",
	  .help = FAR_REVISION_HELP },
	{ .name = "--last",
	  .type = ARG_FLAG,
	  .offset = offsetof(struct drain_options, even_last),
	  .help = "drain and withdraw the VIPs although so few other POPs are up (bgp.at_least) "
		  "that "
		  "clients may find none" },
	{}
};

/* Seconds, or -1. */
static long parse_window(const char *text)
{
	char *unit;
	long value = strtol(text, &unit, 10);

	if (unit == text || value < 0 || value > 1000000 || (unit[0] && unit[1]))
		return -1;
	switch (*unit) {
	case '\0':
	case 's':
		return value;
	case 'm':
		return value * 60;
	case 'h':
		return value * 3600;
	default:
		return -1;
	}
}

/* The daemon may know of one that is not in the file: that one cannot be asked. */
static size_t keep_known(const struct drain_handle *handle, const struct ad_state *state,
			 __u16 ids[AD_SUCCESSOR_MAX])
{
	size_t nr = 0;

	for (size_t i = 0; i < state->nr_successors && i < AD_SUCCESSOR_MAX; i++)
		if (config_node_by_id(handle->config, state->successors[i]))
			ids[nr++] = state->successors[i];
	return nr;
}

/* What is sent to a node that does not answer comes back a second later, if at all. */
static void warn_of_silent(const struct drain_handle *handle, const struct ad_state *state)
{
	__u16 ids[AD_SUCCESSOR_MAX];
	bool heard[AD_SUCCESSOR_MAX];
	size_t nr = keep_known(handle, state, ids);
	struct probe probe;
	int err;

	if (!handle->here || !nr)
		return;
	err = probe_init(&probe, handle->config, &handle->pins);
	err = err ?: probe_wait(&probe, &handle->pins, ids, nr, ANSWER_MS, heard);
	explicit_bzero(&probe, sizeof(probe));
	if (err)
		log_warn("successors cannot be asked whether they answer: %s", strerror(-err));
	for (size_t i = 0; !err && i < nr; i++)
		if (!heard[i])
			log_warn(
				"%s does not answer through the tunnel: new clients that are led "
				"to "
				"it wait until they try again, and are then served here; is it up, "
				"and is UDP port %u open both ways?",
				config_node_by_id(handle->config, ids[i])->name,
				handle->config->tunnel_port);
}

static json_t *terms_of(const struct draining *draining)
{
	const struct drain_options *options = draining->options;

	return json_pack("{s:I, s:I, s:b}", "window_s", (json_int_t)draining->window_s,
			 "until_flows", (json_int_t)options->limit, "even_last",
			 options->even_last);
}

static int begin(struct draining *draining)
{
	const struct drain_options *options = draining->options;
	struct drain_handle *handle = &draining->handle;
	json_t *reply = NULL, *terms = terms_of(draining);
	int code = ask_drain(draining->globals, handle, "drain", options->reason, options->to,
			     terms, &reply);
	struct ad_state state;

	json_decref(terms);
	if (code)
		return code;
	draining->has_steps = ask_has_steps(handle, reply);
	json_decref(reply);
	if (!pins_read_state(&handle->pins, &state))
		warn_of_silent(handle, &state);
	return EXIT_OK;
}

static bool is_draining(const struct drain_handle *handle)
{
	struct ad_state state;

	return !pins_read_state(&handle->pins, &state) && drain_is_on(&state);
}

static json_t *successors(const struct drain_handle *handle)
{
	json_t *list = json_array();
	struct ad_state state = {};
	size_t i;

	pins_read_state(&handle->pins, &state);
	for (i = 0; i < state.nr_successors && i < AD_SUCCESSOR_MAX; i++) {
		__u16 id = state.successors[i];
		const struct config_node *node = config_node_by_id(handle->config, id);

		json_array_append_new(list,
				      node ? json_string(node->name) : json_sprintf("#%u", id));
	}
	return list;
}

/* "1 flow lives", "2 flows live" */
#define LIVE_TEXT 32
static const char *live_text(int owned, char text[LIVE_TEXT])
{
	snprintf(text, LIVE_TEXT, "%d %s", owned, owned == 1 ? "flow lives" : "flows live");
	return text;
}

static void show_begun(const struct drain_handle *handle, int owned)
{
	json_t *list = successors(handle), *name;
	char text[LIVE_TEXT];
	size_t i;

	printf("draining: new flows go to");
	json_array_foreach(list, i, name)
		printf("%s %s", i ? "," : "", json_string_value(name));
	printf("%s; %s here\n", json_array_size(list) ? "" : " nobody", live_text(owned, text));
	if (handle->config->bgp.driver == CONFIG_BGP_NONE)
		puts("bgp.driver is none: withdraw the VIPs by your BGP daemon when no flow lives "
		     "here any more");
	else if (handle->config->bgp.driver == CONFIG_BGP_PRINT)
		puts("bgp.driver is print: the daemon's log says what to do at each step");
	json_decref(list);
	fflush(stdout);
}

/* The result of --wait; null without it. */
static json_t *ended(const struct drain_options *options, int err)
{
	if (!options->wait)
		return json_null();
	return json_string(!err ? "quiet" : err == -ECANCELED ? "undrained" : "window");
}

static bool is_few(const struct draining *draining)
{
	return (unsigned int)draining->owned <= draining->options->limit;
}

static void show_json(const struct draining *draining, int err)
{
	const struct drain_handle *handle = &draining->handle;

	output_json(json_pack("{s:b, s:s, s:b, s:o, s:i, s:I, s:b, s:I, s:o, s:s?, s:O?}", "ok",
			      !err, "instance", draining->globals->instance, "draining",
			      is_draining(handle), "successors", successors(handle), "owned",
			      draining->owned, "limit", (json_int_t)draining->options->limit,
			      "quiet", is_few(draining), "waited_s",
			      (json_int_t)(clock_mono_s() - draining->began_s), "ended",
			      ended(draining->options, err), "step",
			      draining->has_steps ? drain_step_key(draining->step) : NULL, "steps",
			      draining->seen));
}

/* The daemon notes it; what cannot be read stays as it was. */
static void read_step(struct draining *draining)
{
	struct drain_steps steps = {};
	char path[RECORD_PATH_MAX];
	json_t *json;

	if (!record_path(draining->handle.config->run_dir, draining->globals->instance, path))
		return;
	json = record_read(path);
	record_drain_recall(json_object_get(json, "drain"), &steps);
	if (steps.step != DRAIN_OFF) {
		json_decref(draining->seen);
		draining->seen = json_incref(json_object_get(json, "drain"));
	}
	json_decref(json);
	if (steps.step == DRAIN_OFF)
		return;
	draining->step = steps.step;
	draining->step_real_s = steps.since_real_s;
}

static bool is_held(const struct draining *draining)
{
	return json_is_true(json_object_get(draining->seen, "held"));
}

/* What the daemon waits for, by its own words. */
static const char *waits_for(const struct draining *draining)
{
	return json_string_value(json_object_get(draining->seen, "what"))
		       ?: drain_step_text(draining->step);
}

#define LINGER_S 15 /* after the window: routers are told within a second or two */

/* 0: all that was asked for is reached. -EAGAIN: not yet. -ETIMEDOUT: it will not be in time. */
static int look(struct draining *draining)
{
	bool is_late = clock_mono_s() - draining->began_s >= (unsigned long)draining->window_s;
	bool is_very_late =
		clock_mono_s() - draining->began_s >= (unsigned long)draining->window_s + LINGER_S;

	if (!draining->has_steps)
		return is_few(draining) ? 0 : is_late ? -ETIMEDOUT : -EAGAIN;
	read_step(draining);
	if (draining->step == DRAIN_QUIET)
		return 0;
	return is_very_late || (is_late && is_held(draining)) ? -ETIMEDOUT : -EAGAIN;
}

static unsigned int terminal_columns(void)
{
	struct winsize size;

	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
}

/* On a terminal it is written over, so it must not be longer than a line there. */
static void show_progress(const struct draining *draining)
{
	char text[DRAIN_TEXT], step[128] = "", line[DRAIN_TEXT + 256];

	if (draining->has_steps)
		snprintf(step, sizeof(step), "%s: %s; ", drain_step_key(draining->step),
			 waits_for(draining));
	drain_text(draining->seen, text);
	snprintf(line, sizeof(line), "%5us  %s%d flow%s left%s%s",
		 clock_mono_s() - draining->began_s, step, draining->owned,
		 draining->owned == 1 ? "" : "s", *text ? "; " : "", text);
	if (draining->draws)
		printf("\r\033[K%.*s", (int)terminal_columns() - 1, line);
	else
		puts(line);
	fflush(stdout);
}

/*
 * Waits until all flows have ended and BGP is withdrawn (0), until the time is over or the drain is
 * taken back (-ETIMEDOUT, -ECANCELED), or until another failure.
 */
static int wait_quiet(struct draining *draining)
{
	__u32 said_s = clock_mono_s();
	enum drain_step step = DRAIN_OFF;
	int err = 0, before = draining->owned;

	interrupt_says(
		"nothing waits any more; the drain goes on: `anydoor status` shows how far it "
		"is, `anydoor drain --wait` waits again, `anydoor undrain` takes it back");
	while (draining->owned >= 0 && (err = look(draining)) == -EAGAIN) {
		if (!is_draining(&draining->handle))
			return -ECANCELED;
		sleep(1);
		draining->owned = drain_count_owned(&draining->handle);
		read_step(draining);
		if (!draining->draws && draining->owned == before && step == draining->step &&
		    clock_mono_s() - said_s < SAY_EVERY_S)
			continue;
		if (draining->draws && step != DRAIN_OFF && step != draining->step)
			putchar('\n');
		if (!draining->globals->json)
			show_progress(draining);
		before = draining->owned;
		step = draining->step;
		said_s = clock_mono_s();
	}
	if (draining->draws)
		putchar('\n');
	return draining->owned < 0 ? draining->owned : err;
}

static int name_one(const struct ad_tuple *tuple, bool forwarded, void *arg)
{
	char client[ENDPOINT_TEXT], vip[ENDPOINT_TEXT];
	int *nr = arg;

	if (++*nr <= LISTED)
		log_err("left: %s to %s%s",
			endpoint_format(&tuple->client, tuple->client_port, client),
			endpoint_format(&tuple->vip, tuple->vip_port, vip),
			forwarded ? ", forwarded" : "");
	return *nr == LISTED;
}

/* The flow table lists some of these under another name, and some not at all. */
static void show_left(const struct drain_handle *handle, int owned, long window)
{
	char text[LIVE_TEXT];
	int nr = 0;

	log_err("%s here still, after %ld s", live_text(owned, text), window);
	drain_each_owned(handle, name_one, &nr);
	if (owned > nr)
		log_err("left: and %d more", owned - nr);
}

/* What it waited for in vain. */
static void show_late(const struct draining *draining)
{
	if (!is_few(draining))
		show_left(&draining->handle, draining->owned, draining->window_s);
	if (is_held(draining))
		log_err(DRAIN_HELD_TEXT "; `anydoor drain --last` withdraws them all the same");
	else if (draining->has_steps)
		log_err("the drain has come to the step '%s': %s", drain_step_key(draining->step),
			waits_for(draining));
}

static void show_quiet(const struct draining *draining)
{
	if (draining->handle.config->bgp.driver == CONFIG_BGP_NONE)
		puts("bgp.driver is none: withdraw the VIPs by your BGP daemon now");
	puts("quiet");
}

static int drain(struct draining *draining)
{
	const struct globals *globals = draining->globals;
	char text[LIVE_TEXT];
	int err = 0;

	draining->began_s = clock_mono_s();
	draining->draws = !globals->json && draining->options->wait && isatty(STDOUT_FILENO);
	draining->owned = drain_count_owned(&draining->handle);
	if (!globals->json && draining->owned >= 0)
		show_begun(&draining->handle, draining->owned);
	if (draining->options->wait)
		err = wait_quiet(draining);
	if (draining->owned < 0)
		fail(globals, EXIT_FAILED, "flows cannot be counted: %s",
		     strerror(-draining->owned));
	else if (globals->json)
		show_json(draining, err);
	else if (err == -ECANCELED)
		log_err("somebody took the drain back; %s here", live_text(draining->owned, text));
	else if (err)
		show_late(draining);
	else if (draining->options->wait)
		show_quiet(draining);
	return err || draining->owned < 0 ? EXIT_FAILED : EXIT_OK;
}

static int drain_far(const struct draining *draining)
{
	const struct drain_options *options = draining->options;
	const struct far_request request = {
		.globals = draining->globals,
		.verb = "drain",
		.target = options->target,
		.reason = options->reason,
		.to = options->to,
		.revision = options->revision,
		.wait = options->wait,
		.window_s = draining->window_s,
	};
	json_t *terms = terms_of(draining);
	int code = far_ask(&request, terms);

	json_decref(terms);
	return code;
}

int cmd_drain(const struct globals *globals, int argc, char **argv)
{
	struct drain_options options = { .window = WINDOW_DEFAULT };
	struct draining draining = { .globals = globals, .options = &options };
	bool is_far = false;
	int code;

	if (args_parse(cmd_drain_args, argc, argv, &options))
		return EXIT_USAGE;
	draining.window_s = parse_window(options.window);
	if (draining.window_s < 0)
		return fail(globals, EXIT_USAGE, "--window: '%s' is no time; 90s, 10m and 2h are",
			    options.window);
	code = drain_open(&draining.handle, globals, true);
	if (code)
		return code;
	if (options.target || options.revision)
		code = far_find(globals, draining.handle.config, options.target, options.revision,
				&is_far);
	if (!code && is_far)
		code = drain_far(&draining);
	else
		code = code ?: begin(&draining) ?: drain(&draining);
	json_decref(draining.seen);
	drain_close(&draining.handle);
	return code;
}
