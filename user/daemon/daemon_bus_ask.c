// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_bus_ask.c: to drain another node, or all of a POP: the verbs "ask" and "steps", and what
 * others ask of this node (daemon_bus.h).
 *
 * A request is a record of its own for each node, "ask.ID", which any node writes. Its node does
 * what it says once, and says in its own record what came of it. It is a call and no state: one
 * that a node finds when it comes back later, or that somebody brings back, is too old.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "daemon_bus.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/base/printable.h"
#include "user/config/failure.h"
#include "user/fleet/node_set.h"

#define ANSWER_MS   8000 /* that a node gets; its beat is what it answers by */
#define ASK_VALID_S 120	 /* clocks of nodes may be that far apart, and no more */
#define ERRORS_MAX  8	 /* lines of an answer */

static __u64 now_ms(void)
{
	return clock_mono_us() / 1000;
}

/* --- words ------------------------------------------------------------------------------------ */

const char *daemon_bus_who(const struct daemon *daemon, const char *who, char text[BUS_WHO])
{
	snprintf(text, BUS_WHO, "%s@%s", who ?: "?", daemon->config->self->name);
	return text;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

const char *daemon_bus_word(const json_t *body, char text[BUS_WORD])
{
	static const struct {
		const char *section, *what;
	} words[] = {
		{ "pop", "state" }, { "told", "what" }, { "ask", "verb" }, { "keys", "what" }
	};
	char who[128], what[64];
	const json_t *word;
	__u64 now = time(NULL), at;
	size_t i;

	snprintf(text, BUS_WORD, "what it is cannot be read");
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		word = json_object_get(body, words[i].section);
		if (!word)
			continue;
		at = json_integer_value(json_object_get(word, "at_s"));
		snprintf(text, BUS_WORD, "%s said '%s' %llu s ago",
			 printable_text(who, sizeof(who), text_of(word, "who")),
			 printable_text(what, sizeof(what), text_of(word, words[i].what)),
			 now > at ? now - at : 0);
	}
	return text;
}

json_t *daemon_bus_check_revision(const struct daemon *daemon, const char *key, const char *of,
				  const json_t *args)
{
	const json_t *expected = json_object_get(args, "revision");
	const struct bus_book *book = daemon->bus->book;
	__u64 now = bus_book_revision(book, key);
	char text[BUS_WORD];

	/* Revisions count for all keys: of several nodes one number is not before each one's last.
	 */
	if (!json_is_integer(expected) || (__u64)json_integer_value(expected) >= now)
		return NULL;
	return json_sprintf(
		"%s: revision %lld is not the last one any more: that is %llu, by which "
		"%s",
		of, (long long)json_integer_value(expected), now,
		daemon_bus_word(bus_book_body(book, key), text));
}

/* NULL: the bus can be used. */
static const char *why_no_bus(const struct daemon *daemon)
{
	if (!daemon->bus->book)
		return "no bus is configured here (bus.servers), and only by the bus another node "
		       "can "
		       "be asked: run the command on that node";
	if (!daemon_bus_can_ask(daemon))
		return "the bus is not fresh (`anydoor bus` says why), so nobody would hear it: "
		       "run "
		       "the command on that node, or wait for the bus";
	return NULL;
}

/* --- asking ----------------------------------------------------------------------------------- */

static json_t *refuse(int code, json_t *error)
{
	return json_pack("{s:b, s:i, s:[o], s:[], s:[]}", "ok", 0, "code", code, "errors", error,
			 "warnings", "nodes");
}

/* A POP that is emptied must leave enough others; whoever overrules that says so. */
static json_t *check_last(const struct daemon *daemon, const struct node_set *set,
			  const json_t *args)
{
	json_t *why, *line;

	if (strcmp(text_of(args, "verb"), "drain") ||
	    json_is_true(json_object_get(args, "even_last")))
		return NULL;
	why = node_set_check_last(set, daemon->config, daemon->loader->fleet);
	line = why ? json_sprintf("%s: %s", text_of(args, "target"), json_string_value(why)) : NULL;
	json_decref(why);
	return line;
}

static json_t *check_revisions(const struct daemon *daemon, const struct node_set *set,
			       const json_t *args)
{
	char key[BUS_KEY_MAX];
	json_t *error = NULL;
	size_t i;

	for (i = 0; !error && i < set->nr; i++)
		error = daemon_bus_check_revision(daemon,
						  bus_name_node(BUS_TOLD, set->nodes[i]->id, key),
						  set->nodes[i]->name, args);
	return error;
}

static json_t *ask_body(const struct daemon *daemon, const json_t *args)
{
	static const char *const handed_on[] = { "verb",	"reason",    "to", "window_s",
						 "until_flows", "even_last", "now" };
	char who[BUS_WHO];
	json_t *word = json_pack(
		"{s:s, s:I}", "who",
		daemon_bus_who(daemon, json_string_value(json_object_get(args, "who")), who),
		"at_s", (json_int_t)time(NULL));
	size_t i;

	for (i = 0; i < sizeof(handed_on) / sizeof(*handed_on); i++)
		if (json_object_get(args, handed_on[i]))
			json_object_set(word, handed_on[i], json_object_get(args, handed_on[i]));
	return json_pack("{s:o}", "ask", word);
}

/* What came of one node. */
static json_t *target_json(const struct daemon *daemon, const struct bus_target *target)
{
	const struct config_node *node = config_node_by_id(daemon->config, target->id);
	json_t *errors = json_object_get(target->answer, "errors"), *line = NULL;
	bool ok = target->state == BUS_TARGET_DONE &&
		  json_is_true(json_object_get(target->answer, "ok"));
	char text[BUS_WORD];

	if (target->state == BUS_TARGET_OVERTAKEN)
		line = json_sprintf("not asked: %s at the same time",
				    daemon_bus_word(target->answer, text));
	else if (target->state == BUS_TARGET_FAILED)
		line = json_sprintf("not asked, unless the bus takes it yet: %s", target->why);
	else if (target->state == BUS_TARGET_LATE)
		line = json_string(
			"does not answer: it was asked, and may yet do it; is it up, and "
			"of a version that knows this?");
	errors = line ? json_pack("[o]", line) : json_incref(errors) ?: json_array();
	return json_pack("{s:s, s:b, s:b, s:i, s:o, s:O?, s:O*, s:O*}", "node",
			 node ? node->name : "?", "self", target->id == daemon->config->self->id,
			 "ok", ok, "code",
			 target->state == BUS_TARGET_DONE
				 ? (int)json_integer_value(json_object_get(target->answer, "code"))
				 : EXIT_FAILED,
			 "errors", errors, "warnings", json_object_get(target->answer, "warnings"),
			 "ended", json_object_get(target->answer, "ended"), "diverts",
			 json_object_get(target->answer, "diverts"));
}

static void add_lines(json_t *to, const json_t *node, const char *key)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_object_get(node, key), i, line)
		json_array_append_new(to, json_sprintf("%s: %s", text_of(node, "node"),
						       json_string_value(line) ?: "?"));
}

static json_t *end_ask(struct daemon *daemon, struct bus_call *call)
{
	json_t *nodes = json_array(), *errors = json_array(), *warnings = json_array(), *node;
	int code = EXIT_OK, its;
	size_t i;

	for (i = 0; i < call->nr; i++) {
		node = target_json(daemon, &call->targets[i]);
		its = json_integer_value(json_object_get(node, "code"));
		if (!json_is_true(json_object_get(node, "ok")))
			code = its ?: EXIT_FAILED;
		add_lines(errors, node, "errors");
		add_lines(warnings, node, "warnings");
		json_array_append_new(nodes, node);
	}
	return json_pack("{s:b, s:i, s:o, s:o, s:o}", "ok", code == EXIT_OK, "code", code, "errors",
			 errors, "warnings", warnings, "nodes", nodes);
}

/* Of what needs no bus, and of whom no answer is to be expected. */
static void settle(struct daemon *daemon, struct bus_target *target, const struct config_node *node,
		   const json_t *args, uid_t uid)
{
	struct bus_node_seen seen;

	target->id = node->id;
	bus_name_node(BUS_ASK, node->id, target->key);
	if (node == daemon->config->self) {
		target->answer = daemon_drain(daemon, text_of(args, "verb"), args, uid);
		target->state = BUS_TARGET_DONE;
	} else if (!bus_book_node(daemon->bus->book, node->id, now_ms(), &seen) || seen.is_gone) {
		target->answer =
			json_pack("{s:b, s:i, s:[s]}", "ok", 0, "code", EXIT_FAILED, "errors",
				  "not asked: it is not heard of by the bus; run the command "
				  "there when it is");
		target->state = BUS_TARGET_DONE;
	} else if (daemon_bus_call_has(daemon, target->key)) {
		target->state = BUS_TARGET_OVERTAKEN;
	} else {
		target->body = ask_body(daemon, args);
	}
}

json_t *daemon_ask(struct daemon *daemon, const json_t *args, struct control_caller *caller)
{
	const char *verb = text_of(args, "verb"), *why = why_no_bus(daemon);
	struct node_set set;
	struct bus_call *call;
	json_t *error;
	size_t i;

	if (strcmp(verb, "drain") && strcmp(verb, "undrain"))
		return control_refuse("nothing that another node can be asked");
	error = node_set_find(&set, daemon->config, text_of(args, "target"));
	if (error)
		return refuse(EXIT_USAGE, error);
	if (why)
		error = json_sprintf("%s: %s", text_of(args, "target"), why);
	error = error ?: check_last(daemon, &set, args);
	error = error ?: check_revisions(daemon, &set, args);
	call = error ? NULL : daemon_bus_call_new(caller, args, set.nr);
	for (i = 0; call && i < set.nr; i++)
		settle(daemon, &call->targets[i], set.nodes[i], args, control_uid(caller));
	if (call) {
		call->end = end_ask;
		daemon_bus_call_begin(daemon, call, ANSWER_MS);
	} else if (!error) {
		error = json_string("out of memory");
	}
	node_set_free(&set);
	return error ? refuse(EXIT_FAILED, error) : NULL;
}

/* --- how far others have come ----------------------------------------------------------------- */

static json_t *steps_of(struct daemon *daemon, const struct config_node *node)
{
	struct bus_node_seen seen = {};
	bool is_self = node == daemon->config->self;
	const json_t *drain = NULL;
	char key[BUS_KEY_MAX];
	const json_t *told;
	bool is_heard = is_self || bus_book_node(daemon->bus->book, node->id, now_ms(), &seen);

	if (is_heard && !is_self)
		drain = json_object_get(seen.body, "drain");
	told = bus_book_body(daemon->bus->book, bus_name_node(BUS_TOLD, node->id, key));
	return json_pack("{s:s, s:b, s:b, s:I, s:o, s:O?}", "node", node->name, "heard", is_heard,
			 "gone", seen.is_gone, "age_ms",
			 is_self ? (json_int_t)0 : (json_int_t)(now_ms() - seen.heard_ms), "drain",
			 is_self ? daemon_bgp_drain_json(daemon)
			 : drain ? json_incref((json_t *)drain)
				 : json_null(),
			 "told", json_object_get(told, "told"));
}

json_t *daemon_steps(struct daemon *daemon, const json_t *args)
{
	json_t *nodes, *error;
	struct node_set set;
	size_t i;

	if (!daemon->bus->book)
		return control_refuse("no bus is configured");
	error = node_set_find(&set, daemon->config, text_of(args, "target"));
	if (error)
		return refuse(EXIT_USAGE, error);
	nodes = json_array();
	for (i = 0; i < set.nr; i++)
		json_array_append_new(nodes, steps_of(daemon, set.nodes[i]));
	node_set_free(&set);
	return json_pack("{s:b, s:b, s:o}", "ok", 1, "fresh",
			 bus_book_is_fresh(daemon->bus->book, now_ms()), "nodes", nodes);
}

/* --- what others ask of us -------------------------------------------------------------------- */

/*
 * What the daemon before us dealt with is not done again: its beats named it, with what came of it,
 * and what it was told names it, too.
 */
static void recall_asked(struct daemon_bus *bus)
{
	char key[BUS_KEY_MAX];
	const json_t *told = bus_book_body(bus->book, bus_name_node(BUS_TOLD, bus->self, key));
	const json_t *own = bus_book_body(bus->book, bus_name_node(BUS_NODE, bus->self, key));
	json_t *reply = json_object_get(own, "asked");
	json_int_t seq = json_integer_value(json_object_get(reply, "seq"));

	if (!bus->asked_reply && seq > 0)
		bus->asked_reply = json_incref(reply);
	if (json_integer_value(json_object_get(told, "asked")) > seq)
		seq = json_integer_value(json_object_get(told, "asked"));
	if (seq > 0 && (__u64)seq > bus->asked)
		bus->asked = seq;
}

static json_t *do_asked(struct daemon *daemon, const json_t *word)
{
	long long at = json_integer_value(json_object_get(word, "at_s")), now = time(NULL);
	char text[BUS_WORD];
	json_t *reply;

	if (llabs(now - at) > ASK_VALID_S)
		return refuse(EXIT_FAILED, json_sprintf("asked at a time that is %lld s away from "
							"this node's clock; %d s are the most",
							llabs(now - at), ASK_VALID_S));
	reply = daemon_drain(daemon, text_of(word, "verb"), word, -1);
	if (!reply)
		reply = refuse(EXIT_FAILED, json_string("not known to this version"));
	log_info("bus: asked to %s: %s", printable_text(text, sizeof(text), text_of(word, "verb")),
		 json_is_true(json_object_get(reply, "ok")) ? "done" : "refused");
	return reply;
}

static json_t *first_lines(const json_t *list)
{
	json_t *some = json_array();
	const json_t *line;
	size_t i;

	json_array_foreach(list, i, line)
		if (i < ERRORS_MAX)
			json_array_append(some, (json_t *)line);
	return some;
}

void daemon_bus_obey_ask(struct daemon *daemon)
{
	struct daemon_bus *bus = daemon->bus;
	char key[BUS_KEY_MAX];
	const json_t *body = bus_book_body(bus->book, bus_name_node(BUS_ASK, bus->self, key));
	__u64 seq = bus_book_seq(bus->book, key);
	json_t *word, *reply;

	if (!bus->whole)
		return;
	recall_asked(bus);
	if (!body || seq <= bus->asked)
		return;
	bus->asked = seq;
	word = json_deep_copy(json_object_get(body, "ask"));
	reply = do_asked(daemon, word);
	json_decref(bus->asked_reply);
	bus->asked_reply = json_pack("{s:I, s:O, s:i, s:o, s:o, s:O*, s:O*}", "seq",
				     (json_int_t)seq, "ok", json_object_get(reply, "ok"), "code",
				     (int)json_integer_value(json_object_get(reply, "code")),
				     "errors", first_lines(json_object_get(reply, "errors")),
				     "warnings", first_lines(json_object_get(reply, "warnings")),
				     "ended", json_object_get(reply, "ended"), "diverts",
				     json_object_get(reply, "diverts"));
	json_decref(word);
	json_decref(reply);
	daemon_bus_said(daemon, NULL);
	daemon_bus_beat(daemon);
}

json_t *daemon_bus_asked(struct daemon *daemon)
{
	return daemon->bus->asked_reply ? json_incref(daemon->bus->asked_reply) : json_null();
}
