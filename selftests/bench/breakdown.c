// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * breakdown.c: where the time of a flow goes, line by line, from figures of the same run: of
 * benches that end earlier, of the same bench with fewer flows, and of yardsticks.
 */
#include <stdio.h>
#include <string.h>
#include "selftests/bench/bench.h"

/* SipHash-2-4 over IPv4: two rounds a word of 8 bytes, four at the end (bpf/prf.h, bpf/tunnel.h).
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

static void query_breakdown(struct figures *figures, const struct yardsticks *sticks)
{
	double pass = figure_of(figures, "pass_foreign");
	double heads = figure_of(figures, "dns_unasked");
	double few = figure_of(figures, "dns_a_1k");
	double hot = figure_of(figures, "dns_a_1m_hot");
	double many = figure_of(figures, "dns_a_1m");

	if (figures->lack)
		return;
	printf("\nwhere it goes: dns_a\n");
	line(pass, "both addresses read, the VIP found");
	line(heads - pass, "over to the program `dns`, IP and UDP headers read, counters");
	line(sticks->resize, "the frame's end moved by the kernel: bpf_xdp_adjust_tail()");
	line(few - heads - sticks->resize,
	     "the name hashed and found, records, heads, checksums, counters");
	line(few, "= with 1k names, all of them asked");
	line(hot - few, "as many names, of 1M: the page's map is looked up, and its memory page");
	line(many - hot, "memory: the name's cell, one line of 134 MB, or two");
	line(many, "= with 1M names, at random");
}

static void engine_breakdown(struct figures *figures, const struct yardsticks *sticks)
{
	double quick = figure_of(figures, "dns_a_1k");
	double wildcard = figure_of(figures, "dns_wildcard");
	double absent = figure_of(figures, "dns_nx");
	double cookie = figure_of(figures, "dns_cookie");

	if (figures->lack)
		return;
	printf("\nwhere it goes: what is not answered in the frame\n");
	line(quick, "dns_a_1k, as above; what comes on top:");
	line(wildcard - quick, "dns_wildcard: a copy, labels, the encloser searched for");
	line(absent - quick, "dns_nx: the same, and SOA instead of an address");
	line(cookie - quick, "dns_cookie: a copy, options read and written, and of that");
	line(COOKIE_ROUNDS * sticks->sip_round, "    the cookie's hash: 10 rounds");
}

void report_breakdown(const struct bench *benches, const struct figure *figures, size_t nr,
		      const struct yardsticks *sticks)
{
	struct figures local = { benches, figures, nr, false }, wrap = local, query = local,
		       engine = local;

	local_breakdown(&local, sticks);
	wrap_breakdown(&wrap, sticks);
	query_breakdown(&query, sticks);
	engine_breakdown(&engine, sticks);
}
