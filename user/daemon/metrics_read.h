/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics_read.h: internal to metrics*.c: pages that the whole instance must be read for. Ten
 * thousand zones or fifteen thousand nodes take a tenth of a second to read and to write down, so
 * both are done on a thread of their own, once for all who wait.
 */
#ifndef AD_METRICS_READ_H
#define AD_METRICS_READ_H

#include <stdbool.h>
#include <sys/queue.h>

struct evhttp_request;
struct metrics;
struct reading;
struct waiter;
TAILQ_HEAD(waiters, waiter);

/* What is made of one reading. */
enum read_kind {
	READ_HEALTH,  /* /healthz; of this there is always something */
	READ_METRICS, /* /metrics */
	READ_OPEN,    /* the same as OpenMetrics */
	READ_FLEET,   /* /fleet */
	READ_KINDS
};

/* Answers @request when the instance was read. */
void reading_ask(struct metrics *metrics, struct evhttp_request *request, enum read_kind kind);
/* The configuration is another one: what is being read with the old one is read again. */
void reading_use_config(struct metrics *metrics);
/* At the end, when no connection is left, and no worker. */
void reading_free_all(struct metrics *metrics);

#endif
