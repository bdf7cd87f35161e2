// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Metrics as text: the format, the names that others' dashboards rely on, sums over a POP.
 */
#include <stdlib.h>
#include <time.h>
#include <event2/buffer.h>
#include "selftests/tap.h"
#include "fleet_fixture.h"
#include "user/daemon/overview.h"
#include "user/base/prom.h"
#include "user/steer/policy.h"

/* Everything in @out as a string; free() it. */
static char *drain(struct evbuffer *out)
{
	size_t size = evbuffer_get_length(out);
	char *text = calloc(1, size + 1);

	evbuffer_remove(out, text, size);
	return text;
}

static char *page_of(struct prom *prom)
{
	struct evbuffer *out = evbuffer_new();
	char *text;

	prom_end(prom, out);
	text = drain(out);
	evbuffer_free(out);
	return text;
}

static void test_prom_family_and_samples(void)
{
	struct prom out = { 0 };
	char *text;

	prom_family(&out, "things_total", "counter", "What\nthere \\ is.");
	prom_sample(&out, "things_total", 3, NULL);
	prom_sample(&out, "things_total", 1e15 + 1, "a", "b", "c", NULL, NULL);
	text = page_of(&out);
	is_str(text,
	       "# HELP anydoor_things_total What\\nthere \\\\ is.\n"
	       "# TYPE anydoor_things_total counter\n"
	       "anydoor_things_total 3\n"
	       "anydoor_things_total{a=\"b\",c=\"\"} 1000000000000001\n",
	       "head, a bare sample, labels, an exact large number");
	free(text);
}

static void test_prom_label_values_escaped(void)
{
	struct prom out = { 0 };
	char *text;

	prom_sample(&out, "x", 1, "zone", "a\\032b.\"c\"\n", NULL);
	text = page_of(&out);
	is_str(text, "anydoor_x{zone=\"a\\\\032b.\\\"c\\\"\\n\"} 1\n", "backslash, quote, newline");
	free(text);
}

static void test_prom_values_exact(void)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = { { 0, "0" },
		      { 9007199254740991, "9007199254740991" },
		      { 9007199254740992, "9007199254740992" },
		      { 1e17, "1e+17" },
		      { 0.5, "0.5" },
		      { -3, "-3" } };
	char line[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct prom out = { 0 };
		char *text;

		prom_sample(&out, "x", cases[i].value, NULL);
		text = page_of(&out);
		snprintf(line, sizeof(line), "anydoor_x %s\n", cases[i].text);
		is_str(text, line, "%s", cases[i].text);
		free(text);
	}
}

static void test_prom_long_label_values_whole(void)
{
	struct prom out = { 0 };
	static char value[5000], line[sizeof(value) + 64];
	char *text;

	memset(value, 'v', sizeof(value) - 1);
	prom_sample(&out, "x", 7, "short", "s", "long", value, "after", "a", NULL);
	text = page_of(&out);
	snprintf(line, sizeof(line), "anydoor_x{short=\"s\",long=\"%s\",after=\"a\"} 7\n", value);
	is_str(text, line, "a value longer than a line's buffer");
	free(text);
}

static void test_prom_sample_of_parts_is_the_same(void)
{
	static const struct prom_part before = { "anydoor_x{a=\"1\",", 16 };
	static const struct prom_part after = { ",c=\"3\"} ", 8 };
	struct prom labels = { 0 }, parts = { 0 }, whole = { 0 };
	struct prom_part part;
	char *x, *y;
	int i;

	prom_labels(&labels, "b", "\"\\\n", "none", NULL, NULL);
	part = (struct prom_part){ labels.text, labels.len };
	for (i = 0; i < 10000; i++) {
		prom_sample_of(&parts, &before, &part, &after, i * 7919.0);
		prom_sample(&whole, "x", i * 7919.0, "a", "1", "b", "\"\\\n", "none", NULL, "c",
			    "3", NULL);
	}
	x = page_of(&parts);
	y = page_of(&whole);
	ok(strlen(x) > 400000 && !strcmp(x, y), "10,000 samples of parts: as if written whole");
	free(x);
	free(y);
	free(labels.text);
}

/* A look at a fleet of four nodes, seen from fra-1. */
static struct steer_source source = { .name = (char *)"country", .built_real_s = 1700000000 };
static const struct steer_plan plan = { .sources = &source, .nr_sources = 1 };

/* Two addresses of one POP, one of another. */
static struct check_seen look_checks[] = {
	{ { "web", "fra", {} }, { 100, 120, 7, 3, AD_HEALTH_OUT, 3, 0, 250000, "status 503" } },
	{ { "web", "fra", {} }, { 110, 119, 20, 0, AD_HEALTH_UP, 0, 5, 1500, "" } },
	{ { "web", "nyc", {} }, { 90, 121, 30, 1, AD_HEALTH_UP, 0, 5, 500, "" } },
};
/* A bus, and one other node on it. */
static __u32 bus_ids[] = { 2 };
static struct ad_bus_seen bus_nodes[] = { { .heard_real_s = 140, .gone = 1, .name = "nyc-1" } };
/* One rule by what was measured, another one of which nothing is known. */
static struct rtt_seen look_rtt[] = {
	{ { "near", "asia", "fra" }, { 120, 60, 31250, 90, 1, 1, 0 } },
	{ { "near", "", "nyc" }, { 0, 0, 0, 0, 0, 0, 0 } },
};
/* Counted connections: those of a VIP that land elsewhere, and further ones. */
static struct conn_seen look_connections[] = {
	{ .key = { .vip = { .w = { 0, 0, 0xffff0000, 0x017100cb } },
		   .port = 443,
		   .landing = 3,
		   .region = "asia" },
	  .counts = { .opened = 9,
		      .ended = 7,
		      .failed = 2,
		      .handshake_us = 2500,
		      .handshakes = { 1, 8 },
		      .lives = { [9] = 7 } } },
	{ .counts = { .opened = 1 } },
};
/* What landed here: two regions, one of which has moved, and three ASes. */
static struct catch_line regions[] = {
	{ .name = "europe", .rate = { 30, 64 }, .share = { 0.75, 1 }, .before = { 1, 1 } },
	{ .name = "asia",
	  .rate = { 10, 0 },
	  .share = { 0.25, 0 },
	  .is_moved = { true },
	  .rtt_us = 15625,
	  .sockets = 3 },
};
static struct catch_line asns[] = { { .name = "AS64500" },
				    { .name = "AS64501" },
				    { .name = "AS64502", .is_moved = { true } } };
static struct catch_view view = { .references = 1,
				  .lines = { [CATCH_BY_REGION] = regions, [CATCH_BY_ASN] = asns },
				  .nr = { 2, 3 } };

struct look {
	struct globals globals;
	struct metrics_daemon daemon;
	struct view view;
	struct peer peers[4];
	struct dns_zone_stats zone;
	struct status status;
};

/* As the daemon notes it (user/bgp/record.h). */
static json_t *a_record(void)
{
	static const char text[] =
		"{\"driver\": \"bird\", \"families\": [{\"family\": \"ip4\", \"wish\": "
		"\"deprefer\","
		" \"cause\": \"drain\", \"why\": \"this node drains\", \"since_s\": 1, \"fact\": "
		"\"announce\"}],"
		" \"answered\": true, \"as_wished\": false, \"trouble\": null,"
		" \"neighbours\": [{\"neighbour\": \"up4\", \"family\": \"ip4\", \"established\": "
		"true,"
		" \"announced\": 2, \"depreferred\": 0}],"
		" \"hold\": {\"open\": true, \"hold_s\": 0, \"left_s\": 0},"
		" \"drain\": {\"step\": \"flows\", \"what\": \"waits\", \"since_s\": 1, "
		"\"begun_s\": 1,"
		" \"window_s\": 600, \"until_flows\": 0, \"even_last\": false, \"held\": false, "
		"\"heard_s\": 0, \"landed\": 0, \"flows_left\": 3, \"new_per_second\": 1.5,"
		" \"answers\": {\"named\": false, \"cached_until_s\": 70},"
		" \"sending\": {\"connections\": 12, \"prefixes\": 1, \"most\":"
		" [{\"prefix\": \"192.0.2.0/24\", \"asn\": 64500, \"connections\": 12}]}}}";
	static json_t *record;

	if (!record)
		record = json_loads(text, 0, NULL);
	return record;
}

static void look_at_fleet(struct look *look)
{
	*look = (struct look){
		.globals = { .instance = "default" },
		.daemon = { .reloads = { [AD_RELOAD_OK] = 2,
					 [AD_RELOAD_PARTLY] = 3,
					 [AD_RELOAD_REFUSED] = 1 },
			    .plan = &plan,
			    .cost = { .cpu_s = 1.5,
				      .resident_bytes = 4096,
				      .programs = { { "packet", 3000000000, 7 } },
				      .nr_programs = 1 },
			    .took_s = 0.25,
			    .catchment = &view,
			    .changes = { .moved = { { 4 } } } },
		.view = { .config = &fleet_config,
			  .globals = &look->globals,
			  .meta = { .node_id = 1 } },
		.peers = { { .id = 1, .node.flags = AD_NODE_KNOWN, .count.tx = { 1, 1 } },
			   { .id = 2, .node.flags = AD_NODE_KNOWN, .count.tx = { 10, 1000 } },
			   { .id = 3, .node.flags = AD_NODE_KNOWN | AD_NODE_DEAD },
			   { .id = 4, .node.flags = AD_NODE_KNOWN, .count.rx = { 7, 700 } } },
		.zone = { .name = "example.org.",
			  .serial = 9,
			  .queries = 12,
			  .daemon_queries = 2,
			  .denial = 50,
			  .signed_until_s = 1800000000,
			  .resign_by_s = 1799000000 },
	};
	look->status = (struct status){
		.state = { .flags = AD_STATE_ARMED, .unstamped = 5 },
		.reload = { .end = AD_RELOAD_REFUSED },
		.told = { .what = AD_TOLD_DRAIN },
		.peers = look->peers,
		.nr_peers = 4,
		.pops = { { .name = "fra",
			    .word = AD_STEER_OUT,
			    .told = { .state = AD_STEER_TOLD_DOWN, .who = "root" },
			    .health = { .state = AD_HEALTH_OUT, .check = "web" } } },
		.nr_pops = 1,
		.checks = look_checks,
		.nr_checks = 3,
		.bus = { .self = { .state = AD_BUS_STALE, .heard_real_s = 150, .refused = 4 },
			 .ids = bus_ids,
			 .nodes = bus_nodes,
			 .nr = 1 },
		.rtt = look_rtt,
		.nr_rtt = 2,
		.connections = look_connections,
		.nr_connections = 2,
		.telling = { .state = AD_CONNECTIONS_FAILED, .why = "no cgroup", .lost = 5 },
		.probe = { .state = AD_RTT_FAILED },
		.directory = { .state = AD_DIRECTORY_HEARS,
			       .siblings = 2,
			       .owned = 7,
			       .kept = 5,
			       .mute = 1 },
		.flows = { .slots = 64, .by_kind = { 60, 1, 0, 3 } },
		.flow_stats = { .evictions = 8 },
		.hunt_stats = { .by_hint = 21,
				.refused[AD_BUDGET_DIVERT] = { [AD_BUDGET_PREFIX] = 22 } },
		.dns = { .zones = &look->zone,
			 .nr_zones = 1,
			 .by = { [DNS_BY_KERNEL] = { .rcodes = { 10, 0, 0, 4 },
						     .types = { 1, [28] = 13 },
						     .edns = { { 0, 5 }, { 0, 0, 9 } } },
				 [DNS_BY_DAEMON_UDP] = { .truncated = 3 } },
			 .rule_counts = { .cookies = { [AD_DNS_COOKIE_GOOD] = 6 },
					  .limited = { [AD_DNS_LIMITED_SLIPPED] = { [AD_DNS_CLASS_NXDOMAIN] =
											    2 } } } },
	};
	fleet_names(&look->view.names);
	look->status.reasons[AD_R_WRAP_STAMP] = (struct ad_count){ 10, 1640 };
	look->status.bgp = a_record();
}

static char *write_look(const struct look *look, bool loaded)
{
	struct evbuffer *out = evbuffer_new();
	char *text;

	metrics_write(out, &look->view, loaded ? &look->status : NULL, &look->daemon);
	text = drain(out);
	evbuffer_free(out);
	return text;
}

/* The heads of counters and the end differ; every sample is the same. */
static void test_openmetrics_differs_in_heads_and_end(void)
{
	struct evbuffer *out = evbuffer_new();
	struct look look;
	char *text, *end;

	look_at_fleet(&look);
	metrics_write_open(out, &look.view, &look.status, &look.daemon);
	text = drain(out);
	end = text + strlen(text);
	is_str(end - 6, "# EOF\n", "it ends so");
	ok(strstr(text, "\n# TYPE anydoor_reloads counter\n"), "a counter without its suffix");
	ok(strstr(text, "\n# TYPE process_cpu_seconds counter\n"), "of the process, too");
	ok(strstr(text, "\n# TYPE anydoor_loaded gauge\n"), "a gauge by its name");
	ok(strstr(text, "\nanydoor_reloads_total{result=\"ok\"} 2\n"), "samples as they are");
	ok(!strstr(text, "_total counter\n"), "no counter has it");
	free(text);
	evbuffer_free(out);
}

static char *write_fleet(bool loaded)
{
	struct look look;

	look_at_fleet(&look);
	return write_look(&look, loaded);
}

static void test_metrics_names_and_labels_stable(void)
{
	static const char *const lines[] = {
		"anydoor_packets_total{reason=\"wrap_stamp\",side=\"in\",action=\"send\"} 10",
		"anydoor_bytes_total{reason=\"wrap_stamp\",side=\"in\",action=\"send\"} 1640",
		"anydoor_packets_total{reason=\"out_stamped\",side=\"out\",action=\"pass\"} 0",
		"anydoor_tunnel_packets_total{direction=\"tx\",node=\"edge7\",pop=\"nyc\"} 10",
		"anydoor_tunnel_bytes_total{direction=\"rx\",node=\"fra-2\",pop=\"fra\"} 700",
		"anydoor_pop_tunnel_packets_total{direction=\"rx\",pop=\"fra\"} 7",
		"anydoor_pop_tunnel_bytes_total{direction=\"tx\",pop=\"nyc\"} 1000",
		"anydoor_node_state{node=\"sin\",pop=\"sin\",state=\"dead\"} 1",
		"anydoor_node_state{node=\"sin\",pop=\"sin\",state=\"up\"} 0",
		"anydoor_flow_table_entries{kind=\"ours\"} 3",
		"anydoor_flow_table_capacity 64",
		"anydoor_flow_table_evictions_total 8",
		"anydoor_unstamped_sockets 5",
		"anydoor_armed 1",
		"anydoor_draining 0",
		"anydoor_new_flows_kept_ratio 1",
		"anydoor_drain_new_flows_per_second 1.5",
		"anydoor_drain_sending_flows 12",
		"anydoor_drain_answers_until_timestamp_seconds 70",
		"anydoor_drain_step_since_timestamp_seconds 1",
		"anydoor_hunt_by_hint_total 21",
		"anydoor_budget_refused_total{budget=\"divert\",scope=\"prefix\"} 22",
		"anydoor_loaded 1",
		"anydoor_reload_duration_seconds 0.25",
		"anydoor_program_run_seconds_total{program=\"packet\"} 3",
		"anydoor_program_runs_total{program=\"packet\"} 7",
		"process_cpu_seconds_total 1.5",
		"process_resident_memory_bytes 4096",
		"anydoor_reloads_total{result=\"partly\"} 3",
		"anydoor_reloads_total{result=\"failed\"} 1",
		"anydoor_reload_refused 1",
		"anydoor_dns_responses_total{by=\"kernel\",transport=\"udp\",rcode=\"NXDOMAIN\"} 4",
		"anydoor_dns_types_total{by=\"kernel\",transport=\"udp\",type=\"AAAA\"} 13",
		"anydoor_dns_types_total{by=\"kernel\",transport=\"udp\",type=\"other\"} 1",
		"anydoor_dns_types_total{by=\"daemon\",transport=\"tcp\",type=\"other\"} 0",
		"anydoor_dns_edns_total{by=\"kernel\",transport=\"udp\",family=\"ip4\","
		"edns=\"plain\"} 5",
		"anydoor_dns_edns_total{by=\"kernel\",transport=\"udp\",family=\"ip6\",edns=\"do\"}"
		" 9",
		"anydoor_dns_truncated_total{by=\"daemon\",transport=\"udp\"} 3",
		"anydoor_dns_zone_queries_total{zone=\"example.org.\",by=\"kernel\"} 10",
		"anydoor_dns_zone_queries_total{zone=\"example.org.\",by=\"daemon\"} 2",
		"anydoor_dns_zone_signed_until_timestamp_seconds{zone=\"example.org.\","
		"denial=\"NSEC3\"} 1800000000",
		"anydoor_dns_zone_resign_by_timestamp_seconds{zone=\"example.org.\"} 1799000000",
		"anydoor_steered_pop_health{pop=\"fra\",state=\"out\"} 1",
		"anydoor_steered_pop_health{pop=\"fra\",state=\"up\"} 0",
		"anydoor_bus_state{state=\"stale\"} 1",
		"anydoor_bus_state{state=\"fresh\"} 0",
		"anydoor_bus_echo_timestamp_seconds 150",
		"anydoor_bus_refused_total 4",
		"anydoor_bus_node_heard_timestamp_seconds{node=\"nyc-1\"} 140",
		"anydoor_bus_node_gone{node=\"nyc-1\"} 1",
		"anydoor_steered_rtt_seconds{policy=\"near\",region=\"asia\",pop=\"fra\"} 0.03125",
		"anydoor_steered_rtt_samples{policy=\"near\",region=\"default\",pop=\"nyc\"} 0",
		"anydoor_steered_rtt_rank{policy=\"near\",region=\"asia\",pop=\"fra\"} 1",
		"anydoor_health_check_up{check=\"web\",pop=\"fra\"} 0",
		"anydoor_health_check_up{check=\"web\",pop=\"nyc\"} 1",
		"anydoor_health_checks_total{check=\"web\",pop=\"fra\",result=\"passed\"} 27",
		"anydoor_health_checks_total{check=\"web\",pop=\"fra\",result=\"failed\"} 3",
		"anydoor_health_check_duration_seconds{check=\"web\",pop=\"fra\"} 0.25",
		"anydoor_health_check_changed_timestamp_seconds{check=\"web\",pop=\"fra\"} 110",
		"anydoor_health_check_last_timestamp_seconds{check=\"web\",pop=\"fra\"} 120",
		"anydoor_dns_cookies_total{cookie=\"good\"} 6",
		"anydoor_dns_cookies_total{cookie=\"bad\"} 0",
		"anydoor_dns_limited_total{class=\"nxdomain\",action=\"slipped\"} 2",
		"anydoor_dns_limited_total{class=\"answer\",action=\"dropped\"} 0",
	};
	char *text = write_fleet(true), line[256];

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		snprintf(line, sizeof(line), "\n%s\n", lines[i]);
		ok(strstr(text, line), "%s", lines[i]);
	}
	ok(!strstr(text, "tunnel_packets_total{direction=\"tx\",node=\"fra-1\""),
	   "this node is no peer of itself");
	ok(strstr(text, "anydoor_pop_tunnel_packets_total{direction=\"tx\",pop=\"fra\"} 0\n"),
	   "nor counts in its POP's sum");
	free(text);
}

static void test_metrics_every_reason_once(void)
{
	char *text = write_fleet(true), part[64];

	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++) {
		char *first;

		snprintf(part, sizeof(part), "anydoor_packets_total{reason=\"%s\",",
			 reason_table[i].label);
		first = strstr(text, part);
		ok(first && !strstr(first + 1, part), "%s", reason_table[i].label);
	}
	free(text);
}

/* --- what others' dashboards and programs rely on --------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines, sorted and each once, joined; frees them. */
static char *join(char **lines, size_t nr)
{
	char *all = NULL;
	size_t size, i;
	FILE *out = open_memstream(&all, &size);

	qsort(lines, nr, sizeof(*lines), by_text);
	for (i = 0; i < nr; i++)
		if (!i || strcmp(lines[i], lines[i - 1]))
			fprintf(out, "%s\n", lines[i]);
	fclose(out);
	for (i = 0; i < nr; i++)
		free(lines[i]);
	return all;
}

/* A sample without values: "anydoor_armed" or "anydoor_packets_total reason side action". */
static char *shape_of(const char *sample)
{
	char *shape = NULL;
	size_t size;
	FILE *out = open_memstream(&shape, &size);
	bool inside = false;

	for (; *sample && (inside || *sample != ' '); sample++) {
		if (*sample == '"')
			inside = !inside;
		else if (!inside && (*sample == '{' || *sample == ','))
			fputc(' ', out);
		else if (!inside && *sample != '=' && *sample != '}')
			fputc(*sample, out);
	}
	fclose(out);
	return shape;
}

/* A file of what others rely on; free() it. */
static char *read_contract(const char *name)
{
	char path[128], *text = calloc(1, 65536);
	FILE *file;

	snprintf(path, sizeof(path), "selftests/unit/contract/%s", name); /* started at the top */
	file = fopen(path, "r");
	if (file) {
		text[fread(text, 1, 65535, file)] = '\0';
		fclose(file);
	}
	return text;
}

static void expect_contract(const char *got, const char *name)
{
	char *wanted = read_contract(name);

	is_str(got, wanted, "the same names as in contract/%s", name);
	free(wanted);
}

static void test_metrics_names_are_kept(void)
{
	char *text, *line, *rest, *lines[4096] = { NULL }, *all;
	struct flow_row row = {
		fleet_flow("192.0.2.1", 2, 3000),
		{ .known = true, .rtt_us = 1, .min_rtt_us = 1, .delivery_rate = 1 },
	};
	struct flow_top top = { .rows = &row, .nr = 1, .max = 1 };
	struct evbuffer *out = evbuffer_new();
	struct look look;
	size_t nr = 0;

	row.flow.via = 3;
	look_at_fleet(&look);
	look.status.state.flags |= AD_STATE_DRAINING; /* there is one more then */
	metrics_write(out, &look.view, &look.status, &look.daemon);
	metrics_write_flows(out, &look.view.names, &top);
	rest = text = drain(out);
	while ((line = strsep(&rest, "\n")) && nr < sizeof(lines) / sizeof(*lines))
		if (*line && *line != '#')
			lines[nr++] = shape_of(line);
	all = join(lines, nr);
	expect_contract(all, "metrics");
	free(all);
	free(text);
	evbuffer_free(out);
}

/* Keys on their way down, "a.b"; of a list those of its first item, "a[].b". */
static void walk(json_t *json, const char *path, char **lines, size_t *nr)
{
	char below[256];
	const char *key;
	json_t *value;

	if (json_is_array(json)) {
		snprintf(below, sizeof(below), "%s[]", path);
		walk(json_array_get(json, 0), below, lines, nr);
	} else if (json_is_object(json)) {
		json_object_foreach(json, key, value) {
			snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", key);
			walk(value, below, lines, nr);
		}
	} else if (*nr < 4096) {
		lines[(*nr)++] = strdup(path);
	}
}

/* One of everything that there may be. */
static void look_at_all(struct look *look)
{
	look_at_fleet(look);
	look->status.state.flags |= AD_STATE_DRAINING;
	look->status.state.nr_successors = 1;
	look->status.state.successors[0] = 2;
	look->status.reload.real_s = 1;
	look->status.nr_interfaces = 1;
	look->status.warnings[0] = (char *)"warning";
	look->status.nr_warnings = 1;
}

/* Takes the reference. */
static void expect_keys(json_t *json, const char *contract)
{
	char *lines[4096] = { NULL }, *all;
	size_t nr = 0;

	walk(json, "", lines, &nr);
	all = join(lines, nr);
	expect_contract(all, contract);
	free(all);
	json_decref(json);
}

static void test_json_keys_are_kept(void)
{
	struct look look;

	look_at_all(&look);
	expect_keys(status_stats_json(&look.view, &look.status), "stats.json");
	expect_keys(status_json(&look.view, &look.status), "status.json");
	expect_keys(overview_json(&look.view, &look.status, &look.daemon), "fleet.json");
}

static const char *string_at(json_t *json, const char *list, size_t i, const char *key)
{
	json_t *one = json_array_get(json_object_get(json, list), i);
	json_t *value = json_object_get(one, key);

	return json_string_value(json_is_array(value) ? json_array_get(value, 0) : value) ?: "";
}

static void test_overview_says_how_pops_stand_and_why(void)
{
	struct look look;
	json_t *json, *pop;

	look_at_fleet(&look);
	json = overview_json(&look.view, &look.status, &look.daemon);
	pop = json_array_get(json_object_get(json, "pops"), 0);
	is_str(string_at(json, "pops", 0, "pop"), "fra", "POPs in their order");
	is_str(string_at(json, "pops", 0, "state"), "up", "fra has nodes that are up");
	is_str(string_at(json, "pops", 0, "why"), "told: down, by root", "what was said of it");
	ok(json_is_false(json_object_get(pop, "clients")), "it gets no clients");
	is_int(json_integer_value(json_object_get(json_object_get(pop, "rx"), "bytes")), 700,
	       "bytes of its other node");
	ok(json_real_value(json_object_get(pop, "rtt_ms")) == 31.25, "its round-trip time");
	is_str(string_at(json, "pops", 2, "state"), "out", "sin is out");
	is_str(string_at(json, "nodes", 0, "node"), "sin", "by its only node");
	is_int(json_integer_value(json_object_get(json, "nodes_total")), 1, "and no other is");
	ok(json_is_null(json_object_get(json, "drain")), "this node does not drain");
	json_decref(json);
	look_at_all(&look);
	json = overview_json(&look.view, &look.status, &look.daemon);
	is_str(json_string_value(json_object_get(json_object_get(json, "drain"), "step")), "flows",
	       "now it does, with its step");
	ok(!json_object_get(json_object_get(json, "drain"), "sending"),
	   "and without the prefixes of clients");
	json_decref(json);
	json = overview_json(&look.view, NULL, &look.daemon);
	ok(json_is_false(json_object_get(json, "loaded")) && json_object_get(json, "node"),
	   "who it is, and that nothing is loaded");
	json_decref(json);
}

/* However many nodes are down at once. */
static void test_overview_of_nodes_is_bounded(void)
{
	enum {
		NODES = 1000
	};
	static struct peer peers[NODES];
	struct look look;
	json_t *json;

	look_at_fleet(&look);
	for (size_t i = 0; i < NODES; i++)
		peers[i] = (struct peer){ .id = i + 1 };
	look.status.peers = peers;
	look.status.nr_peers = NODES;
	json = overview_json(&look.view, &look.status, &look.daemon);
	is_int(json_array_size(json_object_get(json, "nodes")), OVERVIEW_NODES_MAX,
	       "so many nodes are named");
	is_int(json_integer_value(json_object_get(json, "nodes_total")), NODES, "all are counted");
	json_decref(json);
}

/* --- a large fleet ---------------------------------------------------------------------------- */

/* Seconds of this thread's own time to write the page of @nr nodes, four to a POP. */
static double write_crowd(size_t nr)
{
	struct config_node *nodes = calloc(nr, sizeof(*nodes));
	const struct config_node **by_id = calloc(nr + 1, sizeof(*by_id));
	struct config_pop *pops = calloc(nr / 4, sizeof(*pops));
	struct config config = { .nodes = nodes, .nr_nodes = nr, .pops = pops, .nr_pops = nr / 4 };
	struct peer *peers = calloc(nr, sizeof(*peers));
	struct timespec began, ended;
	struct look look;
	char *text;
	size_t i;

	for (i = 0; i < nr; i++) {
		pops[i / 4].name = (char *)"pop";
		nodes[i] =
			(struct config_node){ .name = (char *)"node", .id = i + 1, .pop = i / 4 };
		by_id[i + 1] = &nodes[i];
		peers[i] = (struct peer){ .id = i + 1, .count.tx = { 3, 5 } };
	}
	config.self = nodes;
	look_at_fleet(&look);
	look.view.config = look.view.names.config = &config;
	look.view.names.by_id = by_id;
	look.view.names.nr_ids = nr + 1;
	look.status.peers = peers;
	look.status.nr_peers = nr;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &began);
	text = write_look(&look, true);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ended);
	ok(strstr(text, "pop_tunnel_bytes_total{direction=\"tx\",pop=\"pop\"} 20\n"),
	   "%zu nodes: sums by POP", nr);
	free(text);
	free(peers);
	free(pops);
	free(by_id);
	free(nodes);
	return ended.tv_sec - began.tv_sec + (ended.tv_nsec - began.tv_nsec) / 1e9;
}

/* A pass over all nodes for each POP would be sixteen times as long. */
static void test_metrics_of_a_large_fleet_take_as_long_as_it_is_large(void)
{
	double few = write_crowd(4000), many = write_crowd(16000), again = write_crowd(4000);

	few = few < again ? again : few;
	ok(many < 9 * few, "4,000 nodes: %.0f ms, 16,000: %.0f ms", few * 1e3, many * 1e3);
}

/* What a metric means stands alone: no other row is needed to understand it. */
static void check_metric(const struct metric *metric, void *arg)
{
	ok(*metric->help && !strstr(metric->help, "these") && !strstr(metric->help, "those, ") &&
		   metric->help[strlen(metric->help) - 1] != '.',
	   "%s: %s", metric->name, metric->help);
	/* A histogram is three: its buckets, their sum and their number. */
	*(size_t *)arg += strcmp(metric->type, "histogram") ? 1 : 3;
}

static void test_metrics_are_documented_as_they_are_written(void)
{
	char *contract = read_contract("metrics"), *line, *rest = contract;
	size_t nr = 0, lines = 0;

	metrics_each(check_metric, &nr);
	while ((line = strsep(&rest, "\n")))
		lines += *line != '\0';
	is_int(nr, lines, "as many metrics as are documented");
	free(contract);
}

static void test_metrics_without_data_path_tell_so(void)
{
	char *text = write_fleet(false);

	ok(strstr(text, "\nanydoor_loaded 0\n"), "not loaded");
	ok(strstr(text, "\nanydoor_reloads_total{result=\"ok\"} 2\n"), "what the daemon knows");
	ok(strstr(text, "\nanydoor_geo_database_built_timestamp_seconds{database=\"country\"} "
			"1700000000\n"),
	   "when a database was built");
	ok(!strstr(text, "anydoor_packets_total"), "and nothing else");
	free(text);
}

/* All regions; of ASes those with the most, and those that have moved. */
static void test_metrics_catchment_is_bounded(void)
{
	static const char *const lines[] = {
		"catchment_per_second{by=\"region\",name=\"europe\",kind=\"queries\"} 64",
		"catchment_share_ratio{by=\"region\",name=\"asia\",kind=\"connections\"} 0.25",
		"catchment_share_before_ratio{by=\"region\",name=\"europe\",kind=\"queries\"} 1",
		"catchment_moved{by=\"region\",name=\"asia\",kind=\"connections\"} 1",
		"catchment_moved{by=\"region\",name=\"asia\",kind=\"queries\"} 0",
		"catchment_moved{by=\"asn\",name=\"AS64500\",kind=\"connections\"} 0",
		"catchment_moved{by=\"asn\",name=\"AS64502\",kind=\"connections\"} 1",
		"catchment_moves_total{by=\"region\",kind=\"connections\"} 4",
		"catchment_rtt_seconds{by=\"region\",name=\"asia\"} 0.015625",
	};
	char *text = write_fleet(true), wanted[160];
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		snprintf(wanted, sizeof(wanted), "\nanydoor_%s\n", lines[i]);
		ok(strstr(text, wanted), "%s", lines[i]);
	}
	ok(!strstr(text, "AS64501"), "no more ASes than catchment.top");
	ok(!strstr(text, "rtt_seconds{by=\"region\",name=\"europe\""), "no time without a socket");
	free(text);
}

static void test_metrics_flows_endpoints_and_owner(void)
{
	struct flow_row row = { fleet_flow("2001:db8:7f::1", 2, 3000), { 0 } };
	struct flow_top top = { .rows = &row, .nr = 1, .max = 1 };
	struct evbuffer *out = evbuffer_new();
	struct names names;
	char *text;

	fleet_names(&names);
	metrics_write_flows(out, &names, &top);
	text = drain(out);
	ok(strstr(text, "anydoor_flow_bytes_total{client=\"[2001:db8:7f::1]:40000\","
			"vip=\"203.0.113.1:443\",kind=\"transit\",owner=\"edge7\",pop=\"nyc\","
			"direction=\"rx\"} 1500\n"),
	   "bytes received");
	ok(strstr(text, "owner=\"edge7\",pop=\"nyc\"} 100\n"), "age without a direction");
	ok(!strstr(text, "\nanydoor_flow_rtt_seconds{"), "of a flow without a socket no time");
	free(text);
	row.tcp = (struct socket_info){ .known = true, .rtt_us = 1500, .retransmits = 3 };
	metrics_write_flows(out, &names, &top);
	text = drain(out);
	ok(strstr(text,
		  "anydoor_flow_rtt_seconds{client=\"[2001:db8:7f::1]:40000\","
		  "vip=\"203.0.113.1:443\",kind=\"transit\",owner=\"edge7\",pop=\"nyc\"} 0.0015\n"),
	   "round-trip time, in seconds");
	ok(strstr(text, "owner=\"edge7\",pop=\"nyc\"} 3\n"), "segments sent again");
	ok(!strstr(text, "\nanydoor_flow_landing{"), "it lands here");
	free(text);
	row.flow.first_s = 0;
	row.flow.via = 3;
	metrics_write_flows(out, &names, &top);
	text = drain(out);
	ok(!strstr(text, "\nanydoor_flow_age_seconds{"), "of unknown age");
	ok(strstr(text, "vip=\"203.0.113.1:443\",node=\"sin\",pop=\"sin\"} 1\n"),
	   "it lands elsewhere");
	free(text);
	evbuffer_free(out);
}

int main(void)
{
	test_prom_family_and_samples();
	test_prom_label_values_escaped();
	test_prom_values_exact();
	test_prom_long_label_values_whole();
	test_prom_sample_of_parts_is_the_same();
	test_metrics_names_and_labels_stable();
	test_openmetrics_differs_in_heads_and_end();
	test_metrics_every_reason_once();
	test_metrics_names_are_kept();
	test_json_keys_are_kept();
	test_overview_says_how_pops_stand_and_why();
	test_overview_of_nodes_is_bounded();
	test_metrics_are_documented_as_they_are_written();
	test_metrics_of_a_large_fleet_take_as_long_as_it_is_large();
	test_metrics_without_data_path_tell_so();
	test_metrics_catchment_is_bounded();
	test_metrics_flows_endpoints_and_owner();
	return done_testing();
}
