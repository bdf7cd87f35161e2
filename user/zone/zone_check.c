// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_check.c: rules for a zone as a whole (zone_check.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "maps/dns_proto.h"
#include "user/base/log.h"
#include "user/config/config.h"
#include "zone_check.h"
#include "zone_rdata.h"
#include "zone_sign.h"

#define WARNINGS_MAX  10
#define RR_BYTES      12    /* owner name as a pointer, type, class, TTL, length */
#define SET_BYTES_MAX 65535 /* with header, question and signatures */
#define HEADER_BYTES  16    /* with type and class of the question */

/*
 * What is legal but probably a mistake. It is logged once for each zone, with the first place and
 * the number of others.
 */
enum doubt {
	DOUBT_HIDDEN,
	DOUBT_ALIAS,
	DOUBT_GLUE,
	DOUBT_DS,
	DOUBTS
};

static const char *const doubts[DOUBTS] = {
	[DOUBT_HIDDEN] = "below a delegation or a DNAME: never answered",
	[DOUBT_ALIAS] = "its target is an alias (RFC 2181, 10.3)",
	[DOUBT_GLUE] = "its name server is in this zone and has no address",
	[DOUBT_DS] = "DS without NS: no delegation",
};

/* A check adds what it finds and goes on. At the end, any finding makes the zone wrong. */
struct check {
	struct zone *zone;
	struct config_errors *errors;
	unsigned int failed;
	bool gaps; /* some lines were refused: missing records may be among them */
	struct zone_remark doubted[DOUBTS];
	const struct zone_rr *cover; /* of the cut or DNAME above, or NULL */
	unsigned int uneven;	     /* sets whose TTLs differ */
};

/* All records of one owner name. */
struct owner_name {
	const struct zone_rr *rrs;
	size_t nr;
	bool apex;
};

static void complain_at(struct check *check, const char *file, __u32 line, const char *what)
{
	check->failed++;
	config_errors_add(check->errors, file, line, "%s", what);
}

/* "name type: what". */
static void complain(struct check *check, const struct zone_rr *rr, const char *what)
{
	char name[NAME_TEXT], type[ZONE_TYPE_TEXT];

	check->failed++;
	config_errors_add(check->errors, rr->file, rr->line, "%s %s: %s",
			  name_format(rr->owner_name, name), zone_type_name(rr->type, type), what);
}

/* 0: the same record; the case of names may differ (RFC 4034, 6.2). */
int zone_rr_compare(const struct zone_rr *x, const struct zone_rr *y)
{
	int diff = name_key_compare(&x->key, &y->key);

	if (!diff)
		diff = (int)x->type - (int)y->type;
	return diff ?: zone_rdata_compare(x->type, x->rdata, x->rdlen, y->rdata, y->rdlen);
}

static int rr_compare(const void *a, const void *b)
{
	const struct zone_rr *x = a, *y = b;

	return zone_rr_compare(x, y) ?: (x->line > y->line) - (x->line < y->line);
}

static bool rr_same_set(const struct zone_rr *a, const struct zone_rr *b)
{
	return a->type == b->type && !name_key_compare(&a->key, &b->key);
}

/* RFC 2181, 5: no record is in a set twice. */
static void drop_duplicates(struct zone *zone)
{
	size_t i, kept = 0;

	for (i = 0; i < zone->nr_rrs; i++)
		if (!kept || zone_rr_compare(&zone->rrs[kept - 1], &zone->rrs[i]))
			zone->rrs[kept++] = zone->rrs[i];
	zone->nr_rrs = kept;
}

/* RFC 2181, 5.2: one TTL for the set, the lowest. Signatures of several sets share a name. */
static void even_out(struct check *check, struct zone_rr *rrs, size_t nr)
{
	__u32 low = rrs[0].ttl;
	size_t i, other = 0;
	char type[ZONE_TYPE_TEXT], name[NAME_TEXT];

	for (i = 1; i < nr; i++) {
		if (rrs[i].ttl != rrs[0].ttl)
			other = i;
		low = rrs[i].ttl < low ? rrs[i].ttl : low;
	}
	if (!other || rrs[0].type == DNS_T_RRSIG)
		return;
	if (++check->uneven <= WARNINGS_MAX)
		log_warn("%s:%u: %s %s: TTLs differ within the set; %u is used for all",
			 rrs[other].file, rrs[other].line, name_format(rrs[0].owner_name, name),
			 zone_type_name(rrs[0].type, type), low);
	for (i = 0; i < nr; i++)
		rrs[i].ttl = low;
}

static size_t count_bytes(const struct zone_rr *rrs, size_t nr)
{
	size_t i, bytes = 0;

	for (i = 0; i < nr; i++)
		bytes += RR_BYTES + rrs[i].rdlen;
	return bytes;
}

/*
 * A set is sent as a whole or not at all, so it must fit into a message that answers a query for
 * its name.
 */
static void check_size(struct check *check, const struct zone_rr *rrs, size_t nr)
{
	size_t bytes = HEADER_BYTES + name_len(rrs->owner_name) + count_bytes(rrs, nr), nr_sigs;
	const struct zone_rr *sigs;
	char what[128];

	if (bytes > SET_BYTES_MAX / 2) {
		sigs = zone_signatures(check->zone, rrs, &nr_sigs);
		bytes += count_bytes(sigs, nr_sigs);
	}
	if (bytes <= SET_BYTES_MAX)
		return;
	snprintf(what, sizeof(what),
		 "one RRset takes a message of %zu bytes; 65535 is all that DNS has: "
		 "split it over several names",
		 bytes);
	complain(check, &rrs[0], what);
}

static void check_sets(struct check *check)
{
	struct zone *zone = check->zone;
	size_t i, first = 0;

	for (i = 1; i <= zone->nr_rrs; i++) {
		if (i < zone->nr_rrs && rr_same_set(&zone->rrs[first], &zone->rrs[i]))
			continue;
		even_out(check, &zone->rrs[first], i - first);
		check_size(check, &zone->rrs[first], i - first);
		first = i;
	}
	if (check->uneven > WARNINGS_MAX)
		log_warn("%s: TTLs differ within %u sets more", zone->file,
			 check->uneven - WARNINGS_MAX);
}

/* How many records have @type; *@last is the one with the highest line number. */
static size_t count_type(const struct owner_name *owner_name, __u16 type,
			 const struct zone_rr **last)
{
	const struct zone_rr *rr;
	size_t i, n = 0;

	for (i = 0; i < owner_name->nr; i++) {
		rr = &owner_name->rrs[i];
		if (rr->type == type && (!n++ || rr->line > (*last)->line))
			*last = rr;
	}
	return n;
}

/* Types that are allowed beside a CNAME (RFC 2535, 2.3.5; RFC 4034, 3 and 4). */
static bool beside_cname(__u16 type)
{
	switch (type) {
	case DNS_T_CNAME:
	case DNS_T_SIG:
	case DNS_T_KEY:
	case DNS_T_NXT:
	case DNS_T_RRSIG:
	case DNS_T_NSEC:
		return true;
	default:
		return false;
	}
}

static void check_alias(struct check *check, const struct owner_name *owner_name)
{
	const struct zone_rr *rr = NULL;
	size_t i, cnames = count_type(owner_name, DNS_T_CNAME, &rr);

	if (cnames > 1)
		complain(check, rr, "more than one CNAME of one name");
	for (i = 0; cnames && i < owner_name->nr; i++) {
		if (beside_cname(owner_name->rrs[i].type) || owner_name->rrs[i].type == DNS_T_NSEC3)
			continue;
		complain(check, &owner_name->rrs[i], "CNAME and other data");
		break;
	}
	if (count_type(owner_name, DNS_T_DNAME, &rr) > 1)
		complain(check, rr, "more than one DNAME of one name");
}

/* RFC 4592, 4.2 does not define what this would mean. */
static void check_wildcard(struct check *check, const struct owner_name *owner_name)
{
	const struct zone_rr *rr = NULL;

	if (!memcmp(owner_name->rrs[0].owner_name, "\1*", 2) &&
	    count_type(owner_name, DNS_T_NS, &rr))
		complain(check, rr, "a wildcard cannot be delegated; name what is");
}

static void check_soa(struct check *check, const struct owner_name *owner_name)
{
	const struct zone_rr *rr = NULL;
	size_t n = count_type(owner_name, DNS_T_SOA, &rr);

	if (n && !owner_name->apex)
		complain(check, rr, "SOA is not at the zone's apex");
	else if (n > 1)
		complain(check, rr, "more than one SOA");
}

/* The name of a name server must not lie below a DNAME of this zone (RFC 6672, 2.4). */
static bool is_below_dname(const struct zone *zone, const __u8 *host)
{
	__u8 bytes[NAME_KEY_MAX];
	struct name_key key, above;
	unsigned int labels;
	size_t nr;

	name_to_key(host, bytes, &key);
	if (!name_key_within(&key, &zone->key))
		return false;
	for (labels = zone->key.labels; labels < key.labels; labels++) {
		above = name_key_ancestor(&key, labels);
		if (zone_find(zone, &above, DNS_T_DNAME, &nr))
			return true;
	}
	return false;
}

static void check_name_servers(struct check *check, const struct owner_name *owner_name)
{
	size_t i;

	for (i = 0; i < owner_name->nr; i++)
		if (owner_name->rrs[i].type == DNS_T_NS &&
		    is_below_dname(check->zone, owner_name->rrs[i].rdata))
			complain(check, &owner_name->rrs[i],
				 "this name server is below a DNAME of this zone: it has no "
				 "address");
}

static void check_apex(struct check *check, const struct owner_name *owner_name)
{
	const struct zone_rr *rr = NULL;

	if (!check->gaps && !count_type(owner_name, DNS_T_SOA, &rr))
		complain_at(check, owner_name->rrs[0].file, owner_name->rrs[0].line,
			    "no SOA record at the zone's apex");
	if (!check->gaps && !count_type(owner_name, DNS_T_NS, &rr))
		complain_at(check, owner_name->rrs[0].file, owner_name->rrs[0].line,
			    "no NS record at the zone's apex");
	if (count_type(owner_name, DNS_T_DS, &rr))
		complain(check, rr, "DS at the apex: it belongs to the parent zone");
	check_name_servers(check, owner_name);
}

void zone_remark(struct zone_remark *remark, const struct zone_rr *rr)
{
	if (!remark->nr++ || rr->line < remark->first->line)
		remark->first = rr;
}

static void say_doubts(const struct check *check)
{
	const struct zone_remark *doubted;
	char name[NAME_TEXT];
	int i;

	for (i = 0; i < DOUBTS; i++) {
		doubted = &check->doubted[i];
		if (doubted->nr == 1)
			log_warn("%s:%u: %s: %s", doubted->first->file, doubted->first->line,
				 name_format(doubted->first->owner_name, name), doubts[i]);
		else if (doubted->nr)
			log_warn("%s:%u: %s: %s; and %zu more", doubted->first->file,
				 doubted->first->line,
				 name_format(doubted->first->owner_name, name), doubts[i],
				 doubted->nr - 1);
	}
}

/* Glue, and what the parent says of a delegation. */
static bool shows_at_cut(__u16 type, bool below)
{
	if (type == DNS_T_A || type == DNS_T_AAAA)
		return true;
	return !below && (type == DNS_T_NS || type == DNS_T_DS || beside_cname(type));
}

/* Records are sorted by owner name: a name comes before all names below it. */
static void check_hidden(struct check *check, const struct owner_name *owner_name)
{
	const struct zone_rr *rr = NULL;
	size_t i, ns = count_type(owner_name, DNS_T_NS, &rr);
	bool below = check->cover && name_key_within(&owner_name->rrs->key, &check->cover->key);

	if (!below && !owner_name->apex && ns)
		check->cover = rr;
	else if (!below && count_type(owner_name, DNS_T_DNAME, &rr))
		check->cover = rr;
	else if (!below)
		check->cover = NULL;
	if (!check->cover || (!below && check->cover->type == DNS_T_DNAME))
		return;
	for (i = 0; i < owner_name->nr; i++)
		if (check->cover->type == DNS_T_DNAME ||
		    !shows_at_cut(owner_name->rrs[i].type, below))
			zone_remark(&check->doubted[DOUBT_HIDDEN], &owner_name->rrs[i]);
}

/* A DNAME beside NS is hidden by the cut, as other data is (RFC 6672, 2.3, speaks of the apex). */
static void check_cut(struct check *check, const struct owner_name *owner_name)
{
	const struct zone_rr *rr = NULL;

	if (!owner_name->apex && !count_type(owner_name, DNS_T_NS, &rr) &&
	    count_type(owner_name, DNS_T_DS, &rr))
		zone_remark(&check->doubted[DOUBT_DS], rr);
}

/* A host that an NS or MX record names lies in this zone: does it have an address? */
static void check_host(struct check *check, const struct zone_rr *rr)
{
	const __u8 *host = rr->rdata + (rr->type == DNS_T_MX ? 2 : 0);
	__u8 bytes[NAME_KEY_MAX];
	struct name_key key;
	size_t nr;

	name_to_key(host, bytes, &key);
	if (!name_key_within(&key, &check->zone->key))
		return;
	if (zone_find(check->zone, &key, DNS_T_CNAME, &nr))
		zone_remark(&check->doubted[DOUBT_ALIAS], rr);
	else if (rr->type == DNS_T_NS && name_key_within(&key, &rr->key) &&
		 !zone_find(check->zone, &key, DNS_T_A, &nr) &&
		 !zone_find(check->zone, &key, DNS_T_AAAA, &nr))
		zone_remark(&check->doubted[DOUBT_GLUE], rr);
}

static void check_hosts(struct check *check, const struct owner_name *owner_name)
{
	size_t i;

	for (i = 0; i < owner_name->nr; i++)
		if (owner_name->rrs[i].type == DNS_T_NS || owner_name->rrs[i].type == DNS_T_MX)
			check_host(check, &owner_name->rrs[i]);
}

static void check_owner(struct check *check, const struct owner_name *owner_name)
{
	check_hidden(check, owner_name);
	check_cut(check, owner_name);
	check_hosts(check, owner_name);
	check_alias(check, owner_name);
	check_wildcard(check, owner_name);
	check_soa(check, owner_name);
	if (owner_name->apex)
		check_apex(check, owner_name);
}

/* The serial (RFC 1035, 3.3.13) comes after the two names. */
static __u32 soa_serial(const struct zone_rr *soa)
{
	const __u8 *p = soa->rdata;

	p += name_len(p);
	p += name_len(p);
	return (__u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static void check_owners(struct check *check)
{
	struct zone *zone = check->zone;
	struct owner_name owner_name;
	size_t i;

	for (i = 0; i < zone->nr_rrs; i += owner_name.nr) {
		owner_name.rrs = &zone->rrs[i];
		owner_name.nr = zone_owner_run(zone, i);
		owner_name.apex = owner_name.rrs[0].key.len == zone->key.len;
		check_owner(check, &owner_name);
	}
}

int zone_check(struct zone *zone, struct config_errors *errors, bool gaps)
{
	struct check check = { .zone = zone, .errors = errors, .gaps = gaps };
	const struct zone_rr *soa;
	size_t nr;

	if (!gaps && (!zone->nr_rrs || zone->nr_rrs > (__u32)-1)) {
		config_errors_add(errors, zone->file, 0, "no records");
		return -EINVAL;
	}
	if (zone->nr_rrs)
		qsort(zone->rrs, zone->nr_rrs, sizeof(*zone->rrs), rr_compare);
	check_sets(&check);
	drop_duplicates(zone);
	check_owners(&check);
	if (!gaps && zone->rrs[0].key.len != zone->key.len)
		complain_at(&check, zone->file, 0, "no SOA record at the zone's apex");
	soa = zone_find(zone, &zone->key, DNS_T_SOA, &nr);
	if (gaps || check.failed || !soa)
		return -EINVAL;
	say_doubts(&check);
	zone->serial = soa_serial(soa);
	return zone_sign_check(zone, errors);
}

static int find_compare(const struct zone_rr *rr, const struct name_key *key, __u16 type)
{
	int diff = name_key_compare(&rr->key, key);

	return diff ? diff : (int)rr->type - (int)type;
}

/* The first record that is not before (@key, @type). */
static size_t find_first(const struct zone *zone, const struct name_key *key, __u32 type)
{
	size_t low = 0, high = zone->nr_rrs, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (find_compare(&zone->rrs[mid], key, type) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t zone_owner_run(const struct zone *zone, size_t first)
{
	size_t end = first + 1;

	while (end < zone->nr_rrs && !name_key_compare(&zone->rrs[end].key, &zone->rrs[first].key))
		end++;
	return end - first;
}

bool zone_rrs_have(const struct zone_rr *rrs, size_t nr, __u16 type)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (rrs[i].type == type)
			return true;
	return false;
}

const struct zone_rr *zone_find(const struct zone *zone, const struct name_key *key, __u16 type,
				size_t *nr)
{
	size_t first = find_first(zone, key, type), end = first;

	while (end < zone->nr_rrs && !name_key_compare(&zone->rrs[end].key, key) &&
	       (!type || zone->rrs[end].type == type))
		end++;
	*nr = end - first;
	return *nr ? &zone->rrs[first] : NULL;
}
