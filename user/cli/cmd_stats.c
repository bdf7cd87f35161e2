// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_stats.c: `anydoor stats`: every counter with its meaning, or the rates of packets.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"
#include "user/base/clock.h"
#include "user/base/output.h"
#include "user/base/prom.h"
#include "user/daemon/metrics_text.h"
#include "user/status/counter.h"
#include "user/status/rate.h"
#include "user/status/status.h"

struct options {
	unsigned int watch; /* seconds, 0 = once */
	bool metrics, reasons;
};

const struct arg cmd_stats_args[] = {
	{ "--watch", 0, ARG_NUMBER, offsetof(struct options, watch), "SECONDS", 1, 3600,
	  "show how fast the counters of packets run, every SECONDS, until interrupted" },
	{ "--metrics", 0, ARG_FLAG, offsetof(struct options, metrics), NULL, 0, 0,
	  "print the name of every metric for Prometheus and what it means" },
	{ "--reasons", 0, ARG_FLAG, offsetof(struct options, reasons), NULL, 0, 0,
	  "print every reason for which a packet leaves the data path and what it means" },
	{ NULL }
};

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

/* Where cells go. */
struct sheet {
	struct table *table;
	const struct counter *counter;
	const struct ad_dns_count *by; /* of answers alone */
};

static const char *with_spaces(const char *key, char text[COUNTER_TEXT])
{
	snprintf(text, COUNTER_TEXT, "%s", key);
	for (char *c = text; *c; c++)
		if (*c == '_')
			*c = ' ';
	return text;
}

static void add_row(struct table *table, const char *key, __u64 count, const char *meaning)
{
	char number[UNIT_TEXT], text[COUNTER_TEXT];

	if (!table)
		return;
	table_cell(table, PLAIN, "%s", with_spaces(key, text));
	table_cell(table, PLAIN, "%s", unit_exact(count, number));
	table_cell(table, PLAIN, "%s", meaning);
}

static void add_cell(const struct counter_cell *cell, void *arg)
{
	const struct sheet *sheet = arg;
	const struct counter *counter = sheet->counter;

	if (!cell->name[0])
		add_row(sheet->table, counter->key, cell->value, counter->help);
	else if (!cell->name[1] && counter->dims->means)
		add_row(sheet->table, cell->name[0], cell->value,
			counter->dims->means[cell->index[0]]);
}

/* Each with what it means; without those of two dimensions. */
static void add_counters(struct table *table, const struct counter *list, const void *counts)
{
	struct sheet sheet = { .table = table };

	for (sheet.counter = list; sheet.counter->key; sheet.counter++)
		counter_each(sheet.counter, counts, add_cell, &sheet);
}

#define COUNTS(title)                                                                              \
	{                                                                                          \
		{ title, false }, { "COUNT", true }, { "MEANING", false },                         \
		{                                                                                  \
			NULL, false                                                                \
		}                                                                                  \
	}

static void add_to_row(const struct counter_cell *cell, void *arg)
{
	const struct sheet *sheet = arg;
	char number[UNIT_TEXT];

	if (!sheet->table)
		return;
	if (cell->index[1] == sheet->counter->dims[1].first)
		table_cell(sheet->table, PLAIN, "%s", cell->name[0]);
	table_cell(sheet->table, cell->value ? YELLOW : PLAIN, "%s",
		   unit_exact(cell->value, number));
}

/* Two dimensions: the first downwards, the second across, under @columns. */
static void print_matrix(const struct column *columns, const struct counter *counter,
			 const void *counts)
{
	struct sheet sheet = { .table = table_new(stdout, columns), .counter = counter };

	counter_each(counter, counts, add_to_row, &sheet);
	table_end(sheet.table);
}

static __u64 count_at(const struct ad_dns_count *count, size_t place)
{
	return *(const __u64 *)((const char *)count + place);
}

/* How many answers of a kind each of them gave; nothing if there were none. */
static void add_answers(const struct counter_cell *cell, void *arg)
{
	const struct sheet *sheet = arg;
	__u64 counts[DNS_BY_NR], all = 0;
	char text[UNIT_TEXT];

	for (int i = 0; i < DNS_BY_NR; i++)
		all |= counts[i] = count_at(&sheet->by[i], cell->place);
	if (!sheet->table || !all)
		return;
	table_cell(sheet->table, PLAIN, "%s%s%s", cell->name[0] ?: sheet->counter->key,
		   cell->name[1] ? ", " : "", cell->name[1] ?: "");
	for (int i = 0; i < DNS_BY_NR; i++)
		table_cell(sheet->table, PLAIN, "%s", unit_exact(counts[i], text));
}

/* The same answers, counted in several ways. */
static void print_answers(const struct ad_dns_count by[DNS_BY_NR])
{
	char title[64], text[COUNTER_TEXT];
	const struct column columns[] = {
		{ title, false },	{ "KERNEL", true }, { "DAEMON UDP", true },
		{ "DAEMON TCP", true }, { NULL, false },
	};
	struct sheet sheet = { .by = by };

	for (sheet.counter = counters_dns; sheet.counter->key; sheet.counter++) {
		snprintf(title, sizeof(title), "DNS ANSWERS: %s",
			 with_spaces(sheet.counter->key, text));
		sheet.table = table_new(stdout, columns);
		counter_each(sheet.counter, by, add_answers, &sheet);
		table_end(sheet.table);
		putchar('\n');
	}
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

static void print_counters(const struct column *columns, const struct counter *list,
			   const void *counts)
{
	struct table *table = table_new(stdout, columns);

	add_counters(table, list, counts);
	table_end(table);
	putchar('\n');
}

static void print_dns(const struct dns_stats *dns)
{
	static const struct column cookies[] = COUNTS("DNS COOKIES"), tcp[] = COUNTS("DNS BY TCP"),
				   limited[] = {
					   { "DNS OVER LIMIT", false },
					   { "DROPPED", true },
					   { "SLIPPED", true },
					   { "SPARED", true },
					   { NULL, false },
				   };

	print_answers(dns->by);
	print_counters(cookies, counters_rules, &dns->rule_counts);
	print_counters(tcp, counters_tcp, dns);
	print_matrix(limited, counter_find(counters_rules, "limited"), &dns->rule_counts);
	putchar('\n');
	print_zones(dns);
}

static void print_flow_table(const struct status *status)
{
	static const struct column columns[] = COUNTS("FLOW TABLE");
	struct table *table = table_new(stdout, columns);
	__u64 free = status->flows.by_kind[AD_FLOW_FREE];

	add_counters(table, counters_flow, &status->flow_stats);
	add_row(table, "in_use", status->flows.slots - free, "entries of the flow table in use");
	add_row(table, "capacity", status->flows.slots, "flows that the flow table can hold");
	table_end(table);
}

static void print_hunt(const struct ad_hunt_stats *stats)
{
	static const struct column columns[] = COUNTS("HUNT"), budgets[] = {
		{ "BUDGET", false },	{ "REFUSED IN ALL", true },
		{ "FOR A NODE", true }, { "FOR A PREFIX", true },
		{ NULL, false },
	};

	print_counters(columns, counters_hunt, stats);
	print_matrix(budgets, counter_find(counters_hunt, "refused"), stats);
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
	peers_print(&view->names, status->peers, status->nr_peers, view->meta.node_id, false);
	putchar('\n');
	print_dns(&status->dns);
}

/* --- rates ----------------------------------------------------------------------------------- */

static void print_rates(const struct rate rates[AD_REASON_MAX], double seconds)
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
		table_cell(table, PLAIN, "%s", unit_rate(rates[i].packets, text));
		table_cell(table, PLAIN, "%s", unit_rate(rates[i].bytes, text));
		table_cell(table, DIM, "%s", reason_table[i].help);
	}
	table_end(table);
	printf("(mean of %.1fs)\n\n", seconds);
}

/* One look at the counters, and when it was. */
struct moment {
	struct ad_count counts[AD_REASON_MAX];
	__u64 at_us;
};

static int read_moment(const struct view *view, struct moment *moment)
{
	int err = pins_read_reasons(&view->pins, moment->counts);

	moment->at_us = clock_mono_us();
	return err;
}

/* Runs until it is interrupted, the instance is gone, or the output is closed. */
static int watch(const struct view *view, unsigned int seconds)
{
	struct timespec pause = { .tv_sec = seconds };
	struct rate rates[AD_REASON_MAX];
	struct moment before, now;
	int err = read_moment(view, &before);

	while (!err && !ferror(stdout)) {
		double took_s;

		nanosleep(&pause, NULL);
		err = read_moment(view, &now);
		if (err)
			break;
		took_s = (now.at_us - before.at_us) / 1e6; /* longer, on a machine that is busy */
		rates_take(rates, now.counts, before.counts, took_s);
		before = now;
		if (view->globals->json)
			output_json(rates_json(rates, took_s));
		else
			print_rates(rates, took_s);
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

/* --- references ------------------------------------------------------------------------------- */

static void print_metric(const struct metric *metric, void *arg)
{
	printf("| `%s%s` | %s | %s | %s |\n", prom_prefix(metric->name), metric->name, metric->type,
	       metric->labels, metric->help);
}

static void add_metric(const struct metric *metric, void *arg)
{
	char name[80];

	snprintf(name, sizeof(name), "%s%s", prom_prefix(metric->name), metric->name);
	json_array_append_new(arg, json_pack("{s:s, s:s, s:s, s:s}", "metric", name, "type",
					     metric->type, "labels", metric->labels, "help",
					     metric->help));
}

static int show_metrics(bool as_json)
{
	json_t *list;

	if (!as_json) {
		puts("| metric | type | labels | meaning |\n| --- | --- | --- | --- |");
		metrics_each(print_metric, NULL);
		return EXIT_OK;
	}
	list = json_array();
	metrics_each(add_metric, list);
	return output_json(list) ? EXIT_FAILED : EXIT_OK;
}

static int show_reasons(bool as_json)
{
	json_t *list = json_array();

	if (!as_json)
		puts("| reason | side | action | meaning |\n| --- | --- | --- | --- |");
	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++) {
		const struct reason *reason = &reason_table[i];

		if (as_json)
			json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "reason",
							      reason->label, "side", reason->side,
							      "action", reason->action, "help",
							      reason->help));
		else
			printf("| `%s` | %s | %s | %s |\n", reason->label, reason->side,
			       reason->action, reason->help);
	}
	if (as_json)
		return output_json(list) ? EXIT_FAILED : EXIT_OK;
	json_decref(list);
	return EXIT_OK;
}

int cmd_stats(const struct globals *globals, int argc, char **argv)
{
	struct options options = { 0 };
	struct view view;
	int code;

	if (args_parse(cmd_stats_args, argc, argv, &options))
		return EXIT_USAGE;
	if (options.metrics)
		return show_metrics(globals->json);
	if (options.reasons)
		return show_reasons(globals->json);
	code = view_open(&view, globals);
	if (code)
		return code;
	code = options.watch ? watch(&view, options.watch) : show_once(&view);
	view_close(&view);
	return code;
}
