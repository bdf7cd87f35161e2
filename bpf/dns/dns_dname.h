/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_dname.h: below a DNAME (RFC 6672, section 3.2): the DNAME itself, the CNAME that it implies
 * for this very name, and the search for what that names.
 *
 * Unlike a CNAME's, the target depends on the question, so it is looked up while answering.
 */
#ifndef AD_DNS_DNAME_H
#define AD_DNS_DNAME_H

#include "dns_match.h"
#include "dns_read.h"
#include "dns_signed.h"

/* Bytes of a name, as they are. */
DNS_STAGE int dns_copy_name(struct dns_work *w, __u32 to, __u32 from, __u32 len)
{
	__u32 i;

	if (!w)
		return DNS_PASS;
	for (i = 0; i < DNS_NAME_BYTES; i++) {
		if (i >= len)
			break;
		dns_put8(w, to + i, dns_get8(w, from + i));
	}
	return DNS_GO;
}

/*
 * Writes the CNAME where the next record goes: @prefix bytes in front of the DNAME's owner name,
 * then the DNAME's target, both spelled out. Its target is the name that is looked for now.
 */
DNS_STAGE int dns_write_cname(struct dns_work *w, __u32 dname, __u32 prefix, __u32 target_len)
{
	__u32 at, i, run;

	if (!w)
		return DNS_PASS;
	at = w->at;
	run = prefix < w->run ? prefix : w->run;
	dns_put16(w, at, DNS_POINTER | w->subject);
	dns_put16(w, at + 2, DNS_T_CNAME);
	for (i = 4; i < 10;
	     i++) /* class and TTL; there are no signatures for it (RFC 6672, 5.3.1) */
		dns_put8(w, at + i, dns_get8(w, dname + i));
	at += DNS_RR_FIXED;
	dns_copy_name(w, at, w->subject, run);
	dns_copy_name(w, at + run, w->rest, prefix - run);
	dns_copy_name(w, at + prefix, dname + DNS_RR_FIXED, target_len);
	w->subject = at;
	return DNS_GO;
}

/* The name at w->subject as that which is looked for. */
DNS_STAGE int dns_reread(struct dns_work *w, const struct ad_dns_image *image)
{
	if (!w || !image || dns_read_labels(w))
		return DNS_PASS;
	dns_join();
	w->hashed = 0; /* that was the question */
	dns_read_name(w, image);
	return DNS_GO;
}

/* Bytes that a name takes which stands elsewhere already. */
static __always_inline __u32 dns_short_len(__u32 len)
{
	return len > 2 ? 2 : len;
}

/* The CNAME becomes a record of the answer; of its target the DNAME's is pointed to. */
static __always_inline void dns_keep_cname(struct dns_work *w, __u32 dname, __u32 prefix,
					   __u32 target_len)
{
	__u32 rdata = w->subject, len = prefix + dns_short_len(target_len);

	w->run = prefix;
	w->rest = dname + DNS_RR_FIXED;
	if (target_len > 2)
		dns_put16(w, rdata + prefix, DNS_POINTER | w->rest);
	dns_put16(w, rdata - 2, len);
	w->at = rdata + len;
	w->count[DNS_ANSWER]++;
}

/* Goes on with the name that was read, if it is in the same zone. */
static __always_inline int dns_again(struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 zone = w->zone;
	int verdict = dns_match(w, image, dns_probe_question(w, image));

	if (verdict == DNS_GO && w->zone != zone)
		verdict = DNS_SEND;
	w->zone = zone;
	if (w->skip >= w->run)
		w->owner_name = w->rest + w->skip - w->run;
	return verdict;
}

/* The DNAME @rrset at w->dname, where it stands, or now. A set has no place twice (RFC 2181, 5). */
static __always_inline int dns_put_dname(struct dns_work *w, const struct ad_dns_image *image,
					 const struct ad_dns_rrset *rrset, __u32 with_sigs)
{
	dns_has_passed(w, 0);
	if (w->dname)
		return DNS_GO;
	w->dname = w->at;
	return dns_put_set(w, image, rrset, DNS_ANSWER, with_sigs);
}

/* The alias that the DNAME at w->cell makes. */
DNS_STAGE int dns_redirect(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_rrset *rrset;
	const struct ad_dns_cell *cell;
	__u32 prefix, dname, target_len, with_sigs;
	int verdict;

	if (!w || !image)
		return DNS_PASS;
	prefix = w->skip;
	cell = dns_cell(w, image, w->cell);
	if (!cell)
		return DNS_PASS;
	with_sigs = cell->flags & w->edns_do;
	if (dns_find(w, image, cell->record, DNS_T_DNAME, with_sigs, &rrset) || !rrset)
		return DNS_PASS;
	if (!w->asked)
		w->asked = w->cell + 1;
	w->aa = 1;
	w->cover = 0; /* what comes is another name */
	w->encloser = 0;
	verdict = dns_put_dname(w, image, rrset, with_sigs);
	if (verdict)
		return verdict;
	dname = w->dname;
	target_len = dns_get16(w, dname + DNS_RR_FIXED - 2);
	if (prefix + target_len > DNS_NAME_BYTES) {
		w->rcode = DNS_YXDOMAIN; /* RFC 6672, 2.2 */
		return DNS_SEND;
	}
	if (!dns_fits(w, DNS_RR_FIXED + prefix + dns_short_len(target_len)))
		return dns_truncate(w);
	if (w->at >= DNS_REACH) /* a chain gone mad */
		return DNS_SEND;
	if (dns_write_cname(w, dname, prefix, target_len) || dns_reread(w, image))
		return DNS_PASS;
	if (dns_has_passed(w, w->hash[0])) /* in a circle: this CNAME is there already */
		return DNS_SEND;
	dns_pass_by(w, dname);
	dns_keep_cname(w, dname, prefix, target_len);
	/* that is what was asked for, or all that can be said */
	if (w->qtype == DNS_T_CNAME || dns_is_last(w, rrset))
		return DNS_SEND;
	return dns_again(w, image);
}

#endif
