// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_divert.c: new connections go to successors while health checks of this POP fail, long
 * before BGP has moved; and they come back by and by.
 */
#include <stdio.h>
#include <stdlib.h>
#include "daemon_internal.h"
#include "user/base/log.h"
#include "user/fleet/divert.h"
#include "user/fleet/drain.h"
#include "user/health/health.h"

bool daemon_pop_fails(const struct daemon *daemon, size_t pop)
{
	enum ad_health_state state = health_of(daemon->health.health, pop);

	return state == AD_HEALTH_OUT || state == AD_HEALTH_KEPT;
}

/* NULL without memory. */
static bool *find_serving(const struct daemon *daemon)
{
	const struct config *config = daemon->config;
	bool *serves = calloc(config->nr_pops, sizeof(*serves));
	size_t i;

	for (i = 0; serves && i < config->nr_pops; i++)
		serves[i] = !daemon_pop_fails(daemon, i) &&
			    health_of(daemon->health.health, i) != AD_HEALTH_UNKNOWN_OUT;
	return serves;
}

static void log_kind(const struct daemon *daemon, enum divert_kind before, bool fails)
{
	const struct ad_state *state = daemon->loader->dp.state_at;
	enum divert_kind kind = divert_kind(state);

	if (kind == before || drain_is_on(state))
		return;
	if (kind == DIVERT_FAILS)
		log_warn("health checks of this POP fail: new connections go to %u other nodes",
			 state->nr_successors);
	else if (fails)
		log_warn("health checks of this POP fail, and no other node serves: new "
			 "connections stay here");
	else if (kind == DIVERT_NOT)
		log_info("all new connections are served here again");
	else
		log_info("new connections come back, all of them within %u s (drain.slow_start)",
			 daemon->config->slow_start_s);
}

void daemon_tend_divert(struct daemon *daemon)
{
	struct ad_state *state = daemon->loader->dp.state_at;
	enum divert_kind before = divert_kind(state);
	struct divert_inputs inputs = {
		.fails = daemon_pop_fails(daemon, daemon->config->self->pop),
		.slow_start_s = daemon->config->slow_start_s,
	};
	bool *serves;

	if (!inputs.fails && before == DIVERT_NOT)
		return;
	serves = find_serving(daemon);
	if (!serves)
		return; /* again in a second */
	inputs.serves = serves;
	divert_step(state, daemon->loader->fleet, daemon->config, &inputs);
	free(serves);
	log_kind(daemon, before, inputs.fails);
}
