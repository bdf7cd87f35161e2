// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_bus_nodes.c: the nodes that the bus knows (daemon_bus.h): what they say of themselves goes
 * into a list and its file, and with `nodes: from bus` into the configuration. Silence takes nobody
 * off it: who is silent is dead, and may come back. `anydoor bus forget` does.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "daemon_bus.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/file.h"
#include "user/base/log.h"
#include "user/base/output.h"

#define AGAIN_S 30 /* after a reload that failed, or a file that could not be written */

/* --- what nodes say --------------------------------------------------------------------------- */

static bool copy_name(char name[CONFIG_NAME_MAX + 1], const json_t *from)
{
	const char *text = json_string_value(from) ?: "";

	return (size_t)snprintf(name, CONFIG_NAME_MAX + 1, "%s", text) <= CONFIG_NAME_MAX;
}

static bool parse_node(const json_t *node, struct known_node *known)
{
	json_int_t mtu = json_integer_value(json_object_get(node, "mtu"));
	const char *tunnel = json_string_value(json_object_get(node, "tunnel"));

	if (!tunnel || addr_parse(tunnel, &known->tunnel) || mtu < 0 || mtu > UINT16_MAX ||
	    !copy_name(known->name, json_object_get(node, "name")) ||
	    !copy_name(known->pop, json_object_get(node, "pop")))
		return false;
	known->mtu = mtu;
	return true;
}

/* With each beat the same: it is said when it changes, for as many as there is room to remember. */
static void tell_refused(struct daemon_bus *bus, __u16 id, const char *name, const char *why)
{
	struct bus_refusal *place = &bus->refusals[id % BUS_REFUSALS];
	char text[sizeof(place->text)];

	text_cut(text, sizeof(text), why);
	if (place->id == id && !strcmp(place->text, text))
		return;
	place->id = id;
	memcpy(place->text, text, sizeof(text));
	log_warn("bus: node %u, %s, %s; it is not taken", id, name, why);
}

static void note_change(struct daemon_bus *bus)
{
	bus->nodes_unwritten = bus->nodes_unread = true;
	bus->nodes_again_ms = 0;
}

/* This node is not in the list. NULL: it is another in all. */
static const char *what_of_ours(const struct config_node *self, const struct known_node *node)
{
	if (!strcmp(self->name, node->name))
		return "has the name of this node";
	return addr_compare(&self->tunnel, &node->tunnel) ? NULL
							  : "has the tunnel address of this node";
}

static enum known_verdict take(struct daemon *daemon, const struct known_node *node,
			       char why[KNOWN_WHY])
{
	const char *ours = what_of_ours(daemon->config->self, node);

	if (!ours)
		return known_nodes_take(&daemon->bus->known, node, why);
	snprintf(why, KNOWN_WHY, "%s", ours);
	return KNOWN_REFUSED;
}

bool daemon_bus_take_node(struct daemon *daemon, __u16 id, __u64 seq, const json_t *body)
{
	struct daemon_bus *bus = daemon->bus;
	const struct known_node *old = known_nodes_find(&bus->known, id);
	struct known_node node = { .id = id, .seq = seq };
	char why[KNOWN_WHY] = "says of itself what no node can be", address[ADDR_TEXT];
	enum known_verdict verdict = KNOWN_REFUSED;

	if (old && old->is_forgotten && seq <= old->seq) {
		bus_book_forget(bus->book,
				id); /* its record is in the bucket still; @body is gone */
		return false;
	}
	if (parse_node(json_object_get(body, "node"), &node))
		verdict = take(daemon, &node, why);
	if (verdict == KNOWN_REFUSED)
		tell_refused(bus, id, node.name, why);
	if (verdict == KNOWN_CHANGED) {
		log_info("bus: node %u is %s in %s, at %s", id, node.name, node.pop,
			 addr_format(&node.tunnel, address));
		note_change(bus);
	}
	return true;
}

bool daemon_bus_is_forgotten(const struct daemon *daemon, __u16 id)
{
	const struct known_node *node = known_nodes_find(&daemon->bus->known, id);

	return node && node->is_forgotten;
}

/* --- who is forgotten ------------------------------------------------------------------------- */

static void drop(struct daemon *daemon, const struct known_node *node)
{
	struct daemon_bus *bus = daemon->bus;
	__u32 id = node->id;

	if (!known_nodes_forget(&bus->known, node))
		return;
	bus_book_forget(bus->book, node->id);
	bpf_map_delete_elem(bus->seen, &id);
	bus->sheds[node->id] = 0;
	note_change(bus);
}

void daemon_bus_hear_gone(struct daemon *daemon, __u16 id, __u64 seq, const json_t *body)
{
	const json_t *gone = json_object_get(body, "gone");
	struct known_node node = { .id = id, .by_seq = seq };
	char who[64];
	bool was_forgotten = daemon_bus_is_forgotten(daemon, id);

	node.seq = json_integer_value(json_object_get(gone, "seq"));
	if (id == daemon->bus->self || !node.seq ||
	    !copy_name(node.name, json_object_get(gone, "name")) || !name_is_good(node.name))
		return;
	drop(daemon, &node);
	text_cut(who, sizeof(who), json_string_value(json_object_get(gone, "who")) ?: "");
	if (!was_forgotten && daemon_bus_is_forgotten(daemon, id))
		log_info("bus: node %u, %s, is forgotten, told by %s", id, node.name, who);
}

static json_t *gone_body(const struct known_node *node, const char *who, const char *why)
{
	return json_pack("{s:{s:s, s:I, s:I, s:s, s:s}}", "gone", "name", node->name, "seq",
			 (json_int_t)node->seq, "at_s", (json_int_t)time(NULL), "who", who, "why",
			 why);
}

/* The word of this very forgetting: an id may have been another node's before. */
static bool is_said(const json_t *body, const struct known_node *node)
{
	const json_t *gone = json_object_get(body, "gone");

	return (__u64)json_integer_value(json_object_get(gone, "seq")) == node->seq;
}

/* What the bus lacks of it, for it was filled from an old backup. */
void daemon_bus_tell_gone(struct daemon *daemon)
{
	const struct known_nodes *known = &daemon->bus->known;
	char key[BUS_KEY_MAX];
	json_t *body;
	size_t i;

	for (i = 0; i < known->nr; i++) {
		if (!known->list[i].is_forgotten)
			continue;
		bus_name_node(BUS_GONE, known->list[i].id, key);
		if (!bus_book_is_behind(daemon->bus->book, key))
			continue;
		body = is_said(bus_book_body(daemon->bus->book, key), &known->list[i])
			       ? json_incref((json_t *)bus_book_body(daemon->bus->book, key))
			       : gone_body(&known->list[i], "", "");
		daemon_bus_write(daemon, key, body, false);
		json_decref(body);
	}
}

/* By its name or its id. */
static const struct known_node *find_named(const struct daemon_bus *bus, const char *name)
{
	char id[8];
	size_t i;

	for (i = 0; i < bus->known.nr; i++) {
		snprintf(id, sizeof(id), "%u", bus->known.list[i].id);
		if (!bus->known.list[i].is_forgotten &&
		    (!strcmp(bus->known.list[i].name, name) || !strcmp(id, name)))
			return &bus->known.list[i];
	}
	return NULL;
}

static json_t *refuse(const char *name, const char *why)
{
	char text[256];

	snprintf(text, sizeof(text), "%.60s %s", name, why);
	return control_refuse(text);
}

/* NULL: there is nothing to warn of. */
static json_t *warn_of_list(const struct config *config, const struct known_node *node)
{
	const struct config_node *listed = config_node_by_id(config, node->id);

	if (config->nodes_from_bus || !listed || strcmp(listed->name, node->name))
		return NULL;
	return json_sprintf(
		"%s is in the list of nodes of %s still, which is not the bus's: take it "
		"off there, and reload",
		node->name, config->path);
}

json_t *daemon_bus_forget_node(struct daemon *daemon, const json_t *args)
{
	const char *name = json_string_value(json_object_get(args, "node")) ?: "";
	const char *who = json_string_value(json_object_get(args, "who")) ?: "";
	struct daemon_bus *bus = daemon->bus;
	__u64 now_ms = clock_mono_us() / 1000;
	const struct known_node *found;
	struct bus_node_seen seen;
	struct known_node node;
	char key[BUS_KEY_MAX];
	json_t *body;

	if (!bus->book)
		return control_refuse("no bus is configured");
	if (!strcmp(name, daemon->config->self->name))
		return refuse(name, "is this node");
	found = find_named(bus, name);
	if (!found)
		return refuse(name, "is no node that the bus knows: `anydoor bus` lists them");
	if (!bus->whole || !bus_book_is_fresh(bus->book, now_ms))
		return control_refuse("the bus is not fresh: nobody would hear it, and whether "
				      "that node lives is not known");
	if (bus_book_node(bus->book, found->id, now_ms, &seen) && !seen.is_gone)
		return refuse(name, "is on the bus: stop it for good first; it can be forgotten "
				    "after six beats of silence");
	node = *found;
	body = gone_body(&node, who, "");
	daemon_bus_write(daemon, bus_name_node(BUS_GONE, node.id, key), body, true);
	json_decref(body);
	node.by_seq = bus_book_seq(bus->book, key);
	drop(daemon, &node);
	log_info("bus: node %u, %s, is forgotten, told by %s", node.id, node.name, who);
	return json_pack("{s:b, s:s, s:i, s:[o*]}", "ok", 1, "node", node.name, "id", node.id,
			 "warnings", warn_of_list(daemon->config, &node));
}

/* --- the file, and the configuration ---------------------------------------------------------- */

int daemon_bus_open_nodes(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	struct daemon_bus *bus = daemon->bus;
	struct config_errors errors = {};

	if (!config->keep_dir)
		return 0;
	bus->nodes_file = nodes_file_path(config->keep_dir, config->self->name);
	if (!bus->nodes_file)
		return -ENOMEM;
	nodes_file_read(bus->nodes_file, &bus->known, &errors);
	config_errors_log(&errors);
	config_errors_free(&errors);
	return 0;
}

void daemon_bus_recall_nodes(struct daemon *daemon)
{
	const struct known_nodes *known = &daemon->bus->known;
	char key[BUS_KEY_MAX];
	size_t i;

	for (i = 0; i < known->nr; i++)
		if (known->list[i].is_forgotten)
			bus_book_recall(daemon->bus->book,
					bus_name_node(BUS_GONE, known->list[i].id, key),
					known->list[i].by_seq);
}

/* Once a second: so a thousand that join at once are a few reloads. */
void daemon_bus_tend_nodes(struct daemon *daemon)
{
	struct daemon_bus *bus = daemon->bus;
	__u64 now_ms = clock_mono_us() / 1000;
	int err = 0;

	if (bus->nodes_again_ms > now_ms)
		return;
	if (bus->nodes_unwritten && bus->nodes_file)
		err = nodes_file_write(bus->nodes_file, &bus->known);
	if (err < 0) {
		log_warn("%s: the nodes that the bus knows cannot be written: %s; again in %d s",
			 bus->nodes_file, strerror(-err), AGAIN_S);
		bus->nodes_again_ms = now_ms + AGAIN_S * 1000;
		return;
	}
	bus->nodes_unwritten = false;
	if (bus->nodes_unread && daemon->config->nodes_from_bus)
		daemon_reload_nodes(daemon);
	bus->nodes_unread = false;
}

void daemon_bus_nodes_again(struct daemon *daemon)
{
	struct daemon_bus *bus = daemon->bus;

	bus->nodes_unread = true;
	bus->nodes_again_ms = clock_mono_us() / 1000 + AGAIN_S * 1000;
}

bool daemon_bus_knows_nodes(const struct daemon *daemon)
{
	const struct daemon_bus *bus = daemon->bus;

	return !daemon->config->nodes_from_bus || daemon->config->nr_nodes > 1 ||
	       (bus && bus->book && bus_book_echo_ms(bus->book));
}
