// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_keys.c: `anydoor keys`: at which epoch of the tunnel's keys each node is; `anydoor keys
 * rotate`: leads all nodes to the next key, step by step.
 *
 * This process only looks and says the next step. All that a rotation is lies on the bus, so
 * another one, of anybody and on any node, goes on where this one ended.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "ask.h"
#include "cmd.h"
#include "user/base/clock.h"
#include "user/base/interrupt.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/base/printable.h"
#include "user/config/failure.h"
#include "user/fleet/told.h"
#include "user/state/epoch.h"

#define WITHIN_S 120
#define SETTLE_S 3 /* for packets that are on their way */

struct keys_options {
	const char *what;
	const char *without;
	const char *reason;
	unsigned int within_s;
	bool abort;
};

const struct arg cmd_keys_args[] = {
	{ .name = "rotate",
	  .type = ARG_WORD,
	  .offset = offsetof(struct keys_options, what),
	  .help = "lead all nodes to the next key of the tunnel, or go on with that; without it: "
		  "show "
		  "where each node is" },
	{ .name = "--abort",
	  .type = ARG_FLAG,
	  .offset = offsetof(struct keys_options, abort),
	  .help = "with rotate: go back to the key before, while all nodes still accept it" },
	{ .name = "--within",
	  .type = ARG_NUMBER,
	  .offset = offsetof(struct keys_options, within_s),
	  .value = "SECONDS",
	  .min = 1,
	  .max = 86400,
	  .help = "how long all nodes get for each step (120)" },
	{ .name = "--without",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct keys_options, without),
	  .value = "NODE,...",
	  .help = "nodes that are not waited for: they follow when they are back on the bus, and "
		  "until "
		  "then no tunnel packet of theirs is understood" },
	{ .name = "--reason",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct keys_options, reason),
	  .value = "TEXT",
	  .help = "why: `keys` and `history` show it, with who said it" },
	{}
};

/* One that is under way. */
struct rotation {
	const struct globals *globals;
	const struct keys_options *options;
	json_t *without;
	json_t *seen;	   /* the daemon's last reply */
	json_int_t before; /* the sequence of the word before the last step of ours */
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* EXIT_OK and *@reply that says ok, or another code, said. */
static int ask(const struct globals *globals, json_t *args, json_t **reply)
{
	int code = ask_running(globals, "keys", args, reply);

	if (code || json_is_true(json_object_get(*reply, "ok")))
		return code;
	code = fail_lines(globals, EXIT_FAILED, json_incref(json_object_get(*reply, "errors")));
	json_decref(*reply);
	return code;
}

/* --- shown ------------------------------------------------------------------------------------ */

/* Who set it, when, and why. */
static void print_word(const json_t *word)
{
	char who[128], why[PRINTABLE_GROWS * TOLD_WHY_MAX + 1], age[UNIT_TEXT];
	json_int_t now = time(NULL), at = number_of(word, "at_s");

	printable_text(why, sizeof(why), text_of(word, "why"));
	printf("keys: set by %s, %s ago%s%s\n",
	       printable_text(who, sizeof(who), text_of(word, "who")),
	       unit_duration(now > at ? now - at : 0, age), *why ? ": " : "", why);
}

static void print(const json_t *seen)
{
	static const struct column columns[] = {
		{ "NODE", false }, { "EPOCH", true }, { "", false }, {}
	};
	const json_t *word = json_object_get(seen, "word"), *node;
	struct table *table;
	size_t i;

	printf("keys: epoch %lld here, %lld by the configuration%s\n",
	       (long long)number_of(seen, "epoch"), (long long)number_of(seen, "file"),
	       json_is_true(json_object_get(seen, "fresh"))
		       ? ""
		       : "; the bus is not fresh, so others may be elsewhere");
	if (json_is_object(word))
		print_word(word);
	if (number_of(word, "goal") > number_of(seen, "epoch"))
		printf("keys: a rotation to epoch %lld is not at its end: `anydoor keys rotate` "
		       "goes "
		       "on\n",
		       (long long)number_of(word, "goal"));
	table = table_new(stdout, columns);
	json_array_foreach(json_object_get(seen, "nodes"), i, node) {
		bool here = json_is_true(json_object_get(node, "here"));

		table_cell(table, PLAIN, "%s", text_of(node, "node"));
		if (here)
			table_cell(table, PLAIN, "%lld", (long long)number_of(node, "epoch"));
		else
			table_cell(table, PLAIN, "?");
		table_cell(table, here ? PLAIN : YELLOW, "%s",
			   here ? "" : "not heard of by the bus");
	}
	table_end(table);
}

static int show(const struct globals *globals)
{
	json_t *seen;
	int code = ask(globals, json_object(), &seen);

	if (code)
		return code;
	if (globals->json)
		return output_json(seen) ? EXIT_FAILED : EXIT_OK;
	print(seen);
	json_decref(seen);
	return EXIT_OK;
}

/* --- rotating --------------------------------------------------------------------------------- */

static bool is_left_out(const struct rotation *rotation, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(rotation->without, i, one)
		if (!strcmp(json_string_value(one), name))
			return true;
	return false;
}

/* Lines of who is not where this node is. */
static json_t *list_missing(const struct rotation *rotation)
{
	json_int_t epoch = number_of(rotation->seen, "epoch");
	json_t *missing = json_array();
	const json_t *node;
	size_t i;

	json_array_foreach(json_object_get(rotation->seen, "nodes"), i, node) {
		const char *name = text_of(node, "node");
		bool is_here = json_is_true(json_object_get(node, "here"));

		if (is_left_out(rotation, name) || (rotation->options->abort && !is_here))
			continue;
		if (!is_here)
			json_array_append_new(missing,
					      json_sprintf("%s is not heard of by the bus", name));
		else if (number_of(node, "epoch") != epoch)
			json_array_append_new(missing,
					      json_sprintf("%s is at epoch %lld, not %lld", name,
							   (long long)number_of(node, "epoch"),
							   (long long)epoch));
	}
	return missing;
}

static int look(struct rotation *rotation)
{
	json_t *seen;
	int code = ask(rotation->globals, json_object(), &seen);

	if (code)
		return code;
	json_decref(rotation->seen);
	rotation->seen = seen;
	return EXIT_OK;
}

#define NOT_FRESH                                                                                  \
	"the bus is not fresh (`anydoor bus` says why), so where the others are is not known: no " \
	"step is taken"

/* @stepped: it is a step of ours that they have not followed. */
static int fail_missing(const struct rotation *rotation, json_t *missing, bool stepped)
{
	json_int_t epoch = number_of(rotation->seen, "epoch");

	if (!json_is_true(json_object_get(rotation->seen, "fresh")))
		json_array_append_new(missing, json_string(NOT_FRESH));
	else if (stepped && epoch == number_of(json_object_get(rotation->seen, "word"), "goal") &&
		 epoch % 2 == 0)
		json_array_append_new(
			missing, json_string("the last step is taken: who is missing follows by "
					     "itself; `anydoor keys` shows when"));
	else
		json_array_append_new(
			missing,
			json_sprintf("not all nodes are at epoch %lld after %u s: mend that and "
				     "run it again, "
				     "or leave them out by --without, or go back by --abort",
				     (long long)number_of(rotation->seen, "epoch"),
				     rotation->options->within_s));
	return fail_lines(rotation->globals, EXIT_FAILED, missing);
}

static int fail_overtaken(const struct rotation *rotation)
{
	const json_t *word = json_object_get(rotation->seen, "word");
	char who[128];

	return fail(rotation->globals, EXIT_FAILED,
		    "somebody else goes on with it: epoch %lld is set by %s",
		    (long long)number_of(word, "epoch"),
		    printable_text(who, sizeof(who), text_of(word, "who")));
}

/* A word that came after the one before our step, and is not our step: the daemon hears its own
 * words by the bus, too, so for a moment it is still where it was. */
static bool is_overtaken(const struct rotation *rotation, json_int_t epoch)
{
	const json_t *word = json_object_get(rotation->seen, "word");

	return number_of(word, "seq") > rotation->before && number_of(word, "epoch") != epoch;
}

/* Until all are at @epoch; -1: where this node is. */
static int await_all(struct rotation *rotation, json_int_t epoch)
{
	__u32 began_s = clock_mono_s();
	json_t *missing;
	int code;

	while (!(code = look(rotation))) {
		bool is_here = epoch < 0 || number_of(rotation->seen, "epoch") == epoch;

		missing = list_missing(rotation);
		if (is_here && !json_array_size(missing) &&
		    json_is_true(json_object_get(rotation->seen, "fresh"))) {
			json_decref(missing);
			return EXIT_OK;
		}
		if (clock_mono_s() - began_s >= rotation->options->within_s)
			return fail_missing(rotation, missing, epoch >= 0);
		json_decref(missing);
		if (epoch >= 0 && is_overtaken(rotation, epoch))
			return fail_overtaken(rotation);
		sleep(1);
	}
	return code;
}

/* With an odd epoch the newer key signs, and the one before it is accepted; with an even one the
 * newer signs, too, and the one after it is accepted. */
static void say_step(const struct rotation *rotation, json_int_t epoch)
{
	if (rotation->globals->json)
		return;
	printf("epoch %lld at all nodes%s%s: key %lld signs, key %lld is accepted, too\n",
	       (long long)epoch, json_array_size(rotation->without) ? " but " : "",
	       rotation->options->without ?: "", (long long)(epoch + 1) / 2,
	       (long long)(epoch % 2 ? epoch / 2 : epoch / 2 + 1));
	fflush(stdout);
}

static int step(struct rotation *rotation, json_int_t epoch, json_int_t goal)
{
	char *why = rotation->options->reason ? printable_take(strdup(rotation->options->reason))
					      : NULL;
	json_t *reply, *args;
	int code;

	args = json_pack("{s:I, s:I, s:s, s:I, s:O, s:s*}", "epoch", epoch, "goal", goal, "who",
			 ask_user_name(), "revision", number_of(rotation->seen, "revision"),
			 "without", rotation->without, "reason", why);
	free(why);
	rotation->before = number_of(json_object_get(rotation->seen, "word"), "seq");
	interrupt_says(
		"nothing leads the rotation any more; on its way to epoch %lld it was to step "
		"from %lld to %lld: `anydoor keys` shows where each node is, `anydoor keys "
		"rotate` goes on, `anydoor keys rotate --abort` goes back",
		(long long)goal, (long long)number_of(rotation->seen, "epoch"), (long long)epoch);
	code = ask(rotation->globals, args, &reply);
	if (code)
		return code;
	json_decref(reply);
	code = await_all(rotation, epoch);
	if (!code)
		say_step(rotation, epoch);
	return code;
}

/* One that began with the newer key in use only drops the one before first. */
static json_int_t goal_of(const struct rotation *rotation)
{
	json_int_t epoch = number_of(rotation->seen, "epoch");
	json_int_t goal = number_of(json_object_get(rotation->seen, "word"), "goal");

	return goal > epoch ? goal : epoch + 2 + epoch % 2;
}

static int end(const struct rotation *rotation, const char *text)
{
	json_int_t epoch = number_of(rotation->seen, "epoch");

	if (rotation->globals->json)
		return output_json(json_pack("{s:b, s:s, s:I, s:s}", "ok", 1, "instance",
					     rotation->globals->instance, "epoch", epoch, "ended",
					     text))
			       ? EXIT_FAILED
			       : EXIT_OK;
	printf("%s: write `epoch: %lld` under `keys` into the configuration of every node, for a "
	       "node "
	       "that is started again while the bus is away\n",
	       text, (long long)epoch);
	return EXIT_OK;
}

/* The step at which the old key is no more accepted comes when nothing is signed by it any more. */
static int rotate(struct rotation *rotation, json_int_t goal)
{
	json_int_t epoch;
	int code = EXIT_OK;

	if (goal > EPOCH_MAX)
		return fail(
			rotation->globals, EXIT_FAILED,
			"the epochs end at %d: make a new key file (keygen), and detach all nodes "
			"to change to it",
			EPOCH_MAX);
	while (!code && (epoch = number_of(rotation->seen, "epoch")) < goal) {
		if (epoch % 2)
			sleep(SETTLE_S);
		code = step(rotation, epoch + 1, goal);
	}
	return code ?: end(rotation, "rotated");
}

static int take_back(struct rotation *rotation)
{
	json_int_t epoch = number_of(rotation->seen, "epoch"), before = epoch - epoch % 2;
	int code;

	if (number_of(json_object_get(rotation->seen, "word"), "goal") <= epoch)
		return fail(rotation->globals, EXIT_FAILED,
			    "no rotation is under way: there is nothing to go back from");
	code = step(rotation, before, before);
	return code ?: end(rotation, "taken back");
}

static json_t *split(const char *names)
{
	char *copy = strdup(names ?: ""), *rest = copy, *name;
	json_t *list = json_array();

	while (copy && (name = strsep(&rest, ",")))
		if (*name)
			json_array_append_new(list, json_string(name) ?: json_string("?"));
	free(copy);
	return list;
}

static int check_names(const struct rotation *rotation)
{
	const json_t *one, *node;
	size_t i, j;

	json_array_foreach(rotation->without, i, one) {
		bool found = false;

		json_array_foreach(json_object_get(rotation->seen, "nodes"), j, node)
			found |= !strcmp(text_of(node, "node"), json_string_value(one) ?: "");
		if (!found)
			return fail(rotation->globals, EXIT_USAGE,
				    "--without: '%s' is no node of the configuration",
				    json_string_value(one) ?: "");
	}
	return EXIT_OK;
}

int cmd_keys(const struct globals *globals, int argc, char **argv)
{
	struct keys_options options = { .within_s = WITHIN_S };
	struct rotation rotation = { .globals = globals, .options = &options };
	json_int_t goal;
	int code;

	if (args_parse(cmd_keys_args, argc, argv, &options))
		return EXIT_USAGE;
	if (!options.what && (options.abort || options.without || options.reason))
		return fail(globals, EXIT_USAGE,
			    "keys: --abort, --without and --reason go with `anydoor keys rotate`");
	if (!options.what)
		return show(globals);
	if (strcmp(options.what, "rotate"))
		return fail(globals, EXIT_USAGE,
			    "keys: '%s' is no such thing: `anydoor keys rotate`", options.what);
	if (options.reason && strlen(options.reason) > TOLD_WHY_MAX)
		return fail(globals, EXIT_USAGE, "--reason: %zu bytes are too long; %zu fit",
			    strlen(options.reason), TOLD_WHY_MAX);
	rotation.without = split(options.without);
	code = look(&rotation);
	code = code ?: check_names(&rotation);
	if (!code && !json_is_true(json_object_get(rotation.seen, "fresh")))
		code = fail(globals, EXIT_FAILED, NOT_FRESH);
	goal = goal_of(
		&rotation); /* now: of two who go on with one rotation, none begins another */
	code = code ?: options.abort ? EXIT_OK : await_all(&rotation, -1);
	if (!code)
		code = options.abort ? take_back(&rotation) : rotate(&rotation, goal);
	json_decref(rotation.seen);
	json_decref(rotation.without);
	return code;
}
