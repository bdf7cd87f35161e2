// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * breakdown.c: where the time of a flow goes, line by line, from figures of the same run: of
 * benches that end earlier, of the same bench with fewer flows, and of yardsticks.
 */
#include <stdio.h>
#include <string.h>
#include "selftests/bench/bench.h"

/* SipHash-2-4 over IPv4: two rounds a word of 8 bytes, four at the end (bpf/flow/prf.h,
 * bpf/tunnel/tunnel.h).
 */
#define FLOW_ROUNDS   8	 /* 12 bytes */
#define TAG_ROUNDS    18 /* 7 words; the 4 in front are remembered */
#define COOKIE_ROUNDS 10 /* 20 bytes: two words and what is left */

struct figures {
	const struct bench *benches;
	const struct figure *list;
	size_t nr;
	bool lack; /* one that was asked for is not there */
};

static double figure_of(struct figures *figures, const char *name)
{
	for (size_t i = 0; i < figures->nr; i++)
		if (!strcmp(figures->benches[i].name, name) && figures->list[i].ok)
			return figures->list[i].ns;
	figures->lack = true;
	return 0;
}

static void line(double ns, const char *what)
{
	printf("%10.0f  %s\n", ns, what);
}

static void print_memory(double ns, const struct yardsticks *sticks)
{
	printf("%10.0f  memory: the flow's bucket and entry, two lines of 151 MB, asked for at "
	       "once\n"
	       "%12s(one such line, and then nothing to do: %.0f; of that for the page: %.0f)\n",
	       ns, "", sticks->cold_line, sticks->page_walk);
}

static void local_breakdown(struct figures *figures, const struct yardsticks *sticks)
{
	double pass = figure_of(figures, "pass_foreign");
	double few = figure_of(figures, "flow_local_metered_1k");
	double many = figure_of(figures, "flow_local_metered_1m");
	double hash = FLOW_ROUNDS * sticks->sip_round;

	if (figures->lack)
		return;
	printf("\nwhere it goes: flow_local_metered\n");
	line(pass, "both addresses read, the VIP found");
	line(hash, "the flow's hash: 8 rounds");
	line(few - pass - hash, "TCP, clock, stamp, table, meter, unstamping, counters");
	line(few, "= with 1k flows");
	print_memory(many - few, sticks);
	line(many, "= with 1M flows");
}

static void wrap_breakdown(struct figures *figures, const struct yardsticks *sticks)
{
	double local = figure_of(figures, "flow_table_1k");
	double few = figure_of(figures, "flow_pinned_wrap_1k");
	double many = figure_of(figures, "flow_pinned_wrap_1m");
	double tag = TAG_ROUNDS * sticks->sip_round;

	if (figures->lack)
		return;
	printf("\nwhere it goes: flow_pinned_wrap\n");
	line(local, "as a flow of ours: read, hashed, found, metered");
	line(tag, "the tunnel's tag: 18 rounds; 8 more are remembered for a second");
	line(few - local - tag, "room in front, outer headers, checksums, counters");
	printf("%10s  the route: remembered for a tick; asked each time it would be %.0f\n", "0",
	       sticks->route);
	line(few, "= with 1k flows");
	print_memory(many - few, sticks);
	line(many, "= with 1M flows");
}

/* From the frame to its answer; the last line is what `packet` and the counters take. */
static void print_stages(const struct stages *stages, double pass, double whole)
{
	static const char *const whats[STAGES] = {
		[STAGE_HEADS] = "`dns`: IP and UDP read, every length distrusted",
		[STAGE_IMAGE] = "the image that answers this packet: three maps",
		[STAGE_NAME] = "header and question; the name lower-cased, hashed and added up",
		[STAGE_CELL] = "its cell looked for: where it is, or in four places in vain",
		[STAGE_REST] = "what is behind the question: OPT, cookie",
		[STAGE_SEARCH] = "labels, the closest encloser, its wildcard",
		[STAGE_ROOM] = "the answer chosen; the frame's end moved by the kernel",
		[STAGE_WRITTEN] = "header, records, OPT, UDP, IP and Ethernet; checksums",
	};
	double before = 0;

	line(pass, "`packet`: both addresses read, the VIP found");
	for (int i = 0; i < STAGES; i++) {
		line(stages->ns[i] - before, whats[i]);
		before = stages->ns[i];
	}
	line(whole - pass - before, "port 53, over to `dns`; four counters");
}

static void query_breakdown(struct figures *figures, const struct stages *stages)
{
	double pass = figure_of(figures, "pass_foreign");
	double few = figure_of(figures, "dns_a_1k");
	double hot = figure_of(figures, "dns_a_1m_hot");
	double many = figure_of(figures, "dns_a_1m");

	if (figures->lack || !stages->ok)
		return;
	printf("\nwhere it goes: dns_a\n");
	print_stages(stages, pass, few);
	line(few, "= with 1k names, all of them asked");
	line(hot - few, "as many names, of 1M: the page's map is looked up, and its memory page");
	line(many - hot, "memory: the name's cell, one line of 134 MB, or two");
	line(many, "= with 1M names, at random");
}

static void other_breakdown(struct figures *figures, const char *name, const struct stages *stages)
{
	double pass = figure_of(figures, "pass_foreign");
	double whole = figure_of(figures, name);

	if (figures->lack || !stages->ok)
		return;
	printf("\nwhere it goes: %s\n", name);
	print_stages(stages, pass, whole);
	line(whole, "= in all");
}

static void cookie_breakdown(struct figures *figures, const struct yardsticks *sticks)
{
	double quick = figure_of(figures, "dns_a_1k");
	double cookie = figure_of(figures, "dns_cookie");

	if (figures->lack)
		return;
	printf("\nwhere it goes: dns_cookie\n");
	line(quick, "dns_a_1k, as above; what comes on top:");
	line(cookie - quick, "OPT and its option read, checked and written, and of that");
	line(COOKIE_ROUNDS * sticks->sip_round, "    the cookie's hash: 10 rounds");
}

void report_breakdown(const struct bench *benches, const struct figure *figures, size_t nr,
		      const struct yardsticks *sticks, const struct ways *ways)
{
	struct figures local = { benches, figures, nr, false }, wrap = local, query = local,
		       wildcard = local, absent = local, cookie = local;

	local_breakdown(&local, sticks);
	wrap_breakdown(&wrap, sticks);
	query_breakdown(&query, &ways->found);
	other_breakdown(&wildcard, "dns_wildcard", &ways->wildcard);
	other_breakdown(&absent, "dns_nx", &ways->absent);
	cookie_breakdown(&cookie, sticks);
}
