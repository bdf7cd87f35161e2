/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_engine.h: from a query in a buffer to its reply in the same buffer.
 *
 *   dns_read	  header, question and EDNS; lower-cases and hashes the name
 *   dns_match	  the name itself, or its deepest stored ancestor and what that means
 *   dns_follow	  RRset, CNAME chain, referral, or proof of absence
 *   dns_follow_more  the same where it takes longer: below a DNAME, and signed zones with DO
 *   dns_finish	  OPT and header
 *
 * Plain C over memory that the home (dns_place.h, dns_wire.h) provides; no loop without a bound, no
 * offset without a mask, so that the verifier and the fuzzer are content with the same text.
 */
#ifndef AD_DNS_ENGINE_H
#define AD_DNS_ENGINE_H

#include <stdbool.h>
#include "dns_follow.h"
#include "dns_limit.h"
#include "dns_read.h"

/* RFC 6891, 6.1.3; NSID only to who asked (RFC 5001, 2.2). Room was kept for it. */
static __always_inline void dns_put_opt(struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 at = w->at;

	dns_put64(w, at,
		  DNS_T_OPT << 16 | (__u64)__builtin_bswap16(image->udp_size) << 24 |
			  (__u64)(w->rcode >> 4) << 40 | (__u64)w->edns_do << 56);
	dns_put64(w, at + 8, (__u64)__builtin_bswap16(dns_options_bytes(w, image)) << 8);
	w->at = dns_put_options(w, image, at + DNS_OPT_BYTES);
	w->count[DNS_ADDITIONAL]++;
}

/*
 * The question and its case stay as they came. The header is put together in the words that it is
 * read back in: a load that spans several young stores has to wait.
 */
static __always_inline void dns_finish(struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 head = dns_load32(w->msg), flags;

	if (w->edns)
		dns_put_opt(w, image);
	flags = DNS_QR | (head >> 16 & (DNS_OPCODE | DNS_RD)) | (w->aa ? DNS_AA : 0) |
		(w->tc ? DNS_TC : 0) | (w->rcode & 15) << 8;
	dns_store32(w->msg, (head & 0xffff) | flags << 16);
	dns_store64(w->msg + 4, (dns_load64(w->msg + 4) & 0xffff) |
					(__u64)__builtin_bswap16(w->count[DNS_ANSWER]) << 16 |
					(__u64)__builtin_bswap16(w->count[DNS_AUTHORITY]) << 32 |
					(__u64)__builtin_bswap16(w->count[DNS_ADDITIONAL]) << 48);
	w->len = w->at;
}

static __always_inline int dns_answer(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_cell *cell;
	int verdict;

	if (w->rcode != DNS_NOERROR)
		return DNS_SEND;
	if (!DNS_IN_KERNEL && dns_is_meta(w->qtype))
		return dns_meta(w, image);
	verdict = dns_reach(w, image);
	cell = verdict == DNS_GO ? dns_cell(w, image, w->cell) : 0;
	if (!cell || !dns_is_inline(w, cell))
		return dns_follow(w, image, verdict, 0);
	w->aa = 1;
	return dns_put_inline(w, cell, w->qtype, w->owner_name);
}

/* An OPT record alone: a client that asks for nothing but a cookie (RFC 7873, 5.4). */
static __always_inline int dns_wants_cookie(const struct dns_work *w)
{
	const struct ad_dns_rules *rules = dns_rules_of(w);

	return rules && rules->cookies != AD_DNS_COOKIES_OFF && !(dns_get8(w, 2) & DNS_OPCODE) &&
	       !dns_get16(w, 4) && !dns_get16(w, 6) && !dns_get16(w, 8) && dns_get16(w, 10) == 1;
}

/* An answer, unless its client has been told too often. */
static __always_inline int dns_complete(struct dns_work *w, const struct ad_dns_image *image,
					int verdict)
{
	if (verdict == DNS_SEND && dns_has_limits(w))
		verdict = dns_limit(w);
	if (verdict != DNS_SEND)
		return verdict;
	if (dns_has_limits(w) && w->limited == AD_DNS_LIMITED_SLIPPED)
		dns_slip(w);
	dns_finish(w, image);
	return verdict;
}

/* No query that anybody could answer, but with something behind its question, if it has one. */
static __always_inline int dns_is_odd(const struct dns_work *w)
{
	return w->len >= DNS_HEADER && !(dns_get8(w, 2) & DNS_QR) && dns_get16(w, 10) &&
	       (dns_get8(w, 2) & DNS_OPCODE || dns_get16(w, 4) != 1);
}

/* RFC 6891, 7: header, question and OPT go back at least. */
static __always_inline int dns_answer_odd(struct dns_work *w, const struct ad_dns_image *image)
{
	__u32 wants_cookie = dns_wants_cookie(w);
	int verdict = dns_tidy_odd(w);

	if (!verdict && wants_cookie)
		w->rcode = DNS_NOERROR;
	if (!verdict)
		verdict = dns_read_edns(w);
	if (verdict)
		return dns_has_limits(w) ? dns_limit(w) : verdict;
	if (w->rcode == DNS_NOERROR && !w->cookie_len)
		w->rcode = DNS_FORMERR;
	dns_begin(w, image);
	return dns_complete(w, image, DNS_SEND);
}

/* A reply is on its way. */
static __always_inline void dns_count_reply(const struct dns_work *w, struct ad_dns_count *count,
					    bool is_ip6)
{
	__u32 type = w->qtype;

	if (w->rcode < AD_DNS_RCODES)
		count->rcodes[w->rcode]++;
	if (w->tc)
		count->truncated++;
	count->edns[is_ip6][(w->edns & 1) + (w->edns_do >> 7)]++;
	count->types[type < AD_DNS_TYPES ? type : 0]++;
}

/*
 * The whole of it. DNS_SEND: w->len bytes of w->msg are the reply, w->rcode and w->zone say what
 * to count. What was rejected while it was read is a reply already, and as short as one can be.
 */
static __always_inline int dns_respond(struct dns_work *w, const struct ad_dns_image *image)
{
	int rejected, verdict;

	w->zone = DNS_NOT_COUNTED;
	w->tc = 0;
	w->brought = 0;
	w->qtype = 0;
	if (!DNS_IN_KERNEL)
		w->want_idle = 0;
	if (!DNS_IN_KERNEL && dns_is_odd(w))
		return dns_answer_odd(w, image);
	verdict = dns_read(w, image);
	rejected = verdict == DNS_SEND;
	if (verdict == DNS_GO)
		verdict = dns_answer(w, image);
	if (rejected)
		return dns_has_limits(w) ? dns_limit(w) : verdict;
	return dns_complete(w, image, verdict);
}

#endif
