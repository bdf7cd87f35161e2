/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_read.h: header, question and EDNS of a query; its name in lower case, and hashed.
 */
#ifndef AD_DNS_READ_H
#define AD_DNS_READ_H

#include "dns_pages.h"
#include "dns_odd.h"
#include "dns_options.h"

/* Who sent an OPT record gets one back (RFC 6891, 6.1.1); dns_answer_odd() is the daemon's. */
static __always_inline int dns_reject_odd(struct dns_work *w, __u32 rcode)
{
	return DNS_IN_KERNEL && dns_get16(w, 10) ? DNS_PASS : dns_reject(w, rcode);
}

static __always_inline int dns_read_header(struct dns_work *w)
{
	if (w->len < DNS_HEADER || dns_get8(w, 2) & DNS_QR)
		return DNS_IGNORE;
	if (dns_get8(w, 2) & DNS_OPCODE)
		return dns_reject_odd(w, DNS_NOTIMP);
	if (dns_get16(w, 4) != 1)
		return dns_reject_odd(w, DNS_FORMERR);
	if (DNS_IN_KERNEL && (dns_get16(w, 6) || dns_get16(w, 8) || dns_get16(w, 10) > 1))
		return DNS_PASS;
	return DNS_GO;
}

/*
 * Finds the labels of the name at w->subject. Compression has nothing to point at in a question,
 * so it is an error.
 */
static __always_inline int dns_read_labels(struct dns_work *w)
{
	__u32 at = 0, n, len;

	for (n = 0; n < DNS_LABELS_MAX + 1; n++) {
		w->labels[n] = at;
		len = dns_get8(w, w->subject + at);
		if (!len)
			break;
		at += len + 1;
		if (len > DNS_LABEL_BYTES || at >= DNS_NAME_BYTES)
			return DNS_PASS;
	}
	w->name_len = at + 1;
	w->nr_labels = n;
	return DNS_GO;
}

/* Lower-cases and hashes the whole name in one pass. */
static __always_inline void dns_read_name(struct dns_work *w, const struct ad_dns_image *image)
{
	__u64 h0 = 0, h1 = 0, word;
	__u32 i, left = w->name_len;

	for (i = 0; i < AD_DNS_NAME_WORDS; i++) {
		word = dns_load64(&w->msg[(w->subject + 8 * i) & DNS_MSG_MASK]);
		word = dns_lower(word);
		if (left < 8)
			word &= (1ull << 8 * left) - 1;
		w->name[i] = word;
		h0 += dns_nh(word, image->keys[i][0]);
		h1 += dns_nh(word, image->keys[i][1]);
		if (left <= 8)
			break;
		left -= 8;
	}
	w->name[i + 1] = 0;
	w->hash[0] = h0;
	w->hash[1] = h1;
}

static __always_inline int dns_read_edns(struct dns_work *w)
{
	__u32 at = w->body;
	int verdict = DNS_IN_KERNEL ? DNS_GO : dns_tidy(w);

	if (verdict)
		return verdict;
	w->udp_max = DNS_UDP_MIN;
	if (!dns_get16(w, 10))
		return at == w->len ? DNS_GO : dns_reject(w, DNS_FORMERR);
	if (at + DNS_OPT_BYTES > w->len)
		return dns_reject(w, DNS_FORMERR);
	if (dns_get8(w, at) || dns_get16(w, at + 1) != DNS_T_OPT)
		return dns_odd(w);
	if (at + DNS_OPT_BYTES + dns_get16(w, at + 9) != w->len)
		return dns_reject(w, DNS_FORMERR);
	w->edns = 1;
	w->edns_do = dns_get8(w, at + 7) & DNS_DO;
	w->udp_max = dns_get16(w, at + 3);
	if (w->udp_max < DNS_UDP_MIN)
		w->udp_max = DNS_UDP_MIN;
	if (dns_get8(w, at + 6)) /* RFC 6891, 6.1.3: a version that we do not speak */
		w->rcode = DNS_BADVERS;
	return at + DNS_OPT_BYTES == w->len ? DNS_GO : dns_read_options(w);
}

/* Nothing was found yet. */
static __always_inline void dns_begin_match(struct dns_work *w)
{
	w->aa = 0;
	w->chain = 0;
	w->nr_passed = 0;
	w->run = DNS_NAME_BYTES;
	w->asked = 0;
	w->scope = 0;
	w->zone = DNS_NOT_COUNTED;
}

/* Where answers start and must end. */
static __always_inline void dns_begin_answer(struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 max = w->udp_max < image->udp_size ? w->udp_max : image->udp_size;

	if (w->tcp)
		max = DNS_REPLY_MAX;
	if (w->edns)
		max -= DNS_OPT_BYTES + dns_options_bytes(w, image);
	w->limit = max;
	w->at = w->body;
	w->count[DNS_ANSWER] = 0;
	w->count[DNS_AUTHORITY] = 0;
	w->count[DNS_ADDITIONAL] = 0;
	w->tc = 0;
	w->nr_parts = 0;
}

static __always_inline void dns_begin(struct dns_work *w, const struct ad_dns_image *image)
{
	dns_begin_match(w);
	dns_begin_answer(w, image);
}

/* Types that are no data (RFC 6895, 3.1), but ANY. */
static __always_inline int dns_is_meta(__u32 qtype)
{
	return qtype == DNS_T_OPT || (qtype >= DNS_T_TKEY && qtype < DNS_T_ANY);
}

static __always_inline int dns_read_question(struct dns_work *w)
{
	w->subject = DNS_HEADER;
	if (dns_read_labels(w))
		return dns_reject(w, DNS_FORMERR);
	w->body = DNS_HEADER + w->name_len + 4;
	if (w->body > w->len)
		return dns_reject(w, DNS_FORMERR);
	w->qtype = dns_get16(w, w->body - 4);
	w->qclass = dns_get16(w, w->body - 2);
	return DNS_GO;
}

DNS_STAGE int dns_read(struct dns_work *w, const struct ad_dns_image *image)
{
	int verdict;

	if (!w || !image)
		return DNS_PASS;
	verdict = dns_read_header(w);
	if (verdict)
		return verdict;
	w->rcode = DNS_NOERROR;
	verdict = dns_read_question(w);
	if (verdict)
		return verdict;
	dns_join();
	verdict = dns_read_edns(w);
	if (verdict)
		return verdict;
	dns_join();
	if (dns_is_meta(w->qtype) && DNS_IN_KERNEL)
		return DNS_PASS;
	if (!DNS_IN_KERNEL || w->hashed != w->name_len)
		dns_read_name(w, image);
	dns_join();
	dns_begin(w, image);
	return DNS_GO;
}

#endif
