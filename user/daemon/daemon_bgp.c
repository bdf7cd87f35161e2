// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_bgp.c: the daemon's end of BGP and of a drain (daemon_bgp.h).
 */
#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "daemon_bgp.h"
#include "daemon_drain.h"
#include "daemon_internal.h"
#include "maps/reasons.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/file.h"
#include "user/base/log.h"
#include "user/bgp/record.h"
#include "user/fleet/drain.h"
#include "user/fleet/drain_serve.h"
#include "user/fleet/told.h"
#include "user/health/health.h"
#include "user/net/device.h"
#include "user/status/status.h"

#define VIPS_EVERY_S  3
#define ASK_EVERY_S   5 /* while all is as it should be */
#define REREAD_S      10
#define REREAD_MOST_S 600
#define WINDOW_S      600 /* of a drain that nobody gave terms */

/* One conversation with the BGP daemon, on the thread for that. */
struct speech {
	struct worker_job job;
	struct daemon_bgp *bgp;
	bool is_busy;
	bool rereads; /* whatever the file says */
	bool asks;    /* what neighbours are told, even if nothing was changed */
	bool counts;  /* connections */
	struct bgp_setup setup;
	struct bgp_wishes wishes;
	struct pins pins;

	bool asked; /* else nothing below is new */
	struct bgp_fact fact;
	int flows; /* < 0: not counted */
};

struct daemon_bgp {
	struct daemon *daemon;
	struct worker *speaker;
	struct speech speech;
	struct bgp_setup setup;
	struct judge judge;
	struct judgement judgement;
	struct drain_steps steps;
	struct drain_seen seen;
	struct bgp_fact fact;
	bool has_vips[BGP_FAMILIES];
	bool has_terms; /* of the drain that begins */
	bool is_told;
	int flows;
	char why[BGP_WHY_MAX]; /* was logged */
	__u64 since_real_s[BGP_FAMILIES];
	__u32 spoke_s;	/* CLOCK_MONOTONIC, s */
	__u32 reread_s; /* likewise: not before then */
	__u32 reread_rest_s;
	bool spoke;
	int record_err, keep_err;
	char record[RECORD_PATH_MAX], keep[RECORD_PATH_MAX]; /* "": none */
};

/* --- speaking, on its thread ------------------------------------------------------------------ */

static bool must_say(const struct speech *speech, const struct bgp_driver *driver, int wrote)
{
	return wrote || speech->rereads ||
	       (driver->keeps && !driver->keeps(&speech->setup, &speech->wishes));
}

static void tell_driver(struct speech *speech)
{
	const struct bgp_driver *driver = bgp_driver_of(&speech->setup);
	struct bgp_fact *fact = &speech->fact;
	char why[BGP_WHY_MAX] = "";
	int wrote;

	if (!driver)
		return;
	wrote = driver->write(&speech->setup, &speech->wishes);
	if (wrote < 0)
		snprintf(why, sizeof(why), "%s cannot be written: %s", speech->setup.file,
			 strerror(-wrote));
	else if (must_say(speech, driver, wrote)) {
		speech->asks = true;
		if (!driver->reread(&speech->setup, fact))
			snprintf(why, sizeof(why), "%s", fact->why);
	}
	speech->asked = speech->asks || wrote < 0;
	if (speech->asked)
		driver->ask(&speech->setup, fact);
	if (*why)
		memcpy(fact->why, why, sizeof(why));
}

/* The same number as `anydoor drain` shows. */
static int count_flows(const struct pins *pins)
{
	struct view view = { .pins = *pins };
	struct status status = { .here = true };

	if (status_read_ours(&view, &status))
		return -1;
	return status.ours;
}

static void work_speak(struct worker_job *job)
{
	struct speech *speech = (struct speech *)job;

	memset(&speech->fact, 0, sizeof(speech->fact));
	speech->asked = true;
	tell_driver(speech);
	speech->flows = speech->counts ? count_flows(&speech->pins) : -1;
}

static void note(struct daemon_bgp *bgp);

static void log_told(struct daemon_bgp *bgp)
{
	bool is_told = bgp_fact_is(&bgp->fact, &bgp->setup, &bgp->judgement.wishes);
	size_t up = 0, i;

	for (i = 0; i < bgp->fact.nr; i++)
		up += bgp->fact.list[i].established;
	if (is_told && !bgp->is_told)
		log_info("BGP: that is what is told in all %zu sessions that are up", up);
	bgp->is_told = is_told;
	if (strcmp(bgp->why, bgp->fact.why) && *bgp->fact.why)
		log_warn("BGP: %s", bgp->fact.why);
	memcpy(bgp->why, bgp->fact.why, sizeof(bgp->why));
}

static void on_spoken(struct worker_job *job, bool ran)
{
	struct speech *speech = (struct speech *)job;
	struct daemon_bgp *bgp = speech->bgp;

	speech->is_busy = false;
	if (!ran)
		return;
	if (speech->counts)
		bgp->flows = speech->flows;
	if (!speech->asked)
		return;
	bgp->fact = speech->fact;
	log_told(bgp);
	note(bgp);
}

/* A neighbour with a session hears something else, although the file says what it should. */
static bool is_misled(const struct daemon_bgp *bgp)
{
	const struct bgp_fact *fact = &bgp->fact;
	size_t i;

	if (!fact->answered || bgp_fact_is(fact, &bgp->setup, &bgp->judgement.wishes))
		return false;
	for (i = 0; i < fact->nr; i++)
		if (fact->list[i].established)
			return true;
	return false;
}

static bool must_reread(struct daemon_bgp *bgp, __u32 now_s)
{
	if (!is_misled(bgp)) {
		bgp->reread_rest_s = REREAD_S;
		bgp->reread_s = now_s + REREAD_S;
		return false;
	}
	if (now_s < bgp->reread_s)
		return false;
	bgp->reread_s = now_s + bgp->reread_rest_s;
	bgp->reread_rest_s =
		bgp->reread_rest_s < REREAD_MOST_S / 2 ? 2 * bgp->reread_rest_s : REREAD_MOST_S;
	return true;
}

static void speak(struct daemon_bgp *bgp, __u32 now_s)
{
	const struct bgp_wishes *wishes = &bgp->judgement.wishes;
	struct speech *speech = &bgp->speech;
	bool is_new = !bgp->spoke || !bgp_wishes_are(wishes, &speech->wishes);
	const struct bgp_driver *driver = bgp_driver_of(&bgp->setup);
	bool drains = bgp->steps.step != DRAIN_OFF;
	bool rests = now_s - bgp->spoke_s < ASK_EVERY_S;

	if (speech->is_busy || (!drains && !driver))
		return;
	/* One that does not answer is asked as seldom as one of which nothing is wanted. */
	rests &= !is_new && !drains && (bgp->is_told || !bgp->fact.answered);
	if (rests && (!driver->keeps || !bgp->fact.answered))
		return;
	bgp->spoke = true;
	if (!rests)
		bgp->spoke_s = now_s;
	speech->job = (struct worker_job){ .work = work_speak, .done = on_spoken };
	speech->is_busy = true;
	speech->rereads = must_reread(bgp, now_s);
	speech->asks = !rests;
	speech->counts = drains;
	speech->setup = bgp->setup;
	speech->wishes = *wishes;
	speech->pins = bgp->daemon->loader->pins;
	worker_queue(bgp->speaker, &speech->job);
}

/* --- what is true ----------------------------------------------------------------------------- */

/* A prefix that no interface has a VIP of would attract what nobody serves. */
static void look_for_vips(struct daemon_bgp *bgp)
{
	const struct config *config = bgp->daemon->config;
	struct ifaddrs *list;
	enum bgp_family family;
	size_t i;

	if (getifaddrs(&list)) /* nothing is known: all stays as it was */
		return;
	for (family = 0; family < BGP_FAMILIES; family++)
		bgp->has_vips[family] = true;
	for (i = 0; i < config->nr_vips; i++) {
		family = addr_is_ip4(&config->vips[i].address) ? BGP_IP4 : BGP_IP6;
		if (!addr_is_among(list, &config->vips[i].address))
			bgp->has_vips[family] = false;
	}
	freeifaddrs(list);
}

/* An interface that is gone brings no packets, and its sessions end by themselves. */
static bool is_attached(const struct daemon *daemon)
{
	bool is_somewhere = false;
	__u32 ifindex;
	size_t i;

	for (i = 0; i < daemon->config->nr_interfaces; i++) {
		if (!(daemon->tend.trouble & 1u << i))
			is_somewhere = true;
		else if (!device_find(daemon->config->interfaces[i], &ifindex))
			return false;
	}
	return is_somewhere;
}

static size_t count_others(const struct daemon *daemon)
{
	const struct config *config = daemon->config;
	bool *is_up = calloc(config->nr_pops, sizeof(*is_up));
	size_t i, nr = 0;

	for (i = 0; is_up && i < config->nr_nodes; i++) {
		const struct config_node *node = &config->nodes[i];
		struct model_standing standing = model_standing(daemon->loader->fleet, node->id);

		if (node->pop != config->self->pop && standing.state == MODEL_UP &&
		    standing.cause != MODEL_BY_SILENT && !is_up[node->pop]) {
			is_up[node->pop] = true;
			nr++;
		}
	}
	free(is_up);
	return nr;
}

static enum judge_health own_health(const struct daemon *daemon)
{
	switch (health_of(daemon->health.health, daemon->config->self->pop)) {
	case AD_HEALTH_UNKNOWN:
	case AD_HEALTH_UNKNOWN_OUT:
		return JUDGE_UNKNOWN;
	case AD_HEALTH_OUT:
	case AD_HEALTH_KEPT:
		return JUDGE_FAILS;
	default:
		return JUDGE_PASSES;
	}
}

/* What lands here because BGP says so, and is not of a connection that lives here. */
static __u64 count_landed(const struct daemon *daemon)
{
	static const enum ad_reason reasons[] = { AD_R_DIVERTED,    AD_R_SYN_REPEATED,
						  AD_R_LOCAL_SYN,   AD_R_WRAP_STAMP,
						  AD_R_WRAP_PIN,    AD_R_WRAP_HUNT,
						  AD_R_DNS_ANSWERED };
	__u64 sum = 0;
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		sum += datapath_reason(&daemon->loader->dp, reasons[i]);
	return sum;
}

/* --- deciding --------------------------------------------------------------------------------- */

static void go_steps(struct daemon_bgp *bgp, bool others)
{
	const struct daemon *daemon = bgp->daemon;
	struct drain_steps *steps = &bgp->steps;
	bool drains = drain_is_on(daemon->loader->dp.state_at);
	const struct drain_inputs inputs = {
		.drains = drains,
		.has_bgp = bgp->setup.driver != CONFIG_BGP_NONE,
		.is_announced = bgp->judgement.wishes.of[BGP_IP4] != BGP_WITHDRAW ||
				bgp->judgement.wishes.of[BGP_IP6] != BGP_WITHDRAW,
		.is_told = !bgp_driver_of(&bgp->setup) || bgp->is_told,
		.others = others,
		.flows = bgp->flows,
		.landed = drains ? count_landed(daemon) : 0,
		.settle_s = daemon->config->bgp.settle_s,
	};
	bool held = steps->held;

	if (inputs.drains && steps->step == DRAIN_OFF && !bgp->has_terms)
		steps->terms = (struct drain_terms){ .window_s = WINDOW_S };
	if (!inputs.drains)
		bgp->flows = -1;
	bgp->has_terms = false;
	if (drain_steps_go(steps, &inputs, time(NULL)))
		log_info("drain: %s: %s", drain_step_key(steps->step), drain_steps_text(steps));
	if (steps->held && !held)
		log_warn("drain: the VIPs are not withdrawn: too few other POPs are up "
			 "(bgp.at_least); `anydoor drain --last` does it all the same");
}

static void log_wish(const struct daemon_bgp *bgp, enum bgp_family family)
{
	enum bgp_wish wish = bgp->judgement.wishes.of[family];
	const char *name = family == BGP_IP4 ? "IPv4" : "IPv6";
	const char *cause = bgp_cause_text(bgp->judgement.causes[family]);

	if (bgp->setup.driver == CONFIG_BGP_PRINT)
		log_warn("BGP: have the VIPs of %s %s by your BGP daemon now: %s", name,
			 bgp_wish_text(wish), cause);
	else
		log_info("BGP: VIPs of %s shall be %s: %s", name, bgp_wish_text(wish), cause);
}

static void judge(struct daemon_bgp *bgp, bool others)
{
	const struct daemon *daemon = bgp->daemon;
	const struct config_bgp *config = &daemon->config->bgp;
	const struct judge_rule rule = { { config->hold_s, config->hold_max_s }, config->warm_s };
	const struct judge_inputs inputs = {
		.leaves = daemon->detached,
		.attached = is_attached(daemon),
		.armed = state_has_flag(daemon->loader->dp.state_at, AD_STATE_ARMED),
		.alone = !daemon_bus_knows_nodes(daemon),
		.has_vips = { bgp->has_vips[BGP_IP4], bgp->has_vips[BGP_IP6] },
		.health = own_health(daemon),
		.others = others,
		.drain = drain_step_wish(bgp->steps.step),
	};
	struct judgement before = bgp->judgement;
	enum bgp_family family;

	bgp->judgement = judge_step(&bgp->judge, &rule, &inputs, clock_mono_s());
	for (family = 0; family < BGP_FAMILIES; family++) {
		bool is_other = before.wishes.of[family] != bgp->judgement.wishes.of[family] ||
				before.causes[family] != bgp->judgement.causes[family];

		if (!bgp_setup_count(&bgp->setup, family) ||
		    (!is_other && bgp->since_real_s[family]))
			continue;
		bgp->since_real_s[family] = time(NULL);
		log_wish(bgp, family);
	}
	if (!bgp_wishes_are(&before.wishes, &bgp->judgement.wishes))
		bgp->is_told = false;
}

/* --- what outlives us ------------------------------------------------------------------------- */

static void note(struct daemon_bgp *bgp)
{
	struct record record = { &bgp->setup,
				 &bgp->judgement,
				 &bgp->judge.calm,
				 &bgp->steps,
				 &bgp->fact,
				 { bgp->since_real_s[BGP_IP4], bgp->since_real_s[BGP_IP6] },
				 NULL };
	int err;

	if (bgp->steps.step == DRAIN_OFF)
		drain_seen_forget(&bgp->seen);
	else
		record.seen = drain_seen_json(&bgp->seen, bgp->daemon, &bgp->steps, bgp->flows);
	if (bgp->setup.driver == CONFIG_BGP_NONE && bgp->steps.step == DRAIN_OFF)
		err = file_remove(bgp->record);
	else
		err = record_write(bgp->record, &record);
	json_decref(record.seen);
	if (err && err != bgp->record_err)
		log_warn("%s: what is known of BGP and the drain cannot be written: %s",
			 bgp->record, strerror(-err));
	bgp->record_err = err;
}

/* Who drained it, why, and how far it is. */
static int write_kept(const struct daemon_bgp *bgp)
{
	struct ad_told told = {};
	int err = pins_read_told(&bgp->daemon->loader->pins, &told);

	if (err || told.what != AD_TOLD_DRAIN)
		return err ?: file_remove(bgp->keep);
	return record_save(bgp->keep, 0600,
			   json_pack("{s:o, s:o}", "told", told_json(&told), "drain",
				     record_kept_json(&bgp->steps)));
}

static void keep(struct daemon_bgp *bgp)
{
	int err = *bgp->keep ? write_kept(bgp) : 0;

	if (err && err != bgp->keep_err)
		log_warn("%s: that this node drains cannot be kept over a reboot: %s", bgp->keep,
			 strerror(-err));
	bgp->keep_err = err;
}

/* After a reboot nothing is pinned of what an operator said. */
static void recall_kept(struct daemon_bgp *bgp)
{
	const struct drain_place place =
		loader_drain_place(bgp->daemon->loader, bgp->daemon->config);
	json_t *kept = *bgp->keep ? record_read(bgp->keep) : NULL;
	const json_t *was = json_object_get(kept, "told");
	struct ad_told told = {};
	json_t *args, *reply;

	if (json_is_object(was) && !pins_read_told(place.pins, &told) &&
	    told.what == AD_TOLD_NOTHING) {
		log_info(
			"drain: this node drained before the host was started again: it drains on");
		args = json_pack("{s:O?, s:O?, s:b}", "who", json_object_get(was, "who"), "reason",
				 json_object_get(was, "reason"), "even_last", 1);
		reply = drain_serve(&place, "drain", args,
				    json_integer_value(json_object_get(was, "uid")));
		json_decref(reply);
		json_decref(args);
		record_drain_recall(json_object_get(kept, "drain"), &bgp->steps);
	}
	json_decref(kept);
}

/* Until now BGP was the operator's. */
static void begin(struct daemon_bgp *bgp)
{
	struct ad_meta meta;

	if (pins_read_meta(&bgp->daemon->loader->pins, &meta))
		meta.loaded_s = clock_mono_s();
	judge_begin(&bgp->judge, meta.loaded_s);
}

static void recall(struct daemon_bgp *bgp)
{
	const struct bgp_driver *driver = bgp_driver_of(&bgp->setup);
	json_t *json = record_read(bgp->record);
	struct bgp_wishes wishes = {};
	bool is_known = record_has_bgp(json);
	struct calm calm = {};

	record_recall(json, &calm, &bgp->steps);
	record_wishes(json, &wishes);
	json_decref(json);
	if (driver && driver->recall(&bgp->setup, &wishes))
		wishes = (struct bgp_wishes){};
	else if (driver)
		is_known = true;
	calm.is_open = false;
	judge_recall(&bgp->judge, &wishes, &calm, clock_mono_s());
	bgp->judgement.wishes = wishes;
	if (!is_known)
		begin(bgp);
	if (bgp->steps.step == DRAIN_OFF)
		recall_kept(bgp);
}

/* --- its life --------------------------------------------------------------------------------- */

void daemon_tend_bgp(struct daemon *daemon)
{
	struct daemon_bgp *bgp = daemon->bgp;
	bool has_bgp = bgp->setup.driver != CONFIG_BGP_NONE;
	bool others = has_bgp && count_others(daemon) >= daemon->config->bgp.at_least;

	if (has_bgp && daemon->tend.seconds % VIPS_EVERY_S == 0)
		look_for_vips(bgp);
	drain_seen_count(&bgp->seen, daemon);
	go_steps(bgp, others);
	if (has_bgp)
		judge(bgp, others);
	speak(bgp, clock_mono_s());
	note(bgp);
	keep(bgp);
}

void daemon_bgp_use(struct daemon *daemon)
{
	struct daemon_bgp *bgp = daemon->bgp;
	struct bgp_setup before = bgp->setup;

	bgp_setup_from(&bgp->setup, daemon->config);
	look_for_vips(bgp);
	if (memcmp(&before, &bgp->setup, sizeof(before)))
		bgp->spoke = bgp->is_told = false;
	if (before.driver != bgp->setup.driver) /* who does it now has not heard of it */
		memset(bgp->since_real_s, 0, sizeof(bgp->since_real_s));
	if (before.driver == CONFIG_BGP_NONE)
		begin(bgp);
}

static __u32 take_number(const json_t *args, const char *key, __u32 otherwise)
{
	const json_t *value = json_object_get(args, key);
	json_int_t number = json_integer_value(value);

	return json_is_integer(value) && number >= 0 && number <= UINT32_MAX ? number : otherwise;
}

/* Asked for again it begins anew, from the step where it is. */
void daemon_bgp_drain(struct daemon *daemon, const json_t *args)
{
	struct daemon_bgp *bgp = daemon->bgp;

	bgp->steps.terms = (struct drain_terms){
		.window_s = take_number(args, "window_s", WINDOW_S),
		.until_flows = take_number(args, "until_flows", 0),
		.even_last = json_is_true(json_object_get(args, "even_last")),
	};
	bgp->steps.begun_real_s = 0;
	bgp->has_terms = true;
}

bool daemon_bgp_drains(const struct daemon *daemon)
{
	return daemon->bgp->steps.step != DRAIN_OFF;
}

json_t *daemon_bgp_drain_json(const struct daemon *daemon)
{
	json_t *drain = record_drain_json(&daemon->bgp->steps);

	if (daemon_bgp_drains(daemon))
		json_object_set_new(drain, "flows", json_integer(daemon->bgp->flows));
	return drain;
}

void daemon_bgp_leave(struct daemon *daemon)
{
	struct daemon_bgp *bgp = daemon->bgp;
	struct bgp_fact fact = {};

	worker_free(bgp->speaker); /* what it was saying is said */
	bgp->speaker = NULL;
	if (!bgp_withdraw(&bgp->setup, &fact))
		log_err(BGP_NOT_WITHDRAWN, fact.why);
	file_remove(bgp->record);
}

int daemon_bgp_new(struct daemon *daemon)
{
	struct daemon_bgp *bgp = calloc(1, sizeof(*bgp));
	const struct config *config = daemon->config;
	const char *name = daemon->loader->instance.name;

	if (!bgp)
		return -ENOMEM;
	daemon->bgp = bgp;
	bgp->daemon = daemon;
	bgp->speech.bgp = bgp;
	bgp->flows = -1;
	bgp->reread_rest_s = REREAD_S;
	bgp_setup_from(&bgp->setup, config);
	if (!record_path(config->run_dir, name, bgp->record))
		return -ENAMETOOLONG;
	if (config->keep_dir) {
		mkdir(config->keep_dir, 0755); /* what is wrong with it is said when it is used */
		snprintf(bgp->keep, sizeof(bgp->keep), "%s/%s.drain", config->keep_dir, name);
	}
	look_for_vips(bgp);
	recall(bgp);
	return worker_new(daemon->base, &bgp->speaker);
}

int daemon_bgp_start(struct daemon *daemon)
{
	return worker_start(daemon->bgp->speaker);
}

void daemon_bgp_free(struct daemon *daemon)
{
	if (!daemon->bgp)
		return;
	worker_free(daemon->bgp->speaker);
	free(daemon->bgp);
	daemon->bgp = NULL;
}
