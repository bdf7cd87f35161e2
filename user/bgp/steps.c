// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * steps.c: how far a drain has come (steps.h).
 */
#include <string.h>
#include "steps.h"

#define SILENT_S 5

static const struct {
	const char *key, *text;
} words[DRAIN_STEPS_NR] = {
#define X(name, key, text) [DRAIN_##name] = { key, text },
	DRAIN_STEPS(X)
#undef X
};

const char *drain_step_key(enum drain_step step)
{
	return words[step].key;
}

const char *drain_step_text(enum drain_step step)
{
	return words[step].text;
}

const char *drain_steps_text(const struct drain_steps *steps)
{
	if (steps->held)
		return DRAIN_HELD_TEXT;
	if (steps->is_by_hand && steps->step == DRAIN_SILENCE)
		return "waits until all connections have ended";
	if (steps->is_by_hand && steps->step == DRAIN_QUIET)
		return "no connection lives here; withdraw the VIPs by your BGP daemon before the "
		       "host is switched off";
	return drain_step_text(steps->step);
}

bool drain_step_find(const char *key, enum drain_step *step)
{
	for (int i = 0; i < DRAIN_STEPS_NR; i++)
		if (!strcmp(words[i].key, key)) {
			*step = i;
			return true;
		}
	return false;
}

enum bgp_wish drain_step_wish(enum drain_step step)
{
	if (step < DRAIN_DEPREFER)
		return BGP_ANNOUNCE;
	return step < DRAIN_WITHDRAW ? BGP_DEPREFER : BGP_WITHDRAW;
}

/* A clock that was set back makes nothing last for ever. */
static __u64 passed_s(__u64 since_real_s, __u64 now_real_s)
{
	return now_real_s > since_real_s ? now_real_s - since_real_s : 0;
}

static bool is_few(const struct drain_steps *steps, const struct drain_inputs *inputs)
{
	return inputs->flows >= 0 && (__u32)inputs->flows <= steps->terms.until_flows;
}

static bool is_late(const struct drain_steps *steps, __u64 now_real_s)
{
	return passed_s(steps->begun_real_s, now_real_s) >= steps->terms.window_s;
}

static bool has_settled(const struct drain_steps *steps, const struct drain_inputs *inputs,
			__u64 now_real_s)
{
	return steps->told_real_s && passed_s(steps->told_real_s, now_real_s) >= inputs->settle_s;
}

/*
 * Where BGP still brings clients here, only what lives here counts. What was quiet before a restart
 * is so until the flows are counted.
 */
static bool is_quiet(const struct drain_steps *steps, const struct drain_inputs *inputs,
		     __u64 now_real_s)
{
	bool few = is_few(steps, inputs) || (inputs->flows < 0 && steps->step == DRAIN_QUIET);

	return few && (!inputs->has_bgp || passed_s(steps->heard_real_s, now_real_s) >= SILENT_S);
}

static enum drain_step after_flows(struct drain_steps *steps, const struct drain_inputs *inputs,
				   __u64 now_real_s)
{
	steps->held = false;
	if (!is_few(steps, inputs) && !is_late(steps, now_real_s))
		return DRAIN_FLOWS;
	if (!inputs->has_bgp)
		return DRAIN_SILENCE;
	steps->held = !inputs->others && !steps->terms.even_last;
	return steps->held ? DRAIN_FLOWS : DRAIN_WITHDRAW;
}

/* As after a reboot: to announce it now, only to withdraw it, would move clients twice. */
static bool is_ahead(const struct drain_steps *steps, const struct drain_inputs *inputs)
{
	return inputs->has_bgp && !inputs->is_announced && steps->step != DRAIN_OFF &&
	       steps->step < DRAIN_WITHDRAW;
}

static enum drain_step next(struct drain_steps *steps, const struct drain_inputs *inputs,
			    __u64 now_real_s)
{
	if (is_ahead(steps, inputs))
		return DRAIN_WITHDRAW;
	switch (steps->step) {
	case DRAIN_OFF:
		return DRAIN_DIVERT;
	case DRAIN_DIVERT:
		return inputs->has_bgp ? DRAIN_DEPREFER : DRAIN_FLOWS;
	case DRAIN_DEPREFER:
		return has_settled(steps, inputs, now_real_s) || is_late(steps, now_real_s)
			       ? DRAIN_FLOWS
			       : DRAIN_DEPREFER;
	case DRAIN_FLOWS:
		return after_flows(steps, inputs, now_real_s);
	case DRAIN_WITHDRAW:
		return inputs->is_told || !inputs->has_bgp ? DRAIN_SILENCE : DRAIN_WITHDRAW;
	default:
		return is_quiet(steps, inputs, now_real_s) ? DRAIN_QUIET : DRAIN_SILENCE;
	}
}

bool drain_steps_go(struct drain_steps *steps, const struct drain_inputs *inputs, __u64 now_real_s)
{
	enum drain_step before = steps->step;

	if (!inputs->drains) {
		memset(steps, 0, sizeof(*steps));
		return before != DRAIN_OFF;
	}
	steps->is_by_hand = !inputs->has_bgp;
	if (!steps->begun_real_s)
		steps->begun_real_s = now_real_s;
	if (inputs->landed != steps->landed || !steps->heard_real_s)
		steps->heard_real_s = now_real_s;
	steps->landed = inputs->landed;
	if (!inputs->is_told)
		steps->told_real_s = 0;
	else if (!steps->told_real_s)
		steps->told_real_s = now_real_s;
	steps->step = next(steps, inputs, now_real_s);
	if (steps->step == before)
		return false;
	steps->since_real_s = now_real_s;
	steps->told_real_s = 0;
	return true;
}
