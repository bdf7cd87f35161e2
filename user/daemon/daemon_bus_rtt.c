// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_bus_rtt.c: round-trip times by the bus: what this node measured, and what others did. A
 * node knows the way to its own POP alone, so nothing is taken of what it says of others.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "daemon_bus.h"
#include "user/base/log.h"

#define BODY_MAX 16384 /* bytes: the bucket keeps some records of each node */

static int add_node(const struct daemon *daemon, const struct config_node *node,
		    struct rtt_rows *rows)
{
	const char *pop = config_pop_name(daemon->config, node->pop), *trouble;
	struct rtt_rows said = {};
	char key[BUS_KEY_MAX];
	const json_t *body;
	size_t row, i;
	int err;

	body = bus_book_body(daemon->bus->book, bus_name_node(BUS_RTT, node->id, key));
	err = rtt_rows_take(json_object_get(body, "rtt"), &said, &row, &trouble);
	if (err == -EINVAL) {
		log_debug("bus: %s: row %zu: %s", key, row, trouble);
		err = 0;
	}
	for (i = 0; i < said.nr && !err; i++)
		if (!strcmp(said.list[i].key.pop, pop))
			err = rtt_rows_add(rows, &said.list[i]);
	rtt_rows_free(&said);
	return err;
}

int daemon_bus_rtt(const struct daemon *daemon, struct rtt_rows *rows)
{
	const struct config *config = daemon->config;
	size_t i;
	int err = 0;

	if (!daemon->bus || !daemon->bus->book)
		return 0;
	for (i = 0; i < config->nr_nodes && !err; i++)
		if (config->nodes[i].id != daemon->bus->self)
			err = add_node(daemon, &config->nodes[i], rows);
	return err;
}

static int by_samples(const void *a, const void *b)
{
	const struct rtt_row *x = a, *y = b;

	return (x->samples < y->samples) - (x->samples > y->samples);
}

static json_t *first_rows(const struct rtt_rows *rows, size_t nr)
{
	json_t *list = json_array();

	for (size_t i = 0; i < nr; i++)
		json_array_append_new(list, rtt_row_json(&rows->list[i]));
	return json_pack("{s:o}", "rtt", list);
}

bool daemon_bus_tell_rtt(struct daemon *daemon, struct rtt_rows *rows)
{
	size_t nr = rows->nr;
	char key[BUS_KEY_MAX];
	json_t *body;

	if (!nr || !daemon->bus || !daemon->bus->book || !daemon->bus->whole)
		return false;
	qsort(rows->list, nr, sizeof(*rows->list), by_samples);
	body = first_rows(rows, nr);
	while (nr > 1 && json_dumpb(body, NULL, 0, JSON_COMPACT) > BODY_MAX) {
		json_decref(body);
		nr /= 2;
		body = first_rows(rows, nr);
	}
	daemon_bus_write(daemon, bus_name_node(BUS_RTT, daemon->bus->self, key), body, true);
	json_decref(body);
	return true;
}
