/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics_client.h: internal to metrics*.c: who is connected, and how much that may cost.
 * libevent's HTTP server has no limits of its own.
 *
 * There are CLIENTS_MAX connections at most, and HELD_MAX bytes that wait for them: the next one
 * ends the one that was silent longest. A connection ends as well when no whole request and no
 * chunk went over it for SILENT_S.
 */
#ifndef AD_METRICS_CLIENT_H
#define AD_METRICS_CLIENT_H

#include <sys/queue.h>
#include <event2/event.h>
#include <event2/http.h>

struct metrics_client;
TAILQ_HEAD(metrics_clients, metrics_client);

/* In the order of their last sign of life. */
struct clients {
	struct metrics_clients list;
	unsigned int nr;
	struct event *tick;
};

/* From now on, all connections of @http are in @clients. 0 or -ENOMEM. */
int clients_open(struct clients *clients, struct event_base *base, struct evhttp *http);
/* Before evhttp_free() the first, after it the second. */
void clients_stop(struct clients *clients);
void clients_close(struct clients *clients);
/* Something was asked for, or taken, or is being made. */
void clients_alive(struct clients *clients, struct evhttp_request *request);
/* Ends those that take nothing of what waits for them, while that is too much. */
void clients_make_room(struct clients *clients, const struct evhttp_request *except);

#endif
