/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_match.h: which name answers: the one that was asked for, an ancestor, a wildcard, or the
 * target of an alias.
 */
#ifndef AD_DNS_MATCH_H
#define AD_DNS_MATCH_H

#include "dns_names.h"

/* No zone of ours. */
static __always_inline int dns_refuse(struct dns_work *w, const struct ad_dns_image *image)
{
	if (image->unserved_pass)
		return DNS_PASS;
	w->rcode = DNS_REFUSED;
	return DNS_SEND;
}

/* The name as asked. Other classes have names of their own. */
static __always_inline const struct ad_dns_cell *
dns_probe_question(struct dns_work *w, const struct ad_dns_image *image)
{
	__u16 class = w->qclass - DNS_CLASS_IN;

	if (DNS_IN_KERNEL && w->hashed == w->name_len) {
		w->cell = w->probed - 1;
		return w->probed ? dns_cell(w, image, w->cell) : 0;
	}
	return dns_probe(w, image, w->hash[0] ^ class, w->hash[1]);
}

/*
 * A question for what is no data. We send no zone to anybody: REFUSED for one that we have,
 * NOTAUTH for others (RFC 5936, 2.2.1).
 */
static __always_inline int dns_meta(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_cell *cell = dns_probe_question(w, image);
	__u32 transfer = w->qtype == DNS_T_AXFR || w->qtype == DNS_T_IXFR;

	if (image->unserved_pass && !cell)
		return DNS_PASS;
	w->rcode = DNS_REFUSED;
	if (transfer && !(cell && cell->flags & AD_DNS_IS_APEX))
		w->rcode = DNS_NOTAUTH;
	return DNS_SEND;
}

/* @cell is that of the name as asked; without it, its closest encloser is looked for. */
static __always_inline int dns_match(struct dns_work *w, const struct ad_dns_image *image,
				     const struct ad_dns_cell *cell)
{
	if (cell)
		dns_matched(w, cell, 0);
	else if (w->qclass != DNS_CLASS_IN)
		return dns_refuse(w, image);
	else
		return dns_search(w, image);
	return DNS_GO;
}

/* Nothing stored at the name itself: a wildcard below its closest encloser, or no such name. */
static __always_inline int dns_wildcard(struct dns_work *w, const struct ad_dns_image *image,
					const struct ad_dns_cell *cell)
{
	__u64 at = (__u64)cell->record * 8;
	const __u8 *page;

	w->aa = 1;
	if (!(cell->flags & AD_DNS_HAS_WILD)) {
		w->rcode = DNS_NXDOMAIN; /* RFC 6604, section 3: of the last name in a chain */
		return DNS_ABSENT;
	}
	page = dns_page_of(w, image, at);
	if (!page)
		return DNS_PASS;
	w->cell = ((const struct ad_dns_record *)dns_at(page, at))->wild - 1;
	w->owner_name = w->subject;
	w->skip = 0;
	return DNS_GO;
}

/*
 * The cell that answers the question, w->cell: the name's own, its wildcard's, or that of the
 * deepest ancestor that is stored. DNS_ABSENT: there is no such name. In a signed zone, for who
 * asks with DO, a wildcard is left to dns_hop(), which knows what has to be proved.
 */
static __always_inline int dns_reach(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_cell *cell = dns_probe_question(w, image);
	int verdict = dns_match(w, image, cell);

	if (cell || verdict)
		return verdict;
	cell = dns_cell(w, image, w->cell);
	if (!cell)
		return DNS_PASS;
	if (cell->kind != AD_DNS_NAME || cell->flags & w->edns_do)
		return DNS_GO;
	return dns_wildcard(w, image, cell);
}

/* An address of a name that has one, or whose wildcard has: no more than that cell is needed. */
static __always_inline int dns_is_inline(const struct dns_work *w, const struct ad_dns_cell *cell)
{
	return cell->kind == AD_DNS_NAME && !(cell->flags & w->edns_do) &&
	       dns_has_inline(cell, w->qtype);
}

/* Notes that the alias at w->cell was followed; @dname: where it stands, if it is a DNAME. */
static __always_inline void dns_pass_by(struct dns_work *w, __u32 dname)
{
	struct dns_passed *passed = &w->passed[w->nr_passed & (DNS_ALIASES_MAX - 1)];

	passed->hash = dname ? w->hash[0] : 0;
	passed->cell = w->cell;
	passed->at = dname;
	w->nr_passed++;
}

/* 1: the alias at w->cell was followed, to a name with that hash; w->dname: where it stands. */
DNS_STAGE int dns_has_passed(struct dns_work *w, __u64 hash)
{
	__u32 i;

	if (!w)
		return 0;
	w->dname = 0;
	for (i = 0; i < DNS_ALIASES_MAX; i++) {
		if (i >= w->nr_passed)
			break;
		if (w->passed[i].cell != w->cell)
			continue;
		w->dname = w->passed[i].at;
		if (w->passed[i].hash == hash)
			return 1;
	}
	return 0;
}

/* After this alias the chain meets itself. */
static __always_inline int dns_is_last(struct dns_work *w, const struct ad_dns_rrset *alias)
{
	if (alias->loop && !w->chain)
		w->chain = alias->loop;
	return w->chain && !--w->chain;
}

/* Where a CNAME just written leads. Its target was looked up when the zone was compiled. */
static __always_inline int dns_next(struct dns_work *w, const struct ad_dns_rrset *cname,
				    __u32 rdata)
{
	if (dns_is_last(w, cname) || cname->next_kind == AD_DNS_NEXT_OUT || w->at >= DNS_REACH)
		return DNS_SEND;
	dns_pass_by(w, 0);
	w->subject = rdata;
	w->run = DNS_NAME_BYTES;
	w->cell = cname->next - 1;
	w->owner_name = rdata + cname->next_skip;
	w->skip = cname->next_skip;
	return DNS_GO;
}

#endif
