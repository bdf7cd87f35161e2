/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone.h: a zone file, read and checked. Knows neither libbpf nor the image.
 */
#ifndef AD_ZONE_H
#define AD_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct config_errors;
struct zone_seen;

/*
 * A name in the order of RFC 4034, 6.1: labels from the root downwards, lower case, each closed by
 * a zero byte; zeros and ones within a label are escaped. So one name lies below another if the
 * other's key is a prefix, and a subtree is contiguous when keys are sorted bytewise.
 */
#define NAME_KEY_MAX 512
struct name_key {
	__u16 len;
	__u8 labels;
	const __u8 *bytes;
};

struct zone_rr {
	const __u8 *owner_name; /* wire format, lower case */
	struct name_key key;
	__u16 type;
	__u16 rdlen;
	__u32 ttl;
	const __u8 *rdata; /* names in it keep their case */
	__u32 line;
	const char *file;
};

struct arena;

/* The NSEC or NSEC3 records of a signed zone, in canonical order. */
struct zone_chain {
	__u16 type; /* DNS_T_NSEC or DNS_T_NSEC3; 0: the zone is not signed */
	__u16 iterations;
	__u8 salt_len;
	const __u8 *salt;
	const __u8 *apex;
	const struct zone_rr **deniers; /* sorted by name or hash */
	size_t nr;
};

struct zone {
	char *name; /* as configured: absolute, lower case, with final dot */
	char *file;
	const __u8 *apex; /* wire format */
	struct name_key key;
	struct zone_rr *rrs; /* sorted by owner name, type, rdata; without duplicates */
	size_t nr_rrs;
	__u32 serial;
	struct zone_chain chain;
	/* CLOCK_REALTIME; 0 = not signed: when the signatures of the first set expire, ... */
	__u64 signed_until_s;
	__u64 resign_by_s; /* ... and when its signer should have renewed all signatures */
	__u64 bytes;	   /* set by dns_image_build() */
	__u32 names;	   /* set by dns_image_build() */
	const struct zone_seen *seen; /* of each file that it was read from; 0: of none */
	size_t nr_seen;
	struct arena *arena;
};

/*
 * Reads and checks one zone. 0 and *@zone, or -EINVAL with every error (bounded) appended to
 * @errors as "file:line: reason", or -errno (-ECANCELED: progress_stop()). Warnings are logged.
 * @include_dir: NULL, or a directory whose files $INCLUDE may name beside those below @file's own
 * (zone_input.h).
 */
int zone_load(const char *name, const char *file, const char *include_dir, struct zone **zone,
	      struct config_errors *errors);
/* The same from memory; @file is only the name in errors. */
int zone_parse(const char *name, const char *file, const char *text, size_t size,
	       struct zone **zone, struct config_errors *errors);
/*
 * Stands for a zone that cannot be read: without records, all its names are SERVFAIL. NULL when out
 * of memory, or if @name is no domain name.
 */
struct zone *zone_new_broken(const char *name, const char *file);
void zone_free(struct zone *zone);
/* Its files have certainly not changed since it was read. */
bool zone_is_current(const struct zone *zone);

/*
 * The order of zone->rrs. 0: the same record; TTLs and the case of names may differ (RFC 4034,
 * 6.2).
 */
int zone_rr_compare(const struct zone_rr *x, const struct zone_rr *y);
/* For qsort() of struct zone *. */
int zone_compare(const void *a, const void *b);

/* The records of @key and @type (0: of all types) as a run of zone->rrs; NULL and 0 if none. */
const struct zone_rr *zone_find(const struct zone *zone, const struct name_key *key, __u16 type,
				size_t *nr);

/* How many records, from zone->rrs[@first] on, have the owner name of that one. */
size_t zone_owner_run(const struct zone *zone, size_t first);
/* Does one of these @nr records have @type? */
bool zone_rrs_have(const struct zone_rr *rrs, size_t nr, __u16 type);

/* Which type the signature @sig is for. */
__u16 zone_sig_covers(const struct zone_rr *sig);
/* The zone has a DNSKEY that @sig may be made with: of the same algorithm and tag. */
bool zone_has_key(const struct zone *zone, const struct zone_rr *sig);
/* The signatures of @type among the records of one owner name, sorted; NULL and 0 if none. */
const struct zone_rr *zone_rrs_signatures(const struct zone_rr *rrs, size_t nr_rrs, __u16 type,
					  size_t *nr);
/* The signatures of the set that @rr belongs to; NULL and 0 if none. */
const struct zone_rr *zone_signatures(const struct zone *zone, const struct zone_rr *rr,
				      size_t *nr);

/* --- names ------------------------------------------------------------------------------------ */

size_t name_len(const __u8 *wire);
unsigned int name_labels(const __u8 *wire);
bool name_equal(const __u8 *a, const __u8 *b); /* ignores case */
void name_lower(__u8 *to, const __u8 *from);
/* Builds the key of @wire in @bytes. */
void name_to_key(const __u8 *wire, __u8 bytes[NAME_KEY_MAX], struct name_key *key);
int name_key_compare(const struct name_key *a, const struct name_key *b);
/* @key is @above or lies below it. */
bool name_key_within(const struct name_key *key, const struct name_key *above);
/* The key of the ancestor with @labels labels: a prefix of the same bytes. */
struct name_key name_key_ancestor(const struct name_key *key, unsigned int labels);
/* @wire without its first @labels labels. */
const __u8 *name_skip(const __u8 *wire, unsigned int labels);
/* Presentation format with a final dot; @text holds NAME_TEXT bytes. */
#define NAME_TEXT 1025
const char *name_format(const __u8 *wire, char text[NAME_TEXT]);
/* From presentation format (RFC 1035, 5.1), @size bytes; relative to @origin. 0 or -EINVAL. */
int name_read(const char *text, size_t size, const __u8 *origin, __u8 wire[256]);
/* The same of a string; relative names are taken as absolute. */
int name_parse(const char *text, __u8 wire[256]);

#endif
