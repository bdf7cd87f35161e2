// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_stats.c: `anydoor stats`: every counter with what it means, or how fast they run.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"
#include "user/base/output.h"
#include "user/fleet/hunt.h"
#include "user/status/status.h"

struct options {
	unsigned int watch; /* seconds, 0 = once */
};

const struct arg cmd_stats_args[] = { { "--watch", 0, ARG_NUMBER, offsetof(struct options, watch),
					"SECONDS", 1, 3600,
					"show rates instead, every so often, until interrupted" },
				      { NULL } };

/* --- once, for people ------------------------------------------------------------------------ */

static void print_reasons(const struct status *status, const char *side, const char *title)
{
	const struct column columns[] = {
		{ title, false },     { "PACKETS", true }, { "BYTES", true },
		{ "MEANING", false }, { NULL, false },
	};
	struct table *table = table_new(stdout, columns);
	char text[UNIT_TEXT];

	for (int i = AD_CONTINUE + 1; table && i < AD_REASON_MAX; i++) {
		const struct reason *reason = &reason_table[i];
		const struct ad_count *count = &status->reasons[i];
		bool drop = !strcmp(reason->action, "drop");
		enum colour colour = !count->packets ? DIM : drop ? RED : PLAIN;

		if (strcmp(reason->side, side))
			continue;
		table_cell(table, colour, "%s", reason->label);
		table_cell(table, colour, "%s", unit_count(count->packets, text));
		table_cell(table, colour, "%s", unit_bytes(count->bytes, text));
		table_cell(table, colour, "%s%s", drop ? "dropped: " : "", reason->help);
	}
	table_end(table);
}

#define ANSWERS(title)                                                                             \
	{                                                                                          \
		{ title, false }, { "KERNEL", true }, { "DAEMON UDP", true },                      \
			{ "DAEMON TCP", true }, { NULL, false },                                   \
	}

/* Who gave how many answers of a sort; nothing, if nobody gave one. */
static void print_sort(struct table *table, const char *label, __u64 kernel, __u64 udp, __u64 tcp)
{
	char text[UNIT_TEXT];

	if (!table || !(kernel | udp | tcp))
		return;
	table_cell(table, PLAIN, "%s", label);
	table_cell(table, PLAIN, "%s", unit_exact(kernel, text));
	table_cell(table, PLAIN, "%s", unit_exact(udp, text));
	table_cell(table, PLAIN, "%s", unit_exact(tcp, text));
}

static void print_rcodes(const struct ad_dns_count by[DNS_BY_NR])
{
	static const struct column columns[] = ANSWERS("DNS ANSWERS");
	struct table *table = table_new(stdout, columns);
	char number[16];

	for (int i = 0; i < AD_DNS_RCODES; i++) {
		snprintf(number, sizeof(number), "RCODE%d", i);
		print_sort(table, dns_rcode_name(i) ?: number, by[DNS_BY_KERNEL].rcodes[i],
			   by[DNS_BY_DAEMON_UDP].rcodes[i], by[DNS_BY_DAEMON_TCP].rcodes[i]);
	}
	print_sort(table, "of these with TC", by[DNS_BY_KERNEL].truncated,
		   by[DNS_BY_DAEMON_UDP].truncated, by[DNS_BY_DAEMON_TCP].truncated);
	table_end(table);
}

static void print_types(const struct ad_dns_count by[DNS_BY_NR])
{
	static const struct column columns[] = ANSWERS("DNS TYPE");
	struct table *table = table_new(stdout, columns);
	char text[DNS_TYPE_TEXT];

	for (int i = 1; i <= AD_DNS_TYPES; i++) {
		int type = i % AD_DNS_TYPES; /* "other" comes last */

		print_sort(table, dns_type_name(type, text), by[DNS_BY_KERNEL].types[type],
			   by[DNS_BY_DAEMON_UDP].types[type], by[DNS_BY_DAEMON_TCP].types[type]);
	}
	table_end(table);
}

static void print_edns(const struct ad_dns_count by[DNS_BY_NR])
{
	static const struct column columns[] = ANSWERS("DNS CLIENT");
	static const char *const labels[2][AD_DNS_EDNS_KINDS] = {
		{ "IPv4, no EDNS", "IPv4, EDNS", "IPv4, DNSSEC" },
		{ "IPv6, no EDNS", "IPv6, EDNS", "IPv6, DNSSEC" },
	};
	struct table *table = table_new(stdout, columns);

	for (int i = 0; i < 2 * AD_DNS_EDNS_KINDS; i++) {
		int family = i / AD_DNS_EDNS_KINDS, kind = i % AD_DNS_EDNS_KINDS;

		print_sort(table, labels[family][kind], by[DNS_BY_KERNEL].edns[family][kind],
			   by[DNS_BY_DAEMON_UDP].edns[family][kind],
			   by[DNS_BY_DAEMON_TCP].edns[family][kind]);
	}
	table_end(table);
}

static void print_zones(const struct dns_stats *dns)
{
	static const struct column columns[] = {
		{ "ZONE", false }, { "QUERIES", true }, { "BY THE DAEMON", true }, { NULL, false }
	};
	struct table *table = table_new(stdout, columns);
	char text[UNIT_TEXT];

	for (size_t i = 0; table && i < dns->nr_zones; i++) {
		table_cell(table, PLAIN, "%s", dns->zones[i].name);
		table_cell(table, PLAIN, "%s", unit_exact(dns->zones[i].queries, text));
		table_cell(table, PLAIN, "%s", unit_exact(dns->zones[i].daemon_queries, text));
	}
	table_end(table);
}

struct count_row {
	const char *label;
	__u64 count;
	const char *meaning;
};

static void print_counts(const struct column columns[], const struct count_row *rows, size_t nr)
{
	struct table *table = table_new(stdout, columns);
	char text[UNIT_TEXT];

	for (size_t i = 0; table && i < nr; i++) {
		table_cell(table, PLAIN, "%s", rows[i].label);
		table_cell(table, PLAIN, "%s", unit_exact(rows[i].count, text));
		table_cell(table, PLAIN, "%s", rows[i].meaning);
	}
	table_end(table);
}

static struct count_row cookie_row(const struct ad_dns_guarded *guarded, int state,
				   const char *meaning)
{
	return (struct count_row){ dns_cookie_name(state), guarded->cookies[state], meaning };
}

static void print_cookies(const struct ad_dns_guarded *guarded)
{
	static const struct column columns[] = {
		{ "DNS COOKIES", false }, { "QUERIES", true }, { "MEANING", false }, { NULL, false }
	};
	const struct count_row rows[] = {
		cookie_row(guarded, AD_DNS_COOKIE_NEW, "the client has none of ours yet"),
		cookie_row(guarded, AD_DNS_COOKIE_GOOD, "the client is where it says it is"),
		cookie_row(guarded, AD_DNS_COOKIE_BAD, "too old, forged, or of another secret"),
	};

	print_counts(columns, rows, sizeof(rows) / sizeof(*rows));
}

static void print_limited(const struct ad_dns_guarded *guarded)
{
	static const struct column columns[] = {
		{ "DNS OVER LIMIT", false }, { "DROPPED", true }, { "SLIPPED", true },
		{ "SPARED", true },	     { NULL, false },
	};
	struct table *table = table_new(stdout, columns);
	char text[UNIT_TEXT];

	for (int class = 0; table && class < AD_DNS_CLASSES; class ++) {
		table_cell(table, PLAIN, "%s", dns_class_name(class));
		for (int i = AD_DNS_LIMITED_DROPPED; i < AD_DNS_LIMITED_STATES; i++)
			table_cell(table, PLAIN, "%s",
				   unit_exact(guarded->limited[i][class], text));
	}
	table_end(table);
}

/* The same answers, told apart in three ways. */
static void print_answers(const struct ad_dns_count by[DNS_BY_NR])
{
	print_rcodes(by);
	putchar('\n');
	print_types(by);
	putchar('\n');
	print_edns(by);
	putchar('\n');
}

static void print_dns(const struct dns_stats *dns)
{
	__u64 answers = 0;

	for (int i = 0; i < DNS_BY_NR; i++)
		answers += dns_count_sum(&dns->by[i]);
	if (answers)
		print_answers(dns->by);
	print_cookies(&dns->guarded);
	putchar('\n');
	print_limited(&dns->guarded);
	putchar('\n');
	print_zones(dns);
}

static void print_flow_table(const struct status *status)
{
	static const struct column columns[] = {
		{ "FLOW TABLE", false }, { "COUNT", true }, { "MEANING", false }, { NULL, false }
	};
	const struct count_row rows[] = {
		{ "inserts", status->flow_stats.inserts, "flows entered" },
		{ "evictions", status->flow_stats.evictions, "a live flow made room for another" },
		{ "expiries", status->flow_stats.expiries, "an idle flow made room for another" },
		{ "refusals", status->flow_stats.refusals,
		  "a flow found no room: it is asked about packet by packet, or not counted" },
		{ "in use", status->flows.slots - status->flows.by_kind[AD_FLOW_FREE], "slots" },
		{ "capacity", status->flows.slots, "slots" },
	};

	print_counts(columns, rows, sizeof(rows) / sizeof(*rows));
}

static void print_hunt(const struct ad_hunt_stats *stats)
{
	static const struct column columns[] = {
		{ "HUNT", false }, { "COUNT", true }, { "MEANING", false }, { NULL, false }
	};
	const struct count_row rows[] = {
		{ "learned", stats->learned, "claims, each a hint for its client's prefix" },
		{ "scouts", stats->scouts, "ACKs of stamped flows that asked for such a claim" },
		{ "by hint", stats->by_hint, "hunts whose first node a hint named" },
		{ "by source", stats->by_source,
		  "hunts whose first node another client came from" },
	};

	print_counts(columns, rows, sizeof(rows) / sizeof(*rows));
}

static void print_budgets(const struct ad_hunt_stats *stats)
{
	static const struct column columns[] = {
		{ "BUDGET", false },	{ "REFUSED IN ALL", true },
		{ "FOR A NODE", true }, { "FOR A PREFIX", true },
		{ NULL, false },
	};
	struct table *table = table_new(stdout, columns);
	char text[UNIT_TEXT];

	for (int i = 0; table && i < AD_BUDGET_CLASSES; i++) {
		table_cell(table, PLAIN, "%s", budget_names[i]);
		for (int j = 0; j < AD_BUDGET_SCOPES; j++)
			table_cell(table, stats->refused[i][j] ? YELLOW : PLAIN, "%s",
				   unit_exact(stats->refused[i][j], text));
	}
	table_end(table);
}

static void print_text(const struct view *view, const struct status *status)
{
	print_reasons(status, "in", "IN");
	putchar('\n');
	print_reasons(status, "out", "OUT");
	putchar('\n');
	print_flow_table(status);
	putchar('\n');
	print_hunt(&status->hunt_stats);
	putchar('\n');
	print_budgets(&status->hunt_stats);
	putchar('\n');
	peers_print(&view->names, status->peers, status->nr_peers, view->meta.node_id, false);
	putchar('\n');
	print_dns(&status->dns);
}

/* --- rates ----------------------------------------------------------------------------------- */

static __u64 per_second(__u64 now, __u64 before, unsigned int seconds)
{
	return now > before ? (now - before) / seconds : 0;
}

/* A loaded instance may be replaced between two looks; its counters then start anew. */
static void take_rates(struct ad_count rates[AD_REASON_MAX], const struct ad_count *now,
		       const struct ad_count *before, unsigned int seconds)
{
	for (int i = 0; i < AD_REASON_MAX; i++) {
		rates[i].packets = per_second(now[i].packets, before[i].packets, seconds);
		rates[i].bytes = per_second(now[i].bytes, before[i].bytes, seconds);
	}
}

static void print_rates(const struct ad_count rates[AD_REASON_MAX], unsigned int seconds)
{
	static const struct column columns[] = {
		{ "REASON", false },  { "PACKETS/S", true }, { "BYTES/S", true },
		{ "MEANING", false }, { NULL, false },
	};
	struct table *table = table_new(stdout, columns);
	char text[UNIT_TEXT];

	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[J", stdout);
	for (int i = AD_CONTINUE + 1; table && i < AD_REASON_MAX; i++) {
		if (!rates[i].packets)
			continue;
		table_cell(table, PLAIN, "%s", reason_table[i].label);
		table_cell(table, PLAIN, "%s", unit_exact(rates[i].packets, text));
		table_cell(table, PLAIN, "%s", unit_bytes(rates[i].bytes, text));
		table_cell(table, DIM, "%s", reason_table[i].help);
	}
	table_end(table);
	printf("(mean of %us)\n\n", seconds);
}

/* Until interrupted, or until the instance or the reader is gone. */
static int watch(const struct view *view, unsigned int seconds)
{
	struct ad_count before[AD_REASON_MAX], now[AD_REASON_MAX], rates[AD_REASON_MAX];
	struct timespec pause = { .tv_sec = seconds };
	int err = pins_read_reasons(&view->pins, before);

	while (!err && !ferror(stdout)) {
		nanosleep(&pause, NULL);
		err = pins_read_reasons(&view->pins, now);
		if (err)
			break;
		take_rates(rates, now, before, seconds);
		memcpy(before, now, sizeof(before));
		if (view->globals->json)
			output_json(json_pack("{s:i, s:o}", "seconds", seconds, "per_second",
					      status_reasons_json(rates)));
		else
			print_rates(rates, seconds);
		fflush(stdout);
	}
	return err ? view_failed(view, "counters", err) : EXIT_FAILED;
}

static int show_once(const struct view *view)
{
	struct status status;
	const char *what;
	int err = status_read(view, &status, &what);

	if (err)
		return view_failed(view, what, err);
	if (view->globals->json)
		err = output_json(status_stats_json(view, &status));
	else
		print_text(view, &status);
	status_free(&status);
	return err ? EXIT_FAILED : EXIT_OK;
}

int cmd_stats(const struct globals *globals, int argc, char **argv)
{
	struct options options = { 0 };
	struct view view;
	int code;

	if (args_parse(cmd_stats_args, argc, argv, &options))
		return EXIT_USAGE;
	code = view_open(&view, globals);
	if (code)
		return code;
	code = options.watch ? watch(&view, options.watch) : show_once(&view);
	view_close(&view);
	return code;
}
