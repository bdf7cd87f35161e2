// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_pops.c: the verb `pop`: what an operator says of a POP.
 */
#include <errno.h>
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
