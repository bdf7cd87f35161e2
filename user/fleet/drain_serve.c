// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * drain_serve.c: draining this node, and taking that back (drain_serve.h).
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "divert.h"
#include "drain.h"
#include "drain_serve.h"
#include "model_pins.h"
#include "node_set.h"
#include "told.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/config/failure.h"

#define TEXT_MAX 4096 /* bytes, of what nobody keeps as a whole */

/* What was asked for, and what comes of it. */
struct order {
	const char *who, *reason, *to;
	__u32 uid;
	bool was_draining, now, even_last;
	__u32 slow_start_s; /* of what was taken back */
	const char *ended;  /* NULL: nothing */
	int code;
	struct config_errors errors;
	json_t *warnings;
};

__attribute__((format(printf, 2, 3))) static void warn(struct order *order, const char *format, ...)
{
	json_t *line;
	va_list args;

	va_start(args, format);
	line = json_vsprintf(format, args);
	va_end(args);
	json_array_append_new(order->warnings, line);
}

/* The model has it already. Without the record only the names of who and why are lost. */
static int note(const struct drain_place *place, const struct ad_told *told)
{
	int err = pins_write_told(place->pins, told);
	int row, nodes = pins_map(place->pins, "nodes", true);

	if (nodes < 0)
		return err ?: nodes;
	row = model_write_drain(place->model, place->self, nodes);
	close(nodes);
	return err ?: row;
}

static void tell(const struct drain_place *place, struct order *order, enum ad_told_what what)
{
	struct ad_told told;
	int err;

	told_set(&told, what, order->uid, order->who, order->reason);
	told.now = order->now;
	model_tell(place->model, place->self, what, clock_mono_s());
	err = note(place, &told);
	if (err)
		warn(order, "who asked for it, and why, cannot be noted: %s", strerror(-err));
}

/* A node that drains already takes nobody away. */
static bool may_leave(const struct drain_place *place, struct order *order)
{
	const struct config_node *self = place->config->self;
	const struct node_set set = { .nodes = &self, .nr = 1 };
	json_t *why =
		order->even_last ? NULL : node_set_check_last(&set, place->config, place->model);

	if (!why)
		return true;
	config_errors_add(&order->errors, self->name, 0, "%s", json_string_value(why));
	json_decref(why);
	order->code = EXIT_FAILED;
	return false;
}

static void drain(const struct drain_place *place, struct order *order)
{
	__u16 ids[AD_SUCCESSOR_MAX];
	int nr = order->to
			 ? drain_parse(place->model, place->config, order->to, ids, &order->errors)
			 : (int)drain_default(place->model, place->config, ids);

	if (nr < 0) {
		order->code = EXIT_USAGE;
		return;
	}
	if (!may_leave(place, order))
		return;
	if (nr == 0)
		warn(order, "no node is up to take new flows: those that land here are still "
			    "served here");
	tell(place, order, AD_TOLD_DRAIN);
	drain_begin(place->state, ids, nr);
}

/* What is no drain. A daemon that sees checks fail would divert again within a second. */
static void end_divert(const struct drain_place *place, struct order *order)
{
	enum divert_kind kind = divert_kind(place->state);

	if (kind == DIVERT_FAILS)
		warn(order,
		     place->alone ? "no daemon looks whether health checks of this POP pass: new "
				    "flows are served here until one does, and finds that they "
				    "fail"
				  : "health checks of this POP fail: new flows go elsewhere until "
				    "they pass");
	if (kind == DIVERT_NOT || (kind == DIVERT_FAILS && !place->alone))
		return;
	drain_end(place->state);
	order->ended = divert_key(kind);
}

static void undrain(const struct drain_place *place, struct order *order)
{
	if (order->now)
		end_divert(place, order);
	if (!order->was_draining)
		return;
	order->ended = "drain";
	tell(place, order, AD_TOLD_UNDRAIN);
	if (place->slow_start_s && !order->now && place->state->nr_successors) {
		order->slow_start_s = place->slow_start_s;
		drain_come_back(place->state);
	} else {
		drain_end(place->state);
	}
}

/* NULL: not there. What is no text, or too long, is wrong. */
static const char *take_text(const json_t *args, const char *name, size_t most, struct order *order)
{
	const json_t *value = json_object_get(args, name);
	const char *text = json_string_value(value);

	if (!value || json_is_null(value))
		return NULL;
	if (text && strlen(text) <= most)
		return text;
	config_errors_add(&order->errors, name, 0, "not a text of at most %zu bytes", most);
	order->code = EXIT_USAGE;
	return NULL;
}

static void log_order(const char *verb, const struct order *order)
{
	const char *reason = order->reason ?: "";

	log_info("%s: asked for by %s (uid %u)%s%s", verb, order->who ?: "?", order->uid,
		 *reason ? ": " : "", reason);
}

/* Frees what the order holds. */
static json_t *reply(const struct drain_place *place, struct order *order)
{
	json_t *errors = errors_json(&order->errors);

	config_errors_free(&order->errors);
	return json_pack("{s:b, s:i, s:o, s:o, s:b, s:I, s:s?, s:s?}", "ok", order->code == EXIT_OK,
			 "code", order->code, "errors", errors, "warnings", order->warnings,
			 "was_draining", order->was_draining, "slow_start_s",
			 (json_int_t)order->slow_start_s, "ended", order->ended, "diverts",
			 divert_key(divert_kind(place->state)));
}

json_t *drain_serve(const struct drain_place *place, const char *verb, const json_t *args,
		    __u32 uid)
{
	struct order order = { .uid = uid };
	bool drains = !strcmp(verb, "drain");

	if (!drains && strcmp(verb, "undrain"))
		return NULL;
	order.warnings = json_array();
	order.was_draining = drain_is_on(place->state);
	order.who = take_text(args, "who", TEXT_MAX, &order);
	order.reason = take_text(args, "reason", TOLD_WHY_MAX, &order);
	order.even_last = json_is_true(json_object_get(args, "even_last"));
	order.now = !drains && json_is_true(json_object_get(args, "now"));
	order.to = take_text(args, "to", TEXT_MAX, &order);
	if (!order.code) {
		log_order(verb, &order);
		if (drains)
			drain(place, &order);
		else
			undrain(place, &order);
	}
	return reply(place, &order);
}

/* By the pinned record, because the node may have had another id until now. */
static int recall(const struct drain_place *place, const struct config *old, struct ad_told *told)
{
	struct model_columns columns = model_columns(place->model, place->self);
	int err = model_read_told(place->pins, &columns, told);
	__u32 now_s = clock_mono_s();

	if (err)
		return err;
	if (old && old->self->id != place->self)
		model_tell(place->model, old->self->id, AD_TOLD_NOTHING, now_s);
	model_tell(place->model, place->self, told->what, now_s);
	return 0;
}

void drain_follow(const struct drain_place *place, const struct config *old)
{
	struct ad_told told = {};
	int err = recall(place, old, &told);

	drain_follow_config(place->state, place->model, old, place->config, clock_mono_s());
	told_keep(&told, model_columns(place->model, place->self).told);
	err = err ?: note(place, &told);
	if (err)
		log_warn("what an operator said of draining cannot be noted: %s", strerror(-err));
}
