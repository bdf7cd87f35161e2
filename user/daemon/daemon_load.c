// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_load.c: what this node's POP sheds by its load (user/steer/shed.h): by connections, or by
 * a number that a command prints, which the process of the health checks runs.
 *
 * A node knows its own connections alone. It takes the POP's other nodes for as loaded as itself,
 * and writes the word of its own POP only: those clients that ask here, which are those whose
 * answers bring the connections here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "daemon_internal.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/config/failure.h"
#include "user/health/load_number.h"
#include "user/health/talk.h"
#include "user/net/sockets.h"
#include "user/steer/pops.h"

#define MEASURES   12 /* in the time that a change takes to show */
#define LOG_STEP   10 /* percent */
#define LATE_TIMES 3  /* as long as shed.command may take */

/* --- counting, on the worker ------------------------------------------------------------------ */

static int count_live(const struct datapath *dp, const struct vip_set *vips)
{
	return sockets_count(vips);
}

static void work_count(struct worker_job *job)
{
	daemon_chore_on_sockets((struct chore *)job, count_live);
}

/* --- deciding --------------------------------------------------------------------------------- */

/* Connections of this node that are all of its POP's capacity. */
static double own_capacity(const struct config *config)
{
	double nodes = 0;
	size_t i;

	for (i = 0; i < config->nr_nodes; i++)
		if (config->nodes[i].pop == config->self->pop &&
		    (&config->nodes[i] == config->self || config->nodes[i].state == CONFIG_NODE_UP))
			nodes++;
	return config->pops[config->self->pop].capacity / nodes;
}

/* False: no name is steered to the POP where we are. */
static bool own_told(const struct daemon *daemon, struct ad_steer_told *told)
{
	const char *own = config_pop_name(daemon->config, daemon->config->self->pop);
	struct pop_seen pops[AD_STEER_BANK];
	size_t nr, i;

	if (pops_read(&daemon->loader->pins, pops, &nr))
		return false;
	for (i = 0; i < nr; i++) {
		if (!strcmp(pops[i].name, own)) {
			*told = pops[i].told;
			return true;
		}
	}
	return false;
}

/* When it begins, when it ends, and now and then between. */
static void log_shed(struct daemon *daemon, const char *pop, unsigned int percent, double load)
{
	bool by_command = daemon->config->shed.by.command.nr;
	struct daemon_load *state = &daemon->load;
	unsigned int away =
		percent > state->logged ? percent - state->logged : state->logged - percent;

	if (!percent == !state->logged && away < LOG_STEP)
		return;
	if (percent)
		log_warn("POP %s: %s has %.0f %% of its %scapacity: sheds %u %% of its clients",
			 pop, by_command ? "it" : "this node", load * 100,
			 by_command ? "" : "part of the ", percent);
	else
		log_info("POP %s: sheds nobody any more", pop);
	state->logged = percent;
}

static void tell(struct daemon *daemon, const struct ad_steer_told *before, unsigned int percent,
		 double load)
{
	const char *pop = config_pop_name(daemon->config, daemon->config->self->pop);
	struct ad_steer_told told = {
		.since_real_s = before->state ? before->since_real_s : (__u64)time(NULL),
		.state = percent ? AD_STEER_TOLD_SHED : 0,
		.percent = percent,
	};
	int err;

	if (percent == (before->state ? before->percent : 0))
		return;
	snprintf(told.who, sizeof(told.who), "%s (%.0f %%)", POPS_BY_LOAD, load * 100);
	err = pops_tell(&daemon->loader->pins, pop, &told);
	if (err)
		log_warn("POP %s: what it sheds cannot be written: %s", pop, strerror(-err));
	else
		log_shed(daemon, pop, percent, load);
}

static void decide(struct daemon *daemon, double load)
{
	const struct shed_rule rule = { daemon->config->shed.from / 100.0,
					daemon->config->shed.to / 100.0,
					daemon->config->shed.settle_s };
	struct daemon_load *state = &daemon->load;
	__u64 now_us = clock_mono_us(), before_us = state->measured_us;
	struct ad_steer_told told;
	unsigned int percent;

	state->measured_us = now_us;
	if (!own_told(daemon, &told) || !pops_follows_load(&told)) {
		state->shed = (struct shed_state){};
		return;
	}
	if (!before_us) { /* what the daemon before us left */
		state->shed.shed = told.percent / 100.0;
		state->logged = told.percent;
		before_us = now_us;
	}
	percent = shed_step(&rule, &state->shed, load, (now_us - before_us) / 1e6);
	tell(daemon, &told, percent, load);
}

/* Nothing is stated any more: what it was is over. */
static void forget(struct daemon *daemon)
{
	struct ad_steer_told told;

	daemon->load.shed = (struct shed_state){};
	metrics_use_load(daemon->metrics, -1);
	if (own_told(daemon, &told) && told.state && pops_follows_load(&told))
		tell(daemon, &told, 0, 0);
}

static void on_counted(struct worker_job *job, bool ran)
{
	struct chore *chore = (struct chore *)job;
	struct daemon *daemon =
		(struct daemon *)((char *)chore - offsetof(struct daemon, load.count));
	double capacity, load;

	chore->is_busy = false;
	if (!ran || daemon->stops || daemon->detached || daemon->config->shed.by.command.nr)
		return;
	capacity = own_capacity(daemon->config);
	if (chore->result < 0) {
		log_warn("connections cannot be counted: %s; the POP sheds as before",
			 strerror(-chore->result));
		return;
	}
	if (capacity <= 0)
		return;
	load = chore->result / capacity;
	metrics_use_load(daemon->metrics, load);
	decide(daemon, load);
}

/* --- by a command ----------------------------------------------------------------------------- */

/* Said once; what is shed stays, for it was right when something was known. */
static void miss_number(struct daemon *daemon, const char *why)
{
	metrics_use_load(daemon->metrics, -1);
	if (!daemon->load.is_failing)
		log_warn("shed.command: %s; the POP sheds as before", why);
	daemon->load.is_failing = true;
}

void daemon_load_hear(struct daemon *daemon, const struct talk *talk)
{
	double capacity = daemon->config->pops[daemon->config->self->pop].capacity;
	struct daemon_load *state = &daemon->load;

	if (!daemon->config->shed.by.command.nr || capacity <= 0)
		return;
	state->heard_us = clock_mono_us();
	if (!talk->passed || !load_number_is_good(talk->load)) {
		miss_number(daemon, talk->why);
		return;
	}
	if (state->is_failing)
		log_info("shed.command: prints a number again");
	state->is_failing = false;
	metrics_use_load(daemon->metrics, talk->load / capacity);
	decide(daemon, talk->load / capacity);
}

static void await_number(struct daemon *daemon)
{
	const struct config_check *by = &daemon->config->shed.by;
	__u64 now_us = clock_mono_us(), *heard_us = &daemon->load.heard_us;

	if (!*heard_us)
		*heard_us = now_us;
	if (now_us - *heard_us > LATE_TIMES * (by->every_s + by->timeout_s) * 1000000ull)
		miss_number(daemon, "nothing is heard of it");
}

void daemon_tend_load(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	unsigned int every = config->shed.settle_s / MEASURES;

	if (config->shed.by.command.nr && config->pops[config->self->pop].capacity) {
		await_number(daemon);
		return;
	}
	daemon->load.heard_us = 0;
	daemon->load.is_failing = false;
	if (daemon->tend.seconds % (every ?: 1))
		return;
	if (config->pops[config->self->pop].capacity)
		daemon_start_chore(daemon, &daemon->load.count, work_count, on_counted);
	else
		forget(daemon);
}
