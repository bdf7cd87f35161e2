/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.h: the HTTP side of the daemon, for Prometheus and for people with curl.
 *
 *   /                    the fleet at a glance, for browsers; else a list of these
 *   /fleet               the same as JSON
 *   /metrics             the counters, as text format 0.0.4
 *   /metrics/flows?top=N the N heaviest flows as metrics (default 20, at most 1000)
 *   /flows               every live flow as one JSON object per line, streamed
 *   /healthz             200 while this node is fit to serve, else 503 and why (status.h, unfit)
 *
 * Flows name clients: those two pages are only for who sends the token of `metrics.token`. Without
 * it a request must name this node as its Host, so that a stranger's web page cannot ask.
 *
 * Reads through the pins only, so that what it serves is what the kernel does, whoever loaded it.
 */
#ifndef AD_METRICS_H
#define AD_METRICS_H

#include <stdbool.h>
#include "maps/types.h"

struct catch_view;
struct catchment_changes;
struct config;
struct config_errors;
struct event_base;
struct metrics;
struct steer_plan;
struct pins;
struct worker;

/* Whether the files that a configuration names for us are good: 0, or -errno with a line. */
int metrics_check(const struct config *config, struct config_errors *errors);
/*
 * Listens on config->metrics.address; with metrics off, 0 and *metrics is NULL, which all
 * functions here accept. 0 or -errno, logged with the address. @config and @pins stay the
 * caller's and must live until metrics_free() or the next metrics_use(). @reader reads the instance
 * and does nothing that takes long beside: pages wait for it. It borrows @config, so after
 * metrics_use() the old one must live until @reader has done what it has to do by then; and it must
 * be freed before metrics_free().
 */
int metrics_new(struct event_base *base, const struct config *config, const struct pins *pins,
		struct worker *reader, struct metrics **metrics);
/* After a reload: the new configuration. Does not move the socket. */
void metrics_use(struct metrics *metrics, const struct config *config);
/* The plan of the zones that are live, or NULL. It is borrowed by @reader as @config is. */
void metrics_use_plan(struct metrics *metrics, const struct steer_plan *plan);
/* Connections of this node, as a part of its share of its POP's capacity; < 0: none is stated. */
void metrics_use_load(struct metrics *metrics, double load);
/* What landed here in the last window; holds @view. */
void metrics_use_catchment(struct metrics *metrics, struct catch_view *view,
			   const struct catchment_changes *changes);
/* Every attempt to load a configuration or zones, the first at start included. */
void metrics_note_reload(struct metrics *metrics, enum ad_reload_end end, double took_s);
void metrics_free(struct metrics *metrics);

#endif
