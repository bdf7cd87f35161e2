// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * config_nodes.c: `nodes: from bus`: the nodes of a configuration, out of `self` and the list that
 * the bus knows (nodes_file.h).
 *
 * Nothing in that list can make a configuration wrong: what does not fit is left out, and told.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config_schema.h"
#include "nodes_file.h"
#include "user/base/addr.h"

static void doubt(struct config_reader *loader, const char *file, int line, const char *what)
{
	struct config *config = loader->config;

	if (!config->left_out)
		config->left_out = calloc(1, sizeof(*config->left_out));
	if (config->left_out)
		config_errors_add(config->left_out, file, line, "%s", what);
	else
		loader->no_memory = true;
}

void config_nodes_doubt(struct config_reader *loader, int line, const char *format, ...)
{
	va_list args;
	char *what;

	va_start(args, format);
	what = config_text(loader, format, args);
	va_end(args);
	if (what)
		doubt(loader, loader->config->path, line, what);
	free(what);
}

/* --- one node --------------------------------------------------------------------------------- */

/* What `node` says, which is understood later. */
static const char *own_name(const struct config_reader *loader)
{
	size_t i;

	for (i = 0; i < loader->pending.nr; i++)
		if (!strcmp(loader->pending.list[i].row->path, "node"))
			return loader->pending.list[i].text ?: "";
	return "";
}

static bool is_vip(const struct config *config, const struct ad_addr *addr)
{
	size_t i;

	for (i = 0; i < config->nr_vips; i++)
		if (!addr_compare(&config->vips[i].address, addr))
			return true;
	return false;
}

/* Why this configuration cannot have @node, to be written behind its name; NULL: it can. */
static const char *why_not(const struct config *config, const char *own,
			   const struct known_node *node)
{
	if (node->id == config->own.id)
		return "has the id of this node";
	if (!strcmp(node->name, own))
		return "has the name of this node";
	if (!addr_compare(&node->tunnel, &config->own.tunnel))
		return "has the tunnel address of this node";
	if (config->owner_bits && node->id >= 1u << config->owner_bits)
		return "has an id that does not fit stamp.owner_bits";
	if (addr_is_ip4(&node->tunnel) != addr_is_ip4(&config->own.tunnel))
		return "is reached by another IP version than this node";
	if (is_vip(config, &node->tunnel))
		return "has a VIP as its tunnel address: a packet to it may land anywhere";
	return NULL;
}

/* The index of the POP @name, which may be a new one; nr_pops: there is no room. */
static size_t find_or_add_pop(struct config *config, const char *name)
{
	struct config_pop *pops;
	size_t i;

	for (i = 0; i < config->nr_pops; i++)
		if (config->pops[i].name && !strcmp(config->pops[i].name, name))
			return i;
	if (config->nr_pops >= CONFIG_POPS_MAX)
		return i;
	pops = reallocarray(config->pops, i + 1, sizeof(*pops));
	if (!pops)
		return i;
	config->pops = pops;
	memset(&pops[i], 0, sizeof(*pops));
	pops[i].name = strdup(name);
	config->nr_pops += pops[i].name != NULL;
	return i;
}

static void add_own(struct config_reader *loader)
{
	struct config *config = loader->config;
	struct config_node *node = &config->nodes[config->nr_nodes++];

	*node = config->own;
	node->name = strdup(own_name(loader));
	loader->no_memory |= !node->name;
}

static void add_known(struct config_reader *loader, const char *file,
		      const struct known_node *known)
{
	struct config *config = loader->config;
	const char *trouble = why_not(config, own_name(loader), known);
	size_t pop = trouble ? 0 : find_or_add_pop(config, known->pop);
	struct config_node *node = &config->nodes[config->nr_nodes];
	char what[KNOWN_WHY];

	if (!trouble && pop >= config->nr_pops)
		trouble = "is at a POP for which there is no room";
	if (trouble) {
		snprintf(what, sizeof(what), "node %u: %s %s: left out", known->id, known->name,
			 trouble);
		doubt(loader, file, known->line, what);
		return;
	}
	*node = (struct config_node){
		.id = known->id, .pop = pop, .tunnel = known->tunnel, .mtu = known->mtu
	};
	node->name = strdup(known->name);
	config->nr_nodes += node->name != NULL;
	loader->no_memory |= !node->name;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* In the order of ids, which is the same on every node. */
static void fill(struct config_reader *loader, const char *file, const struct known_nodes *known)
{
	struct config *config = loader->config;
	bool has_own = false;
	size_t i;

	config->nodes = calloc(known->nr + 1, sizeof(*config->nodes));
	if (!config->nodes) {
		loader->no_memory = true;
		return;
	}
	for (i = 0; i < known->nr; i++) {
		if (!has_own && known->list[i].id >= config->own.id) {
			add_own(loader);
			has_own = true;
		}
		if (!known->list[i].is_forgotten)
			add_known(loader, file, &known->list[i]);
	}
	if (!has_own)
		add_own(loader);
}

void config_nodes_fill(struct config_reader *loader)
{
	struct config *config = loader->config;
	struct known_nodes known = {};
	char *file;

	config->nr_own_pops = config->nr_pops;
	if (!config->nodes_from_bus || loader->no_memory)
		return;
	file = nodes_file_path(config->keep_dir ?: "", own_name(loader));
	if (!file)
		loader->no_memory = true;
	else if (config->keep_dir && nodes_file_read(file, &known, loader->errors))
		known_nodes_free(&known);
	if (file) /* at least with this node, or more would seem to be wrong */
		fill(loader, file, &known);
	known_nodes_free(&known);
	free(file);
}

/* Of this node; it is among `nodes` already. */
void later_own_pop(struct config_reader *loader, const struct value *value)
{
	struct config *config = loader->config;
	size_t i;

	if (value->text)
		later_pop(loader, value);
	else if (config->nodes_from_bus)
		config_complain(loader, config->own.line, "self.pop",
				"is missing: with `nodes: from bus` it says where this node is");
	for (i = 0; config->nodes_from_bus && i < config->nr_nodes; i++)
		if (config->nodes[i].id == config->own.id)
			config->nodes[i].pop = config->own.pop;
}

static void drop_unknown(__u16 *list, size_t *nr)
{
	size_t i, kept = 0;

	for (i = 0; i < *nr; i++)
		if (list[i])
			list[kept++] = list[i];
	*nr = kept;
}

static void check_needs(struct config_reader *loader)
{
	static const struct ad_addr none;
	const struct config *config = loader->config;
	int line = config->own.line;

	if (!config->own.id)
		config_complain(loader, line, "self.id",
				"is missing: with `nodes: from bus` it is this node's id");
	if (!addr_compare(&config->own.tunnel, &none))
		config_complain(loader, line, "self.tunnel",
				"is missing: with `nodes: from bus` it is this node's own address");
	if (!config->bus.nr_servers)
		config_complain(loader, 0, "bus.servers",
				"names no server: with `nodes: from bus` nodes come from there");
	if (!config->keep_dir)
		config_complain(loader, 0, "state.keep",
				"is missing: with `nodes: from bus` the list of nodes is kept "
				"there; write /var/lib/anydoor");
}

void config_nodes_check(struct config_reader *loader)
{
	struct config *config = loader->config;

	if (!config->nodes_from_bus) {
		if (config->own.line)
			config_complain(loader, config->own.line, "self",
					"is for `nodes: from bus`: `nodes` says it all");
		if (config->self)
			config->own = *config->self;
		config->own.name = NULL;
		return;
	}
	drop_unknown(config->successors, &config->nr_successors);
	drop_unknown(config->neighbours, &config->nr_neighbours);
	check_needs(loader);
}
