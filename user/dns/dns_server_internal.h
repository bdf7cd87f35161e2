/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_server_internal.h: shared by dns_server.c (datagrams) and dns_tcp.c (connections).
 */
#ifndef AD_DNS_SERVER_INTERNAL_H
#define AD_DNS_SERVER_INTERNAL_H

#include <stdbool.h>
#include <sys/queue.h>
#include <event2/event.h>
#include "dns_count.h"
#include "dns_home.h"

struct config;
struct endpoint;

/* --- dns_tcp.c -------------------------------------------------------------------------------- */

struct client;
TAILQ_HEAD(clients, client);

/*
 * The connections of one client network, or of several with the same hash. Networks take turns, and
 * so do the connections of each: many connections of one network slow down only that network.
 */
struct queue {
	TAILQ_ENTRY(queue) link;
	struct clients clients; /* in the order of their last whole query */
	struct clients ready;	/* those with work to do, the next one first */
	unsigned int nr;
};
TAILQ_HEAD(queues, queue);
#define TCP_QUEUES 1024

/*
 * Connections, in the order of their last whole query. A connection without a query for @idle_s is
 * closed. If there are already @max, the one with the oldest query is closed for a new one: one of
 * the network that has most, if that has a large part of all.
 */
struct dns_tcp {
	struct clients clients;
	unsigned int nr, max, idle_s;
	size_t held;	/* bytes of incomplete queries and of answers that were not sent yet */
	__u8 *in, *out; /* buffer for the one connection that is being read */
	struct event *second; /* looks for idle connections */
	struct event *turn;   /* serves connections that wait, a little in each pass of the loop */
	struct queues waiting;
	struct queue *queues; /* TCP_QUEUES */
	__u8 hash_key[16];
	__u64 window_us; /* when the current turn began */
};

struct dns_server {
	struct event_base *base;
	struct endpoint *endpoints;
	size_t nr_endpoints;
	struct dns_tcp tcp;
	struct dns_zones *zones;
	struct dns_limiter *limiter;
	struct dns_steering steering;
	const struct ad_steer_pop *pops; /* the kernel's words of POPs; NULL: no name is steered */
	struct dns_tally tally;
	struct dns_work *work; /* the current question */
};

/* The query is @len bytes of work->msg; true: so is the reply now, work->len bytes of it. */
bool dns_server_answer(struct dns_server *server, size_t len, const struct ad_addr *client,
		       bool tcp);

/* 0 or -errno. */
int dns_tcp_open(struct dns_server *server, const struct config *config);
void dns_tcp_close(struct dns_server *server);
void dns_tcp_tune(struct dns_server *server, const struct config *config);
/* A new connection; takes the descriptor, whatever comes of it. */
void dns_tcp_accept(struct dns_server *server, int fd, const struct sockaddr *from);

#endif
