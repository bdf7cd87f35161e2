/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resign.h: signs a zone in form, with RRSIG that sign nothing and a chain of NSEC or NSEC3. A
 * mutant of a signed zone is refused at once, for its chain is broken; a mutant that is signed
 * afterwards is not. Header only.
 */
#ifndef AD_FUZZ_RESIGN_H
#define AD_FUZZ_RESIGN_H

#include <libdnssec/error.h>
#include <libdnssec/nsec.h>
#include <libknot/libknot.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "maps/dns_proto.h"
#include "user/zone/zone.h"

#define RESIGN_TTL	  300
#define RESIGN_HASH	  20
#define RESIGN_RDATA	  9216 /* a bitmap of all types, and a name */
#define RESIGN_ITERATIONS 1

enum resign_way {
	RESIGN_NSEC = 1,
	RESIGN_NSEC3,
	RESIGN_OPT_OUT,
};

/* One name of the chain. */
struct resign_denier {
	uint8_t name[KNOT_DNAME_MAXLEN];
	uint8_t hash[RESIGN_HASH];
	dnssec_nsec_bitmap_t *types;
};

struct resign {
	const struct zone *zone;
	enum resign_way way;
	FILE *out;
	struct resign_denier *deniers;
	size_t nr;
	size_t room;
};

static inline uint8_t *resign_put16(uint8_t *p, unsigned int v)
{
	*p++ = v >> 8;
	*p++ = v;
	return p;
}

static inline uint8_t *resign_put32(uint8_t *p, uint32_t v)
{
	return resign_put16(resign_put16(p, v >> 16), v);
}

static inline uint8_t *resign_copy(uint8_t *p, const void *from, size_t len)
{
	memcpy(p, from, len);
	return p + len;
}

/* RFC 3597, 5: any type in one way. */
static inline void resign_print(const struct resign *r, const uint8_t *owner, uint32_t ttl,
				uint16_t type, const uint8_t *rdata, size_t len)
{
	char name[NAME_TEXT];
	size_t i;

	fprintf(r->out, "%s %u TYPE%u \\# %zu ", name_format(owner, name), ttl, type, len);
	for (i = 0; i < len; i++)
		fprintf(r->out, "%02x", rdata[i]);
	fputc('\n', r->out);
}

/* RFC 4034, 3.1; the signature is eight bytes of nothing. */
static inline void resign_seal(const struct resign *r, const uint8_t *owner, uint32_t ttl,
			       uint16_t type)
{
	uint8_t rdata[RESIGN_RDATA], *p = resign_put16(rdata, type);
	unsigned int labels = name_labels(owner) - !memcmp(owner, "\1*", 2);

	*p++ = 13;
	*p++ = labels;
	p = resign_put32(p, ttl);
	p = resign_put32(p, 0x83aa7e80);
	p = resign_put32(p, 0x5e0be100);
	p = resign_put16(p, 12345);
	p = resign_copy(p, r->zone->apex, name_len(r->zone->apex));
	p = resign_copy(p, "unsigned", 8);
	resign_print(r, owner, ttl, DNS_T_RRSIG, rdata, p - rdata);
}

static inline uint8_t *resign_bitmap(uint8_t *p, const struct resign_denier *denier)
{
	dnssec_nsec_bitmap_write(denier->types, p);
	return p + dnssec_nsec_bitmap_size(denier->types);
}

/* --- which names are in the chain --------------------------------------------------------------
 */

static inline struct resign_denier *resign_denier(struct resign *r, const uint8_t *name)
{
	struct resign_denier *denier;

	if (r->nr == r->room) {
		r->room = r->room ? 2 * r->room : 64;
		r->deniers = reallocarray(r->deniers, r->room, sizeof(*r->deniers));
		if (!r->deniers)
			abort();
	}
	denier = &r->deniers[r->nr++];
	name_lower(denier->name, name);
	denier->types = dnssec_nsec_bitmap_new();
	if (!denier->types)
		abort();
	return denier;
}

static inline bool resign_has(const struct resign *r, const uint8_t *name)
{
	size_t i;

	for (i = 0; i < r->nr; i++)
		if (name_equal(r->deniers[i].name, name))
			return true;
	return false;
}

/* Nothing below it is the zone's to sign. */
static inline bool resign_hides(const struct zone *zone, const struct zone_rr *rrs, size_t nr)
{
	return zone_rrs_have(rrs, nr, DNS_T_DNAME) ||
	       (rrs->key.len > zone->key.len && zone_rrs_have(rrs, nr, DNS_T_NS));
}

static inline bool resign_shows(const struct zone_rr *rr, bool cut)
{
	return !cut || rr->type == DNS_T_NS || rr->type == DNS_T_DS;
}

/* The sets of one name; its denier, unless opt-out leaves it out (RFC 5155, 6). */
static inline void resign_owner(struct resign *r, const struct zone_rr *rrs, size_t nr, bool cut)
{
	struct resign_denier *denier;
	size_t i;

	for (i = 0; i < nr; i++)
		if ((!cut || rrs[i].type == DNS_T_DS) && (!i || rrs[i - 1].type != rrs[i].type))
			resign_seal(r, rrs[i].owner_name, rrs[i].ttl, rrs[i].type);
	if (r->way == RESIGN_OPT_OUT && cut && !zone_rrs_have(rrs, nr, DNS_T_DS))
		return;
	denier = resign_denier(r, rrs->owner_name);
	for (i = 0; i < nr; i++)
		if (resign_shows(&rrs[i], cut))
			dnssec_nsec_bitmap_add(denier->types, rrs[i].type);
	dnssec_nsec_bitmap_add(denier->types, DNS_T_RRSIG);
	if (r->way == RESIGN_NSEC)
		dnssec_nsec_bitmap_add(denier->types, DNS_T_NSEC);
}

static inline void resign_owners(struct resign *r)
{
	const struct zone *zone = r->zone;
	const struct zone_rr *rrs, *over = NULL;
	size_t i, n;

	for (i = 0; i < zone->nr_rrs; i += n) {
		rrs = &zone->rrs[i];
		n = zone_owner_run(zone, i);
		if (over && name_key_within(&rrs->key, &over->key))
			continue;
		over = resign_hides(zone, rrs, n) ? rrs : NULL;
		resign_owner(r, rrs, n, over && !zone_rrs_have(rrs, n, DNS_T_DNAME));
	}
}

/* --- the chain ---------------------------------------------------------------------------------
 */

static inline void resign_hash(const uint8_t *name, uint8_t hash[RESIGN_HASH])
{
	const dnssec_nsec3_params_t how = { .algorithm = 1, .iterations = RESIGN_ITERATIONS };
	const dnssec_binary_t text = { .size = name_len(name), .data = (uint8_t *)name };
	dnssec_binary_t out = { 0 };

	if (dnssec_nsec3_hash(&text, &how, &out) != DNSSEC_EOK || out.size != RESIGN_HASH)
		abort();
	memcpy(hash, out.data, RESIGN_HASH);
	dnssec_binary_free(&out);
}

/* Empty non-terminals are in a chain of hashes (RFC 5155, 7.1). */
static inline void resign_add_above(struct resign *r)
{
	size_t i, nr = r->nr, apex = name_len(r->zone->apex);
	uint8_t name[KNOT_DNAME_MAXLEN];
	const uint8_t *above;

	for (i = 0; i < nr; i++) {
		memcpy(name, r->deniers[i].name, sizeof(name));
		above = name_skip(name, 1);
		for (; name_len(above) > apex; above = name_skip(above, 1))
			if (!resign_has(r, above))
				resign_denier(r, above);
	}
}

static inline int resign_compare(const void *a, const void *b)
{
	const struct resign_denier *x = a, *y = b;

	return memcmp(x->hash, y->hash, RESIGN_HASH);
}

/* Owners of NSEC are in order: the zone is. */
static inline void resign_with_names(struct resign *r)
{
	uint8_t rdata[RESIGN_RDATA], *p;
	const struct resign_denier *denier, *next;
	size_t i;

	for (i = 0; i < r->nr; i++) {
		denier = &r->deniers[i];
		next = &r->deniers[(i + 1) % r->nr];
		p = resign_copy(rdata, next->name, name_len(next->name));
		p = resign_bitmap(p, denier);
		resign_print(r, denier->name, RESIGN_TTL, DNS_T_NSEC, rdata, p - rdata);
		resign_seal(r, denier->name, RESIGN_TTL, DNS_T_NSEC);
	}
}

static inline void resign_hash_owner(const struct resign *r, const struct resign_denier *denier,
				     uint8_t owner[KNOT_DNAME_MAXLEN])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	size_t i, bit;

	owner[0] = RESIGN_HASH * 8 / 5;
	for (i = 0; i < owner[0]; i++) {
		uint8_t digit = 0;

		for (bit = 5 * i; bit < 5 * i + 5; bit++)
			digit = digit << 1 | (denier->hash[bit / 8] >> (7 - bit % 8) & 1);
		owner[1 + i] = digits[digit];
	}
	memcpy(owner + 1 + owner[0], r->zone->apex, name_len(r->zone->apex));
}

static inline uint8_t *resign_param(uint8_t *p, unsigned int flags)
{
	*p++ = 1;
	*p++ = flags;
	p = resign_put16(p, RESIGN_ITERATIONS);
	*p++ = 0;
	return p;
}

static inline void resign_with_hashes(struct resign *r)
{
	uint8_t rdata[RESIGN_RDATA], owner[KNOT_DNAME_MAXLEN], *p;
	size_t i;

	for (i = 0; i < r->nr; i++)
		resign_hash(r->deniers[i].name, r->deniers[i].hash);
	qsort(r->deniers, r->nr, sizeof(*r->deniers), resign_compare);
	for (i = 0; i < r->nr; i++) {
		p = resign_param(rdata, r->way == RESIGN_OPT_OUT);
		*p++ = RESIGN_HASH;
		p = resign_copy(p, r->deniers[(i + 1) % r->nr].hash, RESIGN_HASH);
		p = resign_bitmap(p, &r->deniers[i]);
		resign_hash_owner(r, &r->deniers[i], owner);
		resign_print(r, owner, RESIGN_TTL, DNS_T_NSEC3, rdata, p - rdata);
		resign_seal(r, owner, RESIGN_TTL, DNS_T_NSEC3);
	}
	p = resign_param(rdata, 0);
	resign_print(r, r->zone->apex, 0, DNS_T_NSEC3PARAM, rdata, p - rdata);
	resign_seal(r, r->zone->apex, 0, DNS_T_NSEC3PARAM);
}

/* The zone as text, signed; to be freed. */
static inline char *resign(const struct zone *zone, enum resign_way way, size_t *size)
{
	struct resign r = { .zone = zone, .way = way };
	const struct zone_rr *rr;
	char *text = NULL;

	r.out = open_memstream(&text, size);
	if (!r.out)
		abort();
	for (rr = zone->rrs; rr < zone->rrs + zone->nr_rrs; rr++)
		resign_print(&r, rr->owner_name, rr->ttl, rr->type, rr->rdata, rr->rdlen);
	resign_owners(&r);
	if (way == RESIGN_NSEC) {
		resign_with_names(&r);
	} else {
		resign_add_above(&r);
		resign_with_hashes(&r);
	}
	fclose(r.out);
	while (r.nr)
		dnssec_nsec_bitmap_free(r.deniers[--r.nr].types);
	free(r.deniers);
	return text;
}

#endif
