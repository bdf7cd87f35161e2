// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_steered_check.c: can a steered name be compiled (dns_image.h)? In a signed zone also: can all
 * that it may be answered with be proven?
 */
#include <errno.h>
#include <string.h>
#include "dns_steered.h"
#include "maps/dns_proto.h"
#include "user/config/config.h"
#include "user/zone/zone_chain.h"
#include "user/zone/zone_rdata.h"

struct checking {
	const struct dns_steered *name;
	const struct dns_spot *spot;
	const struct zone *zone;
	const struct zone_rr *own;
	size_t nr_own;
	const __u8 *first; /* in a signed zone: a member that the others must be like, or NULL */
	struct config_errors *errors;
	char text[NAME_TEXT];
	int err;
};

#define complain(checking, format, ...)                                                            \
	do {                                                                                       \
		config_errors_add((checking)->errors, (checking)->name->file,                      \
				  (checking)->name->line, "steer: %s: " format, (checking)->text,  \
				  ##__VA_ARGS__);                                                  \
		(checking)->err = -EINVAL;                                                         \
	} while (0)

/* Of a record in another file. */
#define complain_at(checking, rr, format, ...)                                                     \
	do {                                                                                       \
		config_errors_add((checking)->errors, (rr)->file, (rr)->line,                      \
				  "steer: %s: " format, (checking)->text, ##__VA_ARGS__);          \
		(checking)->err = -EINVAL;                                                         \
	} while (0)

/* --- members ---------------------------------------------------------------------------------- */

/* A type that both have, or 0. */
static __u16 common_type(const struct zone_rr *a, size_t nr_a, const struct zone_rr *b, size_t nr_b)
{
	size_t i;

	for (i = 0; i < nr_a; i++)
		if (dns_steered_is_data(&a[i]) && zone_rrs_have(b, nr_b, a[i].type))
			return a[i].type;
	return 0;
}

/* A type that @a has and @b lacks, or 0. */
static __u16 lacking_type(const struct zone_rr *a, size_t nr_a, const struct zone_rr *b,
			  size_t nr_b)
{
	size_t i;

	for (i = 0; i < nr_a; i++)
		if (dns_steered_is_data(&a[i]) && !zone_rrs_have(b, nr_b, a[i].type))
			return a[i].type;
	return 0;
}

/* It has data, of another type than @type. */
static bool has_other(const struct zone_rr *rrs, size_t nr, __u16 type)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (dns_steered_is_data(&rrs[i]) && rrs[i].type != type)
			return true;
	return false;
}

/* What the name has itself beside what its member has. */
static void check_beside(struct checking *checking, const struct zone_rr *rrs, size_t nr,
			 const char *member)
{
	const struct zone_rr *own = checking->own;
	char type_text[ZONE_TYPE_TEXT];
	__u16 type = common_type(rrs, nr, own, checking->nr_own);

	if (type && !checking->zone->chain.nr)
		complain(checking,
			 "%s:%u: it has %s itself, and so has its member %s: take one "
			 "away",
			 own->file, own->line, zone_type_name(type, type_text), member);
	if (zone_rrs_have(rrs, nr, DNS_T_CNAME) && has_other(own, checking->nr_own, DNS_T_CNAME))
		complain(checking,
			 "%s:%u: it has records of its own, and its member %s is a "
			 "CNAME, which stands alone",
			 own->file, own->line, member);
	if (zone_rrs_have(own, checking->nr_own, DNS_T_CNAME) && has_other(rrs, nr, DNS_T_CNAME))
		complain(checking,
			 "%s:%u: it is a CNAME itself, which stands alone, and its member %s has "
			 "other records",
			 own->file, own->line, member);
}

/* --- signed zones ----------------------------------------------------------------------------- */

static __u32 get_32(const __u8 *p)
{
	return (__u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* Whether NSEC or NSEC3 says that there is such a type (RFC 4034, 4.1.2). */
static bool denier_lists(const struct zone_rr *denier, __u16 type)
{
	const __u8 *p = denier->rdata, *end = p + denier->rdlen;

	if (denier->type == DNS_T_NSEC) {
		p += name_len(p);
	} else {
		p += NSEC3_SALT + p[NSEC3_SALT_LENGTH];
		p += 1 + p[0];
	}
	for (; end - p > 2 && end - p >= 2 + p[1]; p += 2 + p[1])
		if (p[0] == type >> 8)
			return (type & 0xff) / 8 < p[1] &&
			       p[2 + (type & 0xff) / 8] & 0x80 >> type % 8;
	return false;
}

/* All types that members have are known to the denier of the name; one speaks for all POPs. */
static void check_denier(struct checking *checking, const struct zone_rr *rrs, size_t nr)
{
	const struct zone_chain *chain = &checking->zone->chain;
	char type_text[ZONE_TYPE_TEXT];
	const struct zone_rr *denier;
	bool own;
	size_t i;

	denier = chain->deniers[zone_chain_find(chain, checking->name->name, &own)];
	if (!own) {
		complain(checking,
			 "zone %s was signed without it, so that nobody would believe what is "
			 "answered: give it there the records of one POP, and sign the zone again; "
			 "`anydoor variants %s` writes such a zone",
			 checking->zone->name, checking->zone->name);
		return;
	}
	for (i = 0; i < nr; i++)
		if (dns_steered_is_data(&rrs[i]) && (!i || rrs[i].type != rrs[i - 1].type) &&
		    !denier_lists(denier, rrs[i].type))
			complain_at(checking, denier,
				    "its %s says that there is no %s, and its members have that: "
				    "give the name such a record in this zone, and sign it again",
				    denier->type == DNS_T_NSEC ? "NSEC" : "NSEC3",
				    zone_type_name(rrs[i].type, type_text));
}

/* The types of all members are those of the first. */
static void check_types(struct checking *checking, const __u8 *member, const struct zone_rr *rrs,
			size_t nr)
{
	char text[NAME_TEXT], first_text[NAME_TEXT], type_text[ZONE_TYPE_TEXT];
	const struct zone_rr *first;
	size_t nr_first;
	__u16 type;

	first = dns_steered_find(checking->zone, checking->first, &nr_first);
	name_format(member, text);
	name_format(checking->first, first_text);
	type = lacking_type(first, nr_first, rrs, nr);
	if (type)
		complain(checking,
			 "its member %s has no %s, and %s has: in a signed zone all members must "
			 "have the same types",
			 text, zone_type_name(type, type_text), first_text);
	type = lacking_type(rrs, nr, first, nr_first);
	if (type)
		complain(checking,
			 "its member %s has %s, and %s has none: in a signed zone all members "
			 "must have the same types",
			 text, zone_type_name(type, type_text), first_text);
}

/*
 * The signatures of a variant's set: one is by a key of the zone, and each was made for a TTL that
 * is not less than what is answered (RFC 4035, 5.3.3).
 */
static void check_sigs(struct checking *checking, const struct zone_rr *sigs, size_t nr,
		       __u32 member_ttl)
{
	__u32 ttl = checking->name->ttl == DNS_STEERED_TTL ? member_ttl : checking->name->ttl;
	bool known = false;
	size_t i;

	for (i = 0; i < nr; i++) {
		known |= zone_has_key(checking->zone, &sigs[i]);
		if (get_32(sigs[i].rdata + 4) < ttl)
			complain_at(checking, &sigs[i],
				    "it was signed with a TTL of %u, and is answered with %u: "
				    "write the variants again, and sign them",
				    get_32(sigs[i].rdata + 4), ttl);
	}
	if (!known)
		complain_at(checking, &sigs[0],
			    "signed with a key that is no DNSKEY of zone %s (%s)",
			    checking->zone->name, checking->zone->file);
}

static bool same_data(const struct zone_rr *a, const struct zone_rr *b, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (zone_rdata_compare(a->type, a[i].rdata, a[i].rdlen, b[i].rdata, b[i].rdlen))
			return false;
	return true;
}

/* One set of a member, and what the variant has of it. */
static void check_set(struct checking *checking, const struct zone *variant,
		      const struct zone_rr *rrs, size_t nr)
{
	char member[NAME_TEXT], type_text[ZONE_TYPE_TEXT];
	const struct zone_rr *sets, *sigs;
	size_t nr_sets, nr_sigs;

	name_format(rrs->owner_name, member);
	zone_type_name(rrs->type, type_text);
	sets = zone_find(variant, &checking->spot->key, rrs->type, &nr_sets);
	if (!sets) {
		complain(checking,
			 "%s has no %s of it, and its member %s has: write the variants "
			 "again, and sign them",
			 variant->file, type_text, member);
		return;
	}
	if (nr_sets != nr || !same_data(sets, rrs, nr)) {
		complain_at(checking, sets,
			    "its %s is not what its member %s has (%s:%u): write the variants "
			    "again, and sign them",
			    type_text, member, rrs->file, rrs->line);
		return;
	}
	sigs = zone_signatures(variant, sets, &nr_sigs);
	if (!sigs) {
		complain_at(checking, sets, "its %s is not signed", type_text);
		return;
	}
	check_sigs(checking, sigs, nr_sigs, rrs->ttl);
}

/* A variant has what its member has, signed, and nothing else. */
static void check_variant(struct checking *checking, const struct zone *variant,
			  const struct zone_rr *rrs, size_t nr)
{
	const struct zone_rr *all;
	char type_text[ZONE_TYPE_TEXT];
	size_t i, run, nr_all;

	for (i = 0; i < nr; i += run) {
		for (run = 1; i + run < nr && rrs[i + run].type == rrs[i].type;)
			run++;
		if (dns_steered_is_data(&rrs[i]))
			check_set(checking, variant, &rrs[i], run);
	}
	all = zone_find(variant, &checking->spot->key, 0, &nr_all);
	for (i = 0; i < nr_all; i++)
		if (dns_steered_is_data(&all[i]) && !zone_rrs_have(rrs, nr, all[i].type) &&
		    !zone_rrs_have(checking->own, checking->nr_own, all[i].type))
			complain_at(checking, &all[i],
				    "it has %s, and its member has none: write the variants again, "
				    "and sign them",
				    zone_type_name(all[i].type, type_text));
}

/* What holds for the name, whatever its members are. True: it makes sense to look at these. */
static bool check_signed(struct checking *checking)
{
	if (!checking->zone->chain.nr) {
		if (checking->name->variants)
			complain(checking,
				 "zone %s has `variants` or a `sign_key`, and is not signed (%s)",
				 checking->zone->name, checking->zone->file);
		return true;
	}
	if (checking->name->answers > 1)
		complain(checking,
			 "zone %s is signed, and addresses of several POPs in one answer would "
			 "have no signature: take `answers: %u` away",
			 checking->zone->name, checking->name->answers);
	if (checking->name->out == AD_DNS_STEER_NODATA)
		complain(checking,
			 "zone %s is signed, so that `all_out: nodata` would be found bogus: use "
			 "last_resort or servfail",
			 checking->zone->name);
	if (!checking->name->variants)
		complain(checking,
			 "zone %s is signed: give it `variants`, the same records signed for each "
			 "POP (`anydoor variants %s` writes what is to be signed), or a `sign_key`",
			 checking->zone->name, checking->zone->name);
	return checking->name->variants;
}

static void check_member_signed(struct checking *checking, size_t pop, const struct zone_rr *rrs,
				size_t nr)
{
	const __u8 *member = checking->name->members[pop];

	if (checking->first) {
		check_types(checking, member, rrs, nr);
	} else {
		checking->first = member;
		check_denier(checking, rrs, nr);
	}
	check_variant(checking, checking->name->variants[pop], rrs, nr);
}

/* --- several answers at once ------------------------------------------------------------------ */

static bool is_address(const struct zone_rr *rr)
{
	return rr->type == DNS_T_A || rr->type == DNS_T_AAAA;
}

/* An address that both members have would be told twice. */
static void check_apart(struct checking *checking, size_t pop, const struct zone_rr *rrs, size_t nr)
{
	char text[NAME_TEXT], other_text[NAME_TEXT];
	const struct zone_rr *others;
	size_t other, i, j, nr_others;

	for (other = 0; other < pop; other++) {
		if (!checking->name->members[other][0])
			continue;
		others = dns_steered_find(checking->zone, checking->name->members[other],
					  &nr_others);
		for (i = 0; i < nr; i++)
			for (j = 0; j < nr_others && is_address(&rrs[i]); j++) {
				if (rrs[i].type != others[j].type ||
				    !same_data(&rrs[i], &others[j], 1))
					continue;
				name_format(checking->name->members[pop], text);
				name_format(checking->name->members[other], other_text);
				complain_at(checking, &rrs[i],
					    "with `answers: %u` each address must be of one POP, "
					    "and %s and %s share this one",
					    checking->name->answers, text, other_text);
				return;
			}
	}
}

static void check_several(struct checking *checking, size_t pop, const struct zone_rr *rrs,
			  size_t nr)
{
	char text[NAME_TEXT];

	if (zone_rrs_have(rrs, nr, DNS_T_CNAME))
		complain_at(checking, rrs,
			    "with `answers: %u` members have addresses, and %s is a CNAME",
			    checking->name->answers,
			    name_format(checking->name->members[pop], text));
	else
		check_apart(checking, pop, rrs, nr);
}

/* --- names ------------------------------------------------------------------------------------ */

static void check_member(struct checking *checking, size_t pop)
{
	const __u8 *member = checking->name->members[pop];
	struct zone *zone = (struct zone *)checking->zone;
	const struct zone_rr *rrs;
	char text[NAME_TEXT];
	struct dns_spot spot;
	size_t nr;

	name_format(member, text);
	dns_steered_spot(&zone, 1, member, &spot);
	rrs = spot.zone ? dns_steered_find(spot.zone, member, &nr) : NULL;
	if (!rrs || !has_other(rrs, nr, 0)) {
		complain(checking, "its member %s has no records in zone %s", text, zone->name);
		return;
	}
	if (zone_rrs_have(rrs, nr, DNS_T_NS) || zone_rrs_have(rrs, nr, DNS_T_DNAME) ||
	    zone_rrs_have(rrs, nr, DNS_T_SOA))
		complain(checking,
			 "its member %s is a zone's apex, a delegation or a DNAME: give "
			 "the member records of its own",
			 text);
	check_beside(checking, rrs, nr, text);
	if (checking->name->answers > 1)
		check_several(checking, pop, rrs, nr);
	if (zone->chain.nr)
		check_member_signed(checking, pop, rrs, nr);
}

/* Nothing between the apex and the name takes it out of the zone. */
static void check_place(struct checking *checking)
{
	const struct dns_spot *spot = checking->spot;
	unsigned int labels;
	struct name_key key;
	size_t nr;

	for (labels = spot->zone->key.labels; labels <= spot->key.labels; labels++) {
		key = name_key_ancestor(&spot->key, labels);
		if (zone_find(spot->zone, &key, DNS_T_DNAME, &nr) ||
		    (labels > spot->zone->key.labels && zone_find(spot->zone, &key, DNS_T_NS, &nr)))
			complain(checking, "it lies at or below a delegation or a DNAME of zone %s",
				 spot->zone->name);
	}
}

static int check_one(struct zone *const *zones, size_t nr_zones, const struct dns_steered *name,
		     struct config_errors *errors)
{
	struct dns_spot spot;
	struct checking checking = { .name = name, .errors = errors, .spot = &spot };
	size_t i;

	name_format(name->name, checking.text);
	dns_steered_spot(zones, nr_zones, name->name, &spot);
	if (!spot.zone)
		complain(&checking, "it is in none of the zones");
	if (!spot.zone || !spot.zone->nr_rrs)
		return checking.err;
	checking.zone = spot.zone;
	checking.own = zone_find(spot.zone, &spot.key, 0, &checking.nr_own);
	check_place(&checking);
	if (!check_signed(&checking))
		return checking.err;
	for (i = 0; i < name->nr_pops; i++)
		if (name->members[i][0])
			check_member(&checking, i);
	return checking.err;
}

int dns_steered_check(struct zone *const *zones, size_t nr_zones, const struct dns_steered *steered,
		      size_t nr_steered, struct config_errors *errors)
{
	size_t i;
	int err = 0;

	for (i = 0; i < nr_steered; i++)
		if (check_one(zones, nr_zones, &steered[i], errors))
			err = -EINVAL;
	return err;
}
