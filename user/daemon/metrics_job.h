/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics_job.h: internal to metrics*.c: requests that walk the flow table, slice by slice.
 */
#ifndef AD_METRICS_JOB_H
#define AD_METRICS_JOB_H

#include "metrics_client.h"
#include "metrics_text.h"
#include "user/base/prom.h"
#include "user/config/keys.h"
#include "user/state/pins.h"

#define FLOWS_CONTENT_TYPE "application/x-ndjson"

struct event_base;
struct evbuffer;
struct evhttp;
struct evhttp_request;
struct job;

#define HEALTH_TEXT 320

struct metrics {
	int health_code; /* of /healthz; 0: not looked yet */
	double health_due_s;
	double left_due_s; /* when a drain's flows may be counted again */
	__u64 flows_left;
	char health[HEALTH_TEXT];
	struct event_base *base;
	struct evhttp *http;
	struct clients clients;
	const struct config *config;
	const struct pins *pins;
	struct metrics_daemon daemon;
	char token[TOKEN_MAX + 1]; /* empty: nobody may see flows */

	struct pins_occupancy occupancy; /* as last counted */
	double count_due_s;		 /* when it is to be counted again; CLOCK_MONOTONIC */
	double walk_due_s;		 /* when the next walk for flows may start */

	struct job *jobs;
	unsigned int nr_jobs[3]; /* by enum job_kind */
};

enum job_kind {
	JOB_COUNT,  /* of entries by kind, then /metrics */
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
void metrics_serve_counted(struct metrics *metrics, struct evhttp_request *request);
void metrics_reply(struct evhttp_request *request, int code, const char *type,
		   struct evbuffer *body);
void metrics_reply_text(struct evhttp_request *request, int code, const char *text);
void metrics_reply_busy(struct evhttp_request *request, int code, const char *text);

#endif
