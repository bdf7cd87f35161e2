// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * metrics_read.c: the instance is read, and its page written, on the reader's thread
 * (metrics_read.h). The thread has copies of what the loop may change, and borrows the
 * configuration.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include "metrics_job.h"
#include "metrics_read.h"
#include "overview.h"
#include "user/base/gzip.h"

#define COUNT_SHARE 100 /* each count takes at most one part in so many of the time */

/* A request that waits. */
struct waiter {
	TAILQ_ENTRY(waiter) entry;
	struct metrics *metrics;
	struct evhttp_request *request;
	const struct reading *reading; /* what will answer it; NULL: the next one */
	enum read_kind kind;
	bool takes_gzip;
};

struct reading {
	struct worker_job job;
	struct metrics *metrics;
	bool is_stale; /* begun with a configuration that is no longer in force */

	/* As it was when it began. */
	const struct config *config;
	struct pins pins;
	struct metrics_daemon daemon;
	struct counted counted; /* and as it is when it ends */
	bool wants[READ_KINDS], wants_gzip[READ_KINDS];

	struct evbuffer *pages[READ_KINDS]; /* NULL: it is not wanted, or could not be written */
	struct evbuffer *gzips[READ_KINDS]; /* the same, compressed */
	struct health health;
};

/* --- on the reader's thread ------------------------------------------------------------------- */

/* A view for one reading: 0, then names_close(); -ENOENT: nothing is loaded. */
static int open_view(const struct reading *reading, struct view *view)
{
	int err;

	*view = (struct view){ .config = reading->config, .pins = reading->pins };
	err = pins_read_meta(&view->pins, &view->meta);
	if (!err && view->meta.abi != AD_ABI_VERSION)
		err = -EPROTO;
	return err ?: names_open(&view->names, view->config, &view->pins);
}

/* When what was begun at @began_s, and has just ended, may be done again. */
static double due_s(double began_s)
{
	return began_s + COUNT_SHARE * (metrics_now_s() - began_s);
}

static void count_flows(struct counted *counted, const struct view *view)
{
	double began_s = metrics_now_s();

	if (began_s < counted->flows_due_s)
		return;
	if (pins_read_occupancy(&view->pins, names_idle_s(&view->names), &counted->flows))
		memset(&counted->flows, 0, sizeof(counted->flows));
	counted->flows_due_s = due_s(began_s);
}

static void count_ours(struct counted *counted, const struct view *view, struct status *status)
{
	double began_s = metrics_now_s();

	if (began_s < counted->ours_due_s || status_read_ours(view, status))
		return;
	counted->ours = status->ours;
	counted->ours_due_s = due_s(began_s);
}

static int add_dumped(const char *bytes, size_t len, void *arg)
{
	return evbuffer_add(arg, bytes, len);
}

static int write_fleet(struct evbuffer *out, const struct view *view, const struct status *status,
		       const struct metrics_daemon *daemon)
{
	json_t *json = overview_json(view, status, daemon);
	int err = json ? json_dump_callback(json, add_dumped, out, JSON_COMPACT) : -ENOMEM;

	json_decref(json);
	return err;
}

/* How each is written; NULL: it is none of the pages. */
static const struct {
	int (*write)(struct evbuffer *out, const struct view *view, const struct status *status,
		     const struct metrics_daemon *daemon);
	const char *type;
} kinds[READ_KINDS] = {
	[READ_METRICS] = { metrics_write, PROM_CONTENT_TYPE },
	[READ_OPEN] = { metrics_write_open, PROM_OPEN_TYPE },
	[READ_FLEET] = { write_fleet, "application/json" },
};

/* @status NULL: nothing is loaded. */
static void write_pages(struct reading *reading, const struct view *view,
			const struct status *status)
{
	for (enum read_kind kind = 0; kind < READ_KINDS; kind++) {
		bool is_wanted = reading->wants[kind] && kinds[kind].write;
		struct evbuffer *page = is_wanted ? evbuffer_new() : NULL;

		if (page && kinds[kind].write(page, view, status, &reading->daemon)) {
			evbuffer_free(page);
			page = NULL;
		}
		reading->pages[kind] = page;
		if (page && reading->wants_gzip[kind])
			reading->gzips[kind] = gzip_of(page);
	}
}

static bool wants_pages(const struct reading *reading)
{
	return reading->wants[READ_METRICS] || reading->wants[READ_OPEN] ||
	       reading->wants[READ_FLEET];
}

static void write_loaded(struct reading *reading, const struct view *view, struct status *status)
{
	struct counted *counted = &reading->counted;

	count_flows(counted, view);
	status->flows = counted->flows;
	count_ours(counted, view, status);
	status->ours = counted->ours;
	write_pages(reading, view, status);
}

/* Fit to serve or not, and the first reason. What the whole fleet may have is no reason. */
static void judge_health(struct health *health, const struct status *status)
{
	health->code = status->unfit ? 503 : 200;
	if (status->unfit)
		snprintf(health->text, sizeof(health->text), "%s",
			 status->warnings[status->unfit - 1]);
	else if (status->nr_warnings)
		snprintf(health->text, sizeof(health->text),
			 "degraded: %zu warnings, see anydoor status", status->nr_warnings);
	else
		snprintf(health->text, sizeof(health->text), "%s",
			 status->state.flags & AD_STATE_DRAINING ? "draining" : "ok");
}

static void read_status(struct reading *reading, const struct view *view)
{
	struct status status;
	const char *what;

	if (status_read_counters(view, &status, &what)) {
		snprintf(reading->health.text, sizeof(reading->health.text), "%s cannot be read",
			 what);
		return;
	}
	judge_health(&reading->health, &status);
	if (wants_pages(reading))
		write_loaded(reading, view, &status);
	status_free(&status);
}

static void work_read(struct worker_job *job)
{
	struct reading *reading = (struct reading *)job;
	struct view view;
	int err = open_view(reading, &view);

	cost_read(&reading->pins, &reading->daemon.cost);
	reading->health = (struct health){ .code = 503, .text = "not loaded" };
	if (!err)
		read_status(reading, &view);
	else if (err == -ENOENT)
		write_pages(reading, &view, NULL);
	names_close(&view.names);
}

/* --- in the loop ------------------------------------------------------------------------------ */

static void waiter_free(struct waiter *waiter)
{
	TAILQ_REMOVE(&waiter->metrics->waiters, waiter, entry);
	free(waiter);
}

static void on_close(struct evhttp_connection *connection, void *arg)
{
	struct waiter *waiter = arg;

	metrics_disown(waiter->request);
	waiter_free(waiter);
}

static void reply_body(struct evhttp_request *request, struct evbuffer *body, const char *type,
		       bool is_gzip)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	evhttp_add_header(headers, "Vary", "Accept, Accept-Encoding");
	if (is_gzip)
		evhttp_add_header(headers, "Content-Encoding", "gzip");
	metrics_reply(request, 200, type, body);
}

/* Of several who wait for the same page each has a reference to it. */
static void reply_page(struct evhttp_request *request, struct evbuffer *page, const char *type,
		       bool is_gzip)
{
	struct evbuffer *body = page ? evbuffer_new() : NULL;

	/* No page is better than one that says nothing is loaded when reading it failed. */
	if (!body || evbuffer_add_buffer_reference(body, page))
		metrics_reply_text(request, 503, "the data path cannot be read");
	else
		reply_body(request, body, type, is_gzip);
	if (body)
		evbuffer_free(body);
}

static void answer(struct waiter *waiter, const struct reading *reading)
{
	struct evhttp_request *request = waiter->request;
	struct metrics *metrics = waiter->metrics;
	enum read_kind kind = waiter->kind;
	struct evbuffer *gzip = waiter->takes_gzip ? reading->gzips[kind] : NULL;

	metrics_release(request);
	waiter_free(waiter);
	clients_alive(&metrics->clients, request);
	if (kinds[kind].write)
		reply_page(request, gzip ?: reading->pages[kind], kinds[kind].type, gzip != NULL);
	else
		metrics_reply_text(request, metrics->health.code, metrics->health.text);
}

static void reading_free(struct reading *reading)
{
	for (enum read_kind kind = 0; kind < READ_KINDS; kind++) {
		if (reading->pages[kind])
			evbuffer_free(reading->pages[kind]);
		if (reading->gzips[kind])
			evbuffer_free(reading->gzips[kind]);
	}
	catch_view_drop(reading->daemon.catchment);
	free(reading);
}

static void keep(struct metrics *metrics, const struct reading *reading)
{
	metrics->health = reading->health;
	metrics->health_due_s = metrics_now_s() + 1;
	metrics->counted = reading->counted;
}

static void begin(struct metrics *metrics);

static void on_read(struct worker_job *job, bool ran)
{
	struct reading *reading = (struct reading *)job;
	struct metrics *metrics = reading->metrics;
	struct waiter *waiter, *next;
	bool is_good = ran && !reading->is_stale;

	metrics->reading = NULL;
	if (is_good)
		keep(metrics, reading);
	for (waiter = TAILQ_FIRST(&metrics->waiters); waiter; waiter = next) {
		next = TAILQ_NEXT(waiter, entry);
		if (is_good && waiter->reading == reading)
			answer(waiter, reading);
		else
			waiter->reading = NULL;
	}
	reading_free(reading);
	if (ran && !TAILQ_EMPTY(&metrics->waiters))
		begin(metrics);
}

static void refuse_all(struct metrics *metrics)
{
	struct evhttp_request *request;
	struct waiter *waiter;

	while ((waiter = TAILQ_FIRST(&metrics->waiters))) {
		request = waiter->request;
		metrics_release(request);
		waiter_free(waiter);
		metrics_reply_text(request, 503, "no memory");
	}
}

/* For all who wait. */
static void begin(struct metrics *metrics)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	struct waiter *waiter;

	if (!reading) {
		refuse_all(metrics);
		return;
	}
	reading->job = (struct worker_job){ .work = work_read, .done = on_read };
	reading->metrics = metrics;
	reading->config = metrics->config;
	reading->pins = *metrics->pins;
	reading->daemon = metrics->daemon;
	catch_view_hold(reading->daemon.catchment);
	reading->counted = metrics->counted;
	for (waiter = TAILQ_FIRST(&metrics->waiters); waiter; waiter = TAILQ_NEXT(waiter, entry)) {
		waiter->reading = reading;
		reading->wants[waiter->kind] = true;
		reading->wants_gzip[waiter->kind] |= waiter->takes_gzip;
	}
	metrics->reading = reading;
	worker_queue(metrics->reader, &reading->job);
}

static bool takes_gzip(struct evhttp_request *request)
{
	const char *said =
		evhttp_find_header(evhttp_request_get_input_headers(request), "Accept-Encoding");
	const char *at = said ? strstr(said, "gzip") : NULL;

	return at && strncmp(at, "gzip;q=0", strlen("gzip;q=0"));
}

void reading_ask(struct metrics *metrics, struct evhttp_request *request, enum read_kind kind)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));

	if (!waiter) {
		metrics_reply_text(request, 503, "no memory");
		return;
	}
	waiter->metrics = metrics;
	waiter->request = request;
	waiter->kind = kind;
	waiter->takes_gzip = takes_gzip(request);
	TAILQ_INSERT_TAIL(&metrics->waiters, waiter, entry);
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_close, waiter);
	if (!metrics->reading)
		begin(metrics);
}

void reading_use_config(struct metrics *metrics)
{
	if (metrics->reading)
		metrics->reading->is_stale = true;
}

void reading_free_all(struct metrics *metrics)
{
	while (!TAILQ_EMPTY(&metrics->waiters))
		waiter_free(TAILQ_FIRST(&metrics->waiters));
}
