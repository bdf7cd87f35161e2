// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_flows.c: `anydoor flows`: sockets and the flow table, one flow after the other.
 *
 * Memory is bounded, however many flows there are: a sorted list keeps the first ones in a heap,
 * and without sorting each flow is printed when it is found.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "user/base/output.h"
#include "user/flows/flow_filter.h"
#include "user/flows/flow_text.h"
#include "user/flows/flow_top.h"
#include "user/flows/flow_walk.h"
#include "user/status/view.h"

#define TOP_DEFAULT 100 /* of a sorted listing */
#define TOP_MAX	    1000000
#define NOT_SORTED  -1

struct options {
	struct flow_words words;
	int sort; /* enum flow_sort or NOT_SORTED */
	unsigned int top;
	bool all;
	bool json_lines;
};

/* The positions in --kind are kinds, with "any" where no flow is. */
_Static_assert(AD_FLOW_FREE == 0 && AD_FLOW_TRANSIT == 1 && AD_FLOW_PIN == 2 && AD_FLOW_OURS == 3,
	       "--kind");

#define OPTION(member) offsetof(struct options, member)
const struct arg cmd_flows_args[] = {
	{ "--client", 0, ARG_TEXT, OPTION(words.client), "PREFIX", 0, 0,
	  "only flows of clients in this prefix (198.51.100.0/24, 2001:db8::/32) or address" },
	{ "--vip", 0, ARG_TEXT, OPTION(words.vip), "VIP", 0, 0, "only flows to this VIP" },
	{ "--port", 0, ARG_NUMBER, OPTION(words.port), "PORT", 1, 65535,
	  "only flows to this port of the VIP" },
	{ "--owner", 0, ARG_TEXT, OPTION(words.owner), "NODE|POP", 0, 0,
	  "only flows that a node owns; by its name, its POP or its id" },
	{ "--kind", 0, ARG_CHOICE, OPTION(words.kind), "any|transit|pin|ours", 0, 0,
	  "only flows of one kind: ours, pin (claimed by its owner), transit (led by its stamp)" },
	{ "--all", 0, ARG_FLAG, OPTION(all), NULL, 0, 0,
	  "show also what is over, whose entries in the flow table wait to be replaced" },
	{ "--sort", 0, ARG_CHOICE, OPTION(sort), "bytes|packets|age|idle|rtt|retransmits", 0, 0,
	  "order of the flows: most bytes, most packets, oldest, longest silent, slowest, or most "
	  "segments sent again first" },
	{ "--top", 0, ARG_NUMBER, OPTION(top), "N", 1, TOP_MAX,
	  "at most N flows, the first in the order of --sort, or else by bytes (default 100)" },
	{ "--json-lines", 0, ARG_FLAG, OPTION(json_lines), NULL, 0, 0,
	  "print JSON, one object on each line, where --json prints one array" },
	{ NULL }
};

enum style {
	STYLE_TABLE,
	STYLE_ARRAY,
	STYLE_LINES
};

/* Where the matching flows go, and what the last line says about them. */
struct listing {
	struct view view;
	struct flow_filter filter;
	struct flow_top top; /* max 0: not sorted */
	enum style style;
	bool all;
	struct table *table;
	__u64 matched;
	__u64 closing;
	__u64 printed;
	__u64 *by_owner; /* matched flows, by node id */
};

static const struct column columns[] = {
	{ "KIND", false },    { "CLIENT", false }, { "VIP", false }, { "OWNER", false },
	{ "VIA", false },     { "AGE", true },	   { "IDLE", true }, { "RX PKT/B", true },
	{ "TX PKT/B", true }, { "RTT", true },	   { "RETR", true }, { "FLAGS", false },
	{ NULL, false },
};

/* "~": an estimate. */
static void print_traffic(struct table *table, const struct ad_flow *flow, __u32 packets,
			  __u64 bytes)
{
	char count[UNIT_TEXT], size[UNIT_TEXT];

	table_cell(table, PLAIN, "%s%s/%s", flow_is_estimate(flow) ? "~" : "",
		   unit_count(packets, count), unit_count(bytes, size));
}

/* Only what is unusual: for a live flow with a stamp it is empty. */
static const char *flow_remark(const struct ad_flow *flow)
{
	static const char *const remarks[] = { "",
					       "plain",
					       "closing",
					       "plain, closing",
					       "forwarded",
					       "plain, forwarded",
					       "closing, forwarded",
					       "plain, closing, forwarded" };
	bool plain = !(flow->flags & AD_FLOW_STAMPED);
	bool closing = flow->flags & AD_FLOW_CLOSING, forwarded = flow->flags & AD_FLOW_FORWARDED;

	return remarks[plain | closing << 1 | forwarded << 2];
}

/* Nothing where nothing is known. */
static void print_tcp(struct table *table, const struct socket_info *tcp)
{
	if (tcp->rtt_us)
		table_cell(table, PLAIN, "%.1fms", tcp->rtt_us / 1e3);
	else
		table_cell(table, PLAIN, "%s", "");
	if (tcp->retransmits)
		table_cell(table, YELLOW, "%u", tcp->retransmits);
	else
		table_cell(table, PLAIN, "%s", "");
}

static void print_row(struct listing *listing, const struct flow_row *row)
{
	const struct ad_flow *flow = &row->flow;
	const struct names *names = &listing->view.names;
	char client[ENDPOINT_TEXT], vip[ENDPOINT_TEXT], name[NAME_TEXT], text[UNIT_TEXT];
	enum colour colour = flow->kind == AD_FLOW_OURS ? GREEN : CYAN;
	struct table *table = listing->table;

	table_cell(table, colour, "%s", flow_kind(flow->kind));
	table_cell(table, PLAIN, "%s", endpoint_format(&flow->client, flow->client_port, client));
	table_cell(table, PLAIN, "%s", flow_vip_format(flow, names, vip));
	table_cell(table, colour, "%s", names_format(names, flow->owner, name));
	table_cell(table, PLAIN, "%s", names_format(names, flow->via, name));
	table_cell(table, PLAIN, "%s",
		   flow->first_s ? unit_duration(flow_seconds(names->now_s, flow->first_s), text)
				 : "");
	table_cell(table, PLAIN, "%s",
		   unit_duration(flow_seconds(names->now_s, flow->last_s), text));
	print_traffic(table, flow, flow->rx_packets, flow->rx_bytes);
	print_traffic(table, flow, flow->tx_packets, flow->tx_bytes);
	print_tcp(table, &row->tcp);
	table_cell(table, YELLOW, "%s", flow_remark(flow));
}

static void print_json(struct listing *listing, const struct flow_row *row)
{
	char text[FLOW_JSON_TEXT];
	size_t len = flow_json(row, &listing->view.names, text);

	if (listing->style == STYLE_ARRAY && listing->printed)
		fputs(",\n", stdout);
	fwrite(text, 1, len, stdout);
	if (listing->style == STYLE_LINES)
		putchar('\n');
}

/* Stops the walk when the output is closed. */
static int print_flow(struct listing *listing, const struct flow_row *row)
{
	if (listing->style == STYLE_TABLE)
		print_row(listing, row);
	else
		print_json(listing, row);
	listing->printed++;
	return ferror(stdout) ? -EPIPE : 0;
}

static int each_flow(const struct flow_row *row, void *arg)
{
	const struct ad_flow *flow = &row->flow;
	struct listing *listing = arg;

	if (!listing->all && !row->tcp.known && flow_is_over(flow, &listing->view.names))
		return 0;
	if (!flow_filter_match(&listing->filter, flow, &listing->view.names))
		return 0;
	listing->matched++;
	listing->closing += !!(flow->flags & AD_FLOW_CLOSING);
	listing->by_owner[flow->owner]++;
	if (!listing->top.max)
		return print_flow(listing, row);
	flow_top_offer(&listing->top, row);
	return 0;
}

/* "12 flows: 9 ours, 3 led to fra; 2 closing", the sentence one looks for after a shift. */
static void print_sum(const struct listing *listing)
{
	char text[UNIT_TEXT], name[NAME_TEXT];
	const char *before = ": ";
	__u16 self = listing->view.meta.node_id;

	printf("%s flow%s", unit_exact(listing->matched, text), listing->matched == 1 ? "" : "s");
	if (listing->by_owner[self]) {
		printf("%s%s ours", before, unit_exact(listing->by_owner[self], text));
		before = ", ";
	}
	for (unsigned int id = 0; id <= AD_NODE_ID_MAX; id++) {
		if (id == self || !listing->by_owner[id])
			continue;
		printf("%s%s led to %s", before, unit_exact(listing->by_owner[id], text),
		       names_format(&listing->view.names, id, name));
		before = ", ";
	}
	if (listing->closing)
		printf("; %s closing", unit_exact(listing->closing, text));
	if (listing->printed < listing->matched)
		printf(" (the first %s shown; --top N shows more)",
		       unit_exact(listing->printed, text));
	putchar('\n');
}

static int print_all(struct listing *listing)
{
	int err;

	if (listing->style == STYLE_TABLE)
		listing->table = table_new(stdout, columns);
	if (listing->style == STYLE_TABLE && !listing->table)
		return -ENOMEM;
	if (listing->style == STYLE_ARRAY)
		fputs("[\n", stdout);
	err = flow_walk_each(&listing->view.pins, &listing->view.names, each_flow, listing);
	flow_top_finish(&listing->top);
	for (size_t i = 0; !err && i < listing->top.nr; i++)
		err = print_flow(listing, &listing->top.rows[i]);
	if (listing->style == STYLE_ARRAY)
		puts("\n]");
	table_end(listing->table);
	if (listing->style == STYLE_TABLE && !err)
		print_sum(listing);
	return err;
}

static int listing_init(struct listing *listing, const struct options *options)
{
	unsigned int top = options->top;
	int sort = options->sort;

	listing->all = options->all;
	if (options->json_lines)
		listing->style = STYLE_LINES;
	else
		listing->style = listing->view.globals->json ? STYLE_ARRAY : STYLE_TABLE;
	listing->by_owner = calloc(AD_NODE_ID_MAX + 1, sizeof(*listing->by_owner));
	if (!listing->by_owner)
		return -ENOMEM;
	if (sort == NOT_SORTED && !top)
		return 0;
	return flow_top_init(&listing->top, sort == NOT_SORTED ? FLOW_SORT_BYTES : sort,
			     top ? top : TOP_DEFAULT);
}

int cmd_flows(const struct globals *globals, int argc, char **argv)
{
	struct options options = { .sort = NOT_SORTED };
	struct listing listing = { 0 };
	int err, code;

	if (args_parse(cmd_flows_args, argc, argv, &options))
		return EXIT_USAGE;
	code = view_open(&listing.view, globals);
	if (code)
		return code;
	if (flow_filter_init(&listing.filter, &options.words, &listing.view.names)) {
		code = EXIT_USAGE;
		goto out;
	}
	err = listing_init(&listing, &options);
	if (!err)
		err = print_all(&listing);
	if (err)
		code = view_failed(&listing.view, "flows", err);
out:
	free(listing.by_owner);
	flow_top_free(&listing.top);
	view_close(&listing.view);
	return code;
}
