/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_follow.h: what a name says to a question: RRset, alias, referral, or proof of absence; and
 * along the aliases to the end.
 */
#ifndef AD_DNS_FOLLOW_H
#define AD_DNS_FOLLOW_H

#include "dns_dname.h"
#include "dns_signed.h"
#include "dns_steer.h"

/*
 * No DS at an apex whose parent zone is ours too: the parent is the one to say so (RFC 4035,
 * 3.1.4.1), as it would be the one to have it.
 */
static __always_inline int dns_no_ds(struct dns_work *w, const struct ad_dns_image *image,
				     const struct ad_dns_cell *cell, __u32 with_sigs)
{
	__u64 at = (__u64)cell->record * 8;
	const __u8 *page = dns_page_of(w, image, at);
	__u32 parent;

	if (!page)
		return DNS_PASS;
	parent = ((const struct ad_dns_record *)dns_at(page, at))->parent_zone;
	if (with_sigs && dns_prove_self(w, image, cell, parent))
		return DNS_PASS;
	if (parent) {
		w->zone = parent - 1;
		dns_locate_apex(w, image);
	}
	return DNS_ABSENT;
}

/* What stands beside a CNAME answers for itself; everything else is at its target. */
static __always_inline __u32 dns_wanted(const struct dns_work *w, const struct ad_dns_cell *cell,
					__u32 referral)
{
	if (referral)
		return DNS_T_NS;
	if (cell->flags & AD_DNS_HAS_CNAME && w->qtype != DNS_T_RRSIG && w->qtype != DNS_T_NSEC &&
	    w->qtype != DNS_T_ANY)
		return DNS_T_CNAME;
	if (w->qtype == DNS_T_ANY && cell->nr_a)
		return DNS_T_A;
	return w->qtype == DNS_T_ANY && cell->nr_aaaa ? DNS_T_AAAA : w->qtype;
}

/*
 * The sets of one name, or of the cut above it: RFC 1034, 4.3.2, 3. A referral has the NS of the
 * cut as authority and their addresses as additional data. @with_sigs: and what makes it sure.
 */
static __always_inline int dns_take(struct dns_work *w, const struct ad_dns_image *image,
				    const struct ad_dns_cell *cell, __u32 referral, __u32 with_sigs)
{
	__u32 wanted = dns_wanted(w, cell, referral), rdata = w->at + DNS_RR_FIXED;
	const struct ad_dns_rrset *rrset;
	int verdict;

	if (!w->asked)
		w->asked = w->cell + 1;
	w->aa |= !referral;
	if (wanted == DNS_T_CNAME && dns_has_passed(w, 0)) /* in a circle, by way of a DNAME */
		return DNS_SEND;
	if (!with_sigs && dns_has_inline(cell, wanted))
		return dns_put_inline(w, cell, wanted, w->owner_name);
	if (dns_find(w, image, cell->record, wanted, with_sigs, &rrset))
		return DNS_PASS;
	if (!rrset && wanted == DNS_T_DS && cell->flags & AD_DNS_IS_APEX)
		return dns_no_ds(w, image, cell, with_sigs);
	if ((!rrset || referral) && with_sigs && dns_prove_self(w, image, cell, 0))
		return DNS_PASS;
	if (!rrset)
		return DNS_ABSENT;
	verdict = dns_put_set(w, image, rrset, referral ? DNS_AUTHORITY : DNS_ANSWER, with_sigs);
	if (verdict)
		return verdict;
	if (wanted != DNS_T_CNAME || w->qtype == DNS_T_CNAME)
		return DNS_SEND;
	w->cover = rrset->cover;
	w->encloser = 0;
	return dns_next(w, rrset, rdata);
}

static __always_inline __u32 dns_is_referral(const struct dns_work *w,
					     const struct ad_dns_cell *cell)
{
	return cell->kind == AD_DNS_CUT && (w->skip || w->qtype != DNS_T_DS);
}

/*
 * One name of the chain. DNS_MORE: the next one is what the DNAME here makes of it; DNS_STEER: the
 * one here is another for each POP.
 */
DNS_STAGE int dns_hop(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_cell *cell;
	__u32 with_sigs;

	if (!w || !image)
		return DNS_PASS;
	cell = dns_cell(w, image, w->cell);
	if (!cell)
		return DNS_PASS;
	if (cell->flags & AD_DNS_IS_STEERED && !w->skip)
		return DNS_STEER;
	with_sigs = cell->flags & w->edns_do;
	if (cell->kind == AD_DNS_ABOVE)
		return dns_refuse(w, image);
	if (cell->kind == AD_DNS_NAME && w->skip)
		return with_sigs && dns_zone(image, cell->zone)->chain
			       ? dns_wildcard_signed(w, image, cell)
			       : dns_wildcard(w, image, cell);
	if (cell->kind == AD_DNS_DNAME && w->skip)
		return DNS_MORE;
	return dns_take(w, image, cell, dns_is_referral(w, cell), with_sigs);
}

/*
 * Addresses at the other POPs that were drawn: @verdict is what the first one's came to. They are
 * of one RRset, for all of them have one TTL, and no address is of two.
 */
static __always_inline int dns_add_others(struct dns_work *w, const struct ad_dns_image *image,
					  int verdict)
{
	__u32 i;
	int next;

	for (i = 1; i < AD_DNS_STEER_ANSWERS; i++) {
		if (i >= w->nr_pops || w->tc)
			break;
		if (!steer_variant(w, image, i))
			return dns_fail(w);
		next = dns_hop(w, image);
		if (next == DNS_SEND)
			verdict = DNS_SEND;
		else if (next != DNS_ABSENT)
			return next;
	}
	return verdict;
}

/*
 * From where dns_reach() came to, and what it says, to the end of the chain; then what belongs to
 * it in the other sections, in their order. @in_frame: a constant; what a DNAME makes has to be
 * written before one can go on.
 */
static __always_inline int dns_follow(struct dns_work *w, const struct ad_dns_image *image,
				      int verdict, int in_frame)
{
	__u32 i;

	dns_locate_apex(w, image);
	w->extra = 0;
	w->extra_must = 0;
	w->nr_proofs = 0;
	w->encloser = 0;
	w->cover = 0;
	w->nr_pops = 0;
	for (i = 0; i < DNS_ALIASES_MAX && verdict == DNS_GO; i++) {
		verdict = dns_hop(w, image);
		if (verdict == DNS_STEER)
			verdict = dns_steer(w, image);
		if (!in_frame && verdict == DNS_MORE)
			verdict = dns_redirect(w, image);
	}
	if (verdict == DNS_GO)
		return DNS_IN_KERNEL ? DNS_PASS : DNS_SEND;
	if (w->nr_pops > 1 && (w->qtype == DNS_T_A || w->qtype == DNS_T_AAAA))
		verdict = dns_add_others(w, image, verdict);
	if ((verdict != DNS_ABSENT && verdict != DNS_SEND) || w->tc)
		return verdict;
	verdict = verdict == DNS_ABSENT ? dns_put_soa(w, image) : DNS_GO;
	if (!verdict)
		verdict = dns_put_proofs(w, image);
	return verdict ? verdict : dns_put_extra(w, image);
}

#endif
