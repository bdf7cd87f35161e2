// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * config_changes.c: what differs between two configurations (config_changes.h).
 *
 * There is no list of keys here: each row of the schema is compared as its type says. Items of a
 * list are matched by name, over two sorted copies: a fleet has thousands.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config_changes.h"
#include "config_schema.h"
#include "user/base/addr.h"
#include "user/base/printable.h"

#define VALUE_TEXT 64  /* of what is no string in the configuration itself */
#define LABEL_TEXT 320 /* the longest name is a zone's */

struct changes {
	const struct config *old, *new;
	json_t *lines;
	bool no_memory;
};

__attribute__((format(printf, 2, 3))) static void say(struct changes *changes, const char *format,
						      ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = printable_format(format, args);
	va_end(args);
	if (!text || json_array_append_new(changes->lines, json_string(text)))
		changes->no_memory = true;
	free(text);
}

/* --- one value -------------------------------------------------------------------------------- */

/* Members have the widths of the schema's rows (config_value.c stores them so). */
static long long number_at(const struct schema_row *row, const void *where)
{
	__u16 n16;
	__u32 n32;

	switch (row->size) {
	case sizeof(n16):
		memcpy(&n16, where, sizeof(n16));
		return n16;
	case sizeof(n32):
		memcpy(&n32, where, sizeof(n32));
		return n32;
	default:
		return *(const __u8 *)where;
	}
}

static const char *choice_text(const struct schema_row *row, long long place, char *text)
{
	const char *word = row->choices;

	while (place--)
		word += strcspn(word, "|") + 1;
	snprintf(text, VALUE_TEXT, "%.*s", (int)strcspn(word, "|"), word);
	return text;
}

static const char *number_text(const struct schema_row *row, long long number, char *text)
{
	if (!number && row->word && row->min > 0)
		return row->word; /* which leaves zero */
	schema_scaled(row, number, text, VALUE_TEXT);
	return text;
}

static const char *prefix_text(const struct config_prefix *prefix, char *text)
{
	unsigned int bits = prefix->bits - (addr_is_ip4(&prefix->address) ? 96 : 0);
	char address[ADDR_TEXT];

	snprintf(text, VALUE_TEXT, "%s/%u", addr_format(&prefix->address, address), bits);
	return text;
}

static const char *endpoint_text(const struct schema_row *row,
				 const struct config_endpoint *endpoint, char *text)
{
	char address[ADDR_TEXT];
	bool ip4 = addr_is_ip4(&endpoint->address);

	if (!endpoint->on)
		return row->word;
	addr_format(&endpoint->address, address);
	snprintf(text, VALUE_TEXT, ip4 ? "%s:%u" : "[%s]:%u", address, endpoint->port);
	return text;
}

/* A node is kept as its id in a list, and as a pointer where it is this node. */
static const char *node_text(const struct config *config, const struct schema_row *row,
			     const void *where)
{
	const struct config_node *node;

	if (row->size == sizeof(__u16))
		node = config_node_by_id(config, number_at(row, where));
	else
		node = *(const struct config_node *const *)where;
	return node ? node->name : "?";
}

static const char *policy_text(const struct config *config, size_t policy)
{
	return policy < config->nr_policies ? config->policies[policy].name : "?";
}

/* As it is written in the file; in @text or in @config. */
static const char *value_text(const struct config *config, const struct schema_row *row,
			      const void *where, char text[VALUE_TEXT])
{
	switch (row->type) {
	case SCHEMA_BOOL:
		return number_at(row, where) ? "true" : "false";
	case SCHEMA_NUMBER:
	case SCHEMA_COUNT:
	case SCHEMA_SECONDS:
		return number_text(row, number_at(row, where), text);
	case SCHEMA_CHOICE:
		return choice_text(row, number_at(row, where), text);
	case SCHEMA_ADDRESS:
		return addr_format(where, text);
	case SCHEMA_PREFIX:
		return prefix_text(where, text);
	case SCHEMA_ENDPOINT:
		return endpoint_text(row, where, text);
	case SCHEMA_POP:
		return config_pop_name(config, number_at(row, where));
	case SCHEMA_NODE:
		return node_text(config, row, where);
	case SCHEMA_POLICY:
		return policy_text(config, number_at(row, where));
	default:
		return *(char *const *)where ?: row->says ?: "none";
	}
}

static const char *leaf(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

static const char *still_to_do(enum schema_change change)
{
	switch (change) {
	case CHANGE_RESTART:
		return "; takes effect when the daemon is started again";
	case CHANGE_ATTACH:
		return "; takes effect after anydoor detach and a new start";
	default:
		return "";
	}
}

/* @of: the item of a list that the value is in, or NULL. */
static void compare_value(struct changes *changes, const struct schema_row *row, const char *of,
			  const void *old_base, const void *new_base)
{
	const void *old_at = (const char *)old_base + row->offset;
	const void *new_at = (const char *)new_base + row->offset;
	char old_text[VALUE_TEXT], new_text[VALUE_TEXT];
	const char *old = value_text(changes->old, row, old_at, old_text);
	const char *new = value_text(changes->new, row, new_at, new_text);

	if (strcmp(old, new))
		say(changes, "%s%s%s: %s -> %s%s", of ?: "", of ? ": " : "",
		    of ? leaf(row->path) : row->path, old, new, still_to_do(row->change));
}

/* --- lists ------------------------------------------------------------------------------------ */

struct item {
	char *name;
	size_t at; /* in the configuration */
};

struct items {
	const char *base; /* the first item's struct */
	size_t size, nr;
	struct item *list;   /* as configured */
	struct item *sorted; /* by name; the same names */
};

/* One list in both configurations. */
struct lists {
	const struct schema_row *row, *key;
	struct items old, new;
	size_t *was; /* of each new item: where it stood, plus one; 0: it is new */
	bool *kept;  /* of each old item */
};

static int by_name(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static bool items_open(struct items *items, const struct config *config,
		       const struct schema_row *row, const struct schema_row *key)
{
	const char *base = (const char *)config;
	char text[VALUE_TEXT];
	size_t i;

	items->nr = *(const size_t *)(base + row->count_offset);
	items->base = row->array ? base + row->offset : *(char *const *)(base + row->offset);
	items->size = row->item_size;
	items->list = calloc(items->nr ?: 1, sizeof(*items->list));
	items->sorted = calloc(items->nr ?: 1, sizeof(*items->sorted));
	if (!items->list || !items->sorted)
		return false;
	for (i = 0; i < items->nr; i++) {
		const void *where = items->base + i * items->size + key->offset;

		items->list[i].at = i;
		items->list[i].name = strdup(value_text(config, key, where, text));
		if (!items->list[i].name)
			return false;
	}
	memcpy(items->sorted, items->list, items->nr * sizeof(*items->list));
	qsort(items->sorted, items->nr, sizeof(*items->sorted), by_name);
	return true;
}

static void items_close(struct items *items)
{
	size_t i;

	for (i = 0; items->list && i < items->nr; i++)
		free(items->list[i].name);
	free(items->list);
	free(items->sorted);
}

/* Finds in both what has the same name. */
static void match(struct lists *lists)
{
	const struct items *old = &lists->old, *new = &lists->new;
	size_t a = 0, b = 0;

	while (a < old->nr && b < new->nr) {
		int order = by_name(&old->sorted[a], &new->sorted[b]);

		if (!order) {
			lists->was[new->sorted[b].at] = old->sorted[a].at + 1;
			lists->kept[old->sorted[a].at] = true;
		}
		a += order <= 0;
		b += order >= 0;
	}
}

/* "node fra1", or, of what is called nothing, "drain.successors: fra1". */
static void label(const struct schema_row *row, const char *name, char text[LABEL_TEXT])
{
	snprintf(text, LABEL_TEXT, "%s%s %s", row->item ?: row->path, row->item ? "" : ":", name);
}

static void compare_item(struct changes *changes, const struct lists *lists, size_t at)
{
	const struct items *old = &lists->old, *new = &lists->new;
	const struct schema_row *row, *end = config_schema + config_schema_rows;
	size_t length = strlen(lists->row->path);
	char of[LABEL_TEXT];

	label(lists->row, new->list[at].name, of);
	if (!lists->was[at]) {
		say(changes, "%s: added", of);
		return;
	}
	/* The rows of an item's keys follow its own. */
	for (row = lists->row + 2;
	     row < end && !strncmp(row->path, lists->row->path, length) && row->path[length] == '[';
	     row++)
		if (row != lists->key)
			compare_value(changes, row, of,
				      old->base + (lists->was[at] - 1) * old->size,
				      new->base + at *new->size);
}

static bool is_reordered(const struct lists *lists)
{
	size_t i, last = 0;

	for (i = 0; i < lists->new.nr; i++) {
		if (!lists->was[i])
			continue;
		if (lists->was[i] < last)
			return true;
		last = lists->was[i];
	}
	return false;
}

static void say_differences(struct changes *changes, const struct lists *lists)
{
	char of[LABEL_TEXT];
	size_t i;

	for (i = 0; i < lists->new.nr; i++)
		compare_item(changes, lists, i);
	for (i = 0; i < lists->old.nr; i++) {
		if (lists->kept[i])
			continue;
		label(lists->row, lists->old.list[i].name, of);
		say(changes, "%s: removed", of);
	}
	if (lists->row->ordered && is_reordered(lists))
		say(changes, "%s: in another order", lists->row->path);
}

static void compare_list(struct changes *changes, const struct schema_row *row)
{
	struct lists lists = { .row = row, .key = schema_item_key(row) };

	if (items_open(&lists.old, changes->old, row, lists.key) &&
	    items_open(&lists.new, changes->new, row, lists.key)) {
		lists.was = calloc(lists.new.nr ?: 1, sizeof(*lists.was));
		lists.kept = calloc(lists.old.nr ?: 1, sizeof(*lists.kept));
	}
	if (lists.was && lists.kept) {
		match(&lists);
		say_differences(changes, &lists);
	} else {
		changes->no_memory = true;
	}
	free(lists.was);
	free(lists.kept);
	items_close(&lists.old);
	items_close(&lists.new);
}

json_t *config_changes(const struct config *old, const struct config *new)
{
	struct changes changes = { .old = old, .new = new, .lines = json_array() };
	const struct schema_row *row, *end = config_schema + config_schema_rows;

	if (!changes.lines)
		return NULL;
	for (row = config_schema; row < end && !changes.no_memory; row++) {
		if (row->type == SCHEMA_MAP || strchr(row->path, '['))
			continue; /* a list compares its items */
		if (row->type == SCHEMA_LIST)
			compare_list(&changes, row);
		else
			compare_value(&changes, row, NULL, old, new);
	}
	if (changes.no_memory) {
		json_decref(changes.lines);
		changes.lines = NULL;
	}
	return changes.lines;
}
