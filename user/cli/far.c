// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * far.c: draining other nodes from here (far.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ask.h"
#include "far.h"
#include "user/base/clock.h"
#include "user/base/interrupt.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/base/printable.h"
#include "user/bgp/steps.h"
#include "user/config/failure.h"
#include "user/fleet/node_set.h"
#include "user/fleet/told.h"

#define SAY_EVERY_S 10 /* while nothing changes */
#define LINGER_S    15 /* after the window: routers are told within a second or two */
#define SHOWN	    256

bool far_parse_revision(const char *text, long long *revision)
{
	char *end;

	errno = 0;
	*revision = strtoll(text, &end, 10);
	return *text && !*end && !errno && *revision >= 0;
}

int far_find(const struct globals *globals, const struct config *config, const char *target,
	     const char *revision, bool *is_far)
{
	long long number;
	struct node_set set;
	char shown[SHOWN];
	json_t *error;

	if (revision && !far_parse_revision(revision, &number))
		return fail(globals, EXIT_USAGE, "--revision: '%s' is no number", revision);
	if (!target)
		return fail(globals, EXIT_USAGE,
			    "--revision: name a node or a POP: only what goes by the bus has one");
	/* What is no UTF-8 names nothing, and could not be said either. */
	error = node_set_find(&set, config, printable_text(shown, sizeof(shown), target));
	if (error)
		return fail_lines(globals, EXIT_USAGE, json_pack("[o]", error));
	*is_far = set.nr != 1 || set.nodes[0] != config->self;
	node_set_free(&set);
	if (revision && !*is_far)
		return fail(globals, EXIT_USAGE,
			    "--revision: '%s' is this node: only what goes by the bus has one",
			    target);
	return EXIT_OK;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

/* --- waiting ---------------------------------------------------------------------------------- */

struct waiting {
	const struct far_request *request;
	const json_t *asked; /* nodes, with what came of it */
	json_t *said;	     /* by node: what was printed last */
	__u32 began_s, said_s;
	size_t nr, quiet, undrained;
};

static bool was_asked(const struct waiting *waiting, const char *name)
{
	const json_t *node;
	size_t i;

	json_array_foreach(waiting->asked, i, node)
		if (!strcmp(text_of(node, "node"), name))
			return json_is_true(json_object_get(node, "ok"));
	return false;
}

/* What a node says of itself, for people. */
static json_t *progress_of(const json_t *node, bool fresh)
{
	const json_t *drain = json_object_get(node, "drain");
	json_int_t flows = json_integer_value(json_object_get(drain, "flows"));
	char what[PRINTABLE_GROWS * SHOWN];
	enum drain_step step;

	if (!fresh)
		return json_string("not known: the bus is not fresh");
	if (json_is_true(json_object_get(node, "gone")))
		return json_string("not heard of any more");
	if (!json_is_object(drain) || !drain_step_find(text_of(drain, "step"), &step))
		return json_string("does not say how far it is");
	printable_text(what, sizeof(what),
		       json_string_value(json_object_get(drain, "what")) ?: drain_step_text(step));
	if (flows < 0)
		return json_sprintf("%s: %s", drain_step_key(step), what);
	return json_sprintf("%s: %s; %lld flow%s left", drain_step_key(step), what,
			    (long long)flows, flows == 1 ? "" : "s");
}

static void say_node(struct waiting *waiting, const char *name, json_t *line, bool all)
{
	const char *before = text_of(waiting->said, name);

	if (!waiting->request->globals->json && (all || strcmp(before, json_string_value(line))))
		printf("%5us  %s: %s\n", clock_mono_s() - waiting->began_s, name,
		       json_string_value(line));
	fflush(stdout);
	json_object_set_new(waiting->said, name, line);
}

static void look_at(struct waiting *waiting, const json_t *node, bool fresh, bool all)
{
	const json_t *drain = json_object_get(node, "drain");
	const json_t *told = json_object_get(node, "told");
	const char *name = text_of(node, "node");

	if (!was_asked(waiting, name))
		return;
	waiting->nr++;
	if (fresh && !strcmp(text_of(drain, "step"), drain_step_key(DRAIN_QUIET)))
		waiting->quiet++;
	if (fresh && !strcmp(text_of(told, "what"), told_word(AD_TOLD_UNDRAIN)))
		waiting->undrained++;
	say_node(waiting, name, progress_of(node, fresh), all);
}

static int look(struct waiting *waiting, json_t **nodes)
{
	const struct far_request *request = waiting->request;
	bool all = clock_mono_s() - waiting->said_s >= SAY_EVERY_S;
	json_t *reply;
	const json_t *node;
	size_t i;
	int code = ask_running(request->globals, "steps",
			       json_pack("{s:s}", "target", request->target), &reply);

	if (code)
		return code;
	if (!json_is_true(json_object_get(reply, "ok"))) {
		code = fail_lines(request->globals, EXIT_FAILED,
				  json_incref(json_object_get(reply, "errors")));
		json_decref(reply);
		return code;
	}
	waiting->nr = waiting->quiet = waiting->undrained = 0;
	json_array_foreach(json_object_get(reply, "nodes"), i, node)
		look_at(waiting, node, json_is_true(json_object_get(reply, "fresh")), all);
	if (all)
		waiting->said_s = clock_mono_s();
	json_decref(*nodes);
	*nodes = json_incref(json_object_get(reply, "nodes"));
	json_decref(reply);
	return EXIT_OK;
}

static int end_wait(struct waiting *waiting, const char *ended, json_t *nodes)
{
	const struct far_request *request = waiting->request;
	bool ok = !strcmp(ended, "quiet");
	const char *name;
	json_t *line;

	if (request->globals->json) {
		output_json(json_pack("{s:b, s:s, s:s, s:s, s:I, s:O?}", "ok", ok, "instance",
				      request->globals->instance, "target", request->target,
				      "ended", ended, "waited_s",
				      (json_int_t)(clock_mono_s() - waiting->began_s), "nodes",
				      nodes));
	} else if (ok) {
		puts("quiet");
	} else {
		log_err("%s after %u s", !strcmp(ended, "window") ? "time is up" : "taken back",
			clock_mono_s() - waiting->began_s);
		json_object_foreach(waiting->said, name, line)
			log_err("%s: %s", name, json_string_value(line));
	}
	return ok ? EXIT_OK : EXIT_FAILED;
}

/* The nodes go on, whatever becomes of this process. */
static int wait_quiet(const struct far_request *request, const json_t *asked)
{
	struct waiting waiting = { .request = request, .asked = asked, .said = json_object() };
	json_t *nodes = NULL;
	const char *ended = NULL;
	int code;

	interrupt_says(
		"nothing waits any more; the drain of %s goes on: `anydoor bus` and `anydoor "
		"pops` show it, `anydoor drain %s --wait` waits again, `anydoor undrain %s` "
		"takes it back",
		request->target, request->target, request->target);
	waiting.began_s = waiting.said_s = clock_mono_s();
	while (!ended && !(code = look(&waiting, &nodes))) {
		if (waiting.undrained)
			ended = "undrained";
		else if (waiting.nr && waiting.quiet == waiting.nr)
			ended = "quiet";
		else if (clock_mono_s() - waiting.began_s >=
			 (unsigned long)request->window_s + LINGER_S)
			ended = "window";
		else
			sleep(1);
	}
	if (ended)
		code = end_wait(&waiting, ended, nodes);
	json_decref(nodes);
	json_decref(waiting.said);
	return code;
}

/* --- asking ----------------------------------------------------------------------------------- */

/* One of an older version does not say what its undrain ended. */
static const char *done_text(const struct far_request *request, const json_t *node)
{
	const json_t *ended = json_object_get(node, "ended");

	if (!strcmp(request->verb, "drain"))
		return "drains";
	return !ended || !strcmp(text_of(node, "ended"), "drain") ? "takes new flows again"
								  : ask_not_draining(node);
}

static void show(const struct far_request *request, const json_t *reply)
{
	const json_t *node;
	size_t i;

	json_array_foreach(json_object_get(reply, "nodes"), i, node)
		if (json_is_true(json_object_get(node, "ok")))
			printf("%s: %s\n", text_of(node, "node"), done_text(request, node));
	fflush(stdout);
}

static bool any_done(const json_t *reply)
{
	const json_t *node;
	size_t i;

	json_array_foreach(json_object_get(reply, "nodes"), i, node)
		if (json_is_true(json_object_get(node, "ok")))
			return true;
	return false;
}

/* Takes @reply. Those that were asked are waited for, also if others could not be. */
static int judge(const struct far_request *request, json_t *reply)
{
	bool ok = json_is_true(json_object_get(reply, "ok"));
	bool json = request->globals->json;
	int code = json_integer_value(json_object_get(reply, "code")), waited = EXIT_OK;

	ask_warn(reply);
	if (!json)
		show(request, reply);
	if (!ok)
		code = fail_lines(request->globals, code ?: EXIT_FAILED,
				  json_incref(json_object_get(reply, "errors")));
	if (request->wait && any_done(reply) && (ok || !json))
		waited = wait_quiet(request, json_object_get(reply, "nodes"));
	else if (ok && json)
		output_json(json_pack("{s:b, s:s, s:s, s:O}", "ok", 1, "instance",
				      request->globals->instance, "target", request->target,
				      "nodes", json_object_get(reply, "nodes")));
	json_decref(reply);
	return ok ? waited : code;
}

int far_ask(const struct far_request *request, json_t *terms)
{
	char *why = ask_sendable(request->reason), *to = ask_sendable(request->to);
	json_t *args, *reply;
	long long revision;
	int code;

	args = json_pack("{s:s, s:s, s:s, s:s*, s:s*}", "verb", request->verb, "target",
			 request->target, "who", ask_user_name(), "reason", why, "to", to);
	json_object_update(args, terms);
	if (request->revision && far_parse_revision(request->revision, &revision))
		json_object_set_new(args, "revision", json_integer(revision));
	if (why && strlen(why) > TOLD_WHY_MAX) {
		json_decref(args);
		code = fail(request->globals, EXIT_USAGE,
			    "--reason: %zu bytes are too long; %zu fit", strlen(why), TOLD_WHY_MAX);
	} else {
		code = ask_running(request->globals, "ask", args, &reply);
		code = code ?: judge(request, reply);
	}
	free(why);
	free(to);
	return code;
}
