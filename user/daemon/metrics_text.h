/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics_text.h: what is read, as metrics. Pure: it reads no map and sends nothing.
 */
#ifndef AD_METRICS_TEXT_H
#define AD_METRICS_TEXT_H

#include "catchment.h"
#include "metrics_cost.h"
#include "user/flows/flow_top.h"
#include "user/status/status.h"

struct evbuffer;
struct steer_plan;

/* What only the daemon knows. */
struct metrics_daemon {
	__u64 reloads[AD_RELOAD_END_NR];
	bool last_ok;
	double last_ok_real_s;	       /* 0 = never */
	const struct steer_plan *plan; /* NULL: nothing is steered */
	double load; /* of this node's part of its POP's capacity; < 0: none is known */
	struct catch_view *catchment; /* NULL: nothing was read yet */
	struct catchment_changes changes;
	struct cost cost;
	double took_s; /* of the last attempt to load; 0: none has ended */
};

/*
 * Adds a page to @out, as OpenMetrics or in Prometheus' own format. @status NULL: the data path is
 * not loaded; what the daemon knows remains. 0 or -ENOMEM.
 */
int metrics_write(struct evbuffer *out, const struct view *view, const struct status *status,
		  const struct metrics_daemon *daemon);
int metrics_write_open(struct evbuffer *out, const struct view *view, const struct status *status,
		       const struct metrics_daemon *daemon);
int metrics_write_flows(struct evbuffer *out, const struct names *names,
			const struct flow_top *top);

/* One metric of these pages, as it is documented. */
struct metric {
	const char *name; /* behind prom_prefix() */
	const char *type; /* "counter" or "gauge" */
	char labels[64];  /* "by, transport, rcode"; "" without any */
	const char *help;
};
/* Every one, in the order of the pages. */
void metrics_each(void (*told)(const struct metric *metric, void *arg), void *arg);

#endif
