// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_pops.c: the verb `pop`: what an operator says of a POP; and POPs whose nodes drain.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "daemon_internal.h"
#include "user/base/log.h"
#include "user/health/health.h"
#include "user/steer/pops.h"

json_t *daemon_pop(struct daemon *daemon, const json_t *args)
{
	const char *name = json_string_value(json_object_get(args, "pop"));
	const char *state = json_string_value(json_object_get(args, "state"));
	const char *percent = json_string_value(json_object_get(args, "percent"));
	const char *who = json_string_value(json_object_get(args, "who"));
	char text[POP_STATE_TEXT];
	struct ad_steer_told told;
	int err;

	if (!name || !state || pops_parse(state, percent, &told))
		return control_refuse("not a state of a POP");
	err = pops_say(&daemon->loader->pins, name, who ?: "", &told);
	if (!err)
		daemon_bus_said(daemon, name);
	if (!err && daemon->health.health)
		health_judge(daemon->health.health);
	if (!err)
		log_info("POP %s: %s, told by %s", name, pops_state(&told, text), who ?: "?");
	return json_pack("{s:b, s:i}", "ok", !err, "errno", -err);
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

static int follow_all(struct daemon *daemon, struct model_pop *sums)
{
	const struct config *config = daemon->config;
	int err = 0;
	size_t i;

	for (i = 0; i < config->nr_nodes; i++)
		model_pop_add(&sums[config->nodes[i].pop],
			      model_standing(daemon->loader->fleet, config->nodes[i].id));
	for (i = 0; !err && i < config->nr_pops; i++)
		err = follow(daemon, config->pops[i].name, model_pop_drains(&sums[i]));
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
