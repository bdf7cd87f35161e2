/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics_job.h: internal to metrics*.c: requests that walk the flow table, slice by slice.
 */
#ifndef AD_METRICS_JOB_H
#define AD_METRICS_JOB_H

#include "metrics_client.h"
#include "metrics_read.h"
#include "metrics_text.h"
#include "user/base/prom.h"
#include "user/config/keys.h"
#include "user/state/pins.h"
#include "worker.h"

#define FLOWS_CONTENT_TYPE "application/x-ndjson"

struct event_base;
struct evbuffer;
struct evhttp;
struct evhttp_request;
struct job;

#define HEALTH_TEXT 320

/* Of /healthz. */
struct health {
	int code; /* 0: not looked yet */
	char text[HEALTH_TEXT];
};

/* What takes a walk over the flow table, or over all sockets, and therefore is not always new. */
struct counted {
	struct pins_occupancy flows;
	__u64 ours;			/* connections that live here */
	double flows_due_s, ours_due_s; /* when they may be counted again; CLOCK_MONOTONIC */
};

struct metrics {
	struct health health;
	double health_due_s;
	struct counted counted;
	struct worker *reader;
	struct reading *reading; /* under way, or NULL */
	struct waiters waiters;
	struct event_base *base;
	struct evhttp *http;
	struct clients clients;
	const struct config *config;
	const struct pins *pins;
	struct metrics_daemon daemon;
	char token[TOKEN_MAX + 1]; /* empty: nobody may see flows */

	double walk_due_s; /* when the next walk for flows may start */
	struct job *jobs;
	unsigned int nr_jobs[2]; /* by enum job_kind */
};

enum job_kind {
	JOB_TOP,    /* /metrics/flows */
	JOB_STREAM, /* /flows */
};

/* Answers @request, now or later. */
void job_start(struct metrics *metrics, struct evhttp_request *request, enum job_kind kind,
	       unsigned int top);
/* Jobs that are under way go on with the names of metrics->config. */
void jobs_use_config(struct metrics *metrics);
/* At the end, when no connection is left that would end them. */
void jobs_free(struct metrics *metrics);

double metrics_now_s(void);
/* Takes @request back from a callback that is told when its client goes: it will be answered. */
void metrics_release(struct evhttp_request *request);
/* For that callback: nobody will answer. */
void metrics_disown(struct evhttp_request *request);
void metrics_reply(struct evhttp_request *request, int code, const char *type,
		   struct evbuffer *body);
void metrics_reply_text(struct evhttp_request *request, int code, const char *text);
void metrics_reply_busy(struct evhttp_request *request, int code, const char *text);

#endif
