// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * metrics_text.c: metrics from what was read (metrics_text.h).
 *
 * A page is a table of families. What maps/counters.h counts comes from its rows; each other family
 * has a row here, with its help, and a function that writes its samples.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "maps/dns.h"
#include "metrics_text.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/prom.h"
#include "user/bgp/record.h"
#include "user/connections/conn_book.h"
#include "user/fleet/divert.h"
#include "user/flows/flow_text.h"
#include "user/status/counter.h"
#include "user/steer/policy.h"

#define SERIES_MAX DNS_BY_NR

/* Labels that many samples have in common. */
struct labels {
	struct prom text;
	struct prom_part *list; /* in the text */
};

/* What a page is made from. */
struct page {
	struct prom *out;
	struct labels *nodes, *zones; /* those that all samples of one have; by status */
	const struct view *view;
	const struct status *status; /* NULL: nothing is loaded */
	const struct metrics_daemon *daemon;
	const struct flow_top *top; /* of the page of flows */
	const struct names *names;  /* likewise */
};

/* The struct that counters are in, and what tells it from others of the same kind. */
struct series {
	const void *counts;
	const char *by, *transport; /* NULL: there is one only */
};

struct family {
	const char *name, *type, *labels, *help;
	/* One of these. */
	double (*value)(const struct page *page);	   /* one sample without labels */
	double (*zone)(const struct dns_zone_stats *zone); /* one for each zone */
	/* For each flow; negative: not known. */
	double (*flow)(const struct page *page, const struct flow_row *row);
	void (*write)(const struct page *page, const char *name);
	const struct counter *counters; /* all of a table, instead of name and help */
	/* Samples of one of them, where they are not those of series(). */
	void (*each)(const struct page *page, const struct counter *counter);

	bool (*applies)(const struct page *page); /* NULL: whenever something is loaded */
	int (*series)(const struct page *page, struct series series[SERIES_MAX]);
};

/* --- samples of which there are many ---------------------------------------------------------- */

#define PART(literal)                                                                              \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}
static const struct prom_part labels_end = PART("} ");

/* What stands in front of the labels that they have in common. */
struct before {
	char text[128];
	size_t len;
};

static struct before before_labels(const char *name, const char *labels)
{
	struct before before;

	before.len = snprintf(before.text, sizeof(before.text), "%s%s{%s", prom_prefix(name), name,
			      labels);
	return before;
}

static void write_of(const struct page *page, const struct before *before,
		     const struct prom_part *labels, const struct prom_part *after, double value)
{
	const struct prom_part first = { before->text, before->len };

	prom_sample_of(page->out, &first, labels, after, value);
}

static void labels_free(struct labels *labels)
{
	free(labels->text.text);
	free(labels->list);
}

/* Notes that what was written since the last one are the labels of @i. */
static void labels_cut(struct labels *labels, size_t i, size_t start)
{
	labels->list[i].len = labels->text.len - start;
}

/* The text has moved while it grew: only now it is known where each is. */
static bool labels_close(struct labels *labels, size_t nr)
{
	const char *at = labels->text.text;
	size_t i;

	for (i = 0; i < nr; i++) {
		labels->list[i].text = at;
		at += labels->list[i].len;
	}
	return !labels->text.failed;
}

static bool label_nodes(const struct page *page)
{
	const struct status *status = page->status;
	const struct names *names = &page->view->names;
	struct labels *labels = page->nodes;
	size_t i;

	labels->list = calloc(status->nr_peers + 1, sizeof(*labels->list));
	if (!labels->list)
		return false;
	for (i = 0; i < status->nr_peers; i++) {
		size_t start = labels->text.len;
		__u16 id = status->peers[i].id;

		prom_labels(&labels->text, "node", names_node_name(names, id), "pop",
			    names_pop_name(names, id), NULL);
		labels_cut(labels, i, start);
	}
	return labels_close(labels, status->nr_peers);
}

static bool label_zones(const struct page *page)
{
	const struct dns_stats *dns = &page->status->dns;
	struct labels *labels = page->zones;
	size_t i;

	labels->list = calloc(dns->nr_zones + 1, sizeof(*labels->list));
	if (!labels->list)
		return false;
	for (i = 0; i < dns->nr_zones; i++) {
		size_t start = labels->text.len;

		prom_labels(&labels->text, "zone", dns->zones[i].name, NULL);
		labels_cut(labels, i, start);
	}
	return labels_close(labels, dns->nr_zones);
}

/* --- instance and daemon --------------------------------------------------------------------- */

static bool always(const struct page *page)
{
	return true;
}

static void write_build(const struct page *page, const char *name)
{
	const struct config *config = page->view->config;
	char abi[16], id[16];

	snprintf(abi, sizeof(abi), "%d", AD_ABI_VERSION);
	snprintf(id, sizeof(id), "%u", config->self->id);
	prom_sample(page->out, name, 1, "version", VERSION, "abi", abi, "loaded_version",
		    page->status ? page->view->meta.version : "", "node", config->self->name,
		    "node_id", id, "pop", config_pop_name(config, config->self->pop), NULL);
}

static void write_reloads(const struct page *page, const char *name)
{
	static const struct {
		enum ad_reload_end end;
		const char *result;
	} results[] = { { AD_RELOAD_OK, "ok" },
			{ AD_RELOAD_PARTLY, "partly" },
			{ AD_RELOAD_REFUSED, "failed" } };

	for (size_t i = 0; i < sizeof(results) / sizeof(*results); i++)
		prom_sample(page->out, name, page->daemon->reloads[results[i].end], "result",
			    results[i].result, NULL);
}

/* A family's only number. */
#define VALUE(name, expression)                                                                    \
	static double name(const struct page *page)                                                \
	{                                                                                          \
		return expression;                                                                 \
	}

VALUE(is_loaded, page->status != NULL)
VALUE(reload_success, page->daemon->last_ok)
VALUE(reload_success_s, page->daemon->last_ok_real_s)
VALUE(is_armed, !!(page->status->state.flags & AD_STATE_ARMED))
VALUE(is_draining, !!(page->status->state.flags & AD_STATE_DRAINING))
VALUE(connections, page->status->ours)
VALUE(successors, page->status->state.nr_successors)
VALUE(kept, divert_kept_percent(&page->status->state) / 100.0)
VALUE(unstamped, page->status->state.unstamped)
VALUE(directory_owned, page->status->directory.owned)
VALUE(directory_kept, page->status->directory.kept)
VALUE(directory_mute, page->status->directory.mute)
VALUE(directory_full, page->status->directory.full != 0)
VALUE(directory_heard, page->status->directory.heard)
VALUE(directory_refused, page->status->directory.refused)
VALUE(directory_retold, page->status->directory.retold)
VALUE(reload_refused, page->status->reload.end == AD_RELOAD_REFUSED)
VALUE(warnings, page->status->nr_warnings)
VALUE(idle_entries, page->status->flows.idle)
VALUE(flow_capacity, page->status->flows.slots)
VALUE(zones, page->status->dns.nr_zones)
VALUE(zones_capacity, AD_DNS_ZONE_MAX)
VALUE(loaded_s, clock_real_s(page->view->meta.loaded_s))
VALUE(reload_took_s, page->daemon->took_s)
VALUE(stamp_lead_s, clock_stamp_lead_ms(&page->status->state) / 1000.0)
VALUE(cpu_s, page->daemon->cost.cpu_s)
VALUE(started_s, page->daemon->cost.started_real_s)
VALUE(resident, page->daemon->cost.resident_bytes)
VALUE(virtual_bytes, page->daemon->cost.virtual_bytes)
VALUE(fds, page->daemon->cost.fds)
VALUE(fds_max, page->daemon->cost.fds_max)

static bool with_programs(const struct page *page)
{
	return page->daemon->cost.nr_programs > 0;
}

static void write_run_seconds(const struct page *page, const char *name)
{
	const struct cost *cost = &page->daemon->cost;

	for (size_t i = 0; i < cost->nr_programs; i++)
		prom_sample(page->out, name, cost->programs[i].run_ns / 1e9, "program",
			    cost->programs[i].name, NULL);
}

static void write_runs(const struct page *page, const char *name)
{
	const struct cost *cost = &page->daemon->cost;

	for (size_t i = 0; i < cost->nr_programs; i++)
		prom_sample(page->out, name, cost->programs[i].runs, "program",
			    cost->programs[i].name, NULL);
}

static bool while_draining(const struct page *page)
{
	return page->status && is_draining(page) != 0;
}

/* --- packets --------------------------------------------------------------------------------- */

static void write_reasons(const struct page *page, const char *name, bool bytes)
{
	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++) {
		const struct ad_count *count = &page->status->reasons[i];

		prom_sample(page->out, name, bytes ? count->bytes : count->packets, "reason",
			    reason_table[i].label, "side", reason_table[i].side, "action",
			    reason_table[i].action, NULL);
	}
}

static void write_packets(const struct page *page, const char *name)
{
	write_reasons(page, name, false);
}

static void write_bytes(const struct page *page, const char *name)
{
	write_reasons(page, name, true);
}

/* --- the fleet ------------------------------------------------------------------------------- */

static __u64 peer_value(const struct ad_peer_count *count, bool rx, bool bytes)
{
	const struct ad_count *one = rx ? &count->rx : &count->tx;

	return bytes ? one->bytes : one->packets;
}

static void write_peers(const struct page *page, const char *name, bool bytes)
{
	struct before before[2] = { before_labels(name, "direction=\"tx\","),
				    before_labels(name, "direction=\"rx\",") };

	for (size_t i = 0; i < page->status->nr_peers; i++) {
		const struct peer *peer = &page->status->peers[i];

		if (peer->id == page->view->meta.node_id)
			continue;
		for (int rx = 0; rx < 2; rx++)
			write_of(page, &before[rx], &page->nodes->list[i], &labels_end,
				 peer_value(&peer->count, rx, bytes));
	}
}

static void write_peer_packets(const struct page *page, const char *name)
{
	write_peers(page, name, false);
}

static void write_peer_bytes(const struct page *page, const char *name)
{
	write_peers(page, name, true);
}

static void add_count(struct ad_count *sum, const struct ad_count *one)
{
	sum->packets += one->packets;
	sum->bytes += one->bytes;
}

/* Of each POP, by its index, what was exchanged with its nodes but us; free() it. */
static struct ad_peer_count *sum_pops(const struct page *page)
{
	const struct view *view = page->view;
	struct ad_peer_count *sums = calloc(view->config->nr_pops ?: 1, sizeof(*sums));

	for (size_t i = 0; sums && i < page->status->nr_peers; i++) {
		const struct peer *peer = &page->status->peers[i];
		const struct config_node *node = names_node(&view->names, peer->id);

		if (!node || node->id == view->meta.node_id)
			continue;
		add_count(&sums[node->pop].tx, &peer->count.tx);
		add_count(&sums[node->pop].rx, &peer->count.rx);
	}
	return sums;
}

static void write_pops(const struct page *page, const char *name, bool bytes)
{
	const struct config *config = page->view->config;
	struct ad_peer_count *sums = sum_pops(page);

	for (size_t i = 0; sums && i < config->nr_pops; i++)
		for (int rx = 0; rx < 2; rx++)
			prom_sample(page->out, name, peer_value(&sums[i], rx, bytes), "direction",
				    rx ? "rx" : "tx", "pop", config->pops[i].name, NULL);
	free(sums);
}

static void write_pop_packets(const struct page *page, const char *name)
{
	write_pops(page, name, false);
}

static void write_pop_bytes(const struct page *page, const char *name)
{
	write_pops(page, name, true);
}

static void write_node_states(const struct page *page, const char *name)
{
	static const struct {
		const char *state;
		struct prom_part after;
	} states[] = { { "up", PART(",state=\"up\"} ") },
		       { "draining", PART(",state=\"draining\"} ") },
		       { "silent", PART(",state=\"silent\"} ") },
		       { "dead", PART(",state=\"dead\"} ") },
		       { "unknown", PART(",state=\"unknown\"} ") } };
	struct before before = before_labels(name, "");

	for (size_t i = 0; i < page->status->nr_peers; i++) {
		const char *state = peer_state(&page->status->peers[i]);

		for (size_t s = 0; s < sizeof(states) / sizeof(*states); s++)
			write_of(page, &before, &page->nodes->list[i], &states[s].after,
				 !strcmp(state, states[s].state));
	}
}

static void write_pop_states(const struct page *page, const char *name)
{
	static const char *const states[] = { "auto", "up", "draining", "down", "shed" };

	for (size_t i = 0; i < page->status->nr_pops; i++) {
		const struct pop_seen *pop = &page->status->pops[i];

		for (size_t s = 0; s < sizeof(states) / sizeof(*states); s++)
			prom_sample(page->out, name, pop->told.state == s, "pop", pop->name,
				    "state", states[s], NULL);
	}
}

static void write_pop_out(const struct page *page, const char *name)
{
	for (size_t i = 0; i < page->status->nr_pops; i++)
		prom_sample(page->out, name, !!(page->status->pops[i].word & AD_STEER_OUT), "pop",
			    page->status->pops[i].name, NULL);
}

static void write_pop_shed(const struct page *page, const char *name)
{
	for (size_t i = 0; i < page->status->nr_pops; i++)
		prom_sample(page->out, name, page->status->pops[i].told.percent / 100.0, "pop",
			    page->status->pops[i].name, NULL);
}

static void write_pop_load(const struct page *page, const char *name)
{
	const struct config *config = page->view->config;

	if (page->daemon->load >= 0)
		prom_sample(page->out, name, page->daemon->load, "pop",
			    config_pop_name(config, config->self->pop), NULL);
}

static void write_pop_health(const struct page *page, const char *name)
{
	for (size_t i = 0; i < page->status->nr_pops; i++) {
		const struct pop_seen *pop = &page->status->pops[i];

		for (int s = AD_HEALTH_NONE; s < AD_HEALTH_STATES_NR; s++)
			prom_sample(page->out, name, pop->health.state == (__u32)s, "pop",
				    pop->name, "state", pops_health_word(s), NULL);
	}
}

static bool on_bus(const struct page *page)
{
	return page->status && page->status->bus.self.state != AD_BUS_OFF;
}

static void write_bus_states(const struct page *page, const char *name)
{
	for (__u32 s = AD_BUS_JOINING; s < AD_BUS_STATES_NR; s++)
		prom_sample(page->out, name, page->status->bus.self.state == s, "state",
			    bus_state_word(s), NULL);
}

static double bus_echo_took(const struct page *page)
{
	return page->status->bus.self.echo_ms / 1000.0;
}

static double bus_echo(const struct page *page)
{
	return page->status->bus.self.heard_real_s;
}

static double bus_refused(const struct page *page)
{
	return page->status->bus.self.refused;
}

static double rotation(const struct page *page)
{
	return page->status->bus.self.key_goal != 0;
}

static void write_bus_heard(const struct page *page, const char *name)
{
	const struct bus_seen *bus = &page->status->bus;

	for (size_t i = 0; i < bus->nr; i++)
		prom_sample(page->out, name, bus->nodes[i].heard_real_s, "node", bus->nodes[i].name,
			    NULL);
}

static void write_bus_gone(const struct page *page, const char *name)
{
	const struct bus_seen *bus = &page->status->bus;

	for (size_t i = 0; i < bus->nr; i++)
		prom_sample(page->out, name, bus->nodes[i].gone != 0, "node", bus->nodes[i].name,
			    NULL);
}

/* Of all addresses of one POP by one check. */
struct check_sum {
	const struct check_seen *first;
	bool is_up;
	__u64 passed, failed, changed_real_s, last_real_s;
	__u32 took_us;
};

/* The next one from *@at on, which it leaves behind it: they are sorted. False: there is none. */
static bool next_sum(const struct status *status, size_t *at, struct check_sum *sum)
{
	const struct check_seen *list = status->checks;

	if (*at >= status->nr_checks)
		return false;
	*sum = (struct check_sum){ .first = &list[*at], .is_up = true };
	for (; *at < status->nr_checks && !strcmp(list[*at].key.check, sum->first->key.check) &&
	       !strcmp(list[*at].key.pop, sum->first->key.pop);
	     (*at)++) {
		const struct ad_health_check *check = &list[*at].check;

		sum->is_up &=
			check->state != AD_HEALTH_OUT && check->state != AD_HEALTH_UNKNOWN_OUT;
		sum->passed += check->passed;
		sum->failed += check->failed;
		if (check->since_real_s > sum->changed_real_s)
			sum->changed_real_s = check->since_real_s;
		if (check->last_real_s > sum->last_real_s)
			sum->last_real_s = check->last_real_s;
		if (check->took_us > sum->took_us)
			sum->took_us = check->took_us;
	}
	return true;
}

#define CHECK_VALUE(function, expression)                                                          \
	static void function(const struct page *page, const char *name)                            \
	{                                                                                          \
		struct check_sum sum;                                                              \
		size_t at = 0;                                                                     \
                                                                                                   \
		while (next_sum(page->status, &at, &sum))                                          \
			prom_sample(page->out, name, expression, "check", sum.first->key.check,    \
				    "pop", sum.first->key.pop, NULL);                              \
	}

CHECK_VALUE(write_check_up, sum.is_up)
CHECK_VALUE(write_check_took, sum.took_us / 1e6)
CHECK_VALUE(write_check_changed, sum.changed_real_s)
CHECK_VALUE(write_check_last, sum.last_real_s)

static void write_checks(const struct page *page, const char *name)
{
	struct check_sum sum;
	size_t at = 0;

	while (next_sum(page->status, &at, &sum)) {
		prom_sample(page->out, name, sum.passed, "check", sum.first->key.check, "pop",
			    sum.first->key.pop, "result", "passed", NULL);
		prom_sample(page->out, name, sum.failed, "check", sum.first->key.check, "pop",
			    sum.first->key.pop, "result", "failed", NULL);
	}
}

/* --- connections ---------------------------------------------------------------------------------
 */

#define CONNECTION_LABELS "vip, port, region, node, pop"

/* What tells one from others; empty: further ones, no region, or it lands here. */
struct connection_labels {
	char vip[ADDR_TEXT], port[8];
	const char *region, *node, *pop;
};

static void label_connection(const struct page *page, const struct ad_connection_key *key,
			     struct connection_labels *labels)
{
	static const struct ad_addr none;

	*labels = (struct connection_labels){ .region = key->region };
	if (addr_compare(&key->vip, &none)) {
		addr_format(&key->vip, labels->vip);
		snprintf(labels->port, sizeof(labels->port), "%u", key->port);
	}
	if (!key->landing)
		return;
	labels->node = names_node_name(&page->view->names, key->landing);
	labels->pop = names_pop_name(&page->view->names, key->landing);
}

static void write_connection(const struct page *page, const char *name, double value,
			     const struct connection_labels *labels, const char *le)
{
	prom_sample(page->out, name, value, "vip", labels->vip, "port", labels->port, "region",
		    labels->region, "node", labels->node, "pop", labels->pop, le ? "le" : NULL, le,
		    NULL);
}

static void write_connection_counters(const struct page *page, const struct counter *counter)
{
	struct connection_labels labels;
	size_t i;

	for (i = 0; i < page->status->nr_connections; i++) {
		const struct conn_seen *seen = &page->status->connections[i];

		label_connection(page, &seen->key, &labels);
		write_connection(page, counter->metric,
				 *(const __u64 *)((const char *)&seen->counts + counter->offset),
				 &labels, NULL);
	}
}

/* A histogram: where its counts and their sum are, and what a unit of the sum is worth. */
struct shape {
	size_t counts, sum;
	const double *ends;
	size_t nr;
	double unit;
};

#define SHAPE(member, total, list, one)                                                            \
	{                                                                                          \
		offsetof(struct ad_connection_counts, member),                                     \
			offsetof(struct ad_connection_counts, total), list,                        \
			sizeof(((struct ad_connection_counts *)0)->member) / sizeof(__u64), one    \
	}

static void write_one_histogram(const struct page *page, const char *name,
				const struct shape *shape, const struct conn_seen *seen)
{
	const char *base = (const char *)&seen->counts;
	const __u64 *counts = (const __u64 *)(base + shape->counts);
	struct connection_labels labels;
	char text[64], le[32];
	__u64 sum = 0;
	size_t i;

	label_connection(page, &seen->key, &labels);
	snprintf(text, sizeof(text), "%s_bucket", name);
	for (i = 0; i < shape->nr; i++) {
		sum += counts[i];
		snprintf(le, sizeof(le), "%g", i < shape->nr - 1 ? shape->ends[i] : 0);
		write_connection(page, text, sum, &labels, i < shape->nr - 1 ? le : "+Inf");
	}
	snprintf(text, sizeof(text), "%s_sum", name);
	write_connection(page, text, *(const __u64 *)(base + shape->sum) * shape->unit, &labels,
			 NULL);
	snprintf(text, sizeof(text), "%s_count", name);
	write_connection(page, text, sum, &labels, NULL);
}

static void write_histogram(const struct page *page, const char *name, const struct shape *shape)
{
	for (size_t i = 0; i < page->status->nr_connections; i++)
		write_one_histogram(page, name, shape, &page->status->connections[i]);
}

static void write_handshakes(const struct page *page, const char *name)
{
	static const struct shape shape =
		SHAPE(handshakes, handshake_us, conn_handshake_ends, 1e-6);

	write_histogram(page, name, &shape);
}

static void write_lives(const struct page *page, const char *name)
{
	static const struct shape shape = SHAPE(lives, life_ms, conn_life_ends, 1e-3);

	write_histogram(page, name, &shape);
}

static void write_sizes(const struct page *page, const char *name)
{
	static const struct shape shape = SHAPE(sizes, size, conn_size_ends, 1);

	write_histogram(page, name, &shape);
}

static void write_resent(const struct page *page, const char *name)
{
	static const struct shape shape = SHAPE(resent, retransmits, conn_resent_ends, 1);

	write_histogram(page, name, &shape);
}

static double connections_counted(const struct page *page)
{
	return page->status->telling.state == AD_CONNECTIONS_COUNTED;
}

VALUE(connection_news_lost, page->status->telling.lost)
VALUE(flowlog_lines, page->status->telling.logged)
VALUE(flowlog_dropped, page->status->telling.dropped)
VALUE(flowlog_failed, page->status->telling.log_failed)

/* --- flows and DNS --------------------------------------------------------------------------- */

static void write_entries(const struct page *page, const char *name)
{
	for (int kind = AD_FLOW_TRANSIT; kind <= AD_FLOW_OURS; kind++)
		prom_sample(page->out, name, page->status->flows.by_kind[kind], "kind",
			    flow_kind(kind), NULL);
}

static int flow_series(const struct page *page, struct series series[SERIES_MAX])
{
	series[0] = (struct series){ .counts = &page->status->flow_stats };
	return 1;
}

static int hunt_series(const struct page *page, struct series series[SERIES_MAX])
{
	series[0] = (struct series){ .counts = &page->status->hunt_stats };
	return 1;
}

static int dns_series(const struct page *page, struct series series[SERIES_MAX])
{
	const struct ad_dns_count *by = page->status->dns.by;

	series[0] = (struct series){ &by[DNS_BY_KERNEL], "kernel", "udp" };
	series[1] = (struct series){ &by[DNS_BY_DAEMON_UDP], "daemon", "udp" };
	series[2] = (struct series){ &by[DNS_BY_DAEMON_TCP], "daemon", "tcp" };
	return 3;
}

static int tcp_series(const struct page *page, struct series series[SERIES_MAX])
{
	series[0] = (struct series){ .counts = &page->status->dns };
	return 1;
}

static int rule_series(const struct page *page, struct series series[SERIES_MAX])
{
	series[0] = (struct series){ .counts = &page->status->dns.rule_counts };
	return 1;
}

static void write_zone_queries(const struct page *page, const char *name)
{
	static const struct prom_part by_kernel = PART(",by=\"kernel\"} ");
	static const struct prom_part by_daemon = PART(",by=\"daemon\"} ");
	struct before before = before_labels(name, "");

	for (size_t i = 0; i < page->status->dns.nr_zones; i++) {
		const struct dns_zone_stats *zone = &page->status->dns.zones[i];

		write_of(page, &before, &page->zones->list[i], &by_kernel,
			 zone->queries - zone->daemon_queries);
		write_of(page, &before, &page->zones->list[i], &by_daemon, zone->daemon_queries);
	}
}

/* Of signed zones alone: what is not signed never expires. */
static void write_signed_until(const struct page *page, const char *name)
{
	for (size_t i = 0; i < page->status->dns.nr_zones; i++) {
		const struct dns_zone_stats *zone = &page->status->dns.zones[i];

		if (zone->denial)
			prom_sample(page->out, name, zone->signed_until_s, "zone", zone->name,
				    "denial", dns_zone_denial(zone), NULL);
	}
}

static void write_resign_by(const struct page *page, const char *name)
{
	for (size_t i = 0; i < page->status->dns.nr_zones; i++) {
		const struct dns_zone_stats *zone = &page->status->dns.zones[i];

		if (zone->denial)
			prom_sample(page->out, name, zone->resign_by_s, "zone", zone->name, NULL);
	}
}

static void write_databases(const struct page *page, const char *name)
{
	const struct steer_plan *plan = page->daemon->plan;

	for (size_t i = 0; plan && i < plan->nr_sources; i++)
		prom_sample(page->out, name, plan->sources[i].built_real_s, "database",
			    plan->sources[i].name, NULL);
}

/* --- round-trip times ------------------------------------------------------------------------ */

static void write_rtt(const struct page *page, const char *name, double value,
		      const struct ad_rtt_key *key)
{
	prom_sample(page->out, name, value, "policy", key->policy, "region",
		    key->region[0] ? key->region : "default", "pop", key->pop, NULL);
}

static void write_rtt_seconds(const struct page *page, const char *name)
{
	for (size_t i = 0; i < page->status->nr_rtt; i++)
		if (page->status->rtt[i].seen.samples)
			write_rtt(page, name, page->status->rtt[i].seen.rtt_us / 1e6,
				  &page->status->rtt[i].key);
}

static void write_rtt_samples(const struct page *page, const char *name)
{
	for (size_t i = 0; i < page->status->nr_rtt; i++)
		write_rtt(page, name, page->status->rtt[i].seen.samples, &page->status->rtt[i].key);
}

static void write_rtt_rank(const struct page *page, const char *name)
{
	for (size_t i = 0; i < page->status->nr_rtt; i++)
		if (page->status->rtt[i].seen.rank)
			write_rtt(page, name, page->status->rtt[i].seen.rank,
				  &page->status->rtt[i].key);
}

static double rtt_failed(const struct page *page)
{
	return page->status->probe.state == AD_RTT_FAILED;
}

/* --- the catchment --------------------------------------------------------------------------- */

/* Every region of the configuration; ASes up to `catchment.top`, and those that have moved. */
static bool is_shown(const struct page *page, enum catch_by by, size_t number)
{
	const struct catch_line *line = &page->daemon->catchment->lines[by][number];

	return by == CATCH_BY_REGION || number < page->view->config->catchment_top ||
	       line->is_moved[CATCH_CONNECTIONS] || line->is_moved[CATCH_QUERIES];
}

static void write_lines(const struct page *page, const char *name,
			void (*write)(const struct page *page, const char *name, const char *by,
				      const struct catch_line *line))
{
	const struct catch_view *view = page->daemon->catchment;
	enum catch_by by;
	size_t i;

	for (by = 0; view && by < CATCH_BY_PREFIX; by++)
		for (i = 0; i < view->nr[by]; i++)
			if (is_shown(page, by, i))
				write(page, name, catch_by_name(by), &view->lines[by][i]);
}

#define CATCH_VALUE(function, expression)                                                          \
	static void function##_line(const struct page *page, const char *name, const char *by,     \
				    const struct catch_line *line)                                 \
	{                                                                                          \
		for (enum catch_kind kind = 0; kind < CATCH_KINDS; kind++)                         \
			prom_sample(page->out, name, expression, "by", by, "name", line->name,     \
				    "kind", catch_kind_name(kind), NULL);                          \
	}                                                                                          \
	static void function(const struct page *page, const char *name)                            \
	{                                                                                          \
		write_lines(page, name, function##_line);                                          \
	}

CATCH_VALUE(write_catch_rate, line->rate[kind])
CATCH_VALUE(write_catch_share, line->share[kind])
CATCH_VALUE(write_catch_before, line->before[kind])
CATCH_VALUE(write_catch_moved, line->is_moved[kind])

static void write_rtt_line(const struct page *page, const char *name, const char *by,
			   const struct catch_line *line)
{
	if (line->sockets)
		prom_sample(page->out, name, line->rtt_us / 1e6, "by", by, "name", line->name,
			    NULL);
}

static void write_catch_rtt(const struct page *page, const char *name)
{
	write_lines(page, name, write_rtt_line);
}

static void write_suspects(const struct page *page, const char *name)
{
	const struct catch_view *view = page->daemon->catchment;

	if (view)
		prom_sample(page->out, name, view->all_suspects, NULL);
}

static void write_catch_changes(const struct page *page, const char *name)
{
	for (enum catch_by by = 0; by < CATCH_BY_PREFIX; by++)
		for (enum catch_kind kind = 0; kind < CATCH_KINDS; kind++)
			prom_sample(page->out, name, page->daemon->changes.moved[by][kind], "by",
				    catch_by_name(by), "kind", catch_kind_name(kind), NULL);
}

/* --- BGP ------------------------------------------------------------------------------------- */

static bool with_directory(const struct page *page)
{
	return page->status && page->status->directory.state != AD_DIRECTORY_OFF;
}

static bool with_bgp(const struct page *page)
{
	return page->status && record_has_bgp(page->status->bgp);
}

VALUE(bgp_answers, json_is_true(json_object_get(page->status->bgp, "answered")))
VALUE(bgp_as_wished, json_is_true(json_object_get(page->status->bgp, "as_wished")))

/* 1 for the word that is in @key of each family, 0 for all others. */
static void write_bgp_words(const struct page *page, const char *name, const char *key)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(page->status->bgp, "families"), i, one) {
		const char *word = json_string_value(json_object_get(one, key)) ?: "";
		const char *family = json_string_value(json_object_get(one, "family"));

		for (int wish = 0; wish < BGP_WISHES_NR; wish++)
			prom_sample(page->out, name, !strcmp(word, bgp_wish_key(wish)), "family",
				    family, "state", bgp_wish_key(wish), NULL);
	}
}

static void write_bgp_wish(const struct page *page, const char *name)
{
	write_bgp_words(page, name, "wish");
}

static void write_bgp_fact(const struct page *page, const char *name)
{
	write_bgp_words(page, name, "fact");
}

static void write_bgp_neighbours(const struct page *page, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(page->status->bgp, "neighbours"), i, one)
		prom_sample(page->out, name, json_integer_value(json_object_get(one, "announced")),
			    "neighbour", json_string_value(json_object_get(one, "neighbour")),
			    "family", json_string_value(json_object_get(one, "family")), NULL);
}

static void write_drain_steps(const struct page *page, const char *name)
{
	const json_t *drain = json_object_get(page->status->bgp, "drain");
	const char *word = json_string_value(json_object_get(drain, "step"));

	for (int step = 0; step < DRAIN_STEPS_NR; step++)
		prom_sample(page->out, name,
			    !strcmp(word ?: drain_step_key(DRAIN_OFF), drain_step_key(step)),
			    "step", drain_step_key(step), NULL);
}

static const json_t *drain_of(const struct page *page)
{
	return json_object_get(page->status->bgp, "drain");
}

VALUE(drain_since_s, json_integer_value(json_object_get(drain_of(page), "since_s")))
VALUE(new_per_s, json_number_value(json_object_get(drain_of(page), "new_per_second")))
VALUE(sending, json_integer_value(json_object_get(json_object_get(drain_of(page), "sending"),
						  "connections")))
VALUE(answers_until_s,
      json_integer_value(json_object_get(json_object_get(drain_of(page), "answers"),
					 "cached_until_s")))

static bool with_answers(const struct page *page)
{
	return page->status && answers_until_s(page) > 0;
}

static bool with_sending(const struct page *page)
{
	return page->status && json_is_object(json_object_get(drain_of(page), "sending"));
}

static bool with_steps(const struct page *page)
{
	return page->status && json_is_object(drain_of(page));
}

#define ZONE_VALUE(name, expression)                                                               \
	static double name(const struct dns_zone_stats *zone)                                      \
	{                                                                                          \
		return expression;                                                                 \
	}

ZONE_VALUE(zone_serial, zone->serial)
ZONE_VALUE(zone_names, zone->names)
ZONE_VALUE(zone_bytes, zone->bytes)
ZONE_VALUE(zone_records, zone->records)
ZONE_VALUE(zone_loaded_s, zone->loaded_real_s)
ZONE_VALUE(zone_failed, *zone->error != '\0')

/* --- the tables ------------------------------------------------------------------------------ */

static const struct family families[] = {
	{ "build_info", "gauge", "version, abi, loaded_version, node, node_id, pop",
	  "versions and identity, in labels; always 1", .write = write_build, .applies = always },
	{ "loaded", "gauge", "", "1 while the data path is loaded, else 0", .value = is_loaded,
	  .applies = always },
	{ "reloads_total", "counter", "result",
	  "attempts to load configuration and zones since the daemon started, by how they ended",
	  .write = write_reloads, .applies = always },
	{ "reload_success", "gauge", "",
	  "1 if the last attempt to load configuration and zones found no error",
	  .value = reload_success, .applies = always },
	{ "reload_success_timestamp_seconds", "gauge", "",
	  "when configuration and zones were last loaded without an error",
	  .value = reload_success_s, .applies = always },
	{ "reload_duration_seconds", "gauge", "",
	  "how long the last attempt to load configuration and zones took, by this daemon; 0: none "
	  "has ended",
	  .value = reload_took_s, .applies = always },
	{ "program_run_seconds_total", "counter", "program",
	  "time that a program of the data path has run; only there if kernel.bpf_stats_enabled is "
	  "or was 1",
	  .write = write_run_seconds, .applies = with_programs },
	{ "program_runs_total", "counter", "program",
	  "how often a program of the data path has run while its time was counted",
	  .write = write_runs, .applies = with_programs },
	{ "process_cpu_seconds_total", "counter", "", "CPU time of the daemon, all of its threads",
	  .value = cpu_s, .applies = always },
	{ "process_start_time_seconds", "gauge", "", "when the daemon was started",
	  .value = started_s, .applies = always },
	{ "process_resident_memory_bytes", "gauge", "",
	  "memory of the daemon that is in RAM, without that of the kernel's maps",
	  .value = resident, .applies = always },
	{ "process_virtual_memory_bytes", "gauge", "", "address space of the daemon",
	  .value = virtual_bytes, .applies = always },
	{ "process_open_fds", "gauge", "", "open descriptors of the daemon", .value = fds,
	  .applies = always },
	{ "process_max_fds", "gauge", "", "descriptors that the daemon may have open",
	  .value = fds_max, .applies = always },
	{ "geo_database_built_timestamp_seconds", "gauge", "database",
	  "when a geo database that is in use was built, by its own word", .write = write_databases,
	  .applies = always },

	{ "catchment_per_second", "gauge", "by, name, kind",
	  "new connections, or DNS queries by a sample, that landed here in the last window, by "
	  "the region or AS of their source",
	  .write = write_catch_rate, .applies = always },
	{ "catchment_share_ratio", "gauge", "by, name, kind",
	  "part of all that landed here in the last window, 0 to 1", .write = write_catch_share,
	  .applies = always },
	{ "catchment_share_before_ratio", "gauge", "by, name, kind",
	  "part of all that landed here in the hours before, with which the last window is "
	  "compared",
	  .write = write_catch_before, .applies = always },
	{ "catchment_moved", "gauge", "by, name, kind",
	  "1 while much more or much less of a region or an AS lands here than in the hours before",
	  .write = write_catch_moved, .applies = always },
	{ "catchment_moves_total", "counter", "by, kind",
	  "how often a region or an AS has moved since the daemon started",
	  .write = write_catch_changes, .applies = always },
	{ "catchment_rtt_seconds", "gauge", "by, name",
	  "mean of the least round-trip times of the connections that are open",
	  .write = write_catch_rtt, .applies = always },
	{ "geo_suspects", "gauge", "",
	  "prefixes and ASes with connections whose round-trip time is far above that of the "
	  "region that the databases say they are in; `anydoor geo suspects` lists them",
	  .write = write_suspects, .applies = always },

	{ "armed", "gauge", "", "1 while replies are stamped and stamps are read",
	  .value = is_armed },
	{ "stamp_lead_seconds", "gauge", "",
	  "how far the clock of stamps is ahead of the real clock; below 0: behind it",
	  .value = stamp_lead_s },
	{ "draining", "gauge", "", "1 while this node drains: new flows go to successors",
	  .value = is_draining },
	{ "drain_flows_left", "gauge", "",
	  "connections that still end at this node; only there during a drain",
	  .value = connections, .applies = while_draining },
	{ "drain_step", "gauge", "step",
	  "1 for the step that a drain of this node has come to, else 0; off: it does not drain",
	  .write = write_drain_steps },
	{ "drain_step_since_timestamp_seconds", "gauge", "",
	  "when a drain of this node came to its step; only there during a drain",
	  .value = drain_since_s, .applies = with_steps },
	{ "drain_new_flows_per_second", "gauge", "",
	  "new connections that land here while this node drains, over the last seconds",
	  .value = new_per_s, .applies = with_steps },
	{ "drain_sending_flows", "gauge", "",
	  "connections whose packets landed here within the last 10 seconds, wherever they live; "
	  "only there during a drain",
	  .value = sending, .applies = with_sending },
	{ "drain_answers_until_timestamp_seconds", "gauge", "",
	  "until when resolvers may keep answers of steered names that lead to this POP, which "
	  "drains; only there if that is known",
	  .value = answers_until_s, .applies = with_answers },
	{ "drain_successors", "gauge", "",
	  "nodes that take new flows of this node: while it drains, fails or comes back",
	  .value = successors },
	{ "new_flows_kept_ratio", "gauge", "",
	  "part of new flows that is served here: 1; 0 while this node drains or health checks of "
	  "its POP fail; in between during a slow start",
	  .value = kept },
	{ "bgp_wish", "gauge", "family, state",
	  "1 for what shall be told of the VIPs, else 0; only with a `bgp.driver`",
	  .write = write_bgp_wish, .applies = with_bgp },
	{ "bgp_fact", "gauge", "family, state",
	  "1 for what neighbours are told of the VIPs at most, else 0; all 0: not known",
	  .write = write_bgp_fact, .applies = with_bgp },
	{ "bgp_as_wished", "gauge", "",
	  "1 while all neighbours whose session is up are told what shall be told",
	  .value = bgp_as_wished, .applies = with_bgp },
	{ "bgp_daemon_answers", "gauge", "", "1 while the BGP daemon says what it exports",
	  .value = bgp_answers, .applies = with_bgp },
	{ "bgp_neighbour_prefixes", "gauge", "neighbour, family",
	  "prefixes of VIPs that this neighbour is told", .write = write_bgp_neighbours,
	  .applies = with_bgp },
	{ "unstamped_sockets", "gauge", "",
	  "connections on the list of unstamped ones, which must not be touched",
	  .value = unstamped },
	{ "directory_owned_flows", "gauge", "", "flows without stamps of this node",
	  .value = directory_owned, .applies = with_directory },
	{ "directory_kept_flows", "gauge", "",
	  "flows without stamps of other nodes of this POP that this node knows the owner of",
	  .value = directory_kept, .applies = with_directory },
	{ "directory_mute_nodes", "gauge", "",
	  "other nodes of this POP that do not answer about flows without stamps",
	  .value = directory_mute, .applies = with_directory },
	{ "directory_full", "gauge", "", "1 while the directory of this POP has no more room",
	  .value = directory_full, .applies = with_directory },
	{ "directory_messages_total", "counter", "",
	  "messages of other nodes of this POP about flows without stamps",
	  .value = directory_heard, .applies = with_directory },
	{ "directory_refused_total", "counter", "",
	  "datagrams to hunt.directory_port that were not authentic or not of this POP",
	  .value = directory_refused, .applies = with_directory },
	{ "directory_retold_total", "counter", "",
	  "times that another node of this POP was told of all flows without stamps anew",
	  .value = directory_retold, .applies = with_directory },
	{ "reload_refused", "gauge", "",
	  "1 while the last attempt to load the configuration changed nothing, because of errors",
	  .value = reload_refused },
	{ "warnings", "gauge", "", "warnings that `anydoor status` shows", .value = warnings },
	{ "loaded_timestamp_seconds", "gauge", "", "when the data path was loaded",
	  .value = loaded_s },

	{ "packets_total", "counter", "reason, side, action",
	  "packets by the reason for which they left the data path", .write = write_packets },
	{ "bytes_total", "counter", "reason, side, action",
	  "bytes by the reason for which their packets left the data path, as they came, with the "
	  "Ethernet header",
	  .write = write_bytes },

	{ "tunnel_packets_total", "counter", "direction, node, pop",
	  "packets wrapped for a node (tx) and unwrapped from it (rx)",
	  .write = write_peer_packets },
	{ "tunnel_bytes_total", "counter", "direction, node, pop",
	  "bytes of the inner packets that were wrapped for a node (tx) and unwrapped from it (rx)",
	  .write = write_peer_bytes },
	{ "pop_tunnel_packets_total", "counter", "direction, pop",
	  "packets wrapped for the nodes of a POP (tx) and unwrapped from them (rx)",
	  .write = write_pop_packets },
	{ "pop_tunnel_bytes_total", "counter", "direction, pop",
	  "bytes of the inner packets that were wrapped for the nodes of a POP (tx) and unwrapped "
	  "from them (rx)",
	  .write = write_pop_bytes },
	{ "node_state", "gauge", "node, pop, state",
	  "1 for the state that the data path takes a node to be in, 0 for every other state",
	  .write = write_node_states },
	{ "steered_rtt_seconds", "gauge", "policy, region, pop",
	  "median round-trip time of a region's clients to a POP, in policies that draw by it",
	  .write = write_rtt_seconds },
	{ "steered_rtt_samples", "gauge", "policy, region, pop",
	  "connections that it was measured by; old ones count less", .write = write_rtt_samples },
	{ "steered_rtt_rank", "gauge", "policy, region, pop",
	  "place of the POP among those of its rule, from 1 on, where what was measured has "
	  "changed the configuration's order",
	  .write = write_rtt_rank },
	{ "steered_rtt_failed", "gauge", "",
	  "1 while a policy draws by round-trip time, and this node cannot measure it",
	  .value = rtt_failed },
	{ "steered_pop_told", "gauge", "pop, state",
	  "1 for what was said of the POP, by an operator with `anydoor pop` or by its load "
	  "(shed), else 0; auto: nothing",
	  .write = write_pop_states },
	{ "steered_pop_out", "gauge", "pop", "1 while no client of a steered name gets this POP",
	  .write = write_pop_out },
	{ "steered_pop_shed_ratio", "gauge", "pop",
	  "part of its clients that this POP was told to shed, 0 to 1", .write = write_pop_shed },
	{ "steered_pop_load_ratio", "gauge", "pop",
	  "TCP connections of this node, by its part of its POP's `capacity`; only if one is "
	  "stated",
	  .write = write_pop_load },
	{ "steered_pop_health", "gauge", "pop, state",
	  "1 for how the POP stands by its health checks, else 0; none: nothing checks it; kept: "
	  "it fails, and gets clients because of health.at_least",
	  .write = write_pop_health },
	{ "health_check_up", "gauge", "check, pop",
	  "0 while an address of the POP is out by this check, else 1", .write = write_check_up },
	{ "health_checks_total", "counter", "check, pop, result",
	  "health checks that have ended, of all addresses of the POP, by result",
	  .write = write_checks },
	{ "health_check_duration_seconds", "gauge", "check, pop",
	  "how long the last health check took; of several addresses of the POP the slowest",
	  .write = write_check_took },
	{ "health_check_changed_timestamp_seconds", "gauge", "check, pop",
	  "when the state of an address of the POP by this check last changed",
	  .write = write_check_changed },
	{ "health_check_last_timestamp_seconds", "gauge", "check, pop",
	  "when a health check of the POP last ended; 0: none has", .write = write_check_last },
	{ "bus_state", "gauge", "state",
	  "1 for how the bus stands as this node has it, else 0; only if one is configured",
	  .write = write_bus_states, .applies = on_bus },
	{ "bus_echo_seconds", "gauge", "",
	  "how long what this node wrote last took to come back to it by the bus",
	  .value = bus_echo_took, .applies = on_bus },
	{ "bus_echo_timestamp_seconds", "gauge", "",
	  "when what this node wrote into the bus last came back to it; 0: never",
	  .value = bus_echo, .applies = on_bus },
	{ "bus_refused_total", "counter", "",
	  "records of the bus that are not signed by this fleet's key", .value = bus_refused,
	  .applies = on_bus },
	{ "keys_rotation_unfinished", "gauge", "",
	  "1 while a rotation of the tunnel's keys by the bus is not at its end", .value = rotation,
	  .applies = on_bus },
	{ "bus_node_heard_timestamp_seconds", "gauge", "node",
	  "when another node was last heard of by the bus", .write = write_bus_heard,
	  .applies = on_bus },
	{ "bus_node_gone", "gauge", "node",
	  "1 while another node has not been heard of for six beats of a fresh bus",
	  .write = write_bus_gone, .applies = on_bus },

	{ "connections", "gauge", "",
	  "connections that live here: sockets of VIPs, and flows that NAT forwards to a server "
	  "behind this host",
	  .value = connections },
	{ "connections_counted", "gauge", "",
	  "1: the kernel tells of connections, which are counted; 0: it does not, see `anydoor "
	  "status`",
	  .value = connections_counted },
	{ "connections_news_lost_total", "counter", "",
	  "connections that were accepted, or that ended, and were not counted: too many at once",
	  .value = connection_news_lost },
	{ .counters = counters_connections,
	  .labels = CONNECTION_LABELS,
	  .each = write_connection_counters },
	{ "connection_handshake_seconds", "histogram", CONNECTION_LABELS,
	  "round-trip time of the handshake of connections that were accepted",
	  .write = write_handshakes },
	{ "connection_duration_seconds", "histogram", CONNECTION_LABELS,
	  "how long connections lived that have ended", .write = write_lives },
	{ "connection_bytes", "histogram", CONNECTION_LABELS,
	  "bytes of both directions of connections that have ended", .write = write_sizes },
	{ "connection_retransmits", "histogram", CONNECTION_LABELS,
	  "TCP segments sent again in connections that have ended", .write = write_resent },
	{ "flowlog_lines_total", "counter", "", "lines written to the flow log",
	  .value = flowlog_lines },
	{ "flowlog_dropped_total", "counter", "",
	  "lines that the flow log lacks: they were over `flowlog.rate`, or could not be written",
	  .value = flowlog_dropped },
	{ "flowlog_failed", "gauge", "", "1 while the flow log cannot be written",
	  .value = flowlog_failed },
	{ "flow_table_entries", "gauge", "kind", "live flows in the flow table, by kind",
	  .write = write_entries },
	{ "flow_table_idle_entries", "gauge", "",
	  "flows in the flow table that have been silent so long that they make room for others",
	  .value = idle_entries },
	{ "flow_table_capacity", "gauge", "", "flows that the flow table can hold",
	  .value = flow_capacity },
	{ .counters = counters_flow, .series = flow_series },
	{ .counters = counters_hunt, .series = hunt_series },

	{ .counters = counters_dns, .labels = "by, transport", .series = dns_series },
	{ .counters = counters_tcp, .series = tcp_series },
	{ .counters = counters_rules, .series = rule_series },
	{ "dns_zones", "gauge", "", "zones that are configured, also those that cannot be read",
	  .value = zones },
	{ "dns_zones_capacity", "gauge", "", "zones that there is room for",
	  .value = zones_capacity },
	{ "dns_zone_queries_total", "counter", "zone, by", "queries answered from a zone",
	  .write = write_zone_queries },
	{ "dns_zone_serial", "gauge", "zone", "serial of the zone as it is served",
	  .zone = zone_serial },
	{ "dns_zone_names", "gauge", "zone", "names in the zone as it is served",
	  .zone = zone_names },
	{ "dns_zone_bytes", "gauge", "zone",
	  "memory that the zone takes as it is served: its names, sets and indexes",
	  .zone = zone_bytes },
	{ "dns_zone_records", "gauge", "zone", "records in the zone as it is served",
	  .zone = zone_records },
	{ "dns_zone_loaded_timestamp_seconds", "gauge", "zone",
	  "when the zone was loaded as it is served", .zone = zone_loaded_s },
	{ "dns_zone_signed_until_timestamp_seconds", "gauge", "zone, denial",
	  "when the first signature of a signed zone expires", .write = write_signed_until },
	{ "dns_zone_resign_by_timestamp_seconds", "gauge", "zone",
	  "when less than a tenth of the life of a signed zone's signatures will be left: its "
	  "signer ought to renew them before",
	  .write = write_resign_by },
	{ "dns_zone_load_failed", "gauge", "zone",
	  "1 while the zone's file cannot be read: the zone is served as it was read last, or with "
	  "SERVFAIL if it never was",
	  .zone = zone_failed },
};

#define FLOW_LABELS "client, vip, kind, owner, pop"
#define NOT_KNOWN   -1.0

static double flow_age(const struct page *page, const struct flow_row *row)
{
	return row->flow.first_s ? flow_seconds(page->names->now_s, row->flow.first_s) : NOT_KNOWN;
}

static double flow_idle(const struct page *page, const struct flow_row *row)
{
	return flow_seconds(page->names->now_s, row->flow.last_s);
}

static double flow_rtt(const struct page *page, const struct flow_row *row)
{
	return row->tcp.rtt_us ? row->tcp.rtt_us / 1e6 : NOT_KNOWN;
}

static double flow_min_rtt(const struct page *page, const struct flow_row *row)
{
	return row->tcp.min_rtt_us ? row->tcp.min_rtt_us / 1e6 : NOT_KNOWN;
}

static double flow_retransmits(const struct page *page, const struct flow_row *row)
{
	return row->tcp.known ? row->tcp.retransmits : NOT_KNOWN;
}

static double flow_cwnd(const struct page *page, const struct flow_row *row)
{
	return row->tcp.known ? row->tcp.cwnd : NOT_KNOWN;
}

static double flow_rate(const struct page *page, const struct flow_row *row)
{
	return row->tcp.delivery_rate ? row->tcp.delivery_rate : NOT_KNOWN;
}

static double flow_stamped(const struct page *page, const struct flow_row *row)
{
	return !!(row->flow.flags & AD_FLOW_STAMPED);
}

static double flow_estimate(const struct page *page, const struct flow_row *row)
{
	return flow_is_estimate(&row->flow);
}

static void write_flow(const struct page *page, const char *name, const struct ad_flow *flow,
		       double value, const char *direction)
{
	char client[ENDPOINT_TEXT], vip[ENDPOINT_TEXT];
	const struct names *names = page->names;

	endpoint_format(&flow->client, flow->client_port, client);
	flow_vip_format(flow, names, vip);
	prom_sample(page->out, name, value, "client", client, "vip", vip, "kind",
		    flow_kind(flow->kind), "owner", names_node_name(names, flow->owner), "pop",
		    names_pop_name(names, flow->owner), direction ? "direction" : NULL, direction,
		    NULL);
}

static void write_flow_bytes(const struct page *page, const char *name)
{
	const struct flow_row *row, *end = page->top->rows + page->top->nr;

	for (row = page->top->rows; row < end; row++) {
		write_flow(page, name, &row->flow, row->flow.rx_bytes, "rx");
		write_flow(page, name, &row->flow, row->flow.tx_bytes, "tx");
	}
}

static void write_flow_packets(const struct page *page, const char *name)
{
	const struct flow_row *row, *end = page->top->rows + page->top->nr;

	for (row = page->top->rows; row < end; row++) {
		write_flow(page, name, &row->flow, row->flow.rx_packets, "rx");
		write_flow(page, name, &row->flow, row->flow.tx_packets, "tx");
	}
}

static void write_flow_landing(const struct page *page, const char *name)
{
	const struct flow_row *row, *end = page->top->rows + page->top->nr;
	char vip[ENDPOINT_TEXT], client[ENDPOINT_TEXT];

	for (row = page->top->rows; row < end; row++) {
		if (!row->flow.via)
			continue;
		endpoint_format(&row->flow.client, row->flow.client_port, client);
		flow_vip_format(&row->flow, page->names, vip);
		prom_sample(page->out, name, 1, "client", client, "vip", vip, "node",
			    names_node_name(page->names, row->flow.via), "pop",
			    names_pop_name(page->names, row->flow.via), NULL);
	}
}

/* Of /metrics/flows. */
static const struct family flow_families[] = {
	{ "flow_bytes_total", "counter", FLOW_LABELS ", direction",
	  "bytes of one of the heaviest flows: of its stream by its socket, IP bytes where it has "
	  "none here; only in /metrics/flows",
	  .write = write_flow_bytes, .applies = always },
	{ "flow_packets_total", "counter", FLOW_LABELS ", direction",
	  "packets of one of the heaviest flows, segments by its socket; only in /metrics/flows",
	  .write = write_flow_packets, .applies = always },
	{ "flow_estimate", "gauge", FLOW_LABELS,
	  "1: the counts of one of the heaviest flows are an estimate, for it is led to another "
	  "node; only in /metrics/flows",
	  .flow = flow_estimate, .applies = always },
	{ "flow_age_seconds", "gauge", FLOW_LABELS,
	  "time since one of the heaviest flows began, if that was noted; only in /metrics/flows",
	  .flow = flow_age, .applies = always },
	{ "flow_idle_seconds", "gauge", FLOW_LABELS,
	  "time since the last packet of one of the heaviest flows; only in /metrics/flows",
	  .flow = flow_idle, .applies = always },
	{ "flow_stamped", "gauge", FLOW_LABELS,
	  "1: one of the heaviest flows is stamped; only in /metrics/flows", .flow = flow_stamped,
	  .applies = always },
	{ "flow_landing", "gauge", "client, vip, node, pop",
	  "1: where packets of one of the heaviest flows come from if they land at another node; "
	  "only in /metrics/flows",
	  .write = write_flow_landing, .applies = always },
	{ "flow_rtt_seconds", "gauge", FLOW_LABELS,
	  "smoothed round-trip time of one of the heaviest flows that are ours, by its socket; "
	  "only in /metrics/flows",
	  .flow = flow_rtt, .applies = always },
	{ "flow_min_rtt_seconds", "gauge", FLOW_LABELS,
	  "least round-trip time of one of the heaviest flows that are ours, by its socket; only "
	  "in /metrics/flows",
	  .flow = flow_min_rtt, .applies = always },
	{ "flow_retransmits_total", "counter", FLOW_LABELS,
	  "TCP segments sent again by one of the heaviest flows that are ours, by its socket; only "
	  "in /metrics/flows",
	  .flow = flow_retransmits, .applies = always },
	{ "flow_cwnd_segments", "gauge", FLOW_LABELS,
	  "congestion window of one of the heaviest flows that are ours, by its socket; only in "
	  "/metrics/flows",
	  .flow = flow_cwnd, .applies = always },
	{ "flow_delivery_bytes_per_second", "gauge", FLOW_LABELS,
	  "delivery rate of one of the heaviest flows that are ours, by its socket; only in "
	  "/metrics/flows",
	  .flow = flow_rate, .applies = always },
};

#define NR(table) (sizeof(table) / sizeof(*(table)))

/* --- a page ---------------------------------------------------------------------------------- */

/* A counter's cell on its way out. */
struct writing {
	const struct page *page;
	const struct counter *counter;
	const struct series *series;
};

/* The first is always there: it can be alerted on before it counts. */
static void write_cell(const struct counter_cell *cell, void *arg)
{
	const struct writing *writing = arg;
	const char *name = writing->counter->metric;
	const struct series *series = writing->series;
	struct prom *out = writing->page->out;

	if (!cell->is_shown && !cell->is_first)
		return;
	if (series->by)
		prom_sample(out, name, cell->value, "by", series->by, "transport",
			    series->transport, cell->label[0], cell->name[0], cell->label[1],
			    cell->name[1], NULL);
	else
		prom_sample(out, name, cell->value, cell->label[0], cell->name[0], cell->label[1],
			    cell->name[1], NULL);
}

static void write_counters(const struct page *page, const struct family *family)
{
	struct series series[SERIES_MAX];
	int nr = family->series ? family->series(page, series) : 0;
	const struct counter *counter;

	for (counter = family->counters; counter->key; counter++) {
		prom_family(page->out, counter->metric, counter->type, counter->help);
		if (family->each)
			family->each(page, counter);
		for (int i = 0; i < nr; i++) {
			struct writing writing = { page, counter, &series[i] };

			counter_each(counter, series[i].counts, write_cell, &writing);
		}
	}
}

static void write_samples(const struct page *page, const struct family *family)
{
	struct before before = before_labels(family->name, "");
	size_t i;

	if (family->value)
		prom_sample(page->out, family->name, family->value(page), NULL);
	for (i = 0; family->zone && i < page->status->dns.nr_zones; i++)
		write_of(page, &before, &page->zones->list[i], &labels_end,
			 family->zone(&page->status->dns.zones[i]));
	for (i = 0; family->flow && i < page->top->nr; i++) {
		double value = family->flow(page, &page->top->rows[i]);

		if (value >= 0)
			write_flow(page, family->name, &page->top->rows[i].flow, value, NULL);
	}
	if (family->write)
		family->write(page, family->name);
}

static void write_page(const struct page *page, const struct family *list, size_t nr)
{
	for (const struct family *family = list; family < list + nr; family++) {
		if (family->applies ? !family->applies(page) : !page->status)
			continue;
		if (family->counters) {
			write_counters(page, family);
			continue;
		}
		prom_family(page->out, family->name, family->type, family->help);
		write_samples(page, family);
	}
}

static int write_in(struct evbuffer *out, const struct view *view, const struct status *status,
		    const struct metrics_daemon *daemon, bool is_open)
{
	struct labels nodes = { 0 }, zones = { 0 };
	struct prom prom = { .is_open = is_open };
	struct page page = { .out = &prom,
			     .nodes = &nodes,
			     .zones = &zones,
			     .view = view,
			     .status = status,
			     .daemon = daemon };

	if (!status || (label_nodes(&page) && label_zones(&page)))
		write_page(&page, families, NR(families));
	else
		prom.failed = true;
	labels_free(&nodes);
	labels_free(&zones);
	return prom_end(&prom, out);
}

int metrics_write(struct evbuffer *out, const struct view *view, const struct status *status,
		  const struct metrics_daemon *daemon)
{
	return write_in(out, view, status, daemon, false);
}

int metrics_write_open(struct evbuffer *out, const struct view *view, const struct status *status,
		       const struct metrics_daemon *daemon)
{
	return write_in(out, view, status, daemon, true);
}

int metrics_write_flows(struct evbuffer *out, const struct names *names, const struct flow_top *top)
{
	struct prom prom = { 0 };
	struct page page = { .out = &prom, .names = names, .top = top };

	write_page(&page, flow_families, NR(flow_families));
	return prom_end(&prom, out);
}

/* --- documentation --------------------------------------------------------------------------- */

static void tell_counters(const struct family *family,
			  void (*told)(const struct metric *metric, void *arg), void *arg)
{
	const struct counter *counter;

	for (counter = family->counters; counter->key; counter++) {
		const char *first = counter->dims[0].label ?: "";
		const char *second = *first && counter->dims[1].label ? counter->dims[1].label : "";
		struct metric metric = { counter->metric, counter->type, .help = counter->help };

		snprintf(metric.labels, sizeof(metric.labels), "%s%s%s%s%s", family->labels ?: "",
			 family->labels && *first ? ", " : "", first, *second ? ", " : "", second);
		told(&metric, arg);
	}
}

static void tell(const struct family *list, size_t nr,
		 void (*told)(const struct metric *metric, void *arg), void *arg)
{
	for (const struct family *family = list; family < list + nr; family++) {
		struct metric metric = { family->name, family->type, .help = family->help };

		if (family->counters) {
			tell_counters(family, told, arg);
			continue;
		}
		snprintf(metric.labels, sizeof(metric.labels), "%s", family->labels);
		told(&metric, arg);
	}
}

void metrics_each(void (*told)(const struct metric *metric, void *arg), void *arg)
{
	tell(families, NR(families), told, arg);
	tell(flow_families, NR(flow_families), told, arg);
}
