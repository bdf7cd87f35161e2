// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * trace_text.c: a record as text and JSON (trace_text.h).
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <string.h>
#include <time.h>
#include <libknot/libknot.h>
#include "trace_text.h"
#include "user/base/addr.h"
#include "user/dns/dns_stats.h"
#include "user/flows/flow_text.h"
#include "user/status/reason.h"

static const char *const rungs[AD_REASON_MAX] = {
	[AD_R_LOCAL_SYN] = "syn",	 [AD_R_DIVERTED] = "syn",
	[AD_R_SYN_REPEATED] = "syn",	 [AD_R_SYN_UNSERVED] = "syn",
	[AD_R_BUDGET_SYN] = "syn",	 [AD_R_LOCAL_UNSTAMPED] = "unstamped",
	[AD_R_LOCAL_STAMP] = "stamp",	 [AD_R_WRAP_STAMP] = "stamp",
	[AD_R_BUDGET_GUESS] = "stamp",	 [AD_R_WRAP_CLAIMED] = "answer",
	[AD_R_TUNNEL_ANSWER] = "answer", [AD_R_WRAP_PIN] = "pin",
	[AD_R_OWNER_DEAD] = "pin",	 [AD_R_LOCAL_FLOW] = "socket",
	[AD_R_LOCAL_SOCKET] = "socket",	 [AD_R_WRAP_CLAIM] = "hunt",
	[AD_R_WRAP_HUNT] = "hunt",	 [AD_R_WRAP_NEXT] = "hunt",
	[AD_R_WRAP_NO] = "hunt",	 [AD_R_UNASKED] = "hunt",
	[AD_R_BUDGET_HUNT] = "hunt",	 [AD_R_NOBODY] = "hunt",
	[AD_R_NOBODY_AGAIN] = "hunt",	 [AD_R_NOBODY_ONCE] = "hunt",
};

static const char *const programs[AD_TRACE_PROGRAMS] = {
	[AD_TRACE_PACKET] = "packet",
	[AD_TRACE_DNS] = "dns",
	[AD_TRACE_DNS_COPIED] = "dns_copied",
	[AD_TRACE_EGRESS] = "egress",
};

static const char *const sockets[AD_TRACE_SOCKET_NR] = {
#define X(sym, text) [AD_TRACE_SOCKET_##sym] = text,
	AD_TRACE_SOCKETS(X)
#undef X
};

/* Why a packet travels by tunnel. */
static const char *const whys[] = {
	[AD_WHY_DATA] = "data",	  [AD_WHY_DIVERT] = "divert", [AD_WHY_HUNT] = "hunt",
	[AD_WHY_CLAIM] = "claim", [AD_WHY_NO] = "no",
};

static const char *const flag_names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR" };

/* A word of a table, whatever number a record has. */
static const char *word_of(const char *const *words, size_t nr, size_t i)
{
	return i < nr && words[i] ? words[i] : "?";
}
#define WORD(words, i) word_of(words, sizeof(words) / sizeof(*(words)), i)

const char *trace_rung(enum ad_reason reason)
{
	return reason < AD_REASON_MAX ? rungs[reason] : NULL;
}

static const struct reason *reason_of(const struct ad_trace_record *record)
{
	static const struct reason unknown = { "?", "?", "?", "?" };

	return record->reason > AD_CONTINUE && record->reason < AD_REASON_MAX
		       ? &reason_table[record->reason]
		       : &unknown;
}

__u64 trace_real_ns(const struct trace_legend *legend, const struct ad_trace_record *record)
{
	return record->mono_ns + legend->real_minus_mono_ns;
}

/* Was the clock of the stamp's flow stopped so long that d stands for the node before? */
static double stamp_age_s(const struct ad_trace_record *record)
{
	return record->stamp_age_ms / 1e3;
}

static const char *pop_name(const struct trace_legend *legend, __u8 pop)
{
	return pop < legend->nr_pops ? legend->pops[pop].name : "?";
}

/* --- for people ------------------------------------------------------------------------------- */

static void print_node(FILE *out, const struct trace_legend *legend, __u16 id)
{
	char name[NAME_TEXT];

	fputs(names_format(legend->names, id, name), out);
}

static void print_endpoint(FILE *out, const struct ad_addr *addr, __be16 port)
{
	char text[ENDPOINT_TEXT];

	fputs(port ? endpoint_format(addr, port, text) : addr_format(addr, text), out);
}

static void print_tcp(FILE *out, const struct trace_legend *legend,
		      const struct ad_trace_record *record)
{
	const char *before = " ";

	for (int i = 0; i < 8; i++) {
		if (!(record->tcp_flags >> i & 1))
			continue;
		fprintf(out, "%s%s", before, flag_names[i]);
		before = ",";
	}
	if (record->flags & AD_TRACE_STAMPED) {
		fputs("; stamp: ", out);
		print_node(out, legend, record->stamp);
		fprintf(out, " %.1fs ago", stamp_age_s(record));
	}
	if (record->socket)
		fprintf(out, "; socket: %s", WORD(sockets, record->socket));
}

static void print_way(FILE *out, const struct trace_legend *legend,
		      const struct ad_trace_record *record)
{
	if (record->peer) {
		fprintf(out, "; %s from ", WORD(whys, record->came));
		print_node(out, legend, record->peer);
		fprintf(out, ", hop %u, landed at ", record->hop);
		print_node(out, legend, record->landing);
	}
	if (!record->target)
		return;
	fprintf(out, "; %s to ", WORD(whys, record->why));
	print_node(out, legend, record->target);
	for (int i = 0; i < AD_CANDIDATES; i++) {
		if (!record->candidates[i] || record->candidates[i] == record->target)
			continue;
		fputs(", or ", out);
		print_node(out, legend, record->candidates[i]);
	}
}

static void print_query(FILE *out, const struct trace_query *query)
{
	char name[KNOT_DNAME_TXT_MAXLEN + 1] = "?", type[32] = "?", subnet[ADDR_TEXT];
	const char *rcode = dns_rcode_name(query->rcode);

	knot_dname_to_str(name, query->name, sizeof(name));
	knot_rrtype_to_string(query->qtype, type, sizeof(type));
	fprintf(out, " %s %s", name, type);
	if (query->is_answer && rcode)
		fprintf(out, " %s", rcode);
	else if (query->is_answer)
		fprintf(out, " RCODE%u", query->rcode);
	if (query->has_subnet)
		fprintf(out, "; subnet %s/%u", addr_format(&query->subnet, subnet),
			query->subnet_bits);
}

static void print_steering(FILE *out, const struct trace_legend *legend,
			   const struct ad_trace_record *record)
{
	const char *before = "; sent to ";

	fprintf(out, "; location %u, row %u", record->location, record->row);
	for (size_t i = 0; i < sizeof(record->pops); i++) {
		if (record->pops[i] == AD_STEER_NONE)
			continue;
		fprintf(out, "%s%s", before, pop_name(legend, record->pops[i]));
		before = ", ";
	}
}

void trace_print(FILE *out, const struct trace_legend *legend, const struct trace_packet *packet)
{
	const struct ad_trace_record *record = packet->record;
	const struct reason *reason = reason_of(record);
	bool leaves = record->program == AD_TRACE_EGRESS;
	__be16 port = record->client_port;

	if (packet->query)
		port = packet->query->from == htons(53) ? packet->query->to : packet->query->from;
	fprintf(out, "%-3s %s ", reason->side, reason->label);
	print_endpoint(out, &record->client, port);
	fputs(leaves ? " < " : " > ", out);
	print_endpoint(out, &record->vip, record->vip_port);
	fprintf(out, " %u B", record->came_bytes);
	if (packet->query)
		print_query(out, packet->query);
	if (record->flags & AD_TRACE_STEERED)
		print_steering(out, legend, record);
	print_tcp(out, legend, record);
	print_way(out, legend, record);
}

void trace_print_line(FILE *out, const struct trace_legend *legend,
		      const struct trace_packet *packet)
{
	__u64 ns = trace_real_ns(legend, packet->record);
	time_t seconds = ns / 1000000000;
	struct tm tm;

	localtime_r(&seconds, &tm);
	fprintf(out, "%02d:%02d:%02d.%06u ", tm.tm_hour, tm.tm_min, tm.tm_sec,
		(unsigned int)(ns % 1000000000 / 1000));
	trace_print(out, legend, packet);
	putc('\n', out);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static json_t *json_word(const char *word)
{
	return word ? json_string(word) : json_null();
}

static json_t *flags_json(__u8 flags)
{
	json_t *list = json_array();

	for (int i = 0; i < 8; i++)
		if (flags >> i & 1)
			json_array_append_new(list, json_string(flag_names[i]));
	return list;
}

static json_t *stamp_json(const struct trace_legend *legend, const struct ad_trace_record *record)
{
	if (!(record->flags & AD_TRACE_STAMPED))
		return json_null();
	return json_pack("{s:o, s:f, s:I}", "owner", names_node_json(legend->names, record->stamp),
			 "age_s", stamp_age_s(record), "tsecr", (json_int_t)record->tsecr);
}

static json_t *candidates_json(const struct trace_legend *legend,
			       const struct ad_trace_record *record)
{
	json_t *list = json_array();

	for (int i = 0; i < AD_CANDIDATES; i++)
		if (record->candidates[i])
			json_array_append_new(
				list, names_node_json(legend->names, record->candidates[i]));
	return list;
}

static json_t *steering_json(const struct trace_legend *legend,
			     const struct ad_trace_record *record)
{
	json_t *pops;

	if (!(record->flags & AD_TRACE_STEERED))
		return json_null();
	pops = json_array();
	for (size_t i = 0; i < sizeof(record->pops); i++)
		if (record->pops[i] != AD_STEER_NONE)
			json_array_append_new(pops, json_string(pop_name(legend, record->pops[i])));
	return json_pack("{s:i, s:I, s:o}", "location", record->location, "row",
			 (json_int_t)record->row, "pops", pops);
}

static json_t *subnet_json(const struct trace_query *query)
{
	char subnet[ADDR_TEXT];

	if (!query->has_subnet)
		return json_null();
	return json_sprintf("%s/%u", addr_format(&query->subnet, subnet), query->subnet_bits);
}

static json_t *query_json(const struct trace_legend *legend, const struct trace_packet *packet)
{
	char name[KNOT_DNAME_TXT_MAXLEN + 1] = "?", type[32] = "?";
	const struct trace_query *query = packet->query;

	if (!query)
		return json_null();
	knot_dname_to_str(name, query->name, sizeof(name));
	knot_rrtype_to_string(query->qtype, type, sizeof(type));
	return json_pack(
		"{s:s, s:s, s:o, s:o, s:o}", "name", name, "type", type, "rcode",
		query->is_answer ? json_word(dns_rcode_name(query->rcode) ?: "?") : json_null(),
		"subnet", subnet_json(query), "steering", steering_json(legend, packet->record));
}

static json_t *time_json(__u64 ns)
{
	time_t seconds = ns / 1000000000;
	char text[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%FT%T", &tm);
	return json_sprintf("%s.%06uZ", text, (unsigned int)(ns % 1000000000 / 1000));
}

static json_t *tcp_json(const struct trace_legend *legend, const struct ad_trace_record *record)
{
	if (!record->tcp_flags)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "flags", flags_json(record->tcp_flags), "stamp",
			 stamp_json(legend, record), "socket",
			 record->socket ? json_word(WORD(sockets, record->socket)) : json_null());
}

/* How it came by tunnel, or where it goes; null: it did not, or stays. */
static json_t *came_json(const struct trace_legend *legend, const struct ad_trace_record *record)
{
	if (!record->peer)
		return json_null();
	return json_pack("{s:o, s:o, s:s, s:i}", "from",
			 names_node_json(legend->names, record->peer), "landing",
			 names_node_json(legend->names, record->landing), "why",
			 WORD(whys, record->came), "hop", record->hop);
}

static json_t *goes_json(const struct trace_legend *legend, const struct ad_trace_record *record)
{
	if (!record->target)
		return json_null();
	return json_pack("{s:o, s:s, s:o}", "to", names_node_json(legend->names, record->target),
			 "why", WORD(whys, record->why), "candidates",
			 candidates_json(legend, record));
}

json_t *trace_json(const struct trace_legend *legend, const struct trace_packet *packet)
{
	const struct ad_trace_record *record = packet->record;
	const struct reason *reason = reason_of(record);
	char client[ADDR_TEXT], vip[ADDR_TEXT];
	__be16 port = record->client_port;

	if (packet->query)
		port = packet->query->from == htons(53) ? packet->query->to : packet->query->from;
	return json_pack("{s:o, s:s, s:s, s:s, s:s, s:o, s:s, s:i, s:s, s:i, s:I, s:I, s:o, s:o, "
			 "s:o, s:o}",
			 "time", time_json(trace_real_ns(legend, record)), "side", reason->side,
			 "program", WORD(programs, record->program), "reason", reason->label,
			 "action", reason->action, "rung", json_word(trace_rung(record->reason)),
			 "client", addr_format(&record->client, client), "client_port", ntohs(port),
			 "vip", addr_format(&record->vip, vip), "vip_port", ntohs(record->vip_port),
			 "bytes", (json_int_t)record->came_bytes, "left_bytes",
			 (json_int_t)record->left_bytes, "tcp", tcp_json(legend, record), "came",
			 came_json(legend, record), "goes", goes_json(legend, record), "dns",
			 query_json(legend, packet));
}
