/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_text.h: a record as a line for people, and as JSON for programs.
 */
#ifndef AD_TRACE_TEXT_H
#define AD_TRACE_TEXT_H

#include <stdio.h>
#include <jansson.h>
#include "maps/reasons.h"
#include "maps/trace.h"
#include "trace_query.h"
#include "user/state/names.h"
#include "user/steer/pops.h"

/* What the numbers in records mean; all of it stays the caller's. */
struct trace_legend {
	const struct names *names;
	const struct pop_seen *pops; /* by number */
	size_t nr_pops;
	__s64 real_minus_mono_ns;
};

/* What is known of one packet. */
struct trace_packet {
	const struct ad_trace_record *record;
	const struct trace_query *query; /* NULL: it is none */
};

/* Which rung of the ladder gave the reason: "stamp", "socket", ...; NULL: none did. */
const char *trace_rung(enum ad_reason reason);

/* CLOCK_REALTIME of a record. */
__u64 trace_real_ns(const struct trace_legend *legend, const struct ad_trace_record *record);
/* Writes the packet as text, without time and without newline: the comment in a capture. */
void trace_print(FILE *out, const struct trace_legend *legend, const struct trace_packet *packet);
/* The same as a line, with the time before it. */
void trace_print_line(FILE *out, const struct trace_legend *legend,
		      const struct trace_packet *packet);
json_t *trace_json(const struct trace_legend *legend, const struct trace_packet *packet);

#endif
