/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_odd.h: queries with more in them than a question and an OPT record: IXFR brings a SOA, a
 * signed one its signature, some bring what has no business there.
 *
 * The kernel leaves them to the daemon. There the message becomes one of the usual kind: what says
 * nothing to us is cut out, and the engine goes on as ever.
 */
#ifndef AD_DNS_ODD_H
#define AD_DNS_ODD_H

#include "dns_wire.h"

#define DNS_RR_TAIL    10 /* type, class, TTL, length */
#define DNS_TSIG_FIXED 16 /* all of its data but algorithm, MAC and other data */
#define DNS_TSIG_MAC   8  /* time and fudge stand in front of the MAC's length */

/* One record: where it starts, its type and length stand, and its data ends. */
struct dns_span {
	__u32 at;
	__u32 type_at;
	__u32 end;
};

/* What a message holds beside its question. */
struct dns_found {
	struct dns_span opt;
	struct dns_span tsig;
	__u32 opts;
};

/* Behind the name at @at, or 0; @whole: also if it goes on somewhere else. */
static __always_inline __u32 dns_skip_name(const struct dns_work *w, __u32 at, __u32 whole)
{
	__u32 len, max = at + DNS_NAME_BYTES;

	while (at < w->len && at < max) {
		len = dns_get8(w, at);
		if (len >= DNS_POINTER >> 8)
			return whole ? 0 : at + 2;
		if (len > DNS_LABEL_BYTES)
			return 0;
		at += len + 1;
		if (!len)
			return at;
	}
	return 0;
}

static __always_inline int dns_read_record(const struct dns_work *w, struct dns_span *span)
{
	span->type_at = dns_skip_name(w, span->at, 0);
	if (!span->type_at || span->type_at + DNS_RR_TAIL > w->len)
		return -1;
	span->end = span->type_at + DNS_RR_TAIL + dns_get16(w, span->type_at + 8);
	return span->end > w->len ? -1 : 0;
}

/* A TSIG is the last record of all (RFC 8945, 5.1); there is one OPT (RFC 6891, 6.1.1). */
static __always_inline int dns_read_records(const struct dns_work *w, struct dns_found *found)
{
	__u32 main = dns_get16(w, 6) + dns_get16(w, 8), nr = main + dns_get16(w, 10), i, type;
	struct dns_span span = { .end = w->body };

	for (i = 0; i < nr; i++) {
		span.at = span.end;
		if (dns_read_record(w, &span))
			return -1;
		type = dns_get16(w, span.type_at);
		if ((type == DNS_T_OPT && (i < main || found->opts++)) ||
		    (type == DNS_T_TSIG && (i < main || i != nr - 1)))
			return -1;
		if (type == DNS_T_OPT)
			found->opt = span;
		if (type == DNS_T_TSIG)
			found->tsig = span;
	}
	return span.end == w->len ? 0 : -1;
}

static __always_inline void dns_move(struct dns_work *w, __u32 to, __u32 from, __u32 end)
{
	while (from < end)
		dns_put8(w, to++, dns_get8(w, from++));
	w->len = to;
}

/*
 * We have no keys, so every key is unknown (RFC 8945, 5.2.1): its name, algorithm and time go
 * back without a MAC, and with the reason. Neither name may be compressed (4.2).
 */
static __always_inline int dns_bad_key(struct dns_work *w, const struct dns_span *tsig)
{
	__u32 data = tsig->type_at + DNS_RR_TAIL, mac = dns_skip_name(w, data, 1), len, at;

	if (!mac || !dns_skip_name(w, tsig->at, 1) || mac + DNS_TSIG_FIXED > tsig->end ||
	    dns_get16(w, tsig->type_at + 2) != DNS_CLASS_ANY || dns_get16(w, tsig->type_at + 4) ||
	    dns_get16(w, tsig->type_at + 6))
		return dns_reject(w, DNS_FORMERR);
	mac += DNS_TSIG_MAC;
	len = mac - tsig->at;
	dns_move(w, w->body, tsig->at, mac);
	at = w->body + len;
	dns_put16(w, at, 0);
	dns_put16(w, at + 2, dns_get16(w, 0));
	dns_put16(w, at + 4, DNS_BADKEY);
	dns_put16(w, at + 6, 0);
	w->len = at + 8;
	dns_put16(w, w->body + (tsig->type_at - tsig->at) + 8, mac - data + 8);
	dns_put8(w, 2, DNS_QR | (dns_get8(w, 2) & DNS_RD));
	dns_put8(w, 3, DNS_NOTAUTH);
	dns_put16(w, 6, 0); /* the question, if there was one, stays */
	dns_put16(w, 8, 0);
	dns_put16(w, 10, 1);
	w->rcode = DNS_NOTAUTH;
	return DNS_SEND;
}

/* Of all that is behind w->body OPT stays. */
static __always_inline void dns_keep_opt(struct dns_work *w, const struct dns_found *found)
{
	dns_move(w, w->body, found->opt.at, found->opt.end);
	dns_put16(w, 6, 0);
	dns_put16(w, 8, 0);
	dns_put16(w, 10, found->opts);
}

/* Leaves header, question and OPT. */
static __always_inline int dns_tidy(struct dns_work *w)
{
	struct dns_found found = {};

	if (dns_read_records(w, &found))
		return dns_reject(w, DNS_FORMERR);
	if (found.tsig.end)
		return dns_bad_key(w, &found.tsig);
	dns_keep_opt(w, &found);
	return DNS_GO;
}

/* Behind all questions, or 0. A single one goes back, so its name is whole and no longer than one.
 */
static __always_inline __u32 dns_skip_questions(const struct dns_work *w)
{
	__u32 i, nr = dns_get16(w, 4), at = DNS_HEADER;

	for (i = 0; i < nr; i++) {
		at = dns_skip_name(w, at, nr == 1);
		if (!at || at + 4 > w->len || (nr == 1 && at - DNS_HEADER > DNS_NAME_BYTES))
			return 0;
		at += 4;
	}
	return at;
}

/*
 * What is no query for us, as another opcode or without exactly one question: leaves header, the
 * one question, and OPT, if all that can be read and there is one. w->rcode says what is wrong with
 * it.
 */
static __always_inline int dns_tidy_odd(struct dns_work *w)
{
	__u32 opcode = dns_get8(w, 2) & DNS_OPCODE;
	struct dns_found found = {};

	w->rcode = opcode ? DNS_NOTIMP : DNS_FORMERR;
	w->body = dns_skip_questions(w);
	if (!w->body || dns_read_records(w, &found))
		return dns_reject(w, w->rcode);
	if (found.tsig.end && !opcode)
		return dns_bad_key(w, &found.tsig);
	if (!found.opts)
		return dns_reject(w, w->rcode);
	if (dns_get16(w, 4) != 1)
		w->body = DNS_HEADER;
	dns_put16(w, 4, dns_get16(w, 4) == 1);
	dns_keep_opt(w, &found);
	return DNS_GO;
}

#endif
