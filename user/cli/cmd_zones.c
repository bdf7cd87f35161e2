// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_zones.c: `anydoor zones`: the zones that are served, read from the kernel's maps.
 */
#include <time.h>
#include "cmd.h"
#include "maps/dns.h"
#include "user/base/args.h"
#include "user/base/output.h"
#include "user/dns/dns_stats.h"
#include "user/status/view.h"

static __u64 zone_age(const struct dns_zone_stats *zone)
{
	__u64 now = time(NULL);

	return now > zone->loaded_real_s ? now - zone->loaded_real_s : 0;
}

static enum dns_signing zone_signing(const struct dns_zone_stats *zone)
{
	return dns_zone_signing(zone->signed_until_s, zone->resign_by_s, time(NULL));
}

static void zone_set_signing(json_t *object, const struct dns_zone_stats *zone)
{
	static const char *const states[] = {
		[DNS_UNSIGNED] = "unsigned",
		[DNS_SIGNED] = "signed",
		[DNS_RESIGN] = "resign",
		[DNS_EXPIRED] = "expired",
	};

	json_object_set_new(object, "signing", json_string(states[zone_signing(zone)]));
	if (!zone->signed_until_s)
		return;
	json_object_set_new(object, "denial", json_string(dns_zone_denial(zone)));
	json_object_set_new(object, "signed_until_s", json_integer(zone->signed_until_s));
	json_object_set_new(object, "resign_by_s", json_integer(zone->resign_by_s));
}

static json_t *zone_json(const struct dns_zone_stats *zone)
{
	json_t *object = json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "zone", zone->name, "names",
		(json_int_t)zone->names, "records", (json_int_t)zone->records, "bytes",
		(json_int_t)zone->bytes, "queries", (json_int_t)zone->queries, "daemon_queries",
		(json_int_t)zone->daemon_queries, "serial", (json_int_t)zone->serial);

	if (zone->loaded_real_s) {
		json_object_set_new(object, "loaded_s", json_integer(zone->loaded_real_s));
		json_object_set_new(object, "age_s", json_integer(zone_age(zone)));
		zone_set_signing(object, zone);
	}
	json_object_set_new(object, "error",
			    zone->error[0] ? json_string(zone->error) : json_null());
	return object;
}

static json_t *zones_json(const struct view *view, const struct dns_stats *stats)
{
	json_t *list = json_array();

	for (size_t i = 0; i < stats->nr_zones; i++)
		json_array_append_new(list, zone_json(&stats->zones[i]));
	return json_pack("{s:s, s:i, s:o}", "instance", view->globals->instance, "capacity",
			 AD_DNS_ZONE_MAX, "zones", list);
}

/* How it is signed, and for how long. */
static void signing_cell(struct table *table, const struct dns_zone_stats *zone)
{
	__u64 now = time(NULL), until = zone->signed_until_s;
	const char *denial = dns_zone_denial(zone);
	char left[UNIT_TEXT];

	switch (zone_signing(zone)) {
	case DNS_UNSIGNED:
		table_cell(table, DIM, "no");
		break;
	case DNS_SIGNED:
		table_cell(table, PLAIN, "%s, %s", denial, unit_duration(until - now, left));
		break;
	case DNS_RESIGN:
		table_cell(table, YELLOW, "%s, only %s", denial, unit_duration(until - now, left));
		break;
	case DNS_EXPIRED:
		table_cell(table, RED, "%s, expired %s ago", denial,
			   unit_duration(now - until, left));
	}
}

static void zone_row(struct table *table, const struct dns_zone_stats *zone)
{
	char names[UNIT_TEXT], records[UNIT_TEXT], bytes[UNIT_TEXT], age[UNIT_TEXT],
		queries[UNIT_TEXT];

	table_cell(table, BOLD, "%s", zone->name);
	if (zone->loaded_real_s) {
		table_cell(table, PLAIN, "%u", zone->serial);
		table_cell(table, PLAIN, "%s", unit_exact(zone->names, names));
		table_cell(table, PLAIN, "%s", unit_exact(zone->records, records));
		table_cell(table, PLAIN, "%s", unit_bytes(zone->bytes, bytes));
		table_cell(table, PLAIN, "%s", unit_duration(zone_age(zone), age));
		signing_cell(table, zone);
		table_cell(table, PLAIN, "%s", unit_exact(zone->queries, queries));
	} else {
		for (int i = 0; i < 7; i++)
			table_cell(table, DIM, "-");
	}
	table_cell(table, zone->error[0] ? RED : DIM, "%s", zone->error[0] ? zone->error : "none");
}

/* All of them, and how much room is left. */
static void zones_sum(const struct dns_stats *stats)
{
	char names[UNIT_TEXT], records[UNIT_TEXT], bytes[UNIT_TEXT];
	__u64 all[3] = { 0 };

	for (size_t i = 0; i < stats->nr_zones; i++) {
		all[0] += stats->zones[i].names;
		all[1] += stats->zones[i].records;
		all[2] += stats->zones[i].bytes;
	}
	printf("%zu zones of at most %d: %s names, %s records, %s\n", stats->nr_zones,
	       AD_DNS_ZONE_MAX, unit_exact(all[0], names), unit_exact(all[1], records),
	       unit_bytes(all[2], bytes));
}

static void zones_print(const struct dns_stats *stats)
{
	static const struct column columns[] = {
		{ "ZONE", false },	 { "SERIAL", true },  { "NAMES", true },
		{ "RECORDS", true },	 { "BYTES", true },   { "LOADED", true },
		{ "SIGNED FOR", false }, { "QUERIES", true }, { "LAST ERROR", false },
		{ NULL, false },
	};
	struct table *table = table_new(stdout, columns);

	if (!table)
		return;
	for (size_t i = 0; i < stats->nr_zones; i++)
		zone_row(table, &stats->zones[i]);
	table_end(table);
	zones_sum(stats);
}

int cmd_zones(const struct globals *globals, int argc, char **argv)
{
	struct dns_stats stats;
	struct view view;
	int err, code;

	if (args_none(argc, argv))
		return EXIT_USAGE;
	code = view_open(&view, globals);
	if (code)
		return code;
	err = dns_stats_read(&view.pins, &stats);
	if (err) {
		code = view_failed(&view, "the zones", err);
	} else {
		if (globals->json)
			code = output_json(zones_json(&view, &stats)) ? EXIT_FAILED : EXIT_OK;
		else
			zones_print(&stats);
		dns_stats_free(&stats);
	}
	view_close(&view);
	return code;
}
