// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_bus_told.c: what operators said here, written into the bus (daemon_bus.h). What is pinned
 * is what counts: so what was said while the bus was away is written when it is back.
 */
#include <string.h>
#include "daemon_bus.h"
#include "daemon_keys.h"
#include "user/base/log.h"
#include "user/fleet/model_pins.h"
#include "user/fleet/told.h"
#include "user/steer/pops.h"

#define US 1000000ull

static json_t *told_body(const struct ad_told *told)
{
	return json_pack("{s:{s:s, s:I, s:s, s:s, s:b}}", "told", "what", told_word(told->what),
			 "at_s", (json_int_t)told->real_s, "who", told->who, "why", told->why,
			 "now", told->now);
}

static void tell_drain(struct daemon *daemon)
{
	struct daemon_bus *bus = daemon->bus;
	struct model_columns columns = model_columns(daemon->loader->fleet, bus->self);
	char key[BUS_KEY_MAX];
	struct ad_told told;
	json_t *body;
	bool is_news;

	if (model_read_told(&daemon->loader->pins, &columns, &told))
		return;
	bus_name_node(BUS_TOLD, bus->self, key);
	if (!bus->told_known && told.what == AD_TOLD_NOTHING && !bus_book_has(bus->book, key))
		return;
	is_news = !bus->told_known || memcmp(&told, &bus->told, sizeof(told));
	if (!is_news && !bus_book_is_behind(bus->book, key))
		return;
	body = told_body(&told);
	json_object_set_new(body, "asked", json_integer(bus->asked));
	daemon_bus_write(daemon, key, body, is_news);
	json_decref(body);
	bus->told = told;
	bus->told_known = true;
}

json_t *daemon_bus_pop_body(const struct ad_steer_told *told)
{
	char who[POP_WHO_TEXT];
	struct ad_steer_told named = *told;

	named.state = named.state ?: AD_STEER_TOLD_UP; /* who took it back is said, too */
	return json_pack("{s:{s:s, s:i, s:I, s:s}}", "pop", "state", pops_told_word(told),
			 "percent", told->percent, "at_s", (json_int_t)told->since_real_s, "who",
			 pops_who(&named, who));
}

static void tell_pop(struct daemon *daemon, const char *pop, bool is_news)
{
	struct ad_steer_told told;
	char key[BUS_KEY_MAX];
	json_t *body;

	bus_name_pop(pop, key);
	if (!is_news && !bus_book_is_behind(daemon->bus->book, key))
		return;
	if (pops_read_told(&daemon->loader->pins, pop, &told))
		return;
	if (pops_follows_load(&told) && told.state)
		told = (struct ad_steer_told){};
	body = daemon_bus_pop_body(&told);
	daemon_bus_write(daemon, key, body, is_news);
	json_decref(body);
}

void daemon_bus_tell(struct daemon *daemon)
{
	size_t i;

	if (!daemon->bus->book)
		return;
	tell_drain(daemon);
	daemon_keys_tell(daemon);
	for (i = 0; i < daemon->config->nr_pops; i++)
		tell_pop(daemon, daemon->config->pops[i].name, false);
	daemon_bus_tell_gone(daemon);
}

void daemon_bus_said(struct daemon *daemon, const char *pop)
{
	if (!daemon->bus || !daemon->bus->book)
		return;
	if (pop)
		tell_pop(daemon, pop, true);
	else
		tell_drain(daemon);
}

void daemon_bus_recall(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	struct bus_book *book = daemon->bus->book;
	struct ad_steer_told told;
	char key[BUS_KEY_MAX];
	size_t i;

	bus_book_recall(book, bus_name_node(BUS_NODE, daemon->bus->self, key), 0);
	bus_book_recall(book, bus_name_node(BUS_TOLD, daemon->bus->self, key), 0);
	bus_book_recall(book, bus_name_node(BUS_RTT, daemon->bus->self, key), 0);
	/* Of what is written for others: rubbish there can be replaced only by its revision. */
	for (i = 0; i < config->nr_nodes; i++) {
		bus_book_recall(book, bus_name_node(BUS_ASK, config->nodes[i].id, key), 0);
		bus_book_recall(book, bus_name_node(BUS_GONE, config->nodes[i].id, key), 0);
	}
	daemon_keys_recall(daemon);
	daemon_bus_recall_nodes(daemon);
	for (i = 0; i < config->nr_pops; i++) {
		if (pops_read_told(&daemon->loader->pins, config->pops[i].name, &told) ||
		    (told.state && pops_follows_load(&told)))
			told.since_real_s = 0;
		bus_book_recall(book, bus_name_pop(config->pops[i].name, key),
				told.since_real_s * US);
	}
}
