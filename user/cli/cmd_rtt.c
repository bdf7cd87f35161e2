// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_rtt.c: round-trip times of regions to POPs, and the order of POPs that follows from them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cmd.h"
#include "user/base/output.h"
#include "user/config/failure.h"
#include "user/rtt/rtt_rows.h"
#include "user/rtt/rtt_seen.h"
#include "user/status/view.h"

struct shown {
	struct rtt_seen *list;
	size_t nr;
	struct ad_rtt_probe probe;
};

static const char *const probe_words[] = {
	[AD_RTT_NOT_WANTED] = "no policy draws by round-trip time",
	[AD_RTT_MEASURES] = "measured here",
	[AD_RTT_FAILED] = "not measured here",
};

static const char *probe_word(const struct ad_rtt_probe *probe)
{
	return probe_words[probe->state <= AD_RTT_FAILED ? probe->state : AD_RTT_NOT_WANTED];
}

static bool is_one_rule(const struct rtt_seen *a, const struct rtt_seen *b)
{
	return !strcmp(a->key.policy, b->key.policy) && !strcmp(a->key.region, b->key.region);
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* What this node measured: what others take as their file. */
static json_t *own_json(const struct shown *shown)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < shown->nr; i++) {
		const struct rtt_seen *one = &shown->list[i];
		const struct rtt_row row = { one->key, one->seen.at_real_s, one->seen.rtt_us,
					     one->seen.samples };

		if (one->seen.is_own && one->seen.samples)
			json_array_append_new(list, rtt_row_json(&row));
	}
	return list;
}

static json_t *pop_json(const struct rtt_seen *one)
{
	bool known = one->seen.samples;

	return json_pack("{s:s, s:o, s:I, s:b}", "pop", one->key.pop, "rtt_ms",
			 known ? json_real(one->seen.rtt_us / 1000.0) : json_null(), "samples",
			 (json_int_t)one->seen.samples, "own", one->seen.is_own);
}

static json_t *rules_json(const struct shown *shown)
{
	json_t *list = json_array(), *pops = NULL;
	size_t i;

	for (i = 0; i < shown->nr; i++) {
		const struct rtt_seen *one = &shown->list[i];

		if (!i || !is_one_rule(one, one - 1)) {
			pops = json_array();
			json_array_append_new(
				list,
				json_pack("{s:s, s:s?, s:b, s:o, s:o}", "policy", one->key.policy,
					  "region", one->key.region[0] ? one->key.region : NULL,
					  "ranked", one->seen.rank != 0, "since",
					  one->seen.rank ? json_integer(one->seen.ranked_real_s)
							 : json_null(),
					  "pops", pops));
		}
		json_array_append_new(pops, pop_json(one));
	}
	return list;
}

static json_t *all_json(const struct view *view, const struct shown *shown)
{
	bool failed = shown->probe.state == AD_RTT_FAILED;

	return json_pack("{s:s, s:b, s:s?, s:o, s:o}", "instance", view->globals->instance,
			 "measures", shown->probe.state == AD_RTT_MEASURES, "why",
			 failed ? shown->probe.why : NULL, "rtt", own_json(shown), "rules",
			 rules_json(shown));
}

/* --- for people ------------------------------------------------------------------------------- */

static void print_row(struct table *table, const struct rtt_seen *one, bool is_first)
{
	char age[UNIT_TEXT], samples[UNIT_TEXT];
	__u64 now = time(NULL), since = one->seen.ranked_real_s;

	table_cell(table, BOLD, "%s", is_first ? one->key.policy : "");
	table_cell(table, PLAIN, "%s",
		   !is_first		? ""
		   : one->key.region[0] ? one->key.region
					: "default");
	table_cell(table, PLAIN, "%s", one->key.pop);
	if (one->seen.samples)
		table_cell(table, PLAIN, "%.1f", one->seen.rtt_us / 1000.0);
	else
		table_cell(table, DIM, "-");
	table_cell(table, PLAIN, "%s", unit_exact(one->seen.samples, samples));
	table_cell(table, PLAIN, "%s",
		   one->seen.is_own    ? "this node"
		   : one->seen.samples ? "others"
				       : "nobody");
	if (is_first && one->seen.rank)
		table_cell(table, PLAIN, "by round-trip time, for %s",
			   unit_duration(now > since ? now - since : 0, age));
	else
		table_cell(table, PLAIN, "%s", is_first ? "as configured" : "");
}

static void print_all(const struct shown *shown)
{
	static const struct column columns[] = {
		{ "POLICY", false }, { "REGION", false }, { "POP", false },
		{ "RTT ms", true },  { "SAMPLES", true }, { "MEASURED BY", false },
		{ "ORDER", false },  { NULL, false },
	};
	struct table *table = shown->nr ? table_new(stdout, columns) : NULL;
	size_t i;

	for (i = 0; table && i < shown->nr; i++)
		print_row(table, &shown->list[i],
			  !i || !is_one_rule(&shown->list[i], &shown->list[i - 1]));
	if (table)
		table_end(table);
	printf("%s%s%s\n", probe_word(&shown->probe),
	       shown->probe.state == AD_RTT_FAILED ? ": " : "",
	       shown->probe.state == AD_RTT_FAILED ? shown->probe.why : "");
}

int cmd_rtt(const struct globals *globals, int argc, char **argv)
{
	struct shown shown = {};
	struct view view;
	int err, code;

	if (args_none(argc, argv))
		return EXIT_USAGE;
	code = view_open(&view, globals);
	if (code)
		return code;
	err = rtt_seen_read(&view.pins, &shown.list, &shown.nr);
	err = err ?: rtt_probe_read(&view.pins, &shown.probe);
	if (err)
		code = view_failed(&view, "round-trip times", err);
	else if (globals->json)
		code = output_json(all_json(&view, &shown)) ? EXIT_FAILED : EXIT_OK;
	else
		print_all(&shown);
	free(shown.list);
	view_close(&view);
	return code;
}
