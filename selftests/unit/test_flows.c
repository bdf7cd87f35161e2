// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Flows: which are meant, which come first, what they look like.
 */
#include <errno.h>
#include <stdlib.h>
#include <jansson.h>
#include "selftests/tap.h"
#include "fleet_fixture.h"
#include "user/flows/flow_filter.h"
#include "user/flows/flow_text.h"
#include "user/flows/flow_top.h"

static struct names names;

static bool matches(struct flow_words words, const struct ad_flow *flow)
{
	struct flow_filter filter;

	return !flow_filter_init(&filter, &words, &names) &&
	       flow_filter_match(&filter, flow, &names);
}

#define WORDS(...) ((struct flow_words){ __VA_ARGS__ })

static void test_filter_client_prefix_of_any_length(void)
{
	struct ad_flow flow = fleet_flow("198.51.100.130", 1, 0);
	struct ad_flow flow6 = fleet_flow("2001:db8:7f::1", 1, 0);

	ok(matches(WORDS(.client = "198.51.100.130"), &flow), "the address");
	ok(!matches(WORDS(.client = "198.51.100.131"), &flow), "another");
	ok(matches(WORDS(.client = "198.51.100.0/24"), &flow), "its /24");
	ok(matches(WORDS(.client = "198.51.100.128/25"), &flow), "its /25");
	ok(!matches(WORDS(.client = "198.51.100.0/25"), &flow), "the other /25");
	ok(matches(WORDS(.client = "10.0.0.0/0"), &flow), "all of IPv4");
	ok(!matches(WORDS(.client = "0.0.0.0/0"), &flow6), "which IPv6 is not in");
	ok(matches(WORDS(.client = "2001:db8:40::/42"), &flow6), "an IPv6 prefix");
	ok(!matches(WORDS(.client = "2001:db8::/42"), &flow6), "the one below");
	ok(matches(WORDS(.client = "::/0"), &flow), "everything");
}

static void test_filter_other_conditions(void)
{
	struct ad_flow flow = fleet_flow("198.51.100.130", 2, 0);

	ok(matches(WORDS(0), &flow), "no condition");
	ok(matches(WORDS(.vip = "203.0.113.1"), &flow), "its VIP");
	ok(!matches(WORDS(.vip = "2001:db8::1"), &flow), "another VIP");
	ok(matches(WORDS(.port = 443), &flow), "its port");
	ok(!matches(WORDS(.port = 80), &flow), "another port");
	ok(matches(WORDS(.kind = AD_FLOW_TRANSIT), &flow), "its kind");
	ok(!matches(WORDS(.kind = AD_FLOW_OURS), &flow), "another kind");
	ok(matches(WORDS(.owner = "edge7"), &flow), "its owner by node");
	ok(matches(WORDS(.owner = "nyc"), &flow), "by POP");
	ok(matches(WORDS(.owner = "2"), &flow), "by id");
	ok(!matches(WORDS(.owner = "fra"), &flow), "another POP");
	ok(!matches(WORDS(.owner = "nyc", .port = 80), &flow), "all conditions must hold");
}

static void test_filter_pop_means_all_its_nodes(void)
{
	struct ad_flow one = fleet_flow("10.0.0.1", 1, 0), four = fleet_flow("10.0.0.1", 4, 0);

	ok(matches(WORDS(.owner = "fra"), &one), "fra-1");
	ok(matches(WORDS(.owner = "fra"), &four), "fra-2");
}

static void test_filter_nonsense_refused(void)
{
	static const struct flow_words bad[] = {
		{ .client = "198.51.100.0/33" },
		{ .client = "198.51.100.0/" },
		{ .client = "198.51.100.0/x" },
		{ .client = "2001:db8::/129" },
		{ .client = "somewhere" },
		{ .client = "" },
		{ .vip = "203.0.113" },
		{ .owner = "mars" },
		{ .owner = "65536" },
		{ .owner = "-1" },
		{ .client = "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/1" },
	};
	struct flow_filter filter;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		is_int(flow_filter_init(&filter, &bad[i], &names), -EINVAL, "refused: %s",
		       bad[i].client ?: bad[i].vip ?: bad[i].owner);
}

static void offer(struct flow_top *top, const struct ad_flow *flow)
{
	flow_top_offer(top, &(struct flow_row){ .flow = *flow });
}

static void test_top_foremost_kept_in_order(void)
{
	struct flow_top top;

	flow_top_init(&top, FLOW_SORT_BYTES, 10);
	for (unsigned int i = 0; i < 1000; i++) {
		struct ad_flow flow = fleet_flow("10.0.0.1", 1, i * 7919 % 1000);

		offer(&top, &flow);
	}
	flow_top_finish(&top);
	is_int(top.nr, 10, "as many as asked for");
	for (unsigned int i = 0; i < top.nr; i++)
		is_int(top.rows[i].flow.rx_bytes + top.rows[i].flow.tx_bytes, 999 - i, "number %u",
		       i);
	flow_top_free(&top);
}

static void test_top_oldest_and_longest_silent_first(void)
{
	struct ad_flow old = fleet_flow("10.0.0.1", 1, 1), young = fleet_flow("10.0.0.2", 1, 1);
	struct flow_top top;

	young.first_s = 950;
	young.last_s = 960;
	flow_top_init(&top, FLOW_SORT_AGE, 1);
	offer(&top, &young);
	offer(&top, &old);
	is_int(top.rows[0].flow.first_s, 900, "the oldest");
	flow_top_free(&top);
	flow_top_init(&top, FLOW_SORT_IDLE, 1);
	offer(&top, &old);
	offer(&top, &young);
	is_int(top.rows[0].flow.last_s, 960, "the longest silent");
	flow_top_free(&top);
	flow_top_init(&top, FLOW_SORT_AGE, 2);
	old.first_s = 0;
	offer(&top, &old);
	offer(&top, &young);
	flow_top_finish(&top);
	is_int(top.rows[1].flow.first_s, 0, "last: whose age nobody knows");
	flow_top_free(&top);
}

static void test_top_slowest_and_most_repaired_first(void)
{
	struct flow_row quick = { fleet_flow("10.0.0.1", 1, 1),
				  { .known = true, .rtt_us = 900, .retransmits = 7 } };
	struct flow_row slow = { fleet_flow("10.0.0.2", 1, 1),
				 { .known = true, .rtt_us = 90000, .retransmits = 0 } };
	struct flow_row unknown = { fleet_flow("10.0.0.3", 1, 1), { 0 } };
	struct flow_top top;

	flow_top_init(&top, FLOW_SORT_RTT, 3);
	flow_top_offer(&top, &unknown);
	flow_top_offer(&top, &quick);
	flow_top_offer(&top, &slow);
	flow_top_finish(&top);
	is_int(top.rows[0].tcp.rtt_us, 90000, "the slowest");
	ok(!top.rows[2].tcp.known, "without a socket: last");
	flow_top_free(&top);
	flow_top_init(&top, FLOW_SORT_RETRANSMITS, 1);
	flow_top_offer(&top, &slow);
	flow_top_offer(&top, &quick);
	is_int(top.rows[0].tcp.retransmits, 7, "most segments sent again");
	flow_top_free(&top);
}

static void test_json_tells_what_the_socket_knows(void)
{
	struct flow_row row = { fleet_flow("10.0.0.1", 1, 1), { 0 } };
	char text[FLOW_JSON_TEXT];
	json_t *json;

	flow_json(&row, &names, text);
	json = json_loads(text, 0, NULL);
	ok(json_is_null(json_object_get(json, "rtt_us")), "no socket: null");
	json_decref(json);
	row.tcp =
		(struct socket_info){ .known = true, .rtt_us = 1500, .delivery_rate = 1ull << 40 };
	flow_json(&row, &names, text);
	json = json_loads(text, 0, NULL);
	is_int(json_integer_value(json_object_get(json, "rtt_us")), 1500, "us");
	ok(json_integer_value(json_object_get(json, "delivery_rate")) == 1ll << 40, "bytes/s");
	json_decref(json);
}

static void test_top_unique_drops_repeated_flows(void)
{
	struct ad_flow a = fleet_flow("10.0.0.1", 1, 10), b = fleet_flow("10.0.0.2", 1, 20);
	struct flow_top top;

	flow_top_init(&top, FLOW_SORT_BYTES, 8);
	offer(&top, &a);
	offer(&top, &b);
	a.rx_bytes = 1000;
	offer(&top, &a);
	flow_top_finish(&top);
	flow_top_unique(&top);
	is_int(top.nr, 2, "one entry for each flow");
	is_int(top.rows[0].flow.rx_bytes, 1000, "the foremost of them");
	flow_top_free(&top);
}

static void test_json_is_valid_and_complete(void)
{
	struct ad_flow flow = fleet_flow("2001:db8:7f::1", 2, 3000000000ULL);
	char text[FLOW_JSON_TEXT];
	json_t *json;
	size_t len;

	flow.via = 9;
	flow.vip = 1;
	flow.flags |= AD_FLOW_CLOSING;
	len = flow_json(&(struct flow_row){ .flow = flow }, &names, text);
	is_int(len, strlen(text), "length");
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (!ok(json, "parsed by somebody else's parser"))
		return;
	is_str(json_string_value(json_object_get(json, "kind")), "transit", "kind");
	is_str(json_string_value(json_object_get(json, "client")), "2001:db8:7f::1", "client");
	is_int(json_integer_value(json_object_get(json, "client_port")), 40000, "port");
	is_str(json_string_value(json_object_get(json, "vip")), "2001:db8::1", "vip");
	is_str(json_string_value(json_object_get(json, "owner")), "edge7", "owner");
	is_str(json_string_value(json_object_get(json, "owner_pop")), "nyc", "its POP");
	is_int(json_integer_value(json_object_get(json, "via_id")), 9, "landing node");
	ok(json_is_null(json_object_get(json, "via")), "which has no name here");
	is_int(json_integer_value(json_object_get(json, "age_s")), 100, "age");
	is_int(json_integer_value(json_object_get(json, "idle_s")), 10, "idle");
	is_int(json_integer_value(json_object_get(json, "tx_bytes")), 1500000000, "bytes");
	ok(json_is_true(json_object_get(json, "closing")), "closing");
	ok(json_is_false(json_object_get(json, "forwarded")), "not forwarded");
	ok(json_is_true(json_object_get(json, "estimate")), "led elsewhere: an estimate");
	json_decref(json);
}

static void test_json_forwarded_is_told(void)
{
	struct ad_flow flow = fleet_flow("10.0.0.1", 1, 10);
	char text[FLOW_JSON_TEXT];
	json_t *json;

	flow.flags = AD_FLOW_FORWARDED;
	flow.first_s = 0;
	flow_json(&(struct flow_row){ .flow = flow }, &names, text);
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	ok(json && json_is_true(json_object_get(json, "forwarded")), "forwarded");
	ok(json && json_is_null(json_object_get(json, "age_s")), "of unknown age");
	ok(json && json_is_false(json_object_get(json, "estimate")), "exact");
	ok(json && json_is_false(json_object_get(json, "stamped")), "which says nothing of stamps");
	ok(json && json_is_false(json_object_get(json, "closing")), "nor of an end");
	json_decref(json);
}

static void test_vip_that_left_is_no_address(void)
{
	struct ad_flow flow = fleet_flow("10.0.0.1", 1, 10);
	char text[FLOW_JSON_TEXT], vip[ENDPOINT_TEXT];
	json_t *json;

	flow.vip = 200;
	flow.vip_port = htons(443);
	is_str(flow_vip_format(&flow, &names, vip), "removed:443", "as text");
	flow_json(&(struct flow_row){ .flow = flow }, &names, text);
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	ok(json && json_is_null(json_object_get(json, "vip")), "as JSON: null");
	json_decref(json);
}

static void test_json_longest_names_fit(void)
{
	static char name[64];
	struct ad_flow flow =
		fleet_flow("2001:1234:5678:9abc:def0:1234:5678:9abc", 1, 18000000000000000000ULL);
	char text[FLOW_JSON_TEXT], *node = fleet_nodes[0].name, *pop = fleet_pops[0].name;

	memset(name, 'n', sizeof(name) - 1);
	fleet_nodes[0].name = fleet_pops[0].name = name;
	flow.via = 1;
	flow.vip = 1;
	ok(flow_json(&(struct flow_row){ .flow = flow }, &names, text) < FLOW_JSON_TEXT - 1,
	   "%zu bytes", strlen(text));
	fleet_nodes[0].name = node;
	fleet_pops[0].name = pop;
}

static void test_seconds_clock_wraps_or_runs_ahead(void)
{
	is_int(flow_seconds(1000, 990), 10, "ago");
	is_int(flow_seconds(1000, 1002), 0, "a packet later than our look");
	is_int(flow_seconds(5, 0xfffffffb), 10, "across the wrap");
}

static void test_over_closed_sooner_than_silent(void)
{
	struct ad_flow flow = fleet_flow("10.0.0.1", 1, 0);

	flow.last_s = 1000 - 600;
	ok(!flow_is_over(&flow, &names), "silent for as long as it may");
	flow.last_s--;
	ok(flow_is_over(&flow, &names), "and for longer");
	flow.flags |= AD_FLOW_CLOSING;
	flow.last_s = 1000 - 60;
	ok(!flow_is_over(&flow, &names), "closing a minute ago");
	flow.last_s--;
	ok(flow_is_over(&flow, &names), "closed");
}

static void is_name(__u16 id, const char *expected)
{
	char text[NAME_TEXT];

	is_str(names_format(&names, id, text), expected, "id %u is %s", id, expected);
}

static void test_names_short_where_they_say_enough(void)
{
	is_name(1, "fra-1");
	is_name(2, "nyc/edge7");
	is_name(3, "sin");
	is_name(77, "#77");
	is_name(0, "-");
}

int main(void)
{
	fleet_names(&names);
	test_filter_client_prefix_of_any_length();
	test_filter_other_conditions();
	test_filter_pop_means_all_its_nodes();
	test_filter_nonsense_refused();
	test_top_foremost_kept_in_order();
	test_top_oldest_and_longest_silent_first();
	test_top_slowest_and_most_repaired_first();
	test_json_tells_what_the_socket_knows();
	test_top_unique_drops_repeated_flows();
	test_json_is_valid_and_complete();
	test_json_forwarded_is_told();
	test_vip_that_left_is_no_address();
	test_json_longest_names_fit();
	test_seconds_clock_wraps_or_runs_ahead();
	test_over_closed_sooner_than_silent();
	test_names_short_where_they_say_enough();
	return done_testing();
}
