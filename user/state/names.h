/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * names.h: names for the numbers of the data path: node ids by the configuration, VIP indexes by
 * the data path itself. Without a configuration, ids are shown in place of names.
 */
#ifndef AD_NAMES_H
#define AD_NAMES_H

#include <jansson.h>
#include "pins.h"
#include "user/config/config.h"

struct names {
	const struct config *config;	  /* may be NULL */
	const struct config_node **by_id; /* NULL entries: unknown */
	size_t nr_ids;
	struct ad_addr vips[AD_VIP_MAX];
	size_t nr_vips;
	__u32 now_s; /* CLOCK_MONOTONIC at names_open(); ages count back from it */
};

/* 0 or -errno. @config stays the caller's and must outlive @names. */
int names_open(struct names *names, const struct config *config, const struct pins *pins);
void names_close(struct names *names);

/* flows.idle: after so much silence a flow's entry may be given to another flow. */
__u32 names_idle_s(const struct names *names);

const struct config_node *names_node(const struct names *names, __u16 id);
/* The node's and its POP's name, or NULL if unknown. */
const char *names_node_name(const struct names *names, __u16 id);
const char *names_pop_name(const struct names *names, __u16 id);

/* "pop/node", "node" where its name starts with the POP's, "#7" if unknown, "-" for id 0. */
#define NAME_TEXT 160
const char *names_format(const struct names *names, __u16 id, char text[NAME_TEXT]);
/* The VIP with this index, all zero if unknown. */
struct ad_addr names_vip(const struct names *names, __u16 vip);

/* {"id":1,"node":"fra1","pop":"fra"}, names null where unknown; null for id 0. */
json_t *names_node_json(const struct names *names, __u16 id);

#endif
