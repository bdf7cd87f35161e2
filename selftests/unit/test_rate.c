// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_rate.c: how fast counters run: slow ones, and over the time that has passed.
 */
#include <stdlib.h>
#include "selftests/tap.h"
#include "user/base/output.h"
#include "user/status/rate.h"

static void test_rates_slow_counter_is_shown(void)
{
	struct ad_count before[AD_REASON_MAX] = {}, now[AD_REASON_MAX] = {};
	struct rate rates[AD_REASON_MAX];

	now[AD_R_BAD_IP] = (struct ad_count){ 1, 60 };
	rates_take(rates, now, before, 5);
	ok(rates[AD_R_BAD_IP].packets == 0.2 && rates[AD_R_BAD_IP].bytes == 12,
	   "one packet in five seconds is 0.2 a second");
	ok(!rates[AD_R_BAD_L4].packets, "none is none");
}

static void test_rates_are_over_the_time_that_passed(void)
{
	struct ad_count before[AD_REASON_MAX] = {}, now[AD_REASON_MAX] = {};
	struct rate rates[AD_REASON_MAX];

	now[AD_R_FOREIGN].packets = 300;
	rates_take(rates, now, before, 1.5);
	ok(rates[AD_R_FOREIGN].packets == 200, "300 packets in a second and a half are 200");
	rates_take(rates, now, before, 0);
	ok(!rates[AD_R_FOREIGN].packets, "no time has passed: no rate");
}

static void test_rates_counter_that_began_anew(void)
{
	struct ad_count before[AD_REASON_MAX] = {}, now[AD_REASON_MAX] = {};
	struct rate rates[AD_REASON_MAX];

	before[AD_R_FOREIGN].packets = 1000;
	now[AD_R_FOREIGN].packets = 10;
	rates_take(rates, now, before, 1);
	ok(!rates[AD_R_FOREIGN].packets, "another instance took its place");
}

static void test_rates_json(void)
{
	struct ad_count before[AD_REASON_MAX] = {}, now[AD_REASON_MAX] = {};
	struct rate rates[AD_REASON_MAX];
	json_t *json, *first;

	now[AD_R_FOREIGN] = (struct ad_count){ 1, 64 };
	rates_take(rates, now, before, 4);
	json = rates_json(rates, 4);
	first = json_array_get(json_object_get(json, "per_second"), 0);
	is_str(json_string_value(json_object_get(first, "reason")), "foreign", "the first reason");
	ok(json_number_value(json_object_get(first, "packets")) == 0.25, "with a fraction");
	ok(json_number_value(json_object_get(json, "seconds")) == 4, "and the time");
	is_int(json_array_size(json_object_get(json, "per_second")), AD_REASON_MAX - 1,
	       "every reason");
	json_decref(json);
}

static void test_rates_as_text(void)
{
	static const struct {
		double rate;
		const char *text;
	} cases[] = { { 0, "0.00" },	{ 0.001, "<0.01" },	   { 0.2, "0.20" },
		      { 9.99, "9.99" }, { 9.996, "10.0" },	   { 99.94, "99.9" },
		      { 99.96, "100" }, { 1234567.4, "1,234,567" } };
	char text[UNIT_TEXT];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is_str(unit_rate(cases[i].rate, text), cases[i].text, "%g", cases[i].rate);
}

int main(void)
{
	test_rates_slow_counter_is_shown();
	test_rates_are_over_the_time_that_passed();
	test_rates_counter_that_began_anew();
	test_rates_json();
	test_rates_as_text();
	return done_testing();
}
