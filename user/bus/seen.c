// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * seen.c: what is known of the bus, read and shown (seen.h).
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "seen.h"
#include "user/base/output.h"
#include "user/base/printable.h"
#include "user/fleet/told.h"

static const struct {
	const char *word, *text;
} states[AD_BUS_STATES_NR] = {
#define X(name, word, text) { word, text },
	AD_BUS_STATES(X)
#undef X
};

const char *bus_state_word(__u32 state)
{
	return states[state < AD_BUS_STATES_NR ? state : AD_BUS_OFF].word;
}

const char *bus_state_text(__u32 state)
{
	return states[state < AD_BUS_STATES_NR ? state : AD_BUS_OFF].text;
}

/* What others wrote ends. */
static void close_texts(struct ad_bus_seen *seen)
{
	seen->name[sizeof(seen->name) - 1] = '\0';
	seen->not_up[sizeof(seen->not_up) - 1] = '\0';
	seen->who[sizeof(seen->who) - 1] = '\0';
	seen->why[sizeof(seen->why) - 1] = '\0';
}

static int by_number(const void *a, const void *b)
{
	__u32 x = *(const __u32 *)a, y = *(const __u32 *)b;

	return x < y ? -1 : x > y;
}

static size_t list_ids(int fd, __u32 *ids)
{
	__u32 id, *previous = NULL;
	size_t nr = 0;

	while (nr < AD_BUS_SEEN_MAX && !bpf_map_get_next_key(fd, previous, &id)) {
		previous = &id;
		if (id)
			ids[nr++] = id;
	}
	qsort(ids, nr, sizeof(*ids), by_number);
	return nr;
}

static void read_nodes(int fd, struct bus_seen *seen)
{
	size_t nr = list_ids(fd, seen->ids), i;

	for (i = 0; i < nr; i++) {
		if (bpf_map_lookup_elem(fd, &seen->ids[i], &seen->nodes[seen->nr]))
			continue;
		close_texts(&seen->nodes[seen->nr]);
		seen->nodes[seen->nr].version[sizeof(seen->nodes->version) - 1] = '\0';
		seen->ids[seen->nr++] = seen->ids[i];
	}
}

int bus_seen_read(const struct pins *pins, struct bus_seen *seen)
{
	int fd = pins_map(pins, "bus", false);
	__u32 self = 0;

	memset(seen, 0, sizeof(*seen));
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd; /* a version before it had none */
	if (bpf_map_lookup_elem(fd, &self, &seen->self)) {
		close(fd);
		return 0;
	}
	close_texts(&seen->self);
	seen->ids = calloc(AD_BUS_SEEN_MAX, sizeof(*seen->ids));
	seen->nodes = calloc(AD_BUS_SEEN_MAX, sizeof(*seen->nodes));
	if (seen->ids && seen->nodes)
		read_nodes(fd, seen);
	close(fd);
	if (seen->ids && seen->nodes)
		return 0;
	bus_seen_free(seen);
	return -ENOMEM;
}

void bus_seen_free(struct bus_seen *seen)
{
	free(seen->ids);
	free(seen->nodes);
	memset(seen, 0, sizeof(*seen));
}

void bus_seen_is_old(struct bus_seen *seen)
{
	struct ad_bus_seen *self = &seen->self;

	if (self->state == AD_BUS_OFF)
		return;
	if (self->state == AD_BUS_FRESH)
		self->since_real_s = self->heard_real_s;
	self->state = AD_BUS_STALE;
	snprintf(self->why, sizeof(self->why), "no daemon runs");
}

/* --- shown ------------------------------------------------------------------------------------ */

static const char *shown_told(__u32 told)
{
	return told == AD_TOLD_NOTHING ? "" : told_word(told);
}

static json_t *text_or_null(const char *text)
{
	char shown[PRINTABLE_GROWS * sizeof(((struct ad_bus_seen *)0)->why) + 1];

	printable(shown, sizeof(shown), text);
	return *text ? json_string(shown) : json_null();
}

static json_t *time_or_null(__u64 real_s)
{
	return real_s ? json_integer(real_s) : json_null();
}

static json_t *node_json(__u32 id, const struct ad_bus_seen *node)
{
	return json_pack("{s:i, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:i, s:o}", "id", id,
			 "node", text_or_null(node->name), "version", text_or_null(node->version),
			 "heard", time_or_null(node->heard_real_s), "gone", node->gone != 0, "told",
			 text_or_null(shown_told(node->told)), "told_at",
			 time_or_null(node->told ? node->since_real_s : 0), "who",
			 text_or_null(node->who), "reason", text_or_null(node->why), "shed_percent",
			 node->shed_percent, "not_up", text_or_null(node->not_up));
}

static json_t *rotation_json(const struct ad_bus_seen *self)
{
	if (!self->key_goal)
		return json_null();
	return json_pack("{s:i, s:i, s:o, s:o}", "epoch", self->key_epoch, "goal", self->key_goal,
			 "at", time_or_null(self->step_real_s), "who", text_or_null(self->who));
}

json_t *bus_seen_json(const struct bus_seen *seen)
{
	json_t *nodes = json_array();

	for (size_t i = 0; i < seen->nr; i++)
		json_array_append_new(nodes, node_json(seen->ids[i], &seen->nodes[i]));
	return json_pack(
		"{s:s, s:o, s:o, s:i, s:I, s:o, s:o, s:o}", "state",
		bus_state_word(seen->self.state), "since", time_or_null(seen->self.since_real_s),
		"echo", time_or_null(seen->self.heard_real_s), "echo_ms", seen->self.echo_ms,
		"refused", (json_int_t)seen->self.refused, "why", text_or_null(seen->self.why),
		"rotation", rotation_json(&seen->self), "nodes", nodes);
}

static __u64 ago(__u64 real_s)
{
	__u64 now = time(NULL);

	return now > real_s ? now - real_s : 0;
}

static void print_nodes(const struct bus_seen *seen)
{
	static const struct column columns[] = { { "ON THE BUS", false },
						 { "ID", true },
						 { "VERSION", false },
						 { "HEARD", false },
						 { "TOLD", false },
						 { "BY", false },
						 { "SHEDS", true },
						 { "NOT UP BY ITS CHECKS", false },
						 {} };
	struct table *table = table_new(stdout, columns);
	char age[UNIT_TEXT], text[PRINTABLE_GROWS * 64 + 1];

	for (size_t i = 0; table && i < seen->nr; i++) {
		const struct ad_bus_seen *node = &seen->nodes[i];

		table_cell(table, PLAIN, "%s", printable_text(text, sizeof(text), node->name));
		table_cell(table, PLAIN, "%u", seen->ids[i]);
		table_cell(table, PLAIN, "%s", printable_text(text, sizeof(text), node->version));
		if (node->heard_real_s)
			table_cell(table, node->gone ? YELLOW : PLAIN, "%s ago%s",
				   unit_duration(ago(node->heard_real_s), age),
				   node->gone ? " (gone)" : "");
		else
			table_cell(table, PLAIN, "never");
		table_cell(table, PLAIN, "%s", shown_told(node->told));
		table_cell(table, PLAIN, "%s", printable_text(text, sizeof(text), node->who));
		table_cell(table, PLAIN, "%u %%", node->shed_percent);
		table_cell(table, PLAIN, "%s", printable_text(text, sizeof(text), node->not_up));
	}
	table_end(table);
}

static void print_rotation(const struct ad_bus_seen *self)
{
	char age[UNIT_TEXT], who[PRINTABLE_GROWS * sizeof(self->who) + 1];

	printf("keys: a rotation to epoch %u is at epoch %u since %s, by %s: `anydoor keys rotate` "
	       "goes on\n",
	       self->key_goal, self->key_epoch, unit_duration(ago(self->step_real_s), age),
	       printable_text(who, sizeof(who), self->who));
}

void bus_seen_print(const struct bus_seen *seen, bool nodes)
{
	const struct ad_bus_seen *self = &seen->self;
	char age[UNIT_TEXT], why[PRINTABLE_GROWS * sizeof(self->why) + 1], refused[UNIT_TEXT];

	if (self->state == AD_BUS_OFF)
		return;
	printf("bus: %s for %s: %s%s%s%s\n", bus_state_word(self->state),
	       unit_duration(ago(self->since_real_s), age), bus_state_text(self->state),
	       *self->why ? " (" : "", printable_text(why, sizeof(why), self->why),
	       *self->why ? ")" : "");
	if (self->refused)
		printf("bus: %s records that are not signed by this fleet's key\n",
		       unit_exact(self->refused, refused));
	if (self->key_goal)
		print_rotation(self);
	if (nodes)
		print_nodes(seen);
}
