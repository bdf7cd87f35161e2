// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * metrics_client.c: connections of the HTTP listener (metrics_client.h).
 *
 * libevent asks us for a bufferevent for each connection, and never says when it is done with it.
 * So we hold a reference of our own: one without callbacks has been left by libevent.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include "metrics_client.h"
#include "user/base/clock.h"

#define CLIENTS_MAX  64
#define SILENT_S     20
#define HELD_MAX     (16u << 20)
#define IN_MAX_BYTES 16384 /* of requests that were not read yet */

struct metrics_client {
	TAILQ_ENTRY(metrics_client) link;
	struct bufferevent *bev;
	__u32 last_s; /* monotonic */
};

static bool is_left(const struct metrics_client *client)
{
	bufferevent_event_cb on_event;

	bufferevent_getcb(client->bev, NULL, NULL, &on_event, NULL);
	return !on_event;
}

static void client_free(struct clients *clients, struct metrics_client *client)
{
	TAILQ_REMOVE(&clients->list, client, link);
	clients->nr--;
	bufferevent_decref(client->bev);
	free(client);
}

static void sweep(struct clients *clients)
{
	struct metrics_client *client, *next;

	for (client = TAILQ_FIRST(&clients->list); client; client = next) {
		next = TAILQ_NEXT(client, link);
		if (is_left(client))
			client_free(clients, client);
	}
}

/* As if the client had hung up. */
static void client_end(struct clients *clients, struct metrics_client *client)
{
	if (!is_left(client))
		bufferevent_trigger_event(client->bev, BEV_EVENT_EOF | BEV_EVENT_READING, 0);
	/* A reply that is on its way is not given up for that. */
	if (!is_left(client))
		bufferevent_trigger_event(client->bev, BEV_EVENT_ERROR | BEV_EVENT_WRITING, 0);
	if (is_left(client))
		client_free(clients, client);
}

static struct metrics_client *client_of(const struct clients *clients,
					const struct evhttp_request *request)
{
	struct evhttp_connection *connection =
		evhttp_request_get_connection((struct evhttp_request *)request);
	struct metrics_client *client = NULL;

	if (connection)
		TAILQ_FOREACH(client, &clients->list, link)
	if (client->bev == evhttp_connection_get_bufferevent(connection))
		break;
	return client;
}

/* For libevent, which makes one of its own if we return NULL. */
static struct bufferevent *client_new(struct event_base *base, void *arg)
{
	struct clients *clients = arg;
	struct metrics_client *client = calloc(1, sizeof(*client));

	sweep(clients);
	if (clients->nr >= CLIENTS_MAX)
		client_end(clients, TAILQ_FIRST(&clients->list));
	if (client)
		client->bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (!client || !client->bev) {
		free(client);
		return NULL;
	}
	bufferevent_incref(client->bev);
	bufferevent_setwatermark(client->bev, EV_READ, 0, IN_MAX_BYTES);
	client->last_s = clock_mono_s();
	TAILQ_INSERT_TAIL(&clients->list, client, link);
	clients->nr++;
	return client->bev;
}

void clients_alive(struct clients *clients, struct evhttp_request *request)
{
	struct metrics_client *client = client_of(clients, request);

	if (!client)
		return;
	client->last_s = clock_mono_s();
	TAILQ_REMOVE(&clients->list, client, link);
	TAILQ_INSERT_TAIL(&clients->list, client, link);
}

static size_t held(const struct metrics_client *client)
{
	return is_left(client) ? 0 : evbuffer_get_length(bufferevent_get_output(client->bev));
}

void clients_make_room(struct clients *clients, const struct evhttp_request *request)
{
	struct metrics_client *client, *next, *except = client_of(clients, request);
	size_t sum = 0;

	TAILQ_FOREACH(client, &clients->list, link)
	sum += held(client);
	for (client = TAILQ_FIRST(&clients->list); client && sum > HELD_MAX; client = next) {
		next = TAILQ_NEXT(client, link);
		if (client == except || !held(client))
			continue;
		sum -= held(client);
		client_end(clients, client);
	}
}

/* What libevent has left holds a descriptor until we see it, so we look ten times a second. */
static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct clients *clients = arg;
	struct metrics_client *client, *next;
	__u32 now_s = clock_mono_s();

	sweep(clients);
	for (client = TAILQ_FIRST(&clients->list); client && now_s - client->last_s >= SILENT_S;
	     client = next) {
		next = TAILQ_NEXT(client, link);
		client_end(clients, client);
	}
}

int clients_open(struct clients *clients, struct event_base *base, struct evhttp *http)
{
	static const struct timeval soon = { .tv_usec = 100000 };

	TAILQ_INIT(&clients->list);
	evhttp_set_bevcb(http, client_new, clients);
	clients->tick = event_new(base, -1, EV_PERSIST, on_tick, clients);
	return !clients->tick || event_add(clients->tick, &soon) ? -ENOMEM : 0;
}

void clients_stop(struct clients *clients)
{
	if (clients->tick)
		event_free(clients->tick);
}

void clients_close(struct clients *clients)
{
	struct metrics_client *client;

	while (clients->nr && (client = TAILQ_FIRST(&clients->list)))
		client_free(clients, client);
}
