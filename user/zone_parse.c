// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_parse.c: records out of a zone file, by libzscanner (zone.h).
 */
#include <errno.h>
#include <libzscanner/error.h>
#include <libzscanner/scanner.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "arena.h"
#include "config.h"
#include "maps/dns_proto.h"
#include "progress.h"
#include "zone_check.h"

#define ZONE_ERRORS_MAX	 50   /* of one zone; the rest are likely the same mistake */
#define ZONE_DEFAULT_TTL 3600 /* until the file says $TTL */
#define PROGRESS_RECORDS 65536

/* What the scanner's callbacks know. */
struct scan {
	struct zone *zone;
	struct config_errors *errors;
	size_t room; /* rrs allocated */
	unsigned int nr_errors;
	const char *file; /* the last file name seen, kept in the arena */
	int failed;	  /* -errno: out of memory */
};

/* Records keep the name of the file they stood in: $INCLUDE makes them several. */
static const char *scan_file(struct scan *scan, const zs_scanner_t *s)
{
	const char *name = s->file.name ? s->file.name : scan->zone->file;

	if (!scan->file || strcmp(scan->file, name))
		scan->file = arena_copy(scan->zone->arena, name, strlen(name) + 1);
	return scan->file ? scan->file : scan->zone->file;
}

static void scan_error(struct scan *scan, const zs_scanner_t *s, const char *what)
{
	if (++scan->nr_errors <= ZONE_ERRORS_MAX)
		config_errors_add(scan->errors, scan_file(scan, s), s->line_counter, "%s", what);
}

static void scan_on_error(zs_scanner_t *s)
{
	scan_error(s->process.data, s, zs_strerror(s->error.code));
}

static struct zone_rr *scan_add(struct scan *scan)
{
	struct zone *zone = scan->zone;
	struct zone_rr *grown;

	if (zone->nr_rrs == scan->room) {
		scan->room = scan->room ? 2 * scan->room : 64;
		grown = reallocarray(zone->rrs, scan->room, sizeof(*grown));
		if (!grown)
			return NULL;
		zone->rrs = grown;
	}
	return &zone->rrs[zone->nr_rrs];
}

/* Most records stand below one of the same owner: one copy of the name serves both. */
static int scan_owner(struct scan *scan, const __u8 *wire, struct zone_rr *rr)
{
	struct zone *zone = scan->zone;
	const struct zone_rr *last = zone->nr_rrs ? &zone->rrs[zone->nr_rrs - 1] : NULL;
	__u8 owner[256], bytes[NAME_KEY_MAX];
	size_t len = name_len(wire);

	name_lower(owner, wire);
	if (last && name_len(last->owner) == len && !memcmp(last->owner, owner, len)) {
		rr->owner = last->owner;
		rr->key = last->key;
		return 0;
	}
	name_to_key(owner, bytes, &rr->key);
	rr->owner = arena_copy(zone->arena, owner, len);
	rr->key.bytes = arena_copy(zone->arena, bytes, rr->key.len);
	return rr->owner && rr->key.bytes ? 0 : -ENOMEM;
}

/* Types for questions and messages only (RFC 6895, 3.1). */
static bool is_no_data(__u16 type)
{
	return !type || type == DNS_T_OPT || (type >= 128 && type <= DNS_T_ANY);
}

static const char *scan_refusal(const struct zone *zone, const zs_scanner_t *s,
				const struct zone_rr *rr)
{
	if (!name_key_within(&rr->key, &zone->key))
		return "owner is outside of the zone";
	if (is_no_data(s->r_type))
		return "a type that no zone can hold";
	if (!zone_rdata_valid(s->r_type, s->r_data, s->r_data_length))
		return "data that its type cannot have";
	return NULL;
}

static void scan_on_record(zs_scanner_t *s)
{
	struct scan *scan = s->process.data;
	struct zone_rr *rr = scan_add(scan);
	const char *why;

	if (!rr || scan_owner(scan, s->r_owner, rr)) {
		scan->failed = -ENOMEM;
		return;
	}
	why = scan_refusal(scan->zone, s, rr);
	if (why) {
		scan_error(scan, s, why);
		return;
	}
	rr->type = s->r_type;
	rr->ttl = s->r_ttl & 0x80000000u ? 0 : s->r_ttl; /* RFC 2181, 8 */
	rr->line = s->line_counter;
	rr->file = scan_file(scan, s);
	rr->rdlen = s->r_data_length;
	rr->rdata = arena_copy(scan->zone->arena, s->r_data, s->r_data_length);
	if (!rr->rdata)
		scan->failed = -ENOMEM;
	else if (++scan->zone->nr_rrs % PROGRESS_RECORDS == 0)
		progress_at("reading zone %s: %zu records", scan->zone->name, scan->zone->nr_rrs);
}

static struct zone *zone_new(const char *name, const __u8 *wire, const char *file)
{
	struct zone *zone = calloc(1, sizeof(*zone));
	__u8 apex[256], bytes[NAME_KEY_MAX];

	if (!zone)
		return NULL;
	zone->arena = arena_new();
	zone->name = strdup(name);
	zone->file = strdup(file);
	if (!zone->arena || !zone->name || !zone->file) {
		zone_free(zone);
		return NULL;
	}
	name_lower(apex, wire);
	name_to_key(apex, bytes, &zone->key);
	zone->apex = arena_copy(zone->arena, apex, name_len(apex));
	zone->key.bytes = arena_copy(zone->arena, bytes, zone->key.len);
	return zone;
}

void zone_free(struct zone *zone)
{
	if (!zone)
		return;
	arena_free(zone->arena);
	free(zone->chain.links);
	free(zone->rrs);
	free(zone->name);
	free(zone->file);
	free(zone);
}

static int scan_all(zs_scanner_t *s, struct scan *scan)
{
	int before = scan->nr_errors;

	zs_set_processing(s, scan_on_record, scan_on_error, scan);
	if (zs_parse_all(s) && (int)scan->nr_errors == before)
		scan_error(scan, s, zs_strerror(s->error.code));
	if (scan->nr_errors > ZONE_ERRORS_MAX)
		config_errors_add(scan->errors, scan->zone->file, 0, "%u errors more",
				  scan->nr_errors - ZONE_ERRORS_MAX);
	if (scan->failed)
		return scan->failed;
	return scan->nr_errors ? -EINVAL : zone_check(scan->zone, scan->errors);
}

/* @text NULL: from the file. */
static int scan_input(zs_scanner_t *s, struct scan *scan, const char *text, size_t size)
{
	const struct zone *zone = scan->zone;

	if (zs_init(s, zone->name, DNS_CLASS_IN, ZONE_DEFAULT_TTL) ||
	    (text ? zs_set_input_string(s, text, size) : zs_set_input_file(s, zone->file))) {
		config_errors_add(scan->errors, zone->file, 0, "%s", zs_strerror(s->error.code));
		return -EINVAL;
	}
	return scan_all(s, scan);
}

static int zone_read(const char *name, const char *file, const char *text, size_t size,
		     struct zone **result, struct config_errors *errors)
{
	struct scan scan = { .errors = errors };
	zs_scanner_t *s; /* a quarter of a megabyte */
	__u8 wire[256];
	int err = -ENOMEM;

	if (name_parse(name, wire)) {
		config_errors_add(errors, file, 0, "%s is no domain name", name);
		return -EINVAL;
	}
	scan.zone = zone_new(name, wire, file);
	s = calloc(1, sizeof(*s));
	if (scan.zone && s) {
		err = scan_input(s, &scan, text, size);
		zs_deinit(s);
	}
	free(s);
	if (err)
		zone_free(scan.zone);
	else
		*result = scan.zone;
	return err;
}

int zone_load(const char *name, const char *file, struct zone **zone, struct config_errors *errors)
{
	return zone_read(name, file, NULL, 0, zone, errors);
}

int zone_parse(const char *name, const char *file, const char *text, size_t size,
	       struct zone **zone, struct config_errors *errors)
{
	return zone_read(name, file, text, size, zone, errors);
}

int zone_compare(const void *a, const void *b)
{
	const struct zone *const *x = a, *const *y = b;

	return name_key_compare(&(*x)->key, &(*y)->key);
}
