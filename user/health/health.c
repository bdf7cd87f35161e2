// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * health.c: what the daemon knows of POPs by their checks (health.h).
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "flap.h"
#include "health.h"
#include "targets.h"
#include "user/base/addr.h"
#include "user/base/log.h"
#include "user/steer/pops.h"
#include "verdict.h"

struct health {
	const struct pins *pins;
	const struct config *config;
	struct target *targets;		/* sorted by key ... */
	struct ad_health_check *checks; /* ... and how each stands */
	size_t nr;
	struct ad_health_pop *pops; /* by the configuration's order, as last written */
	int checks_fd, pops_fd;
	int write_err; /* was told */
};

/* --- how a POP stands ------------------------------------------------------------------------- */

/* Of one POP by one check: the worst or best of its addresses, and which one that is. */
struct tally {
	enum ad_health_state state;
	size_t decided; /* index of a target */
};

static void add_target(const struct health *health, struct tally *tally, size_t at)
{
	enum ad_health_state state = health->checks[at].state;
	enum ad_health_state both =
		verdict_of_addresses(tally->state, state, health->targets[at].check->any_address);

	if (both != tally->state)
		tally->decided = at;
	tally->state = both;
}

static void add_check(const struct health *health, struct ad_health_pop *pop,
		      const struct tally *tally)
{
	const struct target *target = &health->targets[tally->decided];
	enum ad_health_state both = verdict_of_checks(pop->state, tally->state);

	if (both == pop->state)
		return;
	memset(pop, 0, sizeof(*pop));
	pop->state = both;
	if (both == AD_HEALTH_UP)
		return;
	pop->address = target->key.address;
	memcpy(pop->check, target->key.check, sizeof(pop->check));
	memcpy(pop->why, health->checks[tally->decided].why, sizeof(pop->why));
}

static bool is_one_tally(const struct target *a, const struct target *b)
{
	return a->check == b->check && a->pop == b->pop;
}

/* All POPs, as the checks alone have them. Targets of one check and POP lie together. */
static void tally_all(const struct health *health, struct ad_health_pop *pops)
{
	struct tally tally;
	size_t i = 0, first;

	while (i < health->nr) {
		first = i;
		tally = (struct tally){ .decided = i };
		for (; i < health->nr && is_one_tally(&health->targets[i], &health->targets[first]);
		     i++)
			add_target(health, &tally, i);
		add_check(health, &pops[health->targets[first].pop], &tally);
	}
}

/* So that checks alone leave as many POPs as configured. */
static int keep_enough(const struct health *health, struct ad_health_pop *pops)
{
	const struct config *config = health->config;
	struct verdict_pop *verdicts;
	struct ad_steer_told told;
	size_t i;

	if (!config->health_at_least)
		return 0;
	verdicts = calloc(config->nr_pops, sizeof(*verdicts));
	if (!verdicts)
		return -ENOMEM;
	for (i = 0; i < config->nr_pops; i++) {
		verdicts[i].state = pops[i].state;
		if (!pops_read_told(health->pins, config->pops[i].name, &told))
			verdicts[i].is_told = pops_is_told(&told, &verdicts[i].is_told_out);
		if (!verdicts[i].is_told &&
		    pops_drained(health->pins, config->pops[i].name) == AD_STEER_DRAINED)
			verdicts[i].is_told = verdicts[i].is_told_out = true;
	}
	verdict_keep(verdicts, config->nr_pops, config->health_at_least);
	for (i = 0; i < config->nr_pops; i++)
		pops[i].state = verdicts[i].state;
	free(verdicts);
	return 0;
}

/* --- writing it ------------------------------------------------------------------------------- */

static void name_key(const struct config_pop *pop, char key[AD_STEER_NAME])
{
	memset(key, 0, AD_STEER_NAME);
	snprintf(key, AD_STEER_NAME, "%s", pop->name);
}

/* Whether clients notice: what only makes answers live shorter is no news. */
static bool is_news(enum ad_health_state old, enum ad_health_state new)
{
	bool was_well = old == AD_HEALTH_UP || old == AD_HEALTH_DOUBT;
	bool is_well = new == AD_HEALTH_UP || new == AD_HEALTH_DOUBT;

	return old != new &&old != AD_HEALTH_NONE &&new != AD_HEALTH_NONE && !(was_well && is_well);
}

static void tell_pop(const char *name, const struct ad_health_pop *old,
		     const struct ad_health_pop *new)
{
	char cause[POP_CAUSE_TEXT];

	if (!is_news(old->state, new->state))
		return;
	if (new->state == AD_HEALTH_OUT)
		log_warn("POP %s: out by its health checks: %s", name,
			 pops_health_cause(new, cause));
	else if (new->state == AD_HEALTH_KEPT)
		log_warn("POP %s: %s; it gets clients all the same, for too few POPs would be left "
			 "(health.at_least)",
			 name, pops_health_cause(new, cause));
	else
		log_info("POP %s: %s by its health checks (was %s)", name,
			 pops_health_word(new->state), pops_health_word(old->state));
}

static int write_pop(const struct health *health, size_t i, struct ad_health_pop *pop)
{
	char key[AD_STEER_NAME];

	name_key(&health->config->pops[i], key);
	if (pop->state == AD_HEALTH_NONE)
		return bpf_map_delete_elem(health->pops_fd, key) && errno != ENOENT ? -errno : 0;
	return bpf_map_update_elem(health->pops_fd, key, pop, BPF_ANY) ? -errno : 0;
}

static void tell_error(struct health *health, int err)
{
	if (err && err != health->write_err)
		log_warn("health checks: what they found cannot be told to the data path: %s",
			 strerror(-err));
	health->write_err = err;
}

/* Writes those that stand otherwise than before. The number of them, or -errno. */
static int write_pops(struct health *health, struct ad_health_pop *pops)
{
	int err = 0, nr = 0;
	size_t i;

	for (i = 0; i < health->config->nr_pops && !err; i++) {
		struct ad_health_pop *old = &health->pops[i];

		pops[i].since_real_s =
			old->state == pops[i].state ? old->since_real_s : (__u64)time(NULL);
		if (!memcmp(old, &pops[i], sizeof(*old)))
			continue;
		err = write_pop(health, i, &pops[i]);
		if (err)
			break;
		nr += old->state != pops[i].state;
		tell_pop(health->config->pops[i].name, old, &pops[i]);
		*old = pops[i];
	}
	return err ?: nr;
}

void health_judge(struct health *health)
{
	struct ad_health_pop *pops;
	int nr = 0;

	if (!health->config)
		return;
	pops = calloc(health->config->nr_pops ?: 1, sizeof(*pops));
	if (!pops) {
		tell_error(health, -ENOMEM);
		return;
	}
	tally_all(health, pops);
	nr = keep_enough(health, pops);
	nr = nr ?: write_pops(health, pops);
	/* Without steered names there are no words. */
	if (nr > 0)
		nr = pops_refresh(health->pins);
	tell_error(health, nr);
	free(pops);
}

enum ad_health_state health_of(const struct health *health, size_t pop)
{
	if (!health->config || pop >= health->config->nr_pops)
		return AD_HEALTH_NONE;
	return health->pops[pop].state;
}

/* --- hearing ---------------------------------------------------------------------------------- */

/*
 * What strangers' servers said ends in logs, tables and JSON. Why it is out is kept until it is
 * back. True if it is another thing than before.
 */
static bool take_why(struct ad_health_check *check, const struct talk *talk)
{
	char why[AD_HEALTH_WHY] = "";
	size_t i;

	if (talk->passed && check->state != AD_HEALTH_UP)
		return false;
	for (i = 0; i + 1 < sizeof(why) && talk->why[i]; i++)
		why[i] = talk->why[i] >= ' ' && talk->why[i] <= '~' ? talk->why[i] : '?';
	if (!memcmp(check->why, why, sizeof(why)))
		return false;
	memcpy(check->why, why, sizeof(why));
	return true;
}

/* One address of several, or one of several checks: the POP may stand as before. */
static void tell_check(const struct target *target, const struct ad_health_check *check,
		       enum ad_health_state old)
{
	char address[ADDR_TEXT];

	if (!is_news(old, check->state))
		return;
	log_debug("check %s of POP %s at %s: %s%s%s", target->key.check, target->key.pop,
		  addr_format(&target->key.address, address), pops_health_word(check->state),
		  check->why[0] ? ": " : "", check->why);
}

static void write_check(struct health *health, size_t at)
{
	if (bpf_map_update_elem(health->checks_fd, &health->targets[at].key, &health->checks[at],
				BPF_ANY))
		tell_error(health, -errno);
}

void health_hear(struct health *health, const struct talk *talk)
{
	const struct target *target = targets_find(health->targets, health->nr, &talk->key);
	struct ad_health_check *check;
	enum ad_health_state old;
	bool is_other;

	if (!target)
		return;
	check = &health->checks[target - health->targets];
	old = check->state;
	flap_step(check, (struct flap_rule){ target->check->fall, target->check->rise },
		  talk->passed);
	*(talk->passed ? &check->passed : &check->failed) += 1;
	check->last_real_s = time(NULL);
	check->took_us = talk->took_us < UINT32_MAX ? talk->took_us : UINT32_MAX;
	if (check->state != old)
		check->since_real_s = check->last_real_s;
	is_other = take_why(check, talk);
	write_check(health, target - health->targets);
	tell_check(target, check, old);
	if (check->state != old || is_other)
		health_judge(health);
}

/* --- what is checked -------------------------------------------------------------------------- */

static enum ad_health_state unknown_of(const struct config *config)
{
	return config->health_unknown == CONFIG_UNKNOWN_OUT ? AD_HEALTH_UNKNOWN_OUT
							    : AD_HEALTH_UNKNOWN;
}

static bool is_settled(enum ad_health_state state)
{
	return state == AD_HEALTH_UP || state == AD_HEALTH_DOUBT || state == AD_HEALTH_OUT;
}

/* As it was left; what was never known is unknown as this configuration has it. */
static void recall(int fd, const struct target *target, enum ad_health_state unknown,
		   struct ad_health_check *check)
{
	const struct config_check *config = target->check;

	if (bpf_map_lookup_elem(fd, &target->key, check))
		memset(check, 0, sizeof(*check));
	if (!is_settled(check->state)) {
		check->state = unknown;
		check->since_real_s = check->since_real_s ?: (__u64)time(NULL);
	}
	if (check->failures > config->fall)
		check->failures = config->fall;
	if (check->passes > config->rise)
		check->passes = config->rise;
	check->why[sizeof(check->why) - 1] = '\0';
}

/* Walks over keys of a hash: what is deleted meanwhile must not be the one it stands at. */
static void forget_checks(const struct health *health)
{
	struct ad_health_key key, next;
	bool more = !bpf_map_get_next_key(health->checks_fd, NULL, &next);

	while (more) {
		key = next;
		more = !bpf_map_get_next_key(health->checks_fd, &key, &next);
		if (!targets_find(health->targets, health->nr, &key))
			bpf_map_delete_elem(health->checks_fd, &key);
	}
}

static bool has_pop(const struct config *config, const char name[AD_STEER_NAME])
{
	size_t i;

	for (i = 0; i < config->nr_pops; i++)
		if (!strncmp(config->pops[i].name, name, AD_STEER_NAME))
			return true;
	return false;
}

/* POPs that there are, and are not checked any more, are forgotten by write_pops(). */
static int forget_pops(const struct health *health)
{
	char key[AD_STEER_NAME], next[AD_STEER_NAME];
	bool more = !bpf_map_get_next_key(health->pops_fd, NULL, next);
	int nr = 0;

	while (more) {
		memcpy(key, next, sizeof(key));
		more = !bpf_map_get_next_key(health->pops_fd, key, next);
		if (!has_pop(health->config, key))
			nr += !bpf_map_delete_elem(health->pops_fd, key);
	}
	return nr;
}

static void read_pops(const struct health *health, const struct config *config,
		      struct ad_health_pop *pops)
{
	char key[AD_STEER_NAME];
	size_t i;

	for (i = 0; i < config->nr_pops; i++) {
		name_key(&config->pops[i], key);
		if (bpf_map_lookup_elem(health->pops_fd, key, &pops[i]))
			memset(&pops[i], 0, sizeof(pops[i]));
	}
}

/* A reload may have exchanged the maps. */
static int open_maps(const struct pins *pins, struct health *health)
{
	int checks_fd = pins_map(pins, "health_checks", true);
	int pops_fd = pins_map(pins, "steer_health", true);

	if (checks_fd < 0 || pops_fd < 0) {
		if (checks_fd >= 0)
			close(checks_fd);
		if (pops_fd >= 0)
			close(pops_fd);
		return checks_fd < 0 ? checks_fd : pops_fd;
	}
	if (health->checks_fd >= 0)
		close(health->checks_fd);
	if (health->pops_fd >= 0)
		close(health->pops_fd);
	health->checks_fd = checks_fd;
	health->pops_fd = pops_fd;
	return 0;
}

static void clear(struct health *health)
{
	free(health->targets);
	free(health->checks);
	free(health->pops);
	health->config = NULL;
	health->targets = NULL;
	health->checks = NULL;
	health->pops = NULL;
	health->nr = 0;
}

static int make_room(struct health *health, const struct config *config)
{
	int err = targets_list(config, &health->targets, &health->nr);

	if (err)
		return err;
	health->checks = calloc(health->nr ?: 1, sizeof(*health->checks));
	health->pops = calloc(config->nr_pops ?: 1, sizeof(*health->pops));
	return health->checks && health->pops ? 0 : -ENOMEM;
}

int health_use(struct health *health, const struct config *config)
{
	size_t i;
	int err;

	clear(health);
	err = open_maps(health->pins, health);
	err = err ?: make_room(health, config);
	if (err) {
		clear(health);
		return err;
	}
	health->config = config;
	for (i = 0; i < health->nr; i++)
		recall(health->checks_fd, &health->targets[i], unknown_of(config),
		       &health->checks[i]);
	read_pops(health, config, health->pops);
	forget_checks(health);
	for (i = 0; i < health->nr; i++)
		write_check(health, i);
	if (forget_pops(health))
		pops_refresh(health->pins);
	health_judge(health);
	return 0;
}

struct health *health_new(const struct pins *pins)
{
	struct health *health = calloc(1, sizeof(*health));

	if (!health)
		return NULL;
	health->pins = pins;
	health->checks_fd = health->pops_fd = -1;
	return health;
}

void health_free(struct health *health)
{
	if (!health)
		return;
	if (health->checks_fd >= 0)
		close(health->checks_fd);
	if (health->pops_fd >= 0)
		close(health->pops_fd);
	clear(health);
	free(health);
}

int health_prepare(const struct pins *pins, const struct config *config)
{
	struct health *health = health_new(pins);
	int err = health ? health_use(health, config) : -ENOMEM;

	health_free(health);
	return err;
}
