// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * counter.c: counters as data (counter.h): the rows of maps/counters.h, and what their indexes
 * mean.
 */
#include <stdio.h>
#include <string.h>
#include "counter.h"
#include "maps/connections.h"
#include "maps/counters.h"
#include "user/dns/dns_stats.h"
#include "user/fleet/hunt.h"

/* --- what indexes are called ------------------------------------------------------------------ */

static const char *budget_name(unsigned int index, char text[COUNTER_TEXT])
{
	return budget_names[index];
}

static const char *scope_name(unsigned int index, char text[COUNTER_TEXT])
{
	return budget_scopes[index];
}

static const char *rcode_name(unsigned int index, char text[COUNTER_TEXT])
{
	snprintf(text, COUNTER_TEXT, "RCODE%u", index);
	return dns_rcode_name(index) ?: text;
}

static const char *type_name(unsigned int index, char text[COUNTER_TEXT])
{
	return dns_type_name(index, text);
}

/* A name for each index, as constants. */
#define NAMES(function, ...)                                                                       \
	static const char *function(unsigned int index, char text[COUNTER_TEXT])                   \
	{                                                                                          \
		static const char *const names[] = { __VA_ARGS__ };                                \
                                                                                                   \
		return names[index];                                                               \
	}

NAMES(family_name, "ip4", "ip6")
NAMES(edns_name, "none", "plain", "do")
NAMES(cookie_name, "none", "new", "good", "bad")
NAMES(class_name, "answer", "referral", "nodata", "nxdomain", "error")
NAMES(action_name, "not", "dropped", "slipped", "spared")

static const char *const cookie_means[] = {
	[AD_DNS_COOKIE_NEW] = "a client that has no server cookie yet",
	[AD_DNS_COOKIE_GOOD] = "a cookie of ours: the client is where it says it is",
	[AD_DNS_COOKIE_BAD] = "a cookie that is too old, forged, or made with another secret",
};

_Static_assert(COUNTER_TEXT == DNS_TYPE_TEXT, "a type's name fits");

/* --- what arrays are made of ------------------------------------------------------------------ */

static const struct dimension dims_NONE[] = { {} };
static const struct dimension dims_BUDGET_SCOPE[] = {
	{ "budget", .end = AD_BUDGET_CLASSES, .stride = AD_BUDGET_SCOPES, .name = budget_name },
	{ "scope", .end = AD_BUDGET_SCOPES, .stride = 1, .name = scope_name },
	{}
};
static const struct dimension dims_RCODE[] = {
	{ "rcode", .end = AD_DNS_RCODES, .stride = 1, .sparse = true, .name = rcode_name }, {}
};
static const struct dimension dims_TYPE[] = {
	{ "type", .end = AD_DNS_TYPES, .stride = 1, .sparse = true, .name = type_name }, {}
};
static const struct dimension dims_FAMILY_EDNS[] = {
	{ "family", .end = 2, .stride = AD_DNS_EDNS_KINDS, .name = family_name },
	{ "edns", .end = AD_DNS_EDNS_KINDS, .stride = 1, .name = edns_name },
	{}
};
static const struct dimension dims_COOKIE[] = { { "cookie", AD_DNS_COOKIE_NEW, AD_DNS_COOKIE_STATES,
						  .stride = 1, .name = cookie_name,
						  .means = cookie_means },
						{} };
static const struct dimension dims_CLASS_ACTION[] = {
	{ "class", .end = AD_DNS_CLASSES, .stride = 1, .name = class_name },
	{ "action", AD_DNS_LIMITED_DROPPED, AD_DNS_LIMITED_STATES, .stride = AD_DNS_CLASSES,
	  .name = action_name },
	{}
};

/* --- the tables ------------------------------------------------------------------------------- */

#define TYPE_COUNTER "counter"
#define TYPE_GAUGE   "gauge"
#define ROW(type, field, metric, kind, labels, help)                                               \
	{ #field, metric, TYPE_##kind, help, offsetof(struct type, field), dims_##labels },

#define ROW_FLOW(field, array, ...) ROW(ad_flow_stats, field, __VA_ARGS__)
const struct counter counters_flow[] = { AD_FLOW_COUNTERS(ROW_FLOW){} };

#define ROW_HUNT(field, array, ...) ROW(ad_hunt_stats, field, __VA_ARGS__)
const struct counter counters_hunt[] = { AD_HUNT_COUNTERS(ROW_HUNT){} };

#define ROW_DNS(field, array, ...) ROW(ad_dns_count, field, __VA_ARGS__)
const struct counter counters_dns[] = { AD_DNS_COUNTERS(ROW_DNS){} };

#define ROW_TCP(field, array, ...) ROW(dns_stats, field, __VA_ARGS__)
const struct counter counters_tcp[] = { AD_DNS_TCP_COUNTERS(ROW_TCP){} };

#define ROW_RULE(field, array, ...) ROW(ad_dns_rule_counts, field, __VA_ARGS__)
const struct counter counters_rules[] = { AD_DNS_RULE_COUNTERS(ROW_RULE){} };

#define ROW_CONNECTION(field, array, ...) ROW(ad_connection_counts, field, __VA_ARGS__)
const struct counter counters_connections[] = { AD_CONNECTION_COUNTERS(ROW_CONNECTION){} };

const struct counter *counter_find(const struct counter *table, const char *key)
{
	while (table->key && strcmp(table->key, key))
		table++;
	return table->key ? table : NULL;
}

/* --- their numbers ---------------------------------------------------------------------------- */

/* One walk over all indexes. */
struct walk {
	const struct counter *counter;
	const char *counts;
	struct counter_cell cell;
	void (*told)(const struct counter_cell *cell, void *arg);
	void *arg;
};

/* Dimension @depth, and those below it; @place: where the counts of the indexes so far begin. */
static void walk_below(struct walk *walk, int depth, size_t place)
{
	const struct dimension *dims = walk->counter->dims, *dim = &dims[depth];
	struct counter_cell *cell = &walk->cell;

	if (depth == COUNTER_DIMS || !dim->label) {
		cell->place = place;
		cell->value = *(const __u64 *)(walk->counts + place);
		cell->is_shown = cell->value || !depth || !dims->sparse;
		walk->told(cell, walk->arg);
		cell->is_first = false;
		return;
	}
	cell->label[depth] = dim->label;
	for (unsigned int i = dim->first; i < dim->end; i++) {
		cell->index[depth] = i;
		cell->name[depth] = dim->name(i, cell->text[depth]);
		walk_below(walk, depth + 1, place + i * dim->stride * sizeof(__u64));
	}
}

void counter_each(const struct counter *counter, const void *counts,
		  void (*told)(const struct counter_cell *, void *), void *arg)
{
	struct walk walk = { counter, counts, { .is_first = true }, told, arg };

	walk_below(&walk, 0, counter->offset);
}

/* The object at @key, which is made if it is not there. */
static json_t *object_at(json_t *object, const char *key)
{
	json_t *below = json_object_get(object, key);

	if (!below) {
		below = json_object();
		json_object_set_new(object, key, below);
	}
	return below;
}

static void add_cell(const struct counter_cell *cell, void *arg)
{
	json_t **at = arg, *object = *at;

	if (!cell->is_shown)
		return;
	if (!cell->label[0]) {
		json_decref(*at);
		*at = json_integer(cell->value);
		return;
	}
	if (cell->label[1])
		object = object_at(object, cell->name[0]);
	json_object_set_new(object, cell->name[cell->label[1] ? 1 : 0], json_integer(cell->value));
}

json_t *counter_json(const struct counter *counter, const void *counts)
{
	json_t *json = json_object();

	counter_each(counter, counts, add_cell, &json);
	return json;
}

void counters_add_json(const struct counter *table, const void *counts, json_t *object)
{
	for (; table->key; table++)
		json_object_set_new(object, table->key, counter_json(table, counts));
}
