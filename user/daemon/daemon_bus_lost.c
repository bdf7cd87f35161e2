// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_bus_lost.c: nodes that are lost (daemon_bus.h). The bus alone is no proof: a node may
 * serve, and only have lost its bus. Nor is the tunnel: the way to it may be back in a moment. So
 * both must miss it, while the bus is fresh and another node is heard; else it may be us who are
 * cut off, and the last known state holds.
 */
#include "daemon_bus.h"
#include "user/base/clock.h"
#include "user/base/log.h"

#define HEARD_BEATS 2 /* who was heard within so many is there */

struct look {
	struct daemon *daemon;
	__u64 now_ms;
	size_t heard; /* other nodes */
	bool changed;
};

static bool is_heard(const struct look *look, const struct bus_node_seen *node)
{
	__u64 most_ms = HEARD_BEATS * 1000ull * look->daemon->config->bus.beat_s;

	return !node->is_gone && look->now_ms - node->heard_ms <= most_ms;
}

static void count_heard(__u16 id, const struct bus_node_seen *node, void *arg)
{
	struct look *look = arg;

	look->heard += id != look->daemon->bus->self && is_heard(look, node);
}

static void say_if_lost(struct daemon_bus *bus, const struct config_node *node, bool is_lost)
{
	bool was_lost = bus->losts[node->id];

	bus->losts[node->id] = is_lost;
	if (is_lost && !was_lost)
		log_warn("%s is lost: it is heard of neither by the bus nor through the tunnel: "
			 "its flows are reset where they land",
			 node->name);
	else if (was_lost && !is_lost)
		log_info("%s is heard of again", node->name);
}

/* Between heard and gone all stays as it is: so it does when a bus comes back that was away. */
static void judge_node(__u16 id, const struct bus_node_seen *seen, void *arg)
{
	struct look *look = arg;
	struct daemon_bus *bus = look->daemon->bus;
	struct model *fleet = look->daemon->loader->fleet;
	struct model_columns columns = model_columns(fleet, id);
	const struct config_node *node = model_node(fleet, id);
	bool was_lost = model_standing(fleet, id).cause == MODEL_BY_LOST;

	if (!node || id == bus->self || id >= AD_BUS_SEEN_MAX)
		return;
	if (!columns.missed && seen->is_gone && look->heard)
		model_miss(fleet, id, true, clock_mono_s());
	else if (columns.missed && is_heard(look, seen))
		model_miss(fleet, id, false, clock_mono_s());
	columns = model_columns(fleet, id);
	bus->misses |= columns.missed && !columns.silent;
	look->changed |= was_lost != (model_standing(fleet, id).cause == MODEL_BY_LOST);
	say_if_lost(bus, node, model_standing(fleet, id).cause == MODEL_BY_LOST);
}

void daemon_bus_find_lost(struct daemon *daemon)
{
	struct daemon_bus *bus = daemon->bus;
	struct look look = { .daemon = daemon, .now_ms = clock_mono_us() / 1000 };

	bus->misses = false;
	if (bus->state != AD_BUS_FRESH)
		return;
	bus_book_each_node(bus->book, look.now_ms, count_heard, &look);
	bus_book_each_node(bus->book, look.now_ms, judge_node, &look);
	if (look.changed)
		daemon_bus_follow(daemon);
}

bool daemon_bus_misses(const struct daemon *daemon)
{
	return daemon->bus && daemon->bus->misses;
}
