// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * catch_watch.c: has the catchment moved? (catch_watch.h)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "catch_watch.h"

#define FORGET_SHARE 0.001 /* a group that had less, and has nothing now, is forgotten */
#define TAKEN_AFTER  3	   /* times `memory` */

/* What goes for all groups of a window, of one kind. */
struct judging {
	const struct catch_rules *rules;
	double seconds;
	double total, weight;
	double step; /* part of the new window in the mean */
	bool is_judged, is_warm;
	double samples; /* that there are, or that were to be expected */
	enum catch_kind kind;
	void (*told)(const struct catch_change *change, void *arg);
	void *arg;
};

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

/* --- one group -------------------------------------------------------------------------------- */

/* @part: of the way; 1 to have moved, less to be back. */
static bool is_far(double share, double before, double part)
{
	double more = larger(share, before), less = smaller(share, before);
	double step = more - less;

	if (step < CATCH_SHARE_STEP * part)
		return false;
	return step >= CATCH_SHARE_FAR * part || more >= less * (1 + (CATCH_SHARE_FOLD - 1) * part);
}

/* Share and rate, both the same way. */
static bool is_off(const struct catch_level *level, double part)
{
	double fold = 1 + (CATCH_RATE_FOLD - 1) * part;

	if (!is_far(level->share, level->before, part))
		return false;
	return level->share > level->before ? level->rate >= level->before_rate * fold
					    : level->rate * fold <= level->before_rate;
}

/* By the deviation that so many samples have, of a share between the two. */
static bool is_chance(const struct catch_level *level, double samples)
{
	double share = (level->share + level->before) / 2, step = level->share - level->before;
	double variance = share * (1 - share) / larger(samples, 1);

	return step * step < CATCH_SIGMAS * CATCH_SIGMAS * variance;
}

static void tell(const struct judging *judging, const struct catch_group *group,
		 enum catch_turn turn)
{
	const struct catch_level *level = &group->levels[judging->kind];
	struct catch_change change = {
		.name = group->name,
		.kind = judging->kind,
		.turn = turn,
		.before = level->before,
		.now = level->share,
		.before_rate = level->before_rate,
		.rate = level->rate,
	};

	judging->told(&change, judging->arg);
}

static void follow(struct catch_level *level, double step)
{
	level->before += step * (level->share - level->before);
	level->before_rate += step * (level->rate - level->before_rate);
}

/* What stands at the new place for long is taken as what it is. */
static void judge_moved(const struct judging *judging, struct catch_group *group)
{
	struct catch_level *level = &group->levels[judging->kind];

	level->moved_s += judging->seconds;
	if (!is_off(level, 0.5)) {
		level->is_moved = false;
		tell(judging, group, CATCH_BACK);
		follow(level, judging->step);
	} else if (level->moved_s >= TAKEN_AFTER * judging->rules->memory_s) {
		level->is_moved = false;
		tell(judging, group, CATCH_TAKEN);
		follow(level, 1);
	}
}

static void judge(const struct judging *judging, struct catch_group *group, double count)
{
	struct catch_level *level = &group->levels[judging->kind];

	if (!judging->is_judged)
		return;
	level->share = judging->total > 0 ? count / judging->total : 0;
	level->rate = count / judging->seconds;
	if (level->is_moved) {
		judge_moved(judging, group);
	} else if (judging->is_warm && is_off(level, 1) && !is_chance(level, judging->samples)) {
		level->is_moved = true;
		level->moved_s = 0;
		tell(judging, group, CATCH_MOVED);
	} else {
		follow(level, judging->step);
	}
}

/* --- all -------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct catch_group *)a)->name, ((const struct catch_group *)b)->name);
}

const struct catch_group *catch_watch_find(const struct catch_watch *watch, const char *name)
{
	struct catch_group wanted;

	if (!watch->nr)
		return NULL;
	snprintf(wanted.name, sizeof(wanted.name), "%s", name);
	return bsearch(&wanted, watch->groups, watch->nr, sizeof(wanted), by_name);
}

/* Groups that are new. The list is sorted again when all are there. */
static int add_groups(struct catch_watch *watch, const struct catch_seen *seen, size_t nr)
{
	size_t i, known = watch->nr;
	struct catch_watch old = *watch;

	if (watch->room < watch->nr + nr) {
		size_t room = watch->nr + nr;
		struct catch_group *longer =
			reallocarray(watch->groups, room, sizeof(*watch->groups));

		if (!longer)
			return -ENOMEM;
		watch->groups = old.groups = longer;
		watch->room = room;
	}
	for (i = 0; i < nr && watch->nr < CATCH_GROUPS_MAX; i++) {
		old.nr = known;
		if (catch_watch_find(&old, seen[i].name))
			continue;
		watch->groups[watch->nr] = (struct catch_group){ 0 };
		snprintf(watch->groups[watch->nr++].name, CATCH_NAME, "%s", seen[i].name);
	}
	if (watch->nr > known)
		qsort(watch->groups, watch->nr, sizeof(*watch->groups), by_name);
	return 0;
}

static bool is_worth_it(const struct catch_group *group)
{
	const struct catch_level *level;

	for (level = group->levels; level < group->levels + CATCH_KINDS; level++)
		if (level->is_moved || level->before >= FORGET_SHARE || level->share > 0)
			return true;
	return false;
}

static void forget(struct catch_watch *watch)
{
	size_t i, kept = 0;

	for (i = 0; i < watch->nr; i++)
		if (is_worth_it(&watch->groups[i]))
			watch->groups[kept++] = watch->groups[i];
	watch->nr = kept;
}

/*
 * Where much was expected and nothing came, that is news, too: then what was expected says how
 * sure we may be.
 */
static void prepare(const struct catch_watch *watch, const struct catch_window *window,
		    struct judging *judging)
{
	enum catch_kind kind = judging->kind;
	double weight = larger(window->weight[kind], 1);
	double expected = watch->total_rate[kind] * window->seconds / weight;
	double samples = window->total[kind] / weight;

	judging->seconds = window->seconds;
	judging->total = window->total[kind];
	judging->is_warm = watch->windows[kind] >= CATCH_WARM;
	judging->samples = judging->is_warm ? larger(samples, expected) : samples;
	judging->is_judged = !window->is_quiet[kind] && judging->samples >= judging->rules->samples;
	judging->step = larger(1.0 / (watch->windows[kind] + 1),
			       smaller(1, window->seconds / larger(judging->rules->memory_s, 1)));
}

static void judge_all(struct catch_watch *watch, const struct judging *judging,
		      const double *counts)
{
	enum catch_kind kind = judging->kind;
	size_t i;

	if (!judging->is_judged)
		return;
	for (i = 0; i < watch->nr; i++)
		judge(judging, &watch->groups[i], counts[i]);
	watch->windows[kind]++;
	watch->total_rate[kind] +=
		judging->step * (judging->total / judging->seconds - watch->total_rate[kind]);
}

int catch_watch_window(struct catch_watch *watch, const struct catch_rules *rules,
		       const struct catch_seen *seen, size_t nr, const struct catch_window *window,
		       void (*told)(const struct catch_change *change, void *arg), void *arg)
{
	struct judging judging = { .rules = rules, .told = told, .arg = arg };
	int err = add_groups(watch, seen, nr);
	double *counts = calloc(watch->nr + 1, sizeof(*counts));
	const struct catch_group *group;
	size_t i;

	if (!counts)
		return -ENOMEM;
	for (judging.kind = 0; judging.kind < CATCH_KINDS; judging.kind++) {
		memset(counts, 0, watch->nr * sizeof(*counts));
		for (i = 0; i < nr; i++) {
			group = catch_watch_find(watch, seen[i].name);
			if (group)
				counts[group - watch->groups] = seen[i].count[judging.kind];
		}
		prepare(watch, window, &judging);
		judge_all(watch, &judging, counts);
	}
	free(counts);
	forget(watch);
	return err;
}

void catch_watch_free(struct catch_watch *watch)
{
	free(watch->groups);
	memset(watch, 0, sizeof(*watch));
}
