/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_signed.h: what a signed zone adds for who asks with DO (RFC 4035, 3.1; RFC 5155, 7.2).
 *
 * Signatures lie beside their sets, and all that can be said of a stored name was looked up when
 * the zone was compiled (struct ad_dns_denial). What is left is the span of the chain that a name
 * falls into which is not stored: a search, for NSEC3 of a hash. Proofs are noted on the way and
 * written in the end, once each.
 */
#ifndef AD_DNS_SIGNED_H
#define AD_DNS_SIGNED_H

#include "dns_match.h"
#include "dns_put.h"

/* Notes a proof for the authority section. */
DNS_STAGE int dns_prove(struct dns_work *w, __u32 proof)
{
	__u32 i;

	if (!w)
		return DNS_PASS;
	if (!proof)
		return DNS_GO;
	for (i = 0; i < DNS_PROOFS_MAX; i++) {
		if (i >= w->nr_proofs)
			break;
		if (w->proofs[i] == proof)
			return DNS_GO;
	}
	w->proofs[w->nr_proofs & (DNS_PROOFS_MAX - 1)] = proof;
	w->nr_proofs++;
	return DNS_GO;
}

/* What may be said of the stored name @cell, which has a record. NULL: no such page. */
static __always_inline const struct ad_dns_denial *dns_denial(const struct dns_work *w,
							      const struct ad_dns_image *image,
							      const struct ad_dns_cell *cell)
{
	__u64 at = (__u64)cell->record * 8;
	const __u8 *page = dns_page_of(w, image, at);
	const struct ad_dns_record *record;

	if (!page)
		return 0;
	record = dns_at(page, at);
	at += sizeof(*record);
	at += (__u64)(record->nr_rrsets + record->nr_signed) * sizeof(struct ad_dns_rrset);
	return dns_at(page, at);
}

/* --- the name that is to be denied, as a key -------------------------------------------------- */

/* The label to be written next. */
static __always_inline void dns_key_label(struct dns_work *w, __u32 label)
{
	w->low = label;
	w->high = w->labels[label & DNS_LABELS_MAX];
	w->found = ((__u8 *)w->name)[w->high & 0xff];
}

static __always_inline void dns_key_put(struct dns_work *w, __u8 c)
{
	w->key[w->end++ & DNS_KEY_MASK] = c;
}

/* One more byte of the label: w->found are left, the next is behind w->high. */
static __always_inline void dns_key_byte(struct dns_work *w)
{
	__u8 c = ((__u8 *)w->name)[++w->high & 0xff];

	w->found--;
	if (c <= 1) {
		dns_key_put(w, 1);
		c++;
	}
	dns_key_put(w, c);
}

/*
 * The next closer name, one label longer than what was found: nothing exists at or below it, so
 * it lies in the same span as the name itself. Its labels come from the apex downwards.
 */
DNS_STAGE int dns_key_name(struct dns_work *w, __u32 apex_labels)
{
	__u32 i;

	if (!w)
		return DNS_PASS;
	w->end = 0;
	dns_key_label(w, w->nr_labels - apex_labels - 1);
	for (i = 0; i < DNS_KEY_BYTES; i++) {
		dns_join();
		if (w->found) {
			dns_key_byte(w);
			continue;
		}
		dns_key_put(w, 0);
		if (w->low == w->match - 1)
			break;
		dns_key_label(w, w->low - 1);
	}
	dns_join();
	dns_store64(&w->key[w->end & DNS_KEY_MASK], 0);
	dns_store64(&w->key[(w->end + 8) & DNS_KEY_MASK], 0);
	return i < DNS_KEY_BYTES ? DNS_GO : DNS_PASS;
}

static __always_inline int dns_key_hash(struct dns_work *w, const struct ad_dns_chain *chain)
{
	struct dns_nsec3 *h = &w->nsec3;
	__u32 at = w->labels[(w->match - 1) & DNS_LABELS_MAX], i;

	h->len = w->name_len - at;
	h->salt_len = chain->salt_len;
	h->iterations = chain->iterations;
	for (i = 0; i < 256; i += 8)
		dns_store64(h->text + i, dns_load64((const __u8 *)w->name + ((at + i) & 0xff)));
	for (i = 0; i < 256; i += 8)
		dns_store64(h->salt + i, dns_load64(chain->salt + i));
	if (dns_nsec3_hash(h))
		return DNS_PASS;
	for (i = 0; i < DNS_SHA1_BYTES + 4; i += 8)
		dns_store64(w->key + i, dns_load64(h->text + i));
	for (i = DNS_SHA1_BYTES; i < DNS_SHA1_BYTES + 16; i++)
		w->key[i] = 0;
	return DNS_GO;
}

/* --- its place in the chain ------------------------------------------------------------------- */

/* 1: the key of @proof lies behind w->key; their first words are equal. */
DNS_STAGE int dns_key_behind(struct dns_work *w, const struct ad_dns_image *image, __u32 proof)
{
	__u64 at = (__u64)proof * 8, mine, theirs;
	const struct ad_dns_piece *p;
	const __u8 *page;
	__u32 i, len;

	if (!w || !image)
		return 0;
	page = dns_page_of(w, image, at);
	if (!page)
		return 0;
	p = dns_at(page, at);
	len = p->key_len;
	at += sizeof(*p) + p->nr_fixups * sizeof(struct ad_dns_fixup) + p->len;
	for (i = 8; i < DNS_KEY_BYTES; i += 8) {
		mine = __builtin_bswap64(dns_load64(&w->key[i & DNS_KEY_MASK]));
		theirs = 0;
		if (i < len)
			theirs = __builtin_bswap64(dns_load64(dns_at(page, at + i)));
		if (mine != theirs)
			return theirs > mine;
		if (!mine)
			break;
	}
	return 0;
}

/* The denier with this number; its array may go over many pages. */
static __always_inline const struct ad_dns_denier *
dns_denier(const struct dns_work *w, const struct ad_dns_image *image, __u32 index)
{
	__u64 at = (__u64)w->deniers * 8 + (__u64)index * sizeof(struct ad_dns_denier);
	const __u8 *page = dns_page_of(w, image, at);

	return page ? dns_at(page, at) : 0;
}

/* Halves what is left between w->low and w->high: how many deniers are not behind the key. */
DNS_STAGE int dns_halve(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_denier *denier;
	__u32 middle;
	__u64 mine;
	int behind;

	if (!w || !image)
		return DNS_PASS;
	middle = w->low + (w->high - w->low) / 2;
	denier = dns_denier(w, image, middle);
	if (!denier)
		return DNS_PASS;
	mine = __builtin_bswap64(dns_load64(w->key));
	if (denier->prefix != mine)
		behind = denier->prefix > mine;
	else
		behind = dns_key_behind(w, image, denier->proof);
	if (behind)
		w->high = middle;
	else
		w->low = middle + 1;
	return DNS_GO;
}

/* What covers the name that is not there: w->cover. */
DNS_STAGE int dns_find_cover(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_chain *chain;
	const struct ad_dns_zone *zone;
	const struct ad_dns_denier *denier;
	const __u8 *page;
	__u32 i, nr;
	int verdict;

	if (!w || !image)
		return DNS_PASS;
	zone = dns_zone(image, w->zone);
	page = dns_page_of(w, image, (__u64)zone->chain * 8);
	if (!page)
		return DNS_PASS;
	chain = dns_at(page, (__u64)zone->chain * 8);
	nr = chain->nr;
	w->deniers = chain->deniers;
	if (chain->type == DNS_T_NSEC3)
		verdict = dns_key_hash(w, chain);
	else
		verdict = dns_key_name(w, zone->apex_labels);
	if (verdict || !nr)
		return DNS_PASS;
	dns_join();
	w->low = 0;
	w->high = nr;
	for (i = 0; i < 28; i++) { /* of more deniers than an image can hold */
		dns_join();
		if (w->low >= w->high)
			break;
		if (dns_halve(w, image))
			return DNS_PASS;
	}
	dns_join();
	denier = dns_denier(w, image, w->low ? w->low - 1 : nr - 1);
	if (!denier)
		return DNS_PASS;
	w->cover = denier->proof;
	return DNS_GO;
}

/* --- what is said, and when ------------------------------------------------------------------- */

/*
 * The name itself is not stored, only its closest encloser @cell: what says so (RFC 4035, 3.1.3.2
 * and 3.1.3.3; RFC 5155, 7.2.2 and 7.2.6). An alias that led here knows the span already.
 */
static __always_inline int dns_wildcard_signed(struct dns_work *w, const struct ad_dns_image *image,
					       const struct ad_dns_cell *cell)
{
	const struct ad_dns_denial *denial = dns_denial(w, image, cell);
	int verdict;

	if (!denial)
		return DNS_PASS;
	if (!w->cover)
		w->cover = denial->next;
	if (!w->cover && dns_find_cover(w, image))
		return DNS_PASS;
	verdict = dns_wildcard(w, image, cell);
	if (verdict == DNS_ABSENT) {
		dns_prove(w, denial->encloser);
		dns_prove(w, denial->wild);
	} else {
		w->encloser = denial->encloser; /* needed if the wildcard lacks the type */
	}
	dns_prove(w, w->cover);
	w->cover = 0;
	return verdict;
}

/*
 * There is no such type at @cell, or no DS at this cut (RFC 4035, 3.1.3.1 and 3.1.4); @by_parent:
 * as the zone above says.
 */
static __always_inline int dns_prove_self(struct dns_work *w, const struct ad_dns_image *image,
					  const struct ad_dns_cell *cell, __u32 by_parent)
{
	const struct ad_dns_denial *denial = dns_denial(w, image, cell);

	if (!denial)
		return DNS_PASS;
	dns_prove(w, w->encloser); /* RFC 5155, 7.2.5: by way of a wildcard */
	dns_prove(w, by_parent ? denial->parent_self : denial->self);
	dns_prove(w, by_parent ? denial->parent_next : denial->next);
	return DNS_GO;
}

/* --- writing it ------------------------------------------------------------------------------- */

/* A set; its additional part comes later if it is signed, after what belongs to other sections. */
static __always_inline int dns_put_set(struct dns_work *w, const struct ad_dns_image *image,
				       const struct ad_dns_rrset *rrset, __u32 section,
				       __u32 with_sigs)
{
	if (!with_sigs)
		return dns_put_rrset(w, image, rrset, w->owner_name, section);
	if (!dns_fits(w, rrset->len))
		return dns_no_room(w);
	if (rrset->type != DNS_T_CNAME) {
		w->extra = rrset->extra;
		w->extra_sets = rrset->extra_sets;
		w->extra_must = rrset->extra_must;
	}
	w->base[AD_DNS_BASE_SET] = w->at;
	w->set_owner = w->owner_name;
	w->count[section & 1] += rrset->rrs;
	w->fixups = rrset->nr_fixups;
	return dns_append(w, image, rrset->blob, rrset->len, w->owner_name);
}

/* SOA for a negative answer (RFC 2308, 3). CHAOS names have none. */
static __always_inline int dns_put_soa(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_zone *zone;
	__u32 len;

	if (w->zone == DNS_NOT_COUNTED)
		return DNS_GO;
	zone = dns_zone(image, w->zone);
	len = w->edns_do ? zone->soa_signed_len : zone->soa_len;
	if (!zone->soa)
		return dns_fail(w);
	if (!dns_fits(w, len))
		return dns_truncate(w);
	w->count[DNS_AUTHORITY] += w->edns_do ? zone->soa_signed_rrs : 1;
	w->fixups = zone->soa_fixups;
	return dns_append(w, image, zone->soa, len, w->base[AD_DNS_BASE_APEX]);
}

/* A proof. DNS_ABSENT: there is no room for it. */
DNS_STAGE int dns_put_proof(struct dns_work *w, const struct ad_dns_image *image, __u32 ref)
{
	const struct ad_dns_piece *piece;
	const __u8 *page;

	if (!w || !image)
		return DNS_PASS;
	page = dns_page_of(w, image, (__u64)ref * 8);
	if (!page)
		return DNS_PASS;
	piece = dns_at(page, (__u64)ref * 8);
	if (!dns_fits(w, piece->len))
		return DNS_ABSENT;
	w->count[DNS_AUTHORITY] += piece->rrs;
	w->fixups = piece->nr_fixups;
	return dns_append(w, image, ref + sizeof(*piece) / 8, piece->len, 0);
}

/* Of the additional data at w->extra, the sets that there is room for. */
DNS_STAGE int dns_put_part(struct dns_work *w, const struct ad_dns_image *image)
{
	__u64 at;
	const struct ad_dns_piece *piece;
	const __u8 *page;

	if (!w || !image)
		return DNS_PASS;
	at = (__u64)w->extra * 8;
	page = dns_page_of(w, image, at);
	if (!page)
		return DNS_PASS;
	piece = dns_at(page, at);
	w->part_len = piece->len;
	w->part_rrs = piece->rrs;
	at += sizeof(*piece) + piece->nr_fixups * sizeof(struct ad_dns_fixup) + piece->len;
	if (!dns_fits(w, piece->len) && dns_fit_sets(w, image, at, w->extra_sets, 0))
		return DNS_PASS;
	w->count[DNS_ADDITIONAL] += w->part_rrs;
	w->fixups = piece->nr_fixups;
	return dns_append(w, image, w->extra + sizeof(*piece) / 8, w->part_len, w->set_owner);
}

/* All that were noted. */
static __always_inline int dns_put_proofs(struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 i;
	int verdict;

	if (w->nr_proofs > DNS_PROOFS_MAX)
		return DNS_IN_KERNEL ? DNS_PASS : dns_truncate(w);
	for (i = 0; i < DNS_PROOFS_MAX; i++) {
		if (i >= w->nr_proofs)
			break;
		verdict = dns_put_proof(w, image, w->proofs[i]);
		if (verdict == DNS_ABSENT) /* RFC 4035, 3.1.3: a denial is nothing without them */
			return dns_truncate(w);
		if (verdict)
			return verdict;
	}
	return DNS_GO;
}

/* RFC 9471: a referral without its glue is no answer; all else may be left out. */
static __always_inline int dns_put_extra(struct dns_work *w, const struct ad_dns_image *image)
{
	w->part_len = 0;
	if (w->extra && dns_put_part(w, image))
		return DNS_PASS;
	w->tc |= w->part_len < w->extra_must;
	return DNS_SEND;
}

#endif
