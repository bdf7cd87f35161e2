// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_connections.c: what the kernel tells of connections is counted by VIP, port, region and
 * landing node, and logged (daemon_connections.h).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "daemon_connections.h"
#include "daemon_internal.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/connections/conn_book.h"
#include "user/connections/conn_probe.h"
#include "user/connections/flowlog.h"
#include "user/connections/flowlog_line.h"
#include "user/dns/dns_service.h"
#include "user/dns/dns_zones.h"
#include "user/flows/flow_find.h"
#include "user/steer/places.h"

#define LOOK_US	     250000
#define TAKE_AT_ONCE 1000 /* news; the loop has other things to do, too */

struct daemon_connections {
	struct daemon *daemon;
	struct conn_probe *probe; /* NULL: nothing is heard */
	struct conn_book *book;
	struct flowlog *log;
	struct event *ready, *look;
	struct ad_connection_state state;
	struct ad_connection_state before; /* what of it the daemon before us counted */
	bool log_told, write_told;

	/* While news are taken. */
	const struct places *places;
	struct flow_finder finder;
	bool has_finder;
};

/* --- news ------------------------------------------------------------------------------------- */

/* NULL: no regions are known. */
static const char *region_of(const struct daemon_connections *own, const struct ad_addr *client)
{
	__u32 region = 0, asn;

	if (!own->places)
		return NULL;
	places_find(own->places, client, &region, &asn);
	return own->places->regions[region];
}

/* Where its packets land, if that is not here; 0: here, as far as the flow table knows. */
static __u16 landing_of(const struct daemon_connections *own, const struct ad_tuple *tuple)
{
	struct ad_flow flow;

	if (!own->has_finder || !flow_finder_get(&own->finder, tuple, &flow))
		return 0;
	return flow.via == own->daemon->config->self->id ? 0 : flow.via;
}

static void log_one(struct daemon_connections *own, const struct ad_connection_news *news,
		    const char *region, __u16 landing)
{
	const struct config *config = own->daemon->config;
	const struct config_node *elsewhere = config_node_by_id(config, landing);
	struct flowlog_about about = {
		.node = config->self->name,
		.pop = config_pop_name(config, config->self->pop),
		.region = region,
		.landing = elsewhere ? elsewhere->name : NULL,
	};
	char line[FLOWLOG_LINE];

	clock_gettime(CLOCK_REALTIME, &about.ended);
	flowlog_put(own->log, line, flowlog_line(news, &about, line));
}

static void on_news(const struct ad_connection_news *news, void *arg)
{
	struct daemon_connections *own = arg;
	struct ad_connection_key key = { .vip = news->tuple.vip,
					 .port = ntohs(news->tuple.vip_port) };
	const char *region = region_of(own, &news->tuple.client);

	if (news->what != AD_CONNECTION_OPENED)
		key.landing = landing_of(own, &news->tuple);
	if (region)
		snprintf(key.region, sizeof(key.region), "%s", region);
	conn_book_add(own->book, &key, news);
	if (news->what != AD_CONNECTION_OPENED && flowlog_wants(own->log, clock_mono_us()))
		log_one(own, news, region, key.landing);
}

static void look_soon(struct daemon_connections *own, __u64 us)
{
	event_add(own->look, &(struct timeval){ .tv_usec = us });
}

static void take_news(struct daemon_connections *own)
{
	const struct dns_zones *zones = dns_server_zones(own->daemon->server);
	int nr;

	own->places = zones && zones->plan ? zones->plan->places : NULL;
	own->has_finder = !flow_finder_open(&own->finder, &own->daemon->loader->pins);
	nr = conn_probe_take(own->probe, TAKE_AT_ONCE, on_news, own);
	if (own->has_finder)
		flow_finder_close(&own->finder);
	look_soon(own, nr >= TAKE_AT_ONCE ? 0 : LOOK_US);
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
	struct daemon_connections *own = arg;

	if (!own->daemon->detached)
		take_news(own);
}

/* --- what others read ------------------------------------------------------------------------- */

static int write_one(const struct conn_seen *seen, void *arg)
{
	return conn_seen_write(*(const int *)arg, seen);
}

static void fill_state(struct daemon_connections *own)
{
	const char *why = flowlog_error(own->log);
	struct ad_connection_state *state = &own->state;

	state->lost = own->before.lost + (own->probe ? conn_probe_lost(own->probe) : 0);
	state->logged = own->before.logged + flowlog_written(own->log);
	state->dropped = own->before.dropped + flowlog_dropped(own->log);
	state->log_failed = why != NULL;
	snprintf(state->log_why, sizeof(state->log_why), "%s", why ?: "");
	if (why && !own->log_told)
		log_warn("flow log: %s", why);
	if (!why && own->log_told)
		log_info("flow log: it can be written again");
	own->log_told = why != NULL;
}

void daemon_connections_tend(struct daemon *daemon)
{
	struct daemon_connections *own = daemon->connections;
	int err, fd;

	if (!own)
		return;
	flowlog_tend(own->log);
	fill_state(own);
	fd = conn_seen_open(&daemon->loader->pins);
	err = fd < 0 ? fd : conn_book_changed(own->book, write_one, &fd);
	if (fd >= 0)
		close(fd);
	err = err ?: conn_state_write(&daemon->loader->pins, &own->state);
	if (err && !own->write_told)
		log_warn("connections: what was counted cannot be written: %s", strerror(-err));
	own->write_told = err;
}

/* --- its life --------------------------------------------------------------------------------- */

static bool is_configured(const struct config *config, const struct ad_connection_key *key)
{
	static const struct ad_addr none;
	size_t i;

	for (i = 0; i < config->nr_vips; i++)
		if (!memcmp(&config->vips[i].address, &key->vip, sizeof(key->vip)))
			return true;
	return !memcmp(&key->vip, &none, sizeof(none));
}

static int recall(struct daemon_connections *own)
{
	const struct pins *pins = &own->daemon->loader->pins;
	struct conn_seen *list;
	size_t nr, i;
	int err = conn_seen_read(pins, &list, &nr), fd = conn_seen_open(pins);

	for (i = 0; !err && i < nr; i++) {
		if (is_configured(own->daemon->config, &list[i].key))
			err = conn_book_recall(own->book, &list[i]);
		else
			conn_seen_remove(fd, &list[i].key);
	}
	free(list);
	if (fd >= 0)
		close(fd);
	if (!err)
		conn_state_read(pins, &own->before);
	return err;
}

static int hear(struct daemon_connections *own)
{
	struct ad_connection_state *state = &own->state;

	if (conn_probe_open(&own->daemon->loader->pins, &own->probe, state->why,
			    sizeof(state->why))) {
		state->state = AD_CONNECTIONS_FAILED;
		log_info("connections are not counted here: %s; all else works", state->why);
		return 0;
	}
	state->state = AD_CONNECTIONS_COUNTED;
	own->ready = event_new(own->daemon->base, conn_probe_fd(own->probe), EV_READ | EV_PERSIST,
			       on_look, own);
	own->look = evtimer_new(own->daemon->base, on_look, own);
	if (!own->ready || !own->look || event_add(own->ready, NULL))
		return -ENOMEM;
	look_soon(own, LOOK_US);
	return 0;
}

int daemon_connections_start(struct daemon *daemon)
{
	struct daemon_connections *own = calloc(1, sizeof(*own));
	int err;

	if (!own)
		return -ENOMEM;
	daemon->connections = own;
	own->daemon = daemon;
	own->book = conn_book_new();
	own->log = flowlog_new();
	if (!own->book || !own->log)
		return -ENOMEM;
	flowlog_use(own->log, daemon->config);
	err = recall(own);
	return err ?: hear(own);
}

void daemon_connections_use(struct daemon *daemon)
{
	flowlog_use(daemon->connections->log, daemon->config);
}

void daemon_connections_reopen(struct daemon *daemon)
{
	if (daemon->connections)
		daemon_connections_use(daemon);
}

void daemon_connections_stop(struct daemon *daemon)
{
	struct daemon_connections *own = daemon->connections;

	if (!own)
		return;
	if (own->look && !daemon->detached)
		take_news(own);
	if (!daemon->detached)
		daemon_connections_tend(daemon);
	if (own->ready)
		event_free(own->ready);
	if (own->look)
		event_free(own->look);
	conn_probe_close(own->probe);
	conn_book_free(own->book);
	flowlog_free(own->log);
	free(own);
	daemon->connections = NULL;
}
