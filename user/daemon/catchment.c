// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * catchment.c: the catchment, kept by the daemon (catchment.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "catchment.h"
#include "control.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/bgp/record.h"
#include "user/catchment/catch_keep.h"
#include "user/catchment/catch_read.h"
#include "user/steer/policy.h"
#include "worker.h"

#define READ_EVERY_S 10 /* so seldom that a map for each of 32768 prefixes is large enough */
#define DRAIN_READ_S 5	/* likewise, while this node drains */
#define SENDS_S	     10 /* who was silent for longer does not send any more */
#define LOGGED_MAX   20 /* changes of one window */

/* A change, as it is to be told in the loop. */
struct news {
	enum catch_by by;
	struct catch_change change;
	char name[CATCH_NAME];
};

struct catchment {
	struct worker_job job;
	struct worker *worker;
	bool is_busy;
	void (*tell)(struct catch_view *view, const struct catchment_changes *changes, void *arg);
	void *arg;
	const struct steer_plan *plan;
	__u64 fingerprint; /* of its places */
	bool is_elsewhere; /* they are others than before */
	double due_s;
	int told_err, told_keep_err;
	char path[RECORD_PATH_MAX]; /* of what outlives us; empty: nothing does */
	struct catchment_changes changes;
	struct catch_view *view; /* the newest, or NULL */
	struct catch_view *senders;

	/* Of the job that is under way; nobody else touches it meanwhile. */
	struct catch_book book;
	const struct config *config;
	const struct places *places;
	struct pins pins;
	__u64 kept_of; /* fingerprint of @places */
	bool is_draining, restarts, has_begun;
	int result, keep_result;
	struct catch_view *made, *made_senders;
	struct news news[LOGGED_MAX];
	size_t nr_news; /* may be more than there is room for */
};

static double now_s(void)
{
	return clock_mono_us() / 1e6;
}

/* --- on the worker's thread ------------------------------------------------------------------- */

static void note(enum catch_by by, const struct catch_change *change, void *arg)
{
	struct catchment *catchment = arg;
	struct news *news = &catchment->news[catchment->nr_news];

	if (change->turn == CATCH_MOVED)
		catchment->changes.moved[by][change->kind]++;
	if (catchment->nr_news++ >= LOGGED_MAX)
		return;
	*news = (struct news){ .by = by, .change = *change };
	snprintf(news->name, sizeof(news->name), "%s", change->name);
}

static struct catch_rules rules_of(const struct config *config)
{
	return (struct catch_rules){ .samples = config->catchment_samples,
				     .memory_s = config->catchment_memory_s };
}

/*
 * The first look: what was counted while nobody looked is of no window. What the daemon before us
 * knew of other places, or long ago, says nothing; it is no error, nor is a file that is not there.
 */
static void begin(struct catchment *catchment)
{
	const struct catch_rules rules = rules_of(catchment->config);
	struct catch_book *book = &catchment->book;
	json_t *kept = *catchment->path ? record_read(catchment->path) : NULL;

	catchment->has_begun = true;
	catch_read_counts(&catchment->pins, catchment->places, book);
	catch_book_begin(book, now_s());
	if (kept)
		catch_keep_read(kept, catchment->kept_of, time(NULL), &rules, book);
	json_decref(kept);
}

static void keep(struct catchment *catchment)
{
	json_t *json = catch_keep_write(&catchment->book, catchment->kept_of, time(NULL));

	if (*catchment->path)
		catchment->keep_result = record_save(catchment->path, 0600, json);
	else
		json_decref(json);
}

static void close_window(struct catchment *catchment)
{
	const struct catch_rules rules = rules_of(catchment->config);

	/* Without them the window is as good, but for one column. */
	catch_read_times(&catchment->pins, catchment->places, &catchment->book);
	catch_book_close(&catchment->book, catchment->places, &rules, now_s(),
			 catchment->is_draining, &catchment->made, note, catchment);
	keep(catchment);
}

static void look_for_senders(struct catchment *catchment)
{
	const double now = now_s();
	struct catch_book book;

	/* Of one second: so a rate is a number. */
	if (catch_book_init(&book, now - 1))
		return;
	if (!catch_read_senders(&catchment->pins, catchment->places, SENDS_S, &book))
		catchment->made_senders = catch_book_look(&book, catchment->places, now);
	catch_book_free(&book);
}

static void work(struct worker_job *job)
{
	struct catchment *catchment = (struct catchment *)job;
	struct catch_book *book = &catchment->book;

	if (catchment->restarts)
		catch_book_restart(book, now_s());
	if (!catchment->has_begun)
		begin(catchment);
	catchment->result = catch_read_counts(&catchment->pins, catchment->places, book);
	if (now_s() - book->began_s >= catchment->config->catchment_window_s - 0.5)
		close_window(catchment);
	else if (!catchment->view || !catchment->view->is_whole)
		catchment->made = catch_book_look(book, catchment->places, now_s());
	if (catchment->is_draining)
		look_for_senders(catchment);
}

/* --- in the loop ------------------------------------------------------------------------------ */

/* "region asia", "AS64500" */
static const char *of_what(const struct news *news)
{
	return news->by == CATCH_BY_REGION ? "region " : "";
}

static void log_news(const struct news *news)
{
	const struct catch_change *change = &news->change;
	const char *kind = catch_kind_name(change->kind);
	double before = 100 * change->before, now = 100 * change->now;

	if (change->turn == CATCH_MOVED)
		log_warn("catchment: %s%s: %.1f %% of %s land here, before it was %.1f %% (%.2f "
			 "and %.2f a second): a route leak, a flap or a lost session?",
			 of_what(news), news->name, now, kind, before, change->rate,
			 change->before_rate);
	else
		log_info("catchment: %s%s: %.1f %% of %s land here, %s (%.1f %%)", of_what(news),
			 news->name, now, kind,
			 change->turn == CATCH_BACK ? "about as before it moved"
						    : "for so long that this is normal now; before",
			 before);
}

static void log_all(struct catchment *catchment)
{
	size_t i;

	for (i = 0; i < catchment->nr_news && i < LOGGED_MAX; i++)
		log_news(&catchment->news[i]);
	if (catchment->nr_news > LOGGED_MAX)
		log_warn("catchment: %zu more changes; see `anydoor catchment`",
			 catchment->nr_news - LOGGED_MAX);
	catchment->nr_news = 0;
}

static void done(struct worker_job *job, bool ran)
{
	struct catchment *catchment = (struct catchment *)job;
	int err = ran ? catchment->result : 0;

	catchment->is_busy = false;
	/* -ENOENT: detached meanwhile */
	if (err && err != -ENOENT && err != catchment->told_err)
		log_warn("catchment: what was counted cannot be read: %s", strerror(-err));
	catchment->told_err = err;
	err = catchment->keep_result;
	if (err && err != catchment->told_keep_err)
		log_warn("%s: what is known of the catchment cannot be kept: %s", catchment->path,
			 strerror(-err));
	catchment->told_keep_err = err;
	if (ran)
		log_all(catchment);
	catch_view_drop(catchment->senders);
	catchment->senders = catchment->made_senders;
	catchment->made_senders = NULL;
	if (!catchment->made)
		return;
	catch_view_drop(catchment->view);
	catchment->view = catchment->made;
	catchment->made = NULL;
	if (ran)
		catchment->tell(catchment->view, &catchment->changes, catchment->arg);
}

int catchment_new(struct worker *worker, const char *run_dir, const char *instance,
		  void (*tell)(struct catch_view *view, const struct catchment_changes *changes,
			       void *arg),
		  void *arg, struct catchment **out)
{
	struct catchment *catchment = calloc(1, sizeof(*catchment));

	if (!catchment || catch_book_init(&catchment->book, now_s())) {
		free(catchment);
		return -ENOMEM;
	}
	catchment->job = (struct worker_job){ .work = work, .done = done };
	catchment->worker = worker;
	catchment->tell = tell;
	catchment->arg = arg;
	if (snprintf(catchment->path, sizeof(catchment->path), "%s/%s/catchment.json", run_dir,
		     instance) >= (int)sizeof(catchment->path))
		*catchment->path = '\0';
	*out = catchment;
	return 0;
}

void catchment_free(struct catchment *catchment)
{
	if (!catchment)
		return;
	catch_view_drop(catchment->view);
	catch_view_drop(catchment->senders);
	catch_book_free(&catchment->book);
	free(catchment);
}

void catchment_use_plan(struct catchment *catchment, const struct steer_plan *plan)
{
	__u64 now;

	if (!catchment)
		return;
	catchment->plan = plan;
	/* A zone that was read again brings a plan that says the same. */
	now = plan ? plan->places->fingerprint : 0;
	catchment->is_elsewhere = catchment->is_elsewhere || now != catchment->fingerprint;
	catchment->fingerprint = now;
}

void catchment_tend(struct catchment *catchment, const struct config *config,
		    const struct pins *pins, bool is_draining)
{
	double every_s = is_draining ? DRAIN_READ_S : READ_EVERY_S, now = now_s();
	bool begins = is_draining && !catchment->is_draining;

	if (catchment->is_busy || (now < catchment->due_s && !begins))
		return;
	if (config->catchment_window_s < every_s)
		every_s = config->catchment_window_s;
	catchment->due_s = now + every_s - 0.5;
	catchment->is_busy = true;
	catchment->config = config;
	catchment->places = catchment->plan ? catchment->plan->places : NULL;
	catchment->pins = *pins;
	catchment->is_draining = is_draining;
	catchment->kept_of = catchment->fingerprint;
	catchment->restarts = catchment->is_elsewhere;
	catchment->is_elsewhere = false;
	worker_queue(catchment->worker, &catchment->job);
}

const struct catch_view *catchment_senders(const struct catchment *catchment)
{
	return catchment->senders;
}

json_t *catchment_reply(const struct catchment *catchment, const json_t *args)
{
	const char *name = json_string_value(json_object_get(args, "by"));
	json_int_t top = json_integer_value(json_object_get(args, "top"));
	enum catch_by by;

	for (by = 0; by < CATCH_BYS; by++)
		if (name && !strcmp(name, catch_by_name(by)))
			break;
	if (by == CATCH_BYS || top < 1 || top > CATCH_LINES_MAX)
		return control_refuse("by region, asn or prefix, and 1 to 1000 rows");
	if (!catchment->view)
		return control_refuse("nothing was read yet");
	return json_pack("{s:b, s:o}", "ok", 1, "catchment",
			 catch_view_json(catchment->view, by, top));
}

json_t *catchment_suspects(const struct catchment *catchment)
{
	if (!catchment->view)
		return control_refuse("nothing was read yet");
	return json_pack("{s:b, s:o}", "ok", 1, "suspects", catch_suspects_json(catchment->view));
}
