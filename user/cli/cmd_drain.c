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
#include <unistd.h>
#include "ask.h"
#include "cmd.h"
#include "user/base/args.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/base/output.h"
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
	unsigned int limit;
	const char *window;
	const char *to;
	const char *reason;
	bool wait;
};

const struct arg cmd_drain_args[] = {
	{ .name = "--wait",
	  .type = ARG_FLAG,
	  .offset = offsetof(struct drain_options, wait),
	  .help = "show progress until no more flows than --limit are left, or --window ends (exit "
		  "1)" },
	{ .name = "--limit",
	  .type = ARG_NUMBER,
	  .offset = offsetof(struct drain_options, limit),
	  .value = "N",
	  .max = ~0u,
	  .help = "flows that may be left when --wait ends (default 0)" },
	{ .name = "--window",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct drain_options, window),
	  .value = "TIME",
	  .help = "how long --wait waits: 90s, 10m, 2h (default " WINDOW_DEFAULT ")" },
	{ .name = "--to",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct drain_options, to),
	  .value = "NODE,...",
	  .help = "nodes that take the new flows (default drain.successors, or else nodes near "
		  "by)" },
	{ .name = "--reason",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct drain_options, reason),
	  .value = "TEXT",
	  .help = "why it is drained: status and pops show it, with who said it and when" },
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

static int begin(const struct globals *globals, struct drain_handle *handle,
		 const struct drain_options *options)
{
	int code = ask_drain(globals, handle, "drain", options->reason, options->to, NULL);
	struct ad_state state;

	if (!code && !pins_read_state(&handle->pins, &state))
		warn_of_silent(handle, &state);
	return code;
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

static void show_begun(const struct drain_handle *handle, int owned)
{
	json_t *list = successors(handle), *name;
	size_t i;

	printf("draining: new flows go to");
	json_array_foreach(list, i, name)
		printf("%s %s", i ? "," : "", json_string_value(name));
	printf("%s; %d flows live here\n", json_array_size(list) ? "" : " nobody", owned);
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

static void show_json(const struct globals *globals, const struct drain_handle *handle,
		      const struct drain_options *options, int owned, __u32 waited_s, int err)
{
	output_json(json_pack("{s:b, s:s, s:b, s:o, s:i, s:I, s:b, s:I, s:o}", "ok", !err,
			      "instance", globals->instance, "draining", is_draining(handle),
			      "successors", successors(handle), "owned", owned, "limit",
			      (json_int_t)options->limit, "quiet",
			      (unsigned int)owned <= options->limit, "waited_s",
			      (json_int_t)waited_s, "ended", ended(options, err)));
}

/*
 * Waits until all flows have ended (0), until the time is over or the drain is taken back
 * (-ETIMEDOUT, -ECANCELED), or until another failure. *owned: flows that are left.
 */
static int wait_quiet(const struct globals *globals, const struct drain_handle *handle,
		      const struct drain_options *options, long window, int *owned)
{
	__u32 start = clock_mono_s(), said = start;
	int before = *owned;

	while (*owned >= 0 && (unsigned int)*owned > options->limit) {
		if (clock_mono_s() - start >= (unsigned long)window)
			return -ETIMEDOUT;
		if (!is_draining(handle))
			return -ECANCELED;
		sleep(1);
		*owned = drain_count_owned(handle);
		if (*owned == before && clock_mono_s() - said < SAY_EVERY_S)
			continue;
		if (!globals->json)
			printf("%5us  %d flows left\n", clock_mono_s() - start, *owned);
		fflush(stdout);
		before = *owned;
		said = clock_mono_s();
	}
	return *owned < 0 ? *owned : 0;
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
	int nr = 0;

	log_err("%d flows still live here after %ld s", owned, window);
	drain_each_owned(handle, name_one, &nr);
	if (owned > nr)
		log_err("left: and %d more", owned - nr);
}

static int drain(const struct globals *globals, struct drain_handle *handle,
		 const struct drain_options *options, long window)
{
	int err = 0, owned = drain_count_owned(handle);
	__u32 start_s = clock_mono_s();

	if (!globals->json && owned >= 0)
		show_begun(handle, owned);
	if (options->wait)
		err = wait_quiet(globals, handle, options, window, &owned);
	if (owned < 0)
		fail(globals, EXIT_FAILED, "flows cannot be counted: %s", strerror(-owned));
	else if (globals->json)
		show_json(globals, handle, options, owned, clock_mono_s() - start_s, err);
	else if (err == -ECANCELED)
		log_err("somebody took the drain back; %d flows live here", owned);
	else if (err)
		show_left(handle, owned, window);
	else if (options->wait)
		puts("quiet");
	return err || owned < 0 ? EXIT_FAILED : EXIT_OK;
}

int cmd_drain(const struct globals *globals, int argc, char **argv)
{
	struct drain_options options = { .window = WINDOW_DEFAULT };
	struct drain_handle handle;
	long window;
	int code;

	if (args_parse(cmd_drain_args, argc, argv, &options))
		return EXIT_USAGE;
	window = parse_window(options.window);
	if (window < 0)
		return fail(globals, EXIT_USAGE, "--window: '%s' is no time; 90s, 10m and 2h are",
			    options.window);
	code = drain_open(&handle, globals, true);
	if (code)
		return code;
	code = begin(globals, &handle, &options) ?: drain(globals, &handle, &options, window);
	drain_close(&handle);
	return code;
}
