/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_dname.h: below a DNAME (RFC 6672, section 3.2): the DNAME itself, the CNAME that it implies
 * for this very name, and the search for what that names. A part of dns_engine.h.
 *
 * Unlike a CNAME's, the target depends on the question, so it is looked up while answering.
 */
#ifndef AD_DNS_DNAME_H
#define AD_DNS_DNAME_H

/* Appends the CNAME: @prefix bytes in front of the DNAME's owner, then the DNAME's target. */
DNS_STAGE int dns_put_cname(struct dns_work *w, __u32 dname, __u32 prefix, __u32 target_len)
{
	__u32 at, i;

	if (!w)
		return DNS_PASS;
	at = w->at;
	dns_put16(w, at, DNS_POINTER | w->subject);
	dns_put16(w, at + 2, DNS_T_CNAME);
	for (i = 4; i < 10;
	     i++) /* class and TTL; there are no signatures for it (RFC 6672, 5.3.1) */
		dns_put8(w, at + i, dns_get8(w, dname + i));
	dns_put16(w, at + 10, prefix + target_len);
	at += DNS_RR_FIXED;
	for (i = 0; i < DNS_NAME_BYTES && i < prefix; i++)
		dns_put8(w, at + i, dns_get8(w, w->subject + i));
	dns_join();
	for (i = 0; i < DNS_NAME_BYTES && i < target_len; i++)
		dns_put8(w, at + prefix + i, dns_get8(w, dname + DNS_RR_FIXED + i));
	dns_join();
	w->subject = at;
	w->at = at + prefix + target_len;
	w->count[DNS_ANSWER]++;
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

/* Goes on with the name at w->subject, if it is in the same zone. */
static __always_inline int dns_again(struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 zone = w->zone;
	int verdict;

	if (dns_reread(w, image))
		return DNS_PASS;
	verdict = dns_match(w, image, dns_probe_question(w, image));
	if (verdict == DNS_GO && w->zone != zone)
		verdict = DNS_SEND;
	w->zone = zone;
	return verdict;
}

DNS_STAGE int dns_redirect(struct dns_work *w, const struct ad_dns_image *image, __u32 with_sigs)
{
	const struct ad_dns_rrset *rrset;
	const struct ad_dns_cell *cell;
	__u32 prefix, dname, target_len;
	int verdict;

	if (!w || !image)
		return DNS_PASS;
	prefix = w->owner - w->subject;
	dname = w->at;
	cell = dns_cell(w, image, w->cell);
	if (!cell || dns_find(w, image, cell->record, DNS_T_DNAME, with_sigs, &rrset) || !rrset)
		return DNS_PASS;
	if (!w->asked)
		w->asked = w->cell + 1;
	w->aa = 1;
	w->cover = 0; /* what comes is another name */
	w->encloser = 0;
	verdict = dns_put_more(w, image, rrset, DNS_ANSWER, with_sigs);
	if (verdict)
		return verdict;
	target_len = dns_get16(w, dname + DNS_RR_FIXED - 2);
	if (prefix + target_len > DNS_NAME_BYTES) {
		w->rcode = DNS_YXDOMAIN; /* RFC 6672, 2.2 */
		return DNS_SEND;
	}
	if (!dns_fits(w, DNS_RR_FIXED + prefix + target_len))
		return dns_truncate(w);
	if (w->at >= DNS_REACH) /* a chain gone mad */
		return DNS_SEND;
	dns_put_cname(w, dname, prefix, target_len);
	if (w->qtype == DNS_T_CNAME) /* that is what was asked for */
		return DNS_SEND;
	return dns_again(w, image);
}

#endif
