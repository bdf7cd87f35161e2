/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proof.h: does a reply of a signed zone prove what it says? Read by libknot, hashed by libdnssec:
 * nothing of ours. Signatures are only looked for. Header only.
 *
 * RFC 4035, 3.1 and 5.4; RFC 5155, 8. The reply must be whole (by TCP).
 */
#ifndef AD_FUZZ_PROOF_H
#define AD_FUZZ_PROOF_H

#include <libdnssec/error.h>
#include <libdnssec/nsec.h>
#include <libknot/libknot.h>
#include "judge.h"

#define PROOF_HASH 20

struct proof {
	const knot_pkt_t *reply;
	const knot_dname_t *apex;
	const knot_dname_t *name; /* which is asked for at the end of all aliases */
	uint16_t type;
};

static inline const knot_dname_t *proof_parent(const knot_dname_t *name)
{
	return name + name[0] + 1;
}

static inline const knot_dname_t *proof_skip(const knot_dname_t *name, size_t labels)
{
	while (labels--)
		name = proof_parent(name);
	return name;
}

static inline const knot_rrset_t *proof_rr(const knot_pktsection_t *section, unsigned int i)
{
	return knot_pkt_rr(section, i);
}

static inline const knot_pktsection_t *proof_section(const struct proof *p, knot_section_t section)
{
	return knot_pkt_section(p->reply, section);
}

static inline const knot_rrset_t *proof_find(const knot_pktsection_t *section,
					     const knot_dname_t *owner, uint16_t type)
{
	unsigned int i;

	for (i = 0; i < section->count; i++)
		if (proof_rr(section, i)->type == type &&
		    (!owner || knot_dname_is_equal(proof_rr(section, i)->owner, owner)))
			return proof_rr(section, i);
	return NULL;
}

/* --- signatures ------------------------------------------------------------------------------- */

static inline const knot_rdata_t *proof_signature(const knot_pktsection_t *section,
						  const knot_rrset_t *rr)
{
	const knot_rrset_t *sig;
	unsigned int i;

	for (i = 0; i < section->count; i++) {
		sig = proof_rr(section, i);
		if (sig->type == KNOT_RRTYPE_RRSIG && knot_dname_is_equal(sig->owner, rr->owner) &&
		    knot_rrsig_type_covered(sig->rrs.rdata) == rr->type)
			return sig->rrs.rdata;
	}
	return NULL;
}

/* The CNAME that a DNAME makes has none (RFC 6672, 5.3.1). */
static inline bool proof_is_synthesized(const knot_pktsection_t *section, const knot_rrset_t *rr)
{
	unsigned int i;

	if (rr->type != KNOT_RRTYPE_CNAME)
		return false;
	for (i = 0; i < section->count; i++)
		if (proof_rr(section, i)->type == KNOT_RRTYPE_DNAME &&
		    knot_dname_in_bailiwick(rr->owner, proof_rr(section, i)->owner) > 0)
			return true;
	return false;
}

/* --- who denies what -------------------------------------------------------------------------- */

/*
 * RFC 4034, 6.1, for names in lower case. knot_dname_cmp() takes a zero byte in a label for the
 * label's end.
 */
static inline int proof_order(const knot_dname_t *a, const knot_dname_t *b)
{
	size_t na = knot_dname_labels(a, NULL), nb = knot_dname_labels(b, NULL), i;
	const knot_dname_t *x, *y;
	int diff;

	for (i = 1; i <= na && i <= nb; i++) {
		x = proof_skip(a, na - i);
		y = proof_skip(b, nb - i);
		diff = memcmp(x + 1, y + 1, *x < *y ? *x : *y);
		if (!diff)
			diff = *x - *y;
		if (diff)
			return diff;
	}
	return (int)na - (int)nb;
}

/* How a name or hash lies to owner and next of a record in a ring. */
static inline bool proof_between(int owner_to_it, int it_to_next, int owner_to_next)
{
	if (owner_to_next < 0)
		return owner_to_it < 0 && it_to_next < 0;
	return owner_to_it < 0 || it_to_next < 0;
}

static inline bool proof_nsec_covers(const knot_rrset_t *nsec, const knot_dname_t *name)
{
	const knot_dname_t *next = knot_nsec_next(nsec->rrs.rdata);

	return proof_between(proof_order(nsec->owner, name), proof_order(name, next),
			     proof_order(nsec->owner, next));
}

static inline const knot_rrset_t *proof_covering(const struct proof *p, const knot_dname_t *name)
{
	const knot_pktsection_t *section = proof_section(p, KNOT_AUTHORITY);
	unsigned int i;

	for (i = 0; i < section->count; i++)
		if (proof_rr(section, i)->type == KNOT_RRTYPE_NSEC &&
		    proof_nsec_covers(proof_rr(section, i), name))
			return proof_rr(section, i);
	return NULL;
}

static inline void proof_hash(const knot_rrset_t *nsec3, const knot_dname_t *name,
			      uint8_t hash[PROOF_HASH])
{
	const knot_rdata_t *rdata = nsec3->rrs.rdata;
	const dnssec_nsec3_params_t how = {
		.algorithm = knot_nsec3_alg(rdata),
		.iterations = knot_nsec3_iters(rdata),
		.salt = { .size = knot_nsec3_salt_len(rdata),
			  .data = (uint8_t *)knot_nsec3_salt(rdata) },
	};
	const dnssec_binary_t text = { .size = knot_dname_size(name), .data = (uint8_t *)name };
	dnssec_binary_t out = { 0 };

	demand(dnssec_nsec3_hash(&text, &how, &out) == DNSSEC_EOK && out.size == PROOF_HASH);
	memcpy(hash, out.data, PROOF_HASH);
	dnssec_binary_free(&out);
}

static inline void proof_owner_hash(const knot_rrset_t *nsec3, uint8_t hash[PROOF_HASH])
{
	unsigned int i, bit;

	memset(hash, 0, PROOF_HASH);
	demand(nsec3->owner[0] == 32);
	for (i = 0; i < 32; i++) {
		unsigned int c = nsec3->owner[1 + i], digit = c >= 'a' ? c - 'a' + 10 : c - '0';

		for (bit = 0; bit < 5; bit++)
			hash[(5 * i + bit) / 8] |= (digit >> (4 - bit) & 1)
						   << (7 - (5 * i + bit) % 8);
	}
}

enum proof_relation {
	PROOF_APART,
	PROOF_MATCHES,
	PROOF_COVERS,
};

static inline enum proof_relation proof_nsec3_says(const knot_rrset_t *nsec3,
						   const knot_dname_t *name)
{
	const uint8_t *next = knot_nsec3_next(nsec3->rrs.rdata);
	uint8_t owner[PROOF_HASH], hash[PROOF_HASH];

	proof_owner_hash(nsec3, owner);
	proof_hash(nsec3, name, hash);
	if (!memcmp(owner, hash, PROOF_HASH))
		return PROOF_MATCHES;
	return proof_between(memcmp(owner, hash, PROOF_HASH), memcmp(hash, next, PROOF_HASH),
			     memcmp(owner, next, PROOF_HASH))
		       ? PROOF_COVERS
		       : PROOF_APART;
}

/* The NSEC3 that says so of @name. */
static inline const knot_rrset_t *proof_nsec3(const struct proof *p, const knot_dname_t *name,
					      enum proof_relation relation)
{
	const knot_pktsection_t *section = proof_section(p, KNOT_AUTHORITY);
	unsigned int i;

	for (i = 0; i < section->count; i++)
		if (proof_rr(section, i)->type == KNOT_RRTYPE_NSEC3 &&
		    proof_nsec3_says(proof_rr(section, i), name) == relation)
			return proof_rr(section, i);
	return NULL;
}

/* --- the proofs ------------------------------------------------------------------------------- */

static inline const knot_dname_t *proof_wildcard(const knot_dname_t *encloser,
						 uint8_t wildcard[2 + KNOT_DNAME_MAXLEN])
{
	memcpy(wildcard, "\1*", 2);
	memcpy(wildcard + 2, encloser, knot_dname_size(encloser));
	return wildcard;
}

/* The deepest name that the NSEC which covers @name shows to be there. */
static inline const knot_dname_t *proof_encloser(const knot_rrset_t *nsec, const knot_dname_t *name)
{
	const knot_dname_t *next = knot_nsec_next(nsec->rrs.rdata);
	size_t a = knot_dname_matched_labels(nsec->owner, name);
	size_t b = knot_dname_matched_labels(next, name);

	return proof_skip(name, knot_dname_labels(name, NULL) - (a > b ? a : b));
}

/* What stands at a name says that it has neither this type nor an alias. */
static inline bool proof_lacks(const struct proof *p, const uint8_t *bitmap, uint16_t len)
{
	return !dnssec_nsec_bitmap_contains(bitmap, len, p->type) &&
	       !dnssec_nsec_bitmap_contains(bitmap, len, KNOT_RRTYPE_CNAME);
}

static inline bool proof_nsec_lacks(const struct proof *p, const knot_rrset_t *nsec)
{
	return nsec && proof_lacks(p, knot_nsec_bitmap(nsec->rrs.rdata),
				   knot_nsec_bitmap_len(nsec->rrs.rdata));
}

static inline bool proof_nsec3_lacks(const struct proof *p, const knot_rrset_t *nsec3)
{
	return nsec3 && proof_lacks(p, knot_nsec3_bitmap(nsec3->rrs.rdata),
				    knot_nsec3_bitmap_len(nsec3->rrs.rdata));
}

/* An empty non-terminal: what comes after the owner of @cover is below it. */
static inline bool proof_is_above(const knot_dname_t *name, const knot_rrset_t *cover)
{
	return knot_dname_in_bailiwick(knot_nsec_next(cover->rrs.rdata), name) > 0;
}

/* RFC 4035, 5.4. */
static inline bool proof_by_names(const struct proof *p, bool no_name)
{
	const knot_pktsection_t *authority = proof_section(p, KNOT_AUTHORITY);
	const knot_rrset_t *own = proof_find(authority, p->name, KNOT_RRTYPE_NSEC);
	const knot_rrset_t *cover = proof_covering(p, p->name);
	uint8_t wildcard[2 + KNOT_DNAME_MAXLEN];
	const knot_dname_t *star;

	if (own || !cover)
		return !no_name && proof_nsec_lacks(p, own);
	if (proof_is_above(p->name, cover))
		return !no_name;
	star = proof_wildcard(proof_encloser(cover, p->name), wildcard);
	if (no_name)
		return proof_covering(p, star);
	own = proof_find(authority, star, KNOT_RRTYPE_NSEC);
	cover = proof_covering(p, star);
	return own ? proof_nsec_lacks(p, own) : cover && proof_is_above(star, cover);
}

/* RFC 5155, 8.4 to 8.7. */
static inline bool proof_by_hashes(const struct proof *p, bool no_name)
{
	const knot_rrset_t *own = proof_nsec3(p, p->name, PROOF_MATCHES), *cover;
	const knot_dname_t *encloser = p->name, *closer, *star;
	uint8_t wildcard[2 + KNOT_DNAME_MAXLEN];

	if (own)
		return !no_name && proof_nsec3_lacks(p, own);
	do {
		if (knot_dname_is_equal(encloser, p->apex))
			return false;
		closer = encloser;
		encloser = proof_parent(encloser);
	} while (!proof_nsec3(p, encloser, PROOF_MATCHES));
	cover = proof_nsec3(p, closer, PROOF_COVERS);
	if (!cover)
		return false;
	if (!no_name && knot_nsec3_flags(cover->rrs.rdata) & KNOT_NSEC3_FLAG_OPT_OUT)
		return true; /* an insecure delegation, or what leads to nothing but such */
	star = proof_wildcard(encloser, wildcard);
	return no_name ? proof_nsec3(p, star, PROOF_COVERS) != NULL
		       : proof_nsec3_lacks(p, proof_nsec3(p, star, PROOF_MATCHES));
}

/* A set that a wildcard made: no closer name is there. */
static inline bool proof_no_closer(const struct proof *p, const knot_rrset_t *rr,
				   unsigned int labels)
{
	size_t deeper = knot_dname_labels(rr->owner, NULL) - labels - 1;

	return proof_covering(p, rr->owner) ||
	       proof_nsec3(p, proof_skip(rr->owner, deeper), PROOF_COVERS);
}

static inline void proof_answers(const struct proof *p)
{
	const knot_pktsection_t *answer = proof_section(p, KNOT_ANSWER);
	const knot_rdata_t *sig;
	const knot_rrset_t *rr;
	unsigned int i, labels;

	for (i = 0; i < answer->count; i++) {
		rr = proof_rr(answer, i);
		if (rr->type == KNOT_RRTYPE_RRSIG || proof_is_synthesized(answer, rr))
			continue;
		sig = proof_signature(answer, rr);
		demand(sig);
		labels = knot_rrsig_labels(sig);
		if (!knot_dname_is_wildcard(rr->owner) &&
		    labels < knot_dname_labels(rr->owner, NULL))
			demand(proof_no_closer(p, rr, labels));
	}
}

static inline void proof_follow(struct proof *p)
{
	const knot_pktsection_t *answer = proof_section(p, KNOT_ANSWER);
	const knot_rrset_t *rr;
	unsigned int i;

	for (i = 0; i < answer->count; i++) {
		rr = proof_rr(answer, i);
		if (rr->type == KNOT_RRTYPE_CNAME && p->type != KNOT_RRTYPE_CNAME &&
		    knot_dname_is_equal(rr->owner, p->name))
			p->name = knot_cname_name(rr->rrs.rdata);
	}
}

static inline void proof_authority(const struct proof *p)
{
	const knot_pktsection_t *authority = proof_section(p, KNOT_AUTHORITY);
	bool no_name = knot_wire_get_rcode(p->reply->wire) == KNOT_RCODE_NXDOMAIN;
	bool hashes = proof_find(authority, NULL, KNOT_RRTYPE_NSEC3) != NULL;
	const knot_rrset_t *rr;
	unsigned int i;

	for (i = 0; i < authority->count; i++) {
		rr = proof_rr(authority, i);
		if (rr->type != KNOT_RRTYPE_RRSIG && rr->type != KNOT_RRTYPE_NS)
			demand(proof_signature(authority, rr));
	}
	if (proof_find(authority, NULL, KNOT_RRTYPE_NS)) /* a referral */
		demand(proof_find(authority, NULL, KNOT_RRTYPE_DS) || hashes ||
		       proof_find(authority, NULL, KNOT_RRTYPE_NSEC));
	else if (proof_find(authority, NULL, KNOT_RRTYPE_SOA))
		demand(hashes ? proof_by_hashes(p, no_name) : proof_by_names(p, no_name));
	else
		demand(!no_name && proof_section(p, KNOT_ANSWER)->count);
}

/* @reply was asked of the signed zone @apex, which is lower case, with DO. */
static inline void proof_judge(const knot_pkt_t *reply, const knot_dname_t *apex)
{
	struct proof p = {
		.reply = reply,
		.apex = apex,
		.name = knot_pkt_qname(reply),
		.type = knot_pkt_qtype(reply),
	};

	demand(!knot_wire_get_tc(reply->wire));
	proof_follow(&p);
	proof_answers(&p);
	proof_authority(&p);
}

#endif
