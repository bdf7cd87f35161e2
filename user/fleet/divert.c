// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * divert.c: new flows that go to successors although this node does not drain (divert.h).
 */
#include <stdint.h>
#include "divert.h"
#include "drain.h"

enum divert_kind divert_kind(const struct ad_state *state)
{
	if (state_has_flag(state, AD_STATE_DRAINING) || !state_has_flag(state, AD_STATE_DIVERTS))
		return DIVERT_NOT;
	return state->kept < DRAIN_KEPT_FIRST ? DIVERT_FAILS : DIVERT_COMES_BACK;
}

const char *divert_key(enum divert_kind kind)
{
	switch (kind) {
	case DIVERT_FAILS:
		return "unhealthy";
	case DIVERT_COMES_BACK:
		return "slow_start";
	default:
		return NULL;
	}
}

unsigned int divert_kept_percent(const struct ad_state *state)
{
	if (state_has_flag(state, AD_STATE_DRAINING))
		return 0;
	return state_has_flag(state, AD_STATE_DIVERTS) ? state->kept * 100ull >> 32 : 100;
}

static void keep_nothing(struct ad_state *state)
{
	state_set_kept(state, 0);
	state_set_flag(state, AD_STATE_DIVERTS);
}

static void keep_more(struct ad_state *state, __u32 slow_start_s)
{
	__u32 step = slow_start_s > 1 ? UINT32_MAX / slow_start_s + 1 : 0;

	if (!step || state->kept > UINT32_MAX - step)
		drain_end(state);
	else
		state_set_kept(state, state->kept + step);
}

void divert_step(struct ad_state *state, const struct model *model, const struct config *config,
		 const struct divert_inputs *inputs)
{
	if (drain_is_on(state) || (!inputs->fails && divert_kind(state) == DIVERT_NOT))
		return;
	if (!drain_refresh(state, model, config, inputs->serves))
		drain_end(state);
	else if (inputs->fails)
		keep_nothing(state);
	else
		keep_more(state, inputs->slow_start_s);
}
