// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_health_section.c: what a node tells others of POPs' health fits into its record, however
 * many POPs there are, and what anybody wrote there is shown as far as it fits.
 */
#include <stdint.h>
#include "selftests/tap.h"
#include "user/bus/record.h"
#include "user/health/health_section.h"

static void test_section_names_who_does_not_stand_well(void)
{
	struct pop_seen pops[] = {
		{ .name = "fra", .health.state = AD_HEALTH_UP },
		{ .name = "nyc", .health.state = AD_HEALTH_OUT },
		{ .name = "sin", .health.state = AD_HEALTH_NONE },
	};
	json_t *section = health_section_write(pops, 3);
	char text[64];

	is_int(json_object_size(section), 1, "one POP");
	is_str(json_string_value(json_object_get(section, "nyc")), "out", "with its state");
	health_section_text(section, text, sizeof(text));
	is_str(text, "nyc", "and is shown");
	json_decref(section);
	section = health_section_write(pops, 1);
	health_section_text(section, text, sizeof(text));
	is_str(text, "", "none is nothing");
	json_decref(section);
}

static void test_section_of_many_fits_into_a_record(void)
{
	static struct pop_seen pops[AD_STEER_BANK];
	char text[64];
	json_t *section, *body;
	char *dumped;
	size_t i, named;

	for (i = 0; i < AD_STEER_BANK; i++) {
		memset(pops[i].name, 'x', sizeof(pops[i].name) - 1);
		snprintf(pops[i].name, 8, "%07zu", i);
		pops[i].name[7] = 'x';
		pops[i].health.state = AD_HEALTH_OUT;
	}
	section = health_section_write(pops, AD_STEER_BANK);
	body = json_pack("{s:O}", "health", section);
	dumped = json_dumps(body, JSON_COMPACT);
	ok(strlen(dumped) < bus_kind_size_max(BUS_NODE) * 3 / 4,
	   "256 POPs with long names leave room for the other sections (%zu bytes)",
	   strlen(dumped));
	named = json_object_size(section) - 1;
	ok(named > 50, "many are named");
	is_int(json_integer_value(json_object_get(section, "")), AD_STEER_BANK - named,
	       "the others are counted");
	health_section_text(section, text, sizeof(text));
	is_str(text, "+256", "and shown, with those whose names do not fit");
	free(dumped);
	json_decref(body);
	json_decref(section);
}

static void test_text_of_what_anybody_wrote(void)
{
	json_t *section = json_pack("{s:s, s:i, s:s, s:I}", "a", "out", "b", 7, "c", "doubt", "",
				    (json_int_t)-5);
	char text[64], small[16];
	json_t *array = json_array();

	health_section_text(section, text, sizeof(text));
	is_str(text, "a c", "what is no state, and a count that is none, is not shown");
	json_object_set_new(section, "", json_integer(INT64_MAX));
	health_section_text(section, text, sizeof(text));
	is_str(text, "a c +99999", "a count ends");
	json_object_set_new(section, "long-name", json_string("out"));
	health_section_text(section, small, sizeof(small));
	is_str(small, "a c +99999", "and what does not fit is counted");
	health_section_text(array, text, sizeof(text));
	is_str(text, "", "no object");
	json_decref(array);
	json_decref(section);
}

int main(void)
{
	test_section_names_who_does_not_stand_well();
	test_section_of_many_fits_into_a_record();
	test_text_of_what_anybody_wrote();
	return done_testing();
}
