// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * metrics_job.c: walks over all flows on behalf of HTTP requests.
 *
 * There may be millions of them, and the loop that runs here also answers DNS. So a job
 * works for SLICE_S, rests as long, and so on; a stream works only when its client has taken what
 * was sent. How many run at once and how soon the next may start is bounded, memory is per job.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include "metrics_job.h"
#include "user/flows/flow_text.h"
#include "user/flows/flow_top.h"
#include "user/flows/flow_walk.h"

#define SLICE_S	      0.002
#define STREAM_BYTES  (64 << 10) /* of a chunk */
#define WALK_SHARE    4
#define WALK_REST_MAX 5.0 /* seconds */

static const unsigned int job_max[] = { [JOB_TOP] = 2, [JOB_STREAM] = 2 };

struct job {
	struct job *next;
	struct metrics *metrics;
	enum job_kind kind;
	struct evhttp_request *request;
	struct event *timer;
	struct flow_walk *walk;
	struct names names;
	double worked_s;

	struct flow_top top;	/* JOB_TOP */
	struct evbuffer *chunk; /* JOB_STREAM */
	bool has_status;	/* likewise: the status line is gone */
};

/* --- life ------------------------------------------------------------------------------------ */

static void job_free(struct job *job)
{
	struct job **link = &job->metrics->jobs;

	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
	job->metrics->nr_jobs[job->kind]--;
	if (job->timer)
		event_free(job->timer);
	if (job->chunk)
		evbuffer_free(job->chunk);
	flow_top_free(&job->top);
	flow_walk_close(job->walk);
	names_close(&job->names);
	free(job);
}

void jobs_free(struct metrics *metrics)
{
	while (metrics->jobs)
		job_free(metrics->jobs);
}

static void on_close(struct evhttp_connection *connection, void *arg)
{
	struct job *job = arg;

	metrics_disown(job->request);
	job_free(job);
}

/* Takes the request back from a job that is about to end. */
static struct evhttp_request *job_release(struct job *job)
{
	metrics_release(job->request);
	return job->request;
}

void jobs_use_config(struct metrics *metrics)
{
	for (struct job *job = metrics->jobs; job; job = job->next) {
		__u32 now_s = job->names.now_s;

		names_close(&job->names);
		if (names_open(&job->names, metrics->config, metrics->pins))
			names_close(&job->names);
		job->names.now_s = now_s;
	}
}

/* --- ends ------------------------------------------------------------------------------------ */

static void note_cost(struct job *job)
{
	struct metrics *metrics = job->metrics;
	double rest_s = job->worked_s * WALK_SHARE, now_s = metrics_now_s();

	metrics->walk_due_s = now_s + (rest_s < WALK_REST_MAX ? rest_s : WALK_REST_MAX);
}

static void finish_top(struct job *job)
{
	struct evhttp_request *request = job_release(job);
	struct evbuffer *body = evbuffer_new();

	flow_top_finish(&job->top);
	flow_top_unique(&job->top);
	if (body && !metrics_write_flows(body, &job->names, &job->top))
		metrics_reply(request, 200, PROM_CONTENT_TYPE, body);
	else
		metrics_reply_text(request, 503, "no memory");
	if (body)
		evbuffer_free(body);
	job_free(job);
}

static void finish_stream(struct job *job)
{
	struct evhttp_request *request = job_release(job);

	job_free(job);
	evhttp_send_reply_end(request);
}

static void job_finish(struct job *job)
{
	static void (*const finish[])(struct job *) = {
		[JOB_TOP] = finish_top,
		[JOB_STREAM] = finish_stream,
	};

	note_cost(job);
	finish[job->kind](job);
}

/* The table went away or changed its shape under the walk. */
static void job_fail(struct job *job)
{
	struct evhttp_request *request = job_release(job);
	bool has_status = job->has_status;

	job_free(job);
	/* A stream without its last chunk is known to be incomplete. */
	if (has_status)
		evhttp_connection_free(evhttp_request_get_connection(request));
	else
		metrics_reply_text(request, 503, "not loaded");
}

/* --- work ------------------------------------------------------------------------------------ */

static void add_line(struct job *job, const struct flow_row *row)
{
	char text[FLOW_JSON_TEXT];
	size_t len = flow_json(row, &job->names, text);

	text[len++] = '\n';
	evbuffer_add(job->chunk, text, len);
}

static int take_row(const struct flow_row *row, void *arg)
{
	struct job *job = arg;

	if (!row->tcp.known && flow_is_over(&row->flow, &job->names))
		return 0;
	if (job->kind == JOB_TOP)
		flow_top_offer(&job->top, row);
	else
		add_line(job, row);
	return 0;
}

static bool job_is_full(const struct job *job)
{
	return job->kind == JOB_STREAM && evbuffer_get_length(job->chunk) >= STREAM_BYTES;
}

/* Works until the slice is over, the chunk is full (both 0), or flow_walk_step() says so. */
static int job_work(struct job *job)
{
	double start_s = metrics_now_s(), spent_s = 0;
	int err = 0;

	while (!err && spent_s < SLICE_S && !job_is_full(job)) {
		err = flow_walk_step(job->walk, take_row, job);
		spent_s = metrics_now_s() - start_s;
	}
	job->worked_s += spent_s;
	return err;
}

static void rest(struct job *job, double seconds)
{
	struct timeval pause = { .tv_usec = seconds * 1e6 };

	event_add(job->timer, &pause);
}

static void on_chunk_taken(struct evhttp_connection *connection, void *arg)
{
	rest(arg, 0);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct job *job = arg;
	int err = job_work(job);

	clients_alive(&job->metrics->clients, job->request);
	if (err && err != -ENOENT) {
		job_fail(job);
		return;
	}
	if (job->kind == JOB_STREAM && evbuffer_get_length(job->chunk)) {
		/* The end, if this is it, is met again when the client has taken the chunk. */
		evhttp_send_reply_chunk_with_cb(job->request, job->chunk, on_chunk_taken, job);
		return;
	}
	if (err == -ENOENT)
		job_finish(job);
	else
		rest(job, SLICE_S);
}

static int job_open(struct job *job, unsigned int top)
{
	struct metrics *metrics = job->metrics;
	int err = names_open(&job->names, metrics->config, metrics->pins);

	err = err ?: flow_walk_open(metrics->pins, &job->names, &job->walk);
	if (!err && job->kind == JOB_TOP)
		err = flow_top_init(&job->top, FLOW_SORT_BYTES, top);
	if (!err && job->kind == JOB_STREAM) {
		job->chunk = evbuffer_new();
		err = job->chunk ? 0 : -ENOMEM;
	}
	job->timer = event_new(metrics->base, -1, 0, on_timer, job);
	return err ?: job->timer ? 0 : -ENOMEM;
}

static struct job *job_new(struct metrics *metrics, struct evhttp_request *request,
			   enum job_kind kind)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->metrics = metrics;
	job->kind = kind;
	job->request = request;
	job->next = metrics->jobs;
	metrics->jobs = job;
	metrics->nr_jobs[kind]++;
	return job;
}

void job_start(struct metrics *metrics, struct evhttp_request *request, enum job_kind kind,
	       unsigned int top)
{
	struct job *job;

	if (metrics->nr_jobs[kind] >= job_max[kind]) {
		metrics_reply_busy(request, 503, "too many at once");
		return;
	}
	if (metrics_now_s() < metrics->walk_due_s) {
		metrics_reply_busy(request, 429, "too soon after the last one");
		return;
	}
	job = job_new(metrics, request, kind);
	if (!job) {
		metrics_reply_text(request, 503, "no memory");
		return;
	}
	if (job_open(job, top)) {
		job_fail(job);
		return;
	}
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_close, job);
	if (kind == JOB_STREAM) {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
				  FLOWS_CONTENT_TYPE);
		evhttp_send_reply_start(request, 200, NULL);
		job->has_status = true;
	}
	/* Not from in here: a job that ends at once would free the connection under libevent's
	 * feet. */
	rest(job, 0);
}
