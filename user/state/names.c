// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * names.c: names for ids (names.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "names.h"

#define IDLE_DEFAULT_S 600 /* without a configuration: as without the key */

static int index_nodes(struct names *names)
{
	const struct config *config = names->config;

	for (size_t i = 0; i < config->nr_nodes; i++)
		if (names->nr_ids <= config->nodes[i].id)
			names->nr_ids = config->nodes[i].id + 1;
	names->by_id = calloc(names->nr_ids ? names->nr_ids : 1, sizeof(*names->by_id));
	if (!names->by_id)
		return -ENOMEM;
	for (size_t i = 0; i < config->nr_nodes; i++)
		names->by_id[config->nodes[i].id] = &config->nodes[i];
	return 0;
}

int names_open(struct names *names, const struct config *config, const struct pins *pins)
{
	struct timespec now;
	int err;

	memset(names, 0, sizeof(*names));
	clock_gettime(CLOCK_MONOTONIC, &now);
	names->now_s = now.tv_sec;
	names->config = config;
	err = pins_read_vips(pins, names->vips, &names->nr_vips);
	if (!err && config)
		err = index_nodes(names);
	return err;
}

void names_close(struct names *names)
{
	free(names->by_id);
	names->by_id = NULL;
	names->nr_ids = 0;
}

__u32 names_idle_s(const struct names *names)
{
	return names->config ? names->config->flow_idle_s : IDLE_DEFAULT_S;
}

const struct config_node *names_node(const struct names *names, __u16 id)
{
	return id < names->nr_ids ? names->by_id[id] : NULL;
}

const char *names_node_name(const struct names *names, __u16 id)
{
	const struct config_node *node = names_node(names, id);

	return node ? node->name : NULL;
}

const char *names_pop_name(const struct names *names, __u16 id)
{
	const struct config_node *node = names_node(names, id);

	return node ? config_pop_name(names->config, node->pop) : NULL;
}

const char *names_format(const struct names *names, __u16 id, char text[NAME_TEXT])
{
	const char *node = names_node_name(names, id), *pop = names_pop_name(names, id);

	if (!id)
		snprintf(text, NAME_TEXT, "-");
	else if (!node || !pop)
		snprintf(text, NAME_TEXT, "#%u", id);
	else if (!strncmp(node, pop, strlen(pop)))
		snprintf(text, NAME_TEXT, "%s", node);
	else
		snprintf(text, NAME_TEXT, "%s/%s", pop, node);
	return text;
}

struct ad_addr names_vip(const struct names *names, __u16 vip)
{
	struct ad_addr unknown = { 0 };

	return vip < names->nr_vips ? names->vips[vip] : unknown;
}

json_t *names_node_json(const struct names *names, __u16 id)
{
	if (!id)
		return json_null();
	return json_pack("{s:i, s:s?, s:s?}", "id", id, "node", names_node_name(names, id), "pop",
			 names_pop_name(names, id));
}
