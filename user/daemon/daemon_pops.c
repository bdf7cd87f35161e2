// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_pops.c: the verb `pop`: what an operator says of a POP; and POPs whose nodes drain.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "daemon_bus.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/health/health.h"
#include "user/steer/pops.h"

#define BUS_MS 3000 /* that the bus gets to take a word, before it counts here all the same */

/* False: @args have no state of a POP in them. */
static bool read_word(const struct daemon *daemon, const json_t *args, struct ad_steer_told *told)
{
	const char *state = json_string_value(json_object_get(args, "state"));
	const char *percent = json_string_value(json_object_get(args, "percent"));
	const char *who = json_string_value(json_object_get(args, "who"));
	char text[BUS_WHO];

	if (!json_string_value(json_object_get(args, "pop")) || !state ||
	    pops_parse(state, percent, told))
		return false;
	if (daemon->bus->book)
		who = daemon_bus_who(daemon, who, text);
	text_cut(told->who, sizeof(told->who), who ?: "");
	told->since_real_s = time(NULL);
	return true;
}

/* 0; -ENOENT: no name is steered to a POP of this name; other -errno. */
static int obey_word(struct daemon *daemon, const char *name, const struct ad_steer_told *told)
{
	int err = pops_tell(&daemon->loader->pins, name, told);
	char text[POP_STATE_TEXT];

	if (!err && daemon->health.health)
		health_judge(daemon->health.health);
	if (!err)
		log_info("POP %s: %s, told by %s", name, pops_state(told, text), told->who);
	return err;
}

static json_t *answer_pop(int err, const char *warning)
{
	return json_pack("{s:b, s:i, s:[], s:[s*]}", "ok", !err, "errno", -err, "errors",
			 "warnings", warning);
}

/* The bus has it, somebody else was quicker, or the bus says nothing. */
static json_t *end_pop(struct daemon *daemon, struct bus_call *call)
{
	const char *name = json_string_value(json_object_get(call->args, "pop"));
	const struct bus_target *target = call->targets;
	struct ad_steer_told told;
	char text[BUS_WORD], warning[BUS_WHY + 128];
	int err;

	if (target->state == BUS_TARGET_OVERTAKEN)
		return control_refuse_with(json_sprintf(
			"POP %s: %s, at the same time as you: that holds; say it again if yours "
			"shall",
			name, daemon_bus_word(target->answer, text)));
	if (!read_word(daemon, call->args, &told))
		return control_refuse("not a state of a POP");
	if (target->state == BUS_TARGET_DONE)
		told.since_real_s = json_integer_value(
			json_object_get(json_object_get(target->body, "pop"), "at_s"));
	err = obey_word(daemon, name, &told);
	if (target->state == BUS_TARGET_DONE)
		return answer_pop(err, NULL);
	if (!err)
		daemon_bus_said(daemon, name);
	snprintf(warning, sizeof(warning),
		 "the bus does not take it just now%s%s%s: it counts here, and at other nodes when "
		 "the bus is back",
		 *target->why ? " (" : "", target->why, *target->why ? ")" : "");
	return answer_pop(err, warning);
}

/* The bus first, so that of two operators who speak at once the second one hears of the first. */
static json_t *say_by_bus(struct daemon *daemon, const json_t *args,
			  const struct ad_steer_told *told, struct control_caller *caller)
{
	const char *name = json_string_value(json_object_get(args, "pop"));
	struct bus_call *call;
	char key[BUS_KEY_MAX];
	json_t *error;

	bus_name_pop(name, key);
	error = daemon_bus_check_revision(daemon, key, name, args);
	if (error)
		return control_refuse_with(error);
	if (daemon_bus_call_has(daemon, key))
		return control_refuse("somebody else says something of it on this node just now");
	call = daemon_bus_call_new(caller, args, 1);
	if (!call)
		return answer_pop(-ENOMEM, NULL);
	memcpy(call->targets->key, key, sizeof(key));
	call->targets->body = daemon_bus_pop_body(told);
	call->end = end_pop;
	daemon_bus_call_begin(daemon, call, BUS_MS);
	return NULL;
}

static bool is_steered_to(const struct daemon *daemon, const char *name)
{
	struct pop_seen pops[AD_STEER_BANK];
	size_t nr = 0, i;

	if (pops_read(&daemon->loader->pins, pops, &nr))
		return false;
	for (i = 0; i < nr; i++)
		if (!strcmp(pops[i].name, name))
			return true;
	return false;
}

json_t *daemon_pop(struct daemon *daemon, const json_t *args, struct control_caller *caller)
{
	const char *name = json_string_value(json_object_get(args, "pop"));
	bool has_bus = daemon->bus->book;
	struct ad_steer_told told;
	int err;

	if (!read_word(daemon, args, &told))
		return control_refuse("not a state of a POP");
	if (!is_steered_to(daemon, name))
		return answer_pop(-ENOENT, NULL);
	if (has_bus && daemon_bus_can_ask(daemon))
		return say_by_bus(daemon, args, &told, caller);
	if (json_object_get(args, "revision"))
		return control_refuse(
			"the bus is not fresh, so what the last revision is is not known");
	err = obey_word(daemon, name, &told);
	if (!err)
		daemon_bus_said(daemon, name);
	return answer_pop(err, !has_bus
				       ? NULL
				       : "the bus is not fresh: it counts here, and at other nodes "
					 "when the bus is back");
}

/* --- POPs whose nodes drain ------------------------------------------------------------------- */

static int note_change(__u16 id, void *arg)
{
	*(bool *)arg = true;
	return 0;
}

static int follow(struct daemon *daemon, const char *name, bool is_drained)
{
	const struct pins *pins = &daemon->loader->pins;
	__u32 before = pops_drained(pins, name), now = is_drained ? AD_STEER_DRAINED : before;
	int err;

	if (!is_drained && before == AD_STEER_DRAINED)
		now = daemon->config->slow_start_s ? AD_STEER_DRAINED + AD_STEER_BACK_UNIT : 0;
	daemon->pops_come_back |= now > AD_STEER_DRAINED;
	if (now == before)
		return 0;
	err = pops_drain(pins, name, now);
	if (!err)
		log_info("POP %s: %s", name,
			 is_drained
				 ? "all its nodes drain or are lost: steered names stop naming it"
				 : "its nodes take new flows again: steered names name it");
	return err;
}

/* One step of its way back. True: it is not there yet. */
static bool lead_back(const struct daemon *daemon, const char *name)
{
	__u32 before = pops_drained(&daemon->loader->pins, name), now = 0, step;

	if (before <= AD_STEER_DRAINED)
		return false;
	step = AD_STEER_BACK_UNIT / (daemon->config->slow_start_s ?: 1) ?: 1;
	if (before > AD_STEER_DRAINED + step)
		now = before - step;
	if (pops_drain(&daemon->loader->pins, name, now))
		return true;
	if (!now)
		log_info("POP %s: steered names name it as before its drain", name);
	return now;
}

void daemon_tend_pops(struct daemon *daemon)
{
	size_t i;

	daemon_pops_follow(daemon);
	if (!daemon->pops_come_back)
		return;
	daemon->pops_come_back = false;
	for (i = 0; i < daemon->config->nr_pops; i++)
		daemon->pops_come_back |= lead_back(daemon, daemon->config->pops[i].name);
}

void daemon_pop_is_back(struct daemon *daemon, __u16 pop)
{
	const char *name = daemon->config->pops[pop].name;

	if (pops_drained(&daemon->loader->pins, name) > AD_STEER_DRAINED)
		pops_drain(&daemon->loader->pins, name, 0);
}

/* What drained or was lost, and is configured to be down then, is out until a node of it is up. */
static bool is_out(const struct daemon *daemon, size_t pop, const struct model_pop *sum)
{
	if (model_pop_drains(sum))
		return true;
	return sum->nr[MODEL_OUT] && !sum->nr[MODEL_UP] &&
	       pops_drained(&daemon->loader->pins, daemon->config->pops[pop].name) ==
		       AD_STEER_DRAINED;
}

static int follow_all(struct daemon *daemon, struct model_pop *sums)
{
	const struct config *config = daemon->config;
	int err = 0;
	size_t i;

	for (i = 0; i < config->nr_nodes; i++)
		model_pop_add(&sums[config->nodes[i].pop],
			      model_standing(daemon->loader->fleet, config->nodes[i].id));
	for (i = 0; !err && i < config->nr_pops; i++)
		err = follow(daemon, config->pops[i].name, is_out(daemon, i, &sums[i]));
	return err;
}

void daemon_pops_follow(struct daemon *daemon)
{
	struct model_sink before = daemon->pops;
	struct model_pop *sums;
	bool changed = false;
	int err = -ENOMEM;

	model_each_change(daemon->loader->fleet, &daemon->pops, note_change, &changed);
	if (!changed)
		return;
	sums = calloc(daemon->config->nr_pops, sizeof(*sums));
	if (sums)
		err = follow_all(daemon, sums);
	free(sums);
	if (err) {
		log_warn("POPs whose nodes drain cannot be written: %s", strerror(-err));
		daemon->pops = before; /* again, the next time */
	} else if (daemon->health.health) {
		health_judge(daemon->health.health);
	}
}
