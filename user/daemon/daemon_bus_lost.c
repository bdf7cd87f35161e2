// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_bus_lost.c: nodes that are lost (daemon_bus.h). The bus alone is no proof: a node may
 * serve, and only have lost its bus. Nor is the tunnel: the way to it may be back in a moment. So
 * both must miss it, while the bus is fresh and another node is heard; else it may be us who are
 * cut off, and the last known state holds.
 *
 * As soon as its beat is late it is asked through the tunnel each second. If it was well there
 * until then, both together are proof enough after 2.5 beats; what has been silent in the tunnel
 * for longer says nothing new, and is lost when the bus counts it as gone.
 */
#include "daemon_bus.h"
#include "user/base/clock.h"
#include "user/base/log.h"

#define HEARD_BEATS 2 /* who was heard within so many is there */

struct look {
	struct daemon *daemon;
	__u64 now_ms;
	__u64 newest_ms; /* when another node was heard last */
	bool changed;
};

static bool is_heard(const struct look *look, const struct bus_node_seen *node)
{
	__u64 most_ms = HEARD_BEATS * 1000ull * look->daemon->config->bus.beat_s;

	return !node->is_gone && look->now_ms - node->heard_ms <= most_ms;
}

static void note_heard(__u16 id, const struct bus_node_seen *node, void *arg)
{
	struct look *look = arg;

	if (id != look->daemon->bus->self && is_heard(look, node) &&
	    node->heard_ms > look->newest_ms)
		look->newest_ms = node->heard_ms;
}

/* Whether it is news. */
static bool say_if_lost(struct daemon_bus *bus, const struct config_node *node, bool is_lost)
{
	struct bus_lost *lost = &bus->losts[node->id];

	if (lost->was_told == is_lost)
		return false;
	lost->was_told = is_lost;
	if (is_lost)
		log_warn("%s is lost: it is heard of neither by the bus nor through the tunnel: "
			 "its flows are reset where they land",
			 node->name);
	else
		log_info("%s is heard of again", node->name);
	return true;
}

/* Another was heard when this one was late already: so it is not us who are cut off. */
static bool is_missed(const struct look *look, __u16 id, const struct bus_node_seen *seen)
{
	const struct bus_book *book = look->daemon->bus->book;

	if (!look->newest_ms)
		return false;
	return seen->is_gone || (seen->is_missed && look->daemon->bus->losts[id].was_well &&
				 look->newest_ms - seen->heard_ms > bus_book_late_ms(book));
}

static bool is_other(const struct look *look, __u16 id)
{
	return model_node(look->daemon->loader->fleet, id) && id != look->daemon->bus->self &&
	       id < AD_BUS_SEEN_MAX;
}

static void urge(__u16 id, const struct bus_node_seen *seen, void *arg)
{
	struct look *look = arg;
	struct model_columns columns = model_columns(look->daemon->loader->fleet, id);
	struct bus_lost *lost = &look->daemon->bus->losts[id];

	if (!is_other(look, id))
		return;
	if (!seen->is_late)
		lost->was_well = false;
	else if (!columns.silent)
		lost->was_well = true;
	peer_watch_urge(&look->daemon->peers, id,
			!columns.silent && (lost->was_well || columns.missed));
}

/* Between heard and gone all stays as it is: so it does when a bus comes back that was away. */
static void judge_node(__u16 id, const struct bus_node_seen *seen, void *arg)
{
	struct look *look = arg;
	struct model *fleet = look->daemon->loader->fleet;
	bool missed = model_columns(fleet, id).missed;

	if (!is_other(look, id))
		return;
	if (!missed && is_missed(look, id, seen))
		model_miss(fleet, id, true, clock_mono_s());
	else if (missed && is_heard(look, seen))
		model_miss(fleet, id, false, clock_mono_s());
	look->changed |= say_if_lost(look->daemon->bus, model_node(fleet, id),
				     model_standing(fleet, id).cause == MODEL_BY_LOST);
}

void daemon_bus_find_lost(struct daemon *daemon)
{
	struct look look = { .daemon = daemon, .now_ms = clock_mono_us() / 1000 };
	struct loader *loader = daemon->loader;
	struct bus_book *book = daemon->bus->book;

	/* Who is urgent is found anew each time; while the bus says nothing, nobody is. */
	peer_watch_calm(&daemon->peers);
	if (daemon->bus->state != AD_BUS_FRESH)
		return;
	bus_book_each_node(book, look.now_ms, note_heard, &look);
	bus_book_each_node(book, look.now_ms, urge, &look);
	peer_watch_hurry(&daemon->peers, daemon->config, &loader->pins, loader->fleet);
	bus_book_each_node(book, look.now_ms, judge_node, &look);
	if (look.changed)
		daemon_bus_follow(daemon);
}
