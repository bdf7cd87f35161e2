// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_bgp_judge.c: what shall be announced by what is true of a node; a service that flaps for an
 * hour costs one withdrawal; how a drain goes from step to step. Time is simulated.
 */
#include "selftests/tap.h"
#include "user/bgp/judge.h"
#include "user/bgp/record.h"
#include "user/bgp/steps.h"

static const struct judge_rule rule = { .calm = { .hold_s = 300, .hold_max_s = 7200 },
					.warm_s = 10 };
static const struct judge_inputs well = { .attached = true,
					  .armed = true,
					  .has_vips = { true, true },
					  .health = JUDGE_PASSES,
					  .others = true,
					  .drain = BGP_ANNOUNCE };

/* @seconds of the same inputs; the last judgement. */
static struct judgement pass(struct judge *judge, const struct judge_inputs *inputs, __u32 *now_s,
			     __u32 seconds)
{
	struct judgement judgement = {};

	for (; seconds; seconds--)
		judgement = judge_step(judge, &rule, inputs, ++*now_s);
	return judgement;
}

static void is_both(struct judgement judgement, enum bgp_wish wish, enum bgp_cause cause,
		    const char *name)
{
	ok(judgement.wishes.of[BGP_IP4] == wish && judgement.wishes.of[BGP_IP6] == wish &&
		   judgement.causes[BGP_IP4] == cause && judgement.causes[BGP_IP6] == cause,
	   "%s: %s, %s", name, bgp_wish_key(judgement.wishes.of[BGP_IP4]),
	   bgp_cause_key(judgement.causes[BGP_IP4]));
}

static struct judge announced(void)
{
	struct bgp_wishes wishes = { { BGP_ANNOUNCE, BGP_ANNOUNCE } };
	struct calm calm = {};
	struct judge judge = {};

	judge_recall(&judge, &wishes, &calm, 1000);
	return judge;
}

static void test_first_boot_is_withdrawn_until_all_is_well_and_warm(void)
{
	struct judge judge = {};
	struct judge_inputs inputs = well;
	__u32 now_s = 1000;

	inputs.attached = inputs.armed = false;
	is_both(pass(&judge, &inputs, &now_s, 60), BGP_WITHDRAW, BGP_BY_APART, "not attached");
	inputs.attached = true;
	is_both(pass(&judge, &inputs, &now_s, 60), BGP_WITHDRAW, BGP_BY_DISARMED, "not armed");
	inputs.armed = true;
	inputs.health = JUDGE_UNKNOWN;
	is_both(pass(&judge, &inputs, &now_s, 60), BGP_WITHDRAW, BGP_BY_UNKNOWN, "health unknown");
	inputs.health = JUDGE_FAILS;
	is_both(pass(&judge, &inputs, &now_s, 60), BGP_WITHDRAW, BGP_BY_FAILS, "unhealthy");
	inputs.others = false;
	is_both(pass(&judge, &inputs, &now_s, 60), BGP_WITHDRAW, BGP_BY_FAILS,
		"nothing is announced because it is the last one");
	is_both(pass(&judge, &well, &now_s, 1), BGP_ANNOUNCE, BGP_BY_WELL, "well");
	judge = (struct judge){};
	is_both(pass(&judge, &well, &now_s, 10), BGP_WITHDRAW, BGP_BY_WARMS, "well, not warm");
	is_both(pass(&judge, &well, &now_s, 1), BGP_ANNOUNCE, BGP_BY_WELL, "well and warm");
}

static void test_what_the_operator_announced_is_warm_by_the_data_path(void)
{
	struct judge judge = {};
	struct judge_inputs inputs = well;
	__u32 now_s = 1000;

	judge_begin(&judge, 900);
	is_both(pass(&judge, &well, &now_s, 1), BGP_ANNOUNCE, BGP_BY_WELL, "it is there for long");
	judge_begin(&judge, now_s - 5);
	is_both(pass(&judge, &well, &now_s, 4), BGP_WITHDRAW, BGP_BY_WARMS, "for 9 seconds");
	is_both(pass(&judge, &well, &now_s, 1), BGP_ANNOUNCE, BGP_BY_WELL, "for 10 seconds");
	judge_begin(&judge, 900);
	inputs.has_vips[BGP_IP4] = inputs.has_vips[BGP_IP6] = false;
	pass(&judge, &inputs, &now_s, 1);
	is_both(pass(&judge, &well, &now_s, 10), BGP_WITHDRAW, BGP_BY_WARMS,
		"of VIPs that come later that is not so");
}

static void test_a_vip_that_comes_and_goes_is_held_down(void)
{
	struct judge judge = announced();
	struct judge_inputs inputs = well;
	enum bgp_wish before = BGP_ANNOUNCE;
	__u32 now_s = 1000, s;
	int nr = 0;

	for (s = 0; s < 3600; s++) {
		enum bgp_wish wish;

		/* As soon as it is announced it goes. */
		inputs.has_vips[BGP_IP4] = before == BGP_WITHDRAW;
		wish = pass(&judge, &inputs, &now_s, 1).wishes.of[BGP_IP4];
		nr += before == BGP_ANNOUNCE && wish == BGP_WITHDRAW;
		before = wish;
	}
	ok(nr <= 9, "an hour of it costs %d withdrawals", nr);
	is_int(judge.last.of[BGP_IP6], BGP_ANNOUNCE, "the other family goes on");
}

static void test_restart_goes_on_with_what_was_announced(void)
{
	struct judge judge = announced();
	struct judge_inputs inputs = well;
	__u32 now_s = 1000;

	is_both(pass(&judge, &well, &now_s, 1), BGP_ANNOUNCE, BGP_BY_WELL, "at once");
	judge = announced();
	inputs.health = JUDGE_UNKNOWN;
	is_both(pass(&judge, &inputs, &now_s, 60), BGP_ANNOUNCE, BGP_BY_WELL,
		"what is not known yet ends nothing");
	judge = announced();
	inputs = well;
	inputs.attached = false;
	is_both(pass(&judge, &inputs, &now_s, 1), BGP_WITHDRAW, BGP_BY_APART,
		"but what is broken does");
	inputs = well;
	inputs.has_vips[BGP_IP6] = false;
	judge = announced();
	ok(pass(&judge, &inputs, &now_s, 20).wishes.of[BGP_IP4] == BGP_ANNOUNCE &&
		   pass(&judge, &inputs, &now_s, 1).wishes.of[BGP_IP6] == BGP_WITHDRAW,
	   "a VIP that is gone concerns its family alone");
}

static void test_alone_announces_nothing(void)
{
	struct judge judge = announced();
	struct judge_inputs inputs = well;
	__u32 now_s = 1000;

	inputs.alone = true;
	is_both(pass(&judge, &inputs, &now_s, 60), BGP_WITHDRAW, BGP_BY_ALONE,
		"also what was announced");
	inputs.has_vips[BGP_IP4] = inputs.has_vips[BGP_IP6] = false;
	is_both(pass(&judge, &inputs, &now_s, 1), BGP_WITHDRAW, BGP_BY_ALONE, "before the VIPs");
	inputs.armed = false;
	is_both(pass(&judge, &inputs, &now_s, 1), BGP_WITHDRAW, BGP_BY_DISARMED,
		"not before the data path");
	is_both(pass(&judge, &well, &now_s, 60), BGP_ANNOUNCE, BGP_BY_WELL, "others are known");
}

static void test_last_one_is_not_withdrawn_by_checks(void)
{
	struct judge judge = announced();
	struct judge_inputs inputs = well;
	__u32 now_s = 1000;

	inputs.health = JUDGE_FAILS;
	inputs.others = false;
	is_both(pass(&judge, &inputs, &now_s, 600), BGP_ANNOUNCE, BGP_BY_LAST, "no other is up");
	inputs.others = true;
	is_both(pass(&judge, &inputs, &now_s, 1), BGP_WITHDRAW, BGP_BY_FAILS, "now one is");
	judge = announced();
	inputs.others = false;
	inputs.armed = false;
	is_both(pass(&judge, &inputs, &now_s, 1), BGP_WITHDRAW, BGP_BY_DISARMED,
		"without a data path nobody is served");
}

static void test_drain_is_the_most_that_is_announced(void)
{
	struct judge judge = announced();
	struct judge_inputs inputs = well;
	__u32 now_s = 1000;

	inputs.drain = BGP_DEPREFER;
	is_both(pass(&judge, &inputs, &now_s, 1), BGP_DEPREFER, BGP_BY_DRAIN, "de-preferred");
	inputs.drain = BGP_WITHDRAW;
	is_both(pass(&judge, &inputs, &now_s, 1), BGP_WITHDRAW, BGP_BY_DRAIN, "withdrawn");
	is_both(pass(&judge, &well, &now_s, 1), BGP_ANNOUNCE, BGP_BY_WELL,
		"undrain needs no new warmth");
}

/* An hour in which a service is well for @up_s and fails for @down_s, again and again. */
static int withdrawals(__u32 up_s, __u32 down_s)
{
	struct judge judge = announced();
	struct judge_inputs inputs = well;
	enum bgp_wish before = BGP_ANNOUNCE;
	__u32 now_s = 1000, s;
	int nr = 0;

	for (s = 0; s < 3600; s++) {
		enum bgp_wish wish;

		inputs.health = s % (up_s + down_s) < up_s ? JUDGE_PASSES : JUDGE_FAILS;
		wish = pass(&judge, &inputs, &now_s, 1).wishes.of[BGP_IP4];
		nr += before == BGP_ANNOUNCE && wish == BGP_WITHDRAW;
		before = wish;
	}
	return nr;
}

static void test_an_hour_of_flaps_costs_one_withdrawal(void)
{
	static const __u32 ups[] = { 1, 10, 60, 150, 299 };
	int most = 0;

	for (size_t i = 0; i < sizeof(ups) / sizeof(*ups); i++)
		is_int(withdrawals(ups[i], 20), 1, "well for %u s, failed for 20 s", ups[i]);
	for (__u32 up_s = 1; up_s < 1800; up_s++) {
		int nr = withdrawals(up_s, 20);

		most = nr > most ? nr : most;
	}
	ok(most <= 3, "whatever the period is, at most %d", most);
}

static void test_hold_is_doubled_and_forgotten(void)
{
	struct calm calm = { .is_open = true, .is_well = true };
	const struct calm_rule calm_rule = rule.calm;
	__u32 now_s = 5000, i;

	calm_step(&calm, &calm_rule, false, ++now_s);
	is_int(calm.hold_s, 300, "the first failure");
	for (i = 0; i <= 300; i++)
		calm_step(&calm, &calm_rule, true, ++now_s);
	ok(calm.is_open, "open after that time");
	calm_step(&calm, &calm_rule, false, ++now_s);
	is_int(calm.hold_s, 600, "the second one");
	calm_step(&calm, &calm_rule, true, ++now_s);
	is_int(calm_left_s(&calm, now_s), 600, "all of it is left");
	for (i = 0; i < 600 + 7200; i++)
		calm_step(&calm, &calm_rule, true, ++now_s);
	ok(calm.is_open, "open");
	calm_step(&calm, &calm_rule, false, ++now_s);
	is_int(calm.hold_s, 300, "forgotten after long enough");
}

/* --- a drain ---------------------------------------------------------------------------------- */

static const struct drain_inputs plain = {
	.drains = true,
	.has_bgp = true,
	.is_announced = true,
	.others = true,
	.flows = 3,
	.settle_s = 2,
};

static void go(struct drain_steps *steps, const struct drain_inputs *inputs, __u64 *now_s,
	       int seconds)
{
	while (seconds--)
		drain_steps_go(steps, inputs, ++*now_s);
}

static void test_drain_waits_for_what_each_step_waits_for(void)
{
	struct drain_steps steps = { .terms = { .window_s = 600 } };
	struct drain_inputs inputs = plain;
	__u64 now_s = 1000;

	go(&steps, &inputs, &now_s, 1);
	is_str(drain_step_key(steps.step), "divert", "at first");
	go(&steps, &inputs, &now_s, 60);
	is_str(drain_step_key(steps.step), "deprefer", "nobody was told yet");
	inputs.is_told = true;
	go(&steps, &inputs, &now_s, 2);
	is_str(drain_step_key(steps.step), "deprefer", "told, but others have to follow");
	go(&steps, &inputs, &now_s, 60);
	is_str(drain_step_key(steps.step), "flows", "connections live");
	inputs.flows = -1;
	go(&steps, &inputs, &now_s, 60);
	is_str(drain_step_key(steps.step), "flows", "what is not known is not none");
	inputs.flows = 0;
	inputs.is_told = false;
	go(&steps, &inputs, &now_s, 60);
	is_str(drain_step_key(steps.step), "withdraw", "not told");
	inputs.is_told = true;
	go(&steps, &inputs, &now_s, 1);
	is_str(drain_step_key(steps.step), "silence", "told");
	inputs.landed = 7;
	go(&steps, &inputs, &now_s, 3);
	is_str(drain_step_key(steps.step), "silence", "something landed");
	go(&steps, &inputs, &now_s, 6);
	is_str(drain_step_key(steps.step), "quiet", "nothing comes");
	inputs.landed = 8;
	go(&steps, &inputs, &now_s, 1);
	is_str(drain_step_key(steps.step), "silence", "something comes again");
	inputs.drains = false;
	go(&steps, &inputs, &now_s, 1);
	ok(steps.step == DRAIN_OFF && !steps.begun_real_s, "undrain");
}

static void test_drain_withdraws_when_its_window_is_over(void)
{
	struct drain_steps steps = { .terms = { .window_s = 100 } };
	struct drain_inputs inputs = plain;
	__u64 now_s = 1000;

	inputs.is_told = true;
	go(&steps, &inputs, &now_s, 100);
	is_str(drain_step_key(steps.step), "flows", "within the window");
	go(&steps, &inputs, &now_s, 2);
	is_str(drain_step_key(steps.step), "silence", "after it");
	go(&steps, &inputs, &now_s, 1000);
	is_str(drain_step_key(steps.step), "silence", "what lives is led here, so it is not quiet");
}

static void test_drain_holds_at_the_last_announcer(void)
{
	struct drain_steps steps = { .terms = { .window_s = 10 } };
	struct drain_inputs inputs = plain;
	__u64 now_s = 1000;

	inputs.is_told = true;
	inputs.others = false;
	go(&steps, &inputs, &now_s, 1000);
	ok(steps.step == DRAIN_FLOWS && steps.held, "it is not withdrawn");
	steps.terms.even_last = true;
	go(&steps, &inputs, &now_s, 1);
	ok(steps.step == DRAIN_WITHDRAW && !steps.held, "the operator overrules that");
}

static void test_drain_of_what_is_not_announced_withdraws_at_once(void)
{
	struct drain_steps steps = { .terms = { .window_s = 600 } };
	struct drain_inputs inputs = plain;
	__u64 now_s = 1000;

	inputs.is_announced = inputs.others = false;
	go(&steps, &inputs, &now_s, 2);
	is_str(drain_step_key(steps.step), "withdraw", "as after a reboot");
	steps = (struct drain_steps){ .step = DRAIN_FLOWS, .terms = { .window_s = 600 } };
	go(&steps, &inputs, &now_s, 1);
	is_str(drain_step_key(steps.step), "withdraw", "from any step before");
}

static void test_drain_without_bgp_waits_for_flows_alone(void)
{
	struct drain_steps steps = { .terms = { .window_s = 600, .until_flows = 2 } };
	struct drain_inputs inputs = plain;
	__u64 now_s = 1000;

	inputs.has_bgp = inputs.others = false;
	go(&steps, &inputs, &now_s, 10);
	is_str(drain_step_key(steps.step), "flows", "three live");
	inputs.flows = 2;
	inputs.landed = 100;
	go(&steps, &inputs, &now_s, 2);
	is_str(drain_step_key(steps.step), "quiet", "so few are enough");
}

static void test_drain_says_what_it_waits_for(void)
{
	struct drain_steps steps = { .step = DRAIN_QUIET };

	is_str(drain_steps_text(&steps), drain_step_text(DRAIN_QUIET), "nothing comes");
	steps.is_by_hand = true;
	ok(strstr(drain_steps_text(&steps), "withdraw the VIPs by your BGP daemon"),
	   "where nobody tells a BGP daemon, the operator has to");
	steps.step = DRAIN_SILENCE;
	ok(!strstr(drain_steps_text(&steps), "lands here"),
	   "nor does anydoor wait until nothing lands there");
	steps = (struct drain_steps){ .step = DRAIN_FLOWS, .held = true };
	is_str(drain_steps_text(&steps), DRAIN_HELD_TEXT, "what is held waits for other POPs");
}

static void test_restart_is_quiet_until_something_lands(void)
{
	struct drain_steps before = { .step = DRAIN_SILENCE, .terms = { .window_s = 10 } };
	struct drain_inputs inputs = plain;
	struct drain_steps steps = {};
	__u64 now_s = 1000;
	json_t *json;

	inputs.is_told = true;
	inputs.flows = 0;
	inputs.landed = 7;
	go(&before, &inputs, &now_s, 10);
	is_str(drain_step_key(before.step), "quiet", "nothing landed for some seconds");
	json = record_drain_json(&before);
	record_drain_recall(json, &steps);
	json_decref(json);
	inputs.flows = -1;
	go(&steps, &inputs, &now_s, 1);
	is_str(drain_step_key(steps.step), "quiet", "flows are not counted yet");
	inputs.flows = 0;
	go(&steps, &inputs, &now_s, 1);
	is_str(drain_step_key(steps.step), "quiet", "nothing landed meanwhile");
	inputs.landed = 8;
	go(&steps, &inputs, &now_s, 1);
	is_str(drain_step_key(steps.step), "silence", "something did");
}

static void test_drain_words_are_found(void)
{
	enum drain_step step;

	for (int i = 0; i < DRAIN_STEPS_NR; i++)
		ok(drain_step_find(drain_step_key(i), &step) && (int)step == i, "%s",
		   drain_step_key(i));
	ok(!drain_step_find("nonsense", &step), "no step");
}

int main(void)
{
	test_first_boot_is_withdrawn_until_all_is_well_and_warm();
	test_what_the_operator_announced_is_warm_by_the_data_path();
	test_a_vip_that_comes_and_goes_is_held_down();
	test_restart_goes_on_with_what_was_announced();
	test_alone_announces_nothing();
	test_last_one_is_not_withdrawn_by_checks();
	test_drain_is_the_most_that_is_announced();
	test_an_hour_of_flaps_costs_one_withdrawal();
	test_hold_is_doubled_and_forgotten();
	test_drain_waits_for_what_each_step_waits_for();
	test_drain_withdraws_when_its_window_is_over();
	test_drain_holds_at_the_last_announcer();
	test_drain_of_what_is_not_announced_withdraws_at_once();
	test_drain_without_bgp_waits_for_flows_alone();
	test_restart_is_quiet_until_something_lands();
	test_drain_words_are_found();
	test_drain_says_what_it_waits_for();
	return done_testing();
}
