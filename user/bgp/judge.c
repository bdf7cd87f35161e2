// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * judge.c: what shall be told of the VIPs (judge.h).
 */
#include "judge.h"

static const struct {
	const char *key, *text;
} causes[BGP_CAUSES_NR] = {
#define X(name, key, text) [BGP_BY_##name] = { key, text },
	BGP_CAUSES(X)
#undef X
};

const char *bgp_cause_key(enum bgp_cause cause)
{
	return causes[cause].key;
}

const char *bgp_cause_text(enum bgp_cause cause)
{
	return causes[cause].text;
}

void judge_begin(struct judge *judge, __u32 there_s)
{
	enum bgp_family family;

	judge->last = (struct bgp_wishes){};
	for (family = 0; family < BGP_FAMILIES; family++)
		judge->fit[family] = (struct calm){ .is_well = true, .since_s = there_s };
}

void judge_recall(struct judge *judge, const struct bgp_wishes *wishes, const struct calm *calm,
		  __u32 now_s)
{
	struct calm open = {
		.is_open = true, .is_well = true, .opened_s = now_s, .since_s = now_s
	};
	enum bgp_family family;

	judge->calm = *calm;
	judge->last = *wishes;
	for (family = 0; family < BGP_FAMILIES; family++) {
		if (wishes->of[family] == BGP_WITHDRAW)
			continue;
		judge->fit[family] = open;
		open.hold_s = calm->hold_s;
		judge->calm = open;
		open.hold_s = 0;
	}
}

/* Without which nobody can be served, whatever the checks say. */
static enum bgp_cause find_broken(const struct judge_inputs *inputs, enum bgp_family family)
{
	if (inputs->leaves)
		return BGP_BY_LEAVES;
	if (!inputs->attached)
		return BGP_BY_APART;
	if (!inputs->armed)
		return BGP_BY_DISARMED;
	if (inputs->alone)
		return BGP_BY_ALONE;
	return inputs->has_vips[family] ? BGP_BY_WELL : BGP_BY_NO_VIP;
}

static bool is_announced(const struct judge *judge)
{
	return judge->last.of[BGP_IP4] != BGP_WITHDRAW || judge->last.of[BGP_IP6] != BGP_WITHDRAW;
}

/* What is not known yet does not end what was announced. */
static enum bgp_cause find_service(struct judge *judge, const struct judge_rule *rule,
				   const struct judge_inputs *inputs, __u32 now_s)
{
	if (inputs->health == JUDGE_UNKNOWN)
		return is_announced(judge) ? BGP_BY_WELL : BGP_BY_UNKNOWN;
	/* What fails before it was announced has moved no route. */
	if (!is_announced(judge) && !judge->calm.hold_s)
		judge->calm.is_open = false;
	if (calm_step(&judge->calm, &rule->calm, inputs->health == JUDGE_PASSES, now_s))
		return BGP_BY_WELL;
	return inputs->health == JUDGE_FAILS ? BGP_BY_FAILS : BGP_BY_HOLD;
}

/* Closed and without a hold time it is at its first start. */
static bool is_fit(struct judge *judge, const struct judge_rule *rule, enum bgp_family family,
		   bool is_well, __u32 now_s)
{
	const struct calm_rule warm = { rule->warm_s, rule->calm.hold_max_s };
	struct calm *fit = &judge->fit[family];

	if (!fit->is_open && !fit->hold_s)
		fit->hold_s = rule->warm_s;
	return calm_step(fit, &warm, is_well, now_s);
}

static enum bgp_cause judge_family(struct judge *judge, const struct judge_rule *rule,
				   const struct judge_inputs *inputs, enum bgp_cause service,
				   enum bgp_family family, __u32 now_s)
{
	enum bgp_cause broken = find_broken(inputs, family);
	bool fits = is_fit(judge, rule, family, broken == BGP_BY_WELL, now_s);
	bool was_announced = judge->last.of[family] != BGP_WITHDRAW;
	bool is_kept = service != BGP_BY_WELL && was_announced && !inputs->others;

	if (broken != BGP_BY_WELL)
		return broken;
	if (service != BGP_BY_WELL && !is_kept)
		return service;
	if (!fits)
		return BGP_BY_WARMS;
	if (inputs->drain != BGP_ANNOUNCE)
		return BGP_BY_DRAIN;
	return is_kept ? BGP_BY_LAST : BGP_BY_WELL;
}

static enum bgp_wish wish_of(enum bgp_cause cause, enum bgp_wish drain)
{
	switch (cause) {
	case BGP_BY_WELL:
	case BGP_BY_LAST:
		return BGP_ANNOUNCE;
	case BGP_BY_DRAIN:
		return drain;
	default:
		return BGP_WITHDRAW;
	}
}

struct judgement judge_step(struct judge *judge, const struct judge_rule *rule,
			    const struct judge_inputs *inputs, __u32 now_s)
{
	enum bgp_cause service = find_service(judge, rule, inputs, now_s);
	struct judgement judgement = { .left_s = calm_left_s(&judge->calm, now_s) };
	enum bgp_family family;

	for (family = 0; family < BGP_FAMILIES; family++) {
		enum bgp_cause cause = judge_family(judge, rule, inputs, service, family, now_s);

		judgement.causes[family] = cause;
		judgement.wishes.of[family] = wish_of(cause, inputs->drain);
	}
	judge->last = judgement.wishes;
	return judgement;
}
