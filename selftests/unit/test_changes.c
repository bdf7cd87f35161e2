// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_changes.c: what differs between two sets of zones, and which serials did not rise.
 */
#include "zone_fixture.h"
#include "user/daemon/changes.h"

#define ZONES 3

struct set {
	struct dns_shared_zone shared[ZONES];
	struct dns_served served[ZONES];
	struct dns_zones zones;
};

/* A zone whose only record beside SOA and NS is @record. */
static struct zone *zone(const char *name, unsigned int serial, const char *record)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "$TTL 3600\n@ SOA ns host %u 2 3 4 300\n@ NS ns.example.net.\n%s\n", serial,
		 record);
	return parse_good(name, text);
}

static void add(struct set *set, struct zone *zone)
{
	size_t i = set->zones.nr++;

	set->shared[i].zone = zone;
	set->served[i].shared = &set->shared[i];
	set->zones.served = set->served;
}

static void set_free(struct set *set)
{
	for (size_t i = 0; i < set->zones.nr; i++)
		zone_free(set->shared[i].zone);
	*set = (struct set){};
}

static const char *text_of(json_t *list)
{
	static char text[2][4096];
	static int turn;
	json_t *line;
	size_t i;

	turn = !turn;
	text[turn][0] = '\0';
	json_array_foreach(list, i, line)
		snprintf(text[turn] + strlen(text[turn]), sizeof(text[0]) - strlen(text[turn]),
			 "%s%s", i ? "; " : "", json_string_value(line));
	json_decref(list);
	return text[turn];
}

/* These lines, and a warning with @warning in it, or none. */
static void says(struct set *old, struct set *new, const char *lines, const char *warning)
{
	json_t *list = json_array(), *warnings = json_array();
	const char *warned;

	changes_add_zones(list, warnings, &old->zones, &new->zones);
	is_str(text_of(list), lines, "%s", *lines ? lines : "nothing is said");
	warned = text_of(warnings);
	ok(warning ? strstr(warned, warning) != NULL : !*warned, "  warned: %s", warned);
	set_free(old);
	set_free(new);
}

static void test_serial_that_rose(void)
{
	struct set old = {}, new = {};

	add(&old, zone("example.com.", 1, "a A 192.0.2.1"));
	add(&new, zone("example.com.", 2, "a A 192.0.2.2"));
	says(&old, &new, "zone example.com.: serial 1 -> 2", NULL);
	add(&old, zone("example.com.", 4294967295u, ""));
	add(&new, zone("example.com.", 5, ""));
	says(&old, &new, "zone example.com.: serial 4294967295 -> 5", NULL);
}

static void test_serial_that_fell_is_warned_of(void)
{
	struct set old = {}, new = {};

	add(&old, zone("example.com.", 7, ""));
	add(&new, zone("example.com.", 6, ""));
	says(&old, &new, "zone example.com.: serial 7 -> 6", "serial 6 is lower than 7 before");
}

static void test_same_serial_other_records_is_warned_of(void)
{
	struct set old = {}, new = {};

	add(&old, zone("example.com.", 7, "a A 192.0.2.1\nb A 192.0.2.1\nc 60 A 192.0.2.1"));
	add(&new, zone("example.com.", 7,
		       "a A 192.0.2.1\nc 90 A 192.0.2.1\nd A 192.0.2.1\n"
		       "e A 192.0.2.1"));
	says(&old, &new, "zone example.com.: 2 records removed, 3 added, under the same serial 7",
	     "its serial 7 did not");
}

static void test_nothing_changed_nothing_is_said(void)
{
	struct set old = {}, new = {};

	add(&old, zone("example.com.", 7, "a A 192.0.2.1"));
	add(&new, zone("example.com.", 7, "a A 192.0.2.1"));
	says(&old, &new, "", NULL);
}

static void test_zone_of_one_set_only_is_not_compared(void)
{
	struct set old = {}, new = {};

	add(&old, zone("a.example.", 1, ""));
	add(&old, zone("c.example.", 1, ""));
	add(&new, zone("b.example.", 2, ""));
	add(&new, zone("c.example.", 2, ""));
	says(&old, &new, "zone c.example.: serial 1 -> 2", NULL);
}

static void test_zone_that_could_not_be_read(void)
{
	struct set old = {}, new = {};

	add(&old, zone_new_broken("example.com.", "z"));
	add(&new, zone("example.com.", 7, ""));
	says(&old, &new, "zone example.com.: served again, serial 7", NULL);
	add(&old, zone("example.com.", 7, ""));
	add(&new, zone_new_broken("example.com.", "z"));
	says(&old, &new, "", NULL);
}

int main(void)
{
	test_serial_that_rose();
	test_serial_that_fell_is_warned_of();
	test_same_serial_other_records_is_warned_of();
	test_nothing_changed_nothing_is_said();
	test_zone_of_one_set_only_is_not_compared();
	test_zone_that_could_not_be_read();
	return done_testing();
}
