// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * peers.c: reading the fleet and its counters (peers.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model_pins.h"
#include "peers.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/output.h"

static size_t choose(const struct names *names, const struct ad_node *nodes,
		     const struct ad_peer_count *counts, __u32 nr_rows, struct peer *peers)
{
	size_t nr = 0;
	__u32 id;

	for (id = 1; id < nr_rows; id++) {
		bool is_ours = names->config ? names_node(names, id) != NULL
					     : nodes[id].flags & AD_NODE_KNOWN;

		if (is_ours)
			peers[nr++] =
				(struct peer){ .id = id, .node = nodes[id], .count = counts[id] };
	}
	return nr;
}

/* Only of ourselves: nobody tells us what operators say to others. */
static int add_told(const struct pins *pins, struct peer *peers, size_t nr, struct ad_told *told)
{
	struct model_columns columns;
	struct ad_meta meta;
	int err = pins_read_meta(pins, &meta);

	for (size_t i = 0; !err && i < nr; i++) {
		if (peers[i].id != meta.node_id)
			continue;
		columns = model_columns_from(&peers[i].node);
		err = model_read_told(pins, &columns, told);
		peers[i].told = told->what;
	}
	return err;
}

int peers_read(const struct pins *pins, const struct names *names, struct peer **peers, size_t *nr,
	       struct ad_told *told)
{
	struct ad_peer_count *counts = calloc(AD_NODE_ID_MAX + 1, sizeof(*counts));
	struct ad_node *nodes = calloc(AD_NODE_ID_MAX + 1, sizeof(*nodes));
	__u32 nr_rows;
	int err;

	*nr = 0;
	memset(told, 0, sizeof(*told));
	*peers = calloc(AD_NODE_ID_MAX + 1, sizeof(**peers));
	err = counts && nodes && *peers ? pins_read_fleet(pins, nodes, counts, &nr_rows) : -ENOMEM;
	if (!err) {
		*nr = choose(names, nodes, counts, nr_rows, *peers);
		err = add_told(pins, *peers, *nr, told);
	}
	if (err) {
		free(*peers);
		*peers = NULL;
	}
	free(counts);
	free(nodes);
	return err;
}

struct model_standing peer_standing(const struct peer *peer)
{
	struct model_columns columns = model_columns_from(&peer->node);

	columns.told = peer->told;
	return model_resolve(&columns);
}

const char *peer_state(const struct peer *peer)
{
	return model_cause_word(peer_standing(peer).cause);
}

static const struct column columns[] = {
	{ "POP", false },     { "NODE", false },   { "ID", true },	 { "STATE", false },
	{ "TUNNEL", false },  { "TX PKTS", true }, { "TX BYTES", true }, { "RX PKTS", true },
	{ "RX BYTES", true }, { "WHY", false },	   { NULL, false },
};

static enum colour state_colour(const char *state)
{
	return !strcmp(state, "up") ? GREEN : !strcmp(state, "draining") ? YELLOW : RED;
}

static void print_count(struct table *table, const struct ad_count *count)
{
	char text[UNIT_TEXT];

	table_cell(table, PLAIN, "%s", unit_exact(count->packets, text));
	table_cell(table, PLAIN, "%s", unit_bytes(count->bytes, text));
}

static void print_peer(struct table *table, const struct names *names, const struct peer *peer,
		       bool is_self)
{
	const char *pop = names_pop_name(names, peer->id);
	const char *node = names_node_name(names, peer->id);
	const char *state = peer_state(peer);
	char address[ADDR_TEXT];

	table_cell(table, PLAIN, "%s", pop ? pop : "?");
	table_cell(table, PLAIN, "%s", node ? node : "?");
	table_cell(table, PLAIN, "%u", peer->id);
	table_cell(table, state_colour(state), "%s%s", state, is_self ? " (here)" : "");
	table_cell(table, PLAIN, "%s", addr_format(&peer->node.tunnel, address));
	print_count(table, &peer->count.tx);
	print_count(table, &peer->count.rx);
	table_cell(table, PLAIN, "%s",
		   strcmp(state, "up") ? model_cause_text(peer_standing(peer).cause) : "");
}

void peers_print(const struct names *names, const struct peer *peers, size_t nr, __u16 self,
		 bool show_self)
{
	struct table *table = table_new(stdout, columns);

	for (size_t i = 0; table && i < nr; i++)
		if (show_self || peers[i].id != self)
			print_peer(table, names, &peers[i], peers[i].id == self);
	table_end(table);
}

json_t *peer_json(const struct names *names, const struct peer *peer)
{
	const struct ad_peer_count *count = &peer->count;
	__u32 since_s = peer->node.since_s;
	char address[ADDR_TEXT];

	return json_pack("{s:i, s:s?, s:s?, s:s, s:s, s:o, s:s, s:I, s:I, s:I, s:I}", "id",
			 peer->id, "node", names_node_name(names, peer->id), "pop",
			 names_pop_name(names, peer->id), "state", peer_state(peer), "cause",
			 model_cause_key(peer_standing(peer).cause), "since_at_s",
			 since_s ? json_integer(clock_real_s(since_s)) : json_null(), "tunnel",
			 addr_format(&peer->node.tunnel, address), "tx_packets",
			 (json_int_t)count->tx.packets, "tx_bytes", (json_int_t)count->tx.bytes,
			 "rx_packets", (json_int_t)count->rx.packets, "rx_bytes",
			 (json_int_t)count->rx.bytes);
}
