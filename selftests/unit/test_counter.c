// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_counter.c: each counter's numbers are read from their own places, and shown by name.
 */
#include "maps/counters.h"
#include "maps/dns.h"
#include "maps/types.h"
#include "selftests/tap.h"
#include "user/dns/dns_stats.h"
#include "user/status/counter.h"

static struct {
	unsigned int cells, shown, first;
	__u64 sum;
	size_t last;
	bool rises;
} walked;

static void walk_cell(const struct counter_cell *cell, void *arg)
{
	walked.cells++;
	walked.shown += cell->is_shown;
	walked.first += cell->is_first;
	walked.sum += cell->value;
	walked.rises &= walked.cells == 1 || cell->place > walked.last;
	walked.last = cell->place;
}

static void walk(const struct counter *counter, const void *counts)
{
	memset(&walked, 0, sizeof(walked));
	walked.rises = true;
	counter_each(counter, counts, walk_cell, NULL);
}

static const char *dump(json_t *json)
{
	static char *text;

	free(text);
	text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(json);
	return text;
}

/* Every number of the struct is in one cell of one counter. */
static void covers(const char *what, const struct counter *table, size_t bytes, size_t left_out)
{
	size_t nr = bytes / sizeof(__u64);
	__u64 counts[nr], sum = 0;

	for (size_t i = 0; i < nr; i++)
		counts[i] = 1;
	for (; table->key; table++) {
		walk(table, counts);
		sum += walked.sum;
	}
	is_int(sum, nr - left_out, "%s: each number is shown once", what);
}

static void test_tables_cover_their_structs(void)
{
	covers("flows", counters_flow, sizeof(struct ad_flow_stats), 0);
	covers("hunts", counters_hunt, sizeof(struct ad_hunt_stats), 0);
	covers("DNS", counters_dns, sizeof(struct ad_dns_count), 0);
	/* cookies[NONE] and limited[NOT][...] */
	covers("limits", counters_rules, sizeof(struct ad_dns_rule_counts), 1 + AD_DNS_CLASSES);
}

static void test_find_by_key(void)
{
	ok(counter_find(counters_dns, "truncated") != NULL, "a key");
	ok(!counter_find(counters_dns, "truncate"), "no key");
	ok(!counter_find(counters_dns, "inserts"), "a key of another table");
}

static void test_each_rare_numbers_are_shown_once_counted(void)
{
	const struct counter *rcodes = counter_find(counters_dns, "rcodes");
	struct ad_dns_count count = {};

	walk(rcodes, &count);
	is_int(walked.cells, AD_DNS_RCODES, "all are walked over");
	is_int(walked.shown, 0, "none is shown");
	is_int(walked.first, 1, "one is the first");
	count.rcodes[3] = 5;
	walk(rcodes, &count);
	is_int(walked.shown, 1, "what was counted is");
	ok(walked.rises, "in the order of the struct");
}

static void test_json_by_name(void)
{
	struct ad_dns_count count = { .truncated = 7 };
	struct ad_dns_rule_counts rule_counts = {};

	count.rcodes[3] = 5;
	count.edns[1][2] = 6;
	rule_counts.limited[AD_DNS_LIMITED_DROPPED][1] = 8;
	is_str(dump(counter_json(counter_find(counters_dns, "truncated"), &count)), "7",
	       "one number");
	is_str(dump(counter_json(counter_find(counters_dns, "rcodes"), &count)), "{\"NXDOMAIN\":5}",
	       "one dimension, and what was not counted is left out");
	is_str(dump(counter_json(counter_find(counters_dns, "edns"), &count)),
	       "{\"ip4\":{\"none\":0,\"plain\":0,\"do\":0},\"ip6\":{\"none\":0,\"plain\":0,\"do\":"
	       "6}}",
	       "two dimensions");
	ok(strstr(dump(counter_json(counter_find(counters_rules, "limited"), &rule_counts)),
		  "\"referral\":{\"dropped\":8"),
	   "the outer dimension is not the outer one of the array");
}

static void test_json_of_a_table(void)
{
	struct ad_flow_stats stats = { .inserts = 3, .refusals = 4 };
	json_t *object = json_object();

	counters_add_json(counters_flow, &stats, object);
	is_int(json_integer_value(json_object_get(object, "inserts")), 3, "its first");
	is_int(json_integer_value(json_object_get(object, "refusals")), 4, "its last");
	is_int(json_object_size(object), 4, "and no other");
	json_decref(object);
}

int main(void)
{
	test_tables_cover_their_structs();
	test_find_by_key();
	test_each_rare_numbers_are_shown_once_counted();
	test_json_by_name();
	test_json_of_a_table();
	return done_testing();
}
