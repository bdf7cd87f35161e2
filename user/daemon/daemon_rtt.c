// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_rtt.c: the order of POPs by measured round-trip times (user/rtt/): what the kernel counted
 * and what others told goes into the book, and when the order of a rule has changed the tables of
 * steering are made anew.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "daemon_internal.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/config/failure.h"
#include "user/dns/dns_service.h"
#include "user/dns/dns_zones.h"
#include "user/rtt/rtt_book.h"
#include "user/rtt/rtt_probe.h"

#define EVERY_S	     10
#define ASK_AGAIN_US 60000000 /* after tables could not be made */
#define LOGGED_MAX   20	      /* changes at one time */
#define TELL_S	     60	      /* the bus, at most so often */

/* --- the kernel's part ------------------------------------------------------------------------ */

static void forget_counts(__u32 location, const struct ad_rtt_counts *counts, void *arg)
{
}

static void open_probe(struct daemon *daemon, struct ad_rtt_probe *state)
{
	struct daemon_rtt *rtt = &daemon->rtt;

	rtt_probe_open(&daemon->loader->pins, daemon->config, &rtt->probe, state);
	if (state->state == AD_RTT_FAILED)
		log_warn("round-trip times are not measured here: %s; all else works", state->why);
}

/* Wanted as long as there is a book. */
static void tend_probe(struct daemon *daemon)
{
	struct daemon_rtt *rtt = &daemon->rtt;
	struct ad_rtt_probe state = {};
	int err = 0;

	if (rtt->probe && rtt->book) {
		/* What was counted is by locations of the plan before. */
		rtt_probe_take(rtt->probe, forget_counts, NULL);
		err = rtt_probe_use(rtt->probe, daemon->config);
		if (err)
			log_warn("round-trip times: addresses cannot be told to the kernel: %s",
				 strerror(-err));
		return;
	}
	rtt_probe_close(rtt->probe);
	rtt->probe = NULL;
	if (rtt->book)
		open_probe(daemon, &state);
	err = rtt_probe_write(&daemon->loader->pins, &state);
	if (err)
		log_warn("round-trip times: their state cannot be written: %s", strerror(-err));
}

/* --- the book --------------------------------------------------------------------------------- */

static void write_seen(struct daemon *daemon)
{
	struct daemon_rtt *rtt = &daemon->rtt;
	int err = rtt_seen_write(&daemon->loader->pins, rtt->book, time(NULL));

	if (err && err != rtt->write_err)
		log_warn("round-trip times cannot be written: %s", strerror(-err));
	rtt->write_err = err;
}

static void recall(struct daemon *daemon)
{
	struct rtt_seen *list;
	size_t nr, i;
	int err = rtt_seen_read(&daemon->loader->pins, &list, &nr);

	if (err)
		log_warn("round-trip times of before cannot be read: %s", strerror(-err));
	for (i = 0; !err && i < nr; i++)
		rtt_book_recall(daemon->rtt.book, &list[i].key, &list[i].seen);
	free(list);
}

/* What the rows should be made by. */
static __u64 read_order(const struct daemon *daemon)
{
	struct steer_ranks ranks;
	__u64 fingerprint;

	if (rtt_seen_ranks(&daemon->loader->pins, &ranks))
		return daemon->rtt.wanted;
	fingerprint = steer_ranks_fingerprint(&ranks);
	steer_ranks_free(&ranks);
	return fingerprint;
}

/*
 * The plan's numbers are those of the configuration that it was made of, which is not ours where a
 * reload failed halfway: then nothing is judged until the next one.
 */
static bool is_whole(const struct daemon *daemon)
{
	const struct dns_zones *zones = dns_server_zones(daemon->server);

	return zones && zones->config == daemon->config;
}

void daemon_rtt_use(struct daemon *daemon)
{
	const struct steer_plan *plan =
		is_whole(daemon) ? dns_server_zones(daemon->server)->plan : NULL;
	struct daemon_rtt *rtt = &daemon->rtt;

	if (rtt->is_used && rtt->plan == plan && rtt->config == daemon->config)
		return;
	if (rtt->book)
		write_seen(daemon);
	rtt_book_free(rtt->book);
	rtt->book = NULL;
	rtt->is_used = true;
	rtt->plan = plan;
	rtt->config = daemon->config;
	memset(&rtt->seen, 0, sizeof(rtt->seen));
	rtt_rows_free(&rtt->file);
	if (rtt_book_new(plan, daemon->config, &rtt->book))
		log_warn("round-trip times: out of memory: POPs stay in their order");
	if (rtt->book) {
		recall(daemon);
		rtt->wanted = read_order(daemon);
	} else if (is_whole(daemon)) {
		write_seen(daemon);
	}
	tend_probe(daemon);
}

void daemon_rtt_stop(struct daemon *daemon)
{
	if (daemon->rtt.book && !daemon->detached)
		write_seen(daemon);
	rtt_probe_close(daemon->rtt.probe);
	rtt_book_free(daemon->rtt.book);
	rtt_rows_free(&daemon->rtt.file);
	memset(&daemon->rtt, 0, sizeof(daemon->rtt));
}

/* --- what others measured --------------------------------------------------------------------- */

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* One that cannot be read changes nothing; one that was removed tells nothing any more. */
static void read_file(struct daemon *daemon)
{
	const char *file = daemon->config->rtt.file;
	struct daemon_rtt *rtt = &daemon->rtt;
	struct config_errors errors = {};
	struct rtt_rows rows = {};
	struct stat st = {};
	int err;

	if (!file)
		return;
	if (stat(file, &st))
		memset(&st, 0, sizeof(st));
	if (is_same_file(&st, &rtt->seen))
		return;
	rtt->seen = st;
	err = rtt_rows_read(file, &rows, &errors);
	if (err == -ENOENT)
		log_warn("%s: is not there: nothing is known of other POPs' round-trip times",
			 file);
	config_errors_log(&errors);
	config_errors_free(&errors);
	if (err && err != -ENOENT)
		return;
	rtt_rows_free(&rtt->file);
	rtt->file = rows;
}

static void hear_others(struct daemon *daemon)
{
	struct daemon_rtt *rtt = &daemon->rtt;
	struct rtt_rows rows = {};
	size_t i;
	int err = 0;

	read_file(daemon);
	for (i = 0; i < rtt->file.nr && !err; i++)
		err = rtt_rows_add(&rows, &rtt->file.list[i]);
	err = err ?: daemon_bus_rtt(daemon, &rows);
	if (!err)
		rtt_book_hear(rtt->book, &rows);
	rtt_rows_free(&rows);
}

static void tell_others(struct daemon *daemon, __u64 now_us)
{
	unsigned int hold_s = daemon->config->rtt.hold_s;
	__u64 every_us = (hold_s < TELL_S ? hold_s : TELL_S) * 1000000ull;
	struct daemon_rtt *rtt = &daemon->rtt;
	struct rtt_rows rows = {};

	if (rtt->told_us && now_us - rtt->told_us < every_us)
		return;
	if (!rtt_book_report(rtt->book, time(NULL), &rows) && daemon_bus_tell_rtt(daemon, &rows))
		rtt->told_us = now_us;
	rtt_rows_free(&rows);
}

/* --- judging ---------------------------------------------------------------------------------- */

struct telling {
	const struct config *config;
	size_t nr;
};

static void tell_order(const char *policy, const char *region, const struct rtt_pop *list,
		       size_t nr, void *arg)
{
	struct telling *telling = arg;
	char text[256] = "";
	size_t i, at = 0;

	if (telling->nr++ >= LOGGED_MAX)
		return;
	for (i = 0; i < nr && at < sizeof(text) - 1; i++) {
		at += snprintf(text + at, sizeof(text) - at, "%s%s", i ? ", " : "",
			       config_pop_name(telling->config, list[i].pop));
		if (list[i].samples >= 1 && at < sizeof(text) - 1)
			at += snprintf(text + at, sizeof(text) - at, " (%.1f ms)",
				       list[i].rtt_us / 1000);
	}
	log_info("policy %s, %s%s: by round-trip time the POPs are now %s", policy,
		 *region ? "region " : "default", region, text);
}

static void add_counts(__u32 location, const struct ad_rtt_counts *counts, void *arg)
{
	rtt_book_add(arg, location, counts);
}

/*
 * The tables that answers come from are of another order: they are made anew. That may fail, or
 * have begun before the order changed; then it is asked for again, later.
 */
static void follow_order(struct daemon *daemon, bool is_new)
{
	const struct dns_zones *zones = dns_server_zones(daemon->server);
	struct daemon_rtt *rtt = &daemon->rtt;
	__u64 now_us = clock_mono_us();

	if (is_new)
		rtt->wanted = read_order(daemon);
	if (!zones || !zones->steering || zones->steering->ranked == rtt->wanted)
		return;
	if (!is_new && now_us - rtt->asked_us < ASK_AGAIN_US)
		return;
	rtt->asked_us = now_us;
	daemon_reload_zones(daemon);
}

static void judge(struct daemon *daemon)
{
	struct telling telling = { .config = daemon->config };
	struct daemon_rtt *rtt = &daemon->rtt;
	__u64 now_us = clock_mono_us();
	double passed_s = rtt->judged_us ? (now_us - rtt->judged_us) / 1e6 : 0;
	size_t nr;

	rtt->judged_us = now_us;
	if (rtt->probe)
		rtt_probe_take(rtt->probe, add_counts, rtt->book);
	hear_others(daemon);
	nr = rtt_book_judge(rtt->book, time(NULL), passed_s, tell_order, &telling);
	if (telling.nr > LOGGED_MAX)
		log_info("and %zu rules more; see `anydoor rtt`", telling.nr - LOGGED_MAX);
	write_seen(daemon);
	tell_others(daemon, now_us);
	follow_order(daemon, nr);
}

void daemon_tend_rtt(struct daemon *daemon)
{
	unsigned int every =
		daemon->config->rtt.hold_s < EVERY_S ? daemon->config->rtt.hold_s : EVERY_S;

	if (daemon->rtt.book && daemon->tend.seconds % (every ?: 1) == 0)
		judge(daemon);
}
