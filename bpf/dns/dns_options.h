/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_options.h: what an OPT record carries (RFC 6891, 6.1.2): NSID (RFC 5001), cookies (RFC 7873,
 * RFC 9018) and the client's subnet (RFC 7871).
 *
 * Options that are unknown are skipped. One that is malformed makes the whole query so, and the
 * answer is FORMERR with an OPT record, for EDNS itself was understood. What is to be said in
 * reply is kept in struct dns_work, because the answer is written over the query.
 */
#ifndef AD_DNS_OPTIONS_H
#define AD_DNS_OPTIONS_H

#include "bpf/base/siphash.h"
#include "dns_wire.h"

#define DNS_OPTION_HEAD	    4
#define DNS_COOKIE_CLIENT   8
#define DNS_COOKIE_BYTES    24 /* with a server cookie of RFC 9018 */
#define DNS_COOKIE_MIN	    16 /* with any server cookie: RFC 7873, 4 */
#define DNS_COOKIE_MAX	    40
#define DNS_COOKIE_VERSION  1
#define DNS_COOKIE_FUTURE_S 300
#define DNS_COOKIE_AGE_S    3600
#define DNS_COOKIE_FRESH_S  1800
#define DNS_SUBNET_FIXED    4

/* --- cookies ---------------------------------------------------------------------------------- */

/* The server cookie's second half, for the first half @head: RFC 9018, 4.4. */
static __always_inline __u64 dns_cookie_hash(const struct dns_work *w, const __u64 secret[2],
					     __u64 head)
{
	struct siphash s;

	siphash_start(&s, secret[0], secret[1]);
	siphash_word(&s, w->cookie[0]);
	siphash_word(&s, head);
	if (dns_from_ip4(w))
		return siphash_end(&s, w->client.w[3], 20);
	siphash_word(&s, w->client.q[0]);
	siphash_word(&s, w->client.q[1]);
	return siphash_end(&s, 0, 32);
}

/* Which secret made it, or -1. Times are serial numbers: RFC 9018, 4.3. */
static __always_inline int dns_cookie_check(const struct dns_work *w,
					    const struct ad_dns_rules *rules, __s32 age)
{
	int i;

	if (w->cookie_len != DNS_COOKIE_BYTES || (__u8)w->cookie[1] != DNS_COOKIE_VERSION ||
	    age < -DNS_COOKIE_FUTURE_S || age > DNS_COOKIE_AGE_S)
		return -1;
	for (i = 0; i < AD_DNS_SECRETS; i++) {
		if (i < rules->nr_secrets &&
		    dns_cookie_hash(w, rules->secrets[i], w->cookie[1]) == w->cookie[2])
			return i;
	}
	return -1;
}

/*
 * What the client brought is checked, and w->cookie becomes what it gets: the same cookie while
 * that is young and made with the secret in use, else a new one.
 */
DNS_STAGE int dns_cookie(struct dns_work *w)
{
	const struct ad_dns_rules *rules = w ? dns_rules_of(w) : 0;
	__u32 now, made;
	int by;

	if (!rules)
		return DNS_PASS;
	now = dns_real_s(w);
	made = __builtin_bswap32(w->cookie[1] >> 32);
	by = dns_cookie_check(w, rules, now - made);
	w->cookie_state = w->cookie_len == DNS_COOKIE_CLIENT ? AD_DNS_COOKIE_NEW
			  : by < 0			     ? AD_DNS_COOKIE_BAD
							     : AD_DNS_COOKIE_GOOD;
	if (by || (__s32)(now - made) > DNS_COOKIE_FRESH_S) {
		w->cookie[1] = DNS_COOKIE_VERSION | (__u64)__builtin_bswap32(now) << 32;
		w->cookie[2] = dns_cookie_hash(w, rules->secrets[0], w->cookie[1]);
	}
	return DNS_GO;
}

static __always_inline int dns_read_cookie(struct dns_work *w, __u32 at, __u32 len)
{
	const struct ad_dns_rules *rules = dns_rules_of(w);

	if (!rules || rules->cookies == AD_DNS_COOKIES_OFF)
		return DNS_GO;
	if (len != DNS_COOKIE_CLIENT && (len < DNS_COOKIE_MIN || len > DNS_COOKIE_MAX))
		return -1;
	w->cookie_len = len;
	w->cookie[0] = dns_load64(&w->msg[at & DNS_MSG_MASK]);
	w->cookie[1] = dns_load64(&w->msg[(at + 8) & DNS_MSG_MASK]);
	w->cookie[2] = dns_load64(&w->msg[(at + 16) & DNS_MSG_MASK]);
	w->options += DNS_OPTION_HEAD + DNS_COOKIE_BYTES;
	if (dns_cookie(w))
		return -1;
	if (rules->cookies == AD_DNS_COOKIES_REQUIRED && w->cookie_state != AD_DNS_COOKIE_GOOD &&
	    !w->tcp && w->rcode == DNS_NOERROR)
		w->rcode = DNS_BADCOOKIE;
	return DNS_GO;
}

/* --- the client's subnet ---------------------------------------------------------------------- */

/*
 * RFC 7871, 6 and 7.2.1: family known, no longer than addresses of that family, as many bytes as
 * that takes, the rest of the last one zero, and no scope in a query. So it can be repeated as it
 * is, but for the scope: 0 unless the name is steered. Without any address (source 0) the family
 * is "irrelevant" (7.1.2), so it may be 0 as well: dig and BIND ask so.
 */
static __always_inline int dns_read_subnet(struct dns_work *w, __u32 at, __u32 len)
{
	__u32 family = dns_get16(w, at), source = dns_get8(w, at + 2), bytes = (source + 7) / 8;
	__u32 max = family == 1 ? 32 : family == 2 ? 128 : 0;

	if (len < DNS_SUBNET_FIXED || family > 2 || source > max || dns_get8(w, at + 3) ||
	    len != DNS_SUBNET_FIXED + bytes ||
	    (source & 7 && dns_get8(w, at + 3 + bytes) & 0xff >> (source & 7)))
		return -1;
	w->subnet_len = len;
	w->subnet[0] = dns_load64(&w->msg[at & DNS_MSG_MASK]);
	w->subnet[1] = dns_load64(&w->msg[(at + 8) & DNS_MSG_MASK]);
	w->subnet[2] = dns_load64(&w->msg[(at + 16) & DNS_MSG_MASK]);
	w->options += DNS_OPTION_HEAD + len;
	return DNS_GO;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* Where each stands; of one that is there twice, the first counts (RFC 7873, 5.2). */
struct dns_places {
	__u32 cookie, cookie_len;
	__u32 subnet, subnet_len;
};

/* RFC 7828, 3.3.1 and 3.3.2: by TCP alone, and without EDNS there is no answer to it. */
static __always_inline void dns_want_idle(struct dns_work *w)
{
	if (!w->tcp || !w->idle || w->want_idle)
		return;
	w->want_idle = 1;
	w->options += DNS_OPTION_HEAD + sizeof(w->idle);
}

static __always_inline int dns_find_options(struct dns_work *w, struct dns_places *places)
{
	__u32 i, at = w->body + DNS_OPT_BYTES, code, len;

	for (i = 0; i < DNS_OPTIONS_MAX; i++) {
		if (at == w->len)
			return DNS_GO;
		if (at + DNS_OPTION_HEAD > w->len)
			return -1;
		code = dns_get16(w, at);
		len = dns_get16(w, at + 2);
		at += DNS_OPTION_HEAD;
		if (at + len > w->len)
			return -1;
		if (code == DNS_OPTION_NSID) {
			w->want_nsid = 1;
		} else if (!DNS_IN_KERNEL && code == DNS_OPTION_KEEPALIVE) {
			dns_want_idle(w);
		} else if (code == DNS_OPTION_COOKIE && !places->cookie) {
			places->cookie = at;
			places->cookie_len = len;
		} else if (code == DNS_OPTION_SUBNET && !places->subnet) {
			places->subnet = at;
			places->subnet_len = len;
		}
		at += len;
	}
	return DNS_PASS; /* too many to look through */
}

/*
 * Nothing that came with it can be relied on. What is of a version or an opcode that we do not know
 * is not ours to judge.
 */
static __always_inline int dns_bad_options(struct dns_work *w)
{
	w->want_nsid = 0;
	w->cookie_len = 0;
	w->subnet_len = 0;
	w->options = 0;
	if (!DNS_IN_KERNEL)
		w->want_idle = 0;
	if (w->rcode == DNS_NOERROR)
		w->rcode = DNS_FORMERR;
	return DNS_GO;
}

DNS_STAGE int dns_read_options(struct dns_work *w)
{
	struct dns_places places = {};
	int verdict;

	if (!w)
		return DNS_PASS;
	verdict = dns_find_options(w, &places);
	if (verdict == DNS_PASS)
		return DNS_IN_KERNEL ? DNS_PASS : dns_bad_options(w);
	if (!verdict && places.subnet)
		verdict = dns_read_subnet(w, places.subnet, places.subnet_len);
	if (!verdict && places.cookie)
		verdict = dns_read_cookie(w, places.cookie, places.cookie_len);
	return verdict ? dns_bad_options(w) : DNS_GO;
}

/* --- in reply --------------------------------------------------------------------------------- */

static __always_inline __u32 dns_options_bytes(const struct dns_work *w,
					       const struct ad_dns_image *image)
{
	return w->options + (w->want_nsid ? DNS_OPTION_HEAD + image->nsid_len : 0);
}

static __always_inline __u32 dns_put_nsid(struct dns_work *w, const struct ad_dns_image *image,
					  __u32 at)
{
	__u32 i, len = image->nsid_len;

	dns_put16(w, at, DNS_OPTION_NSID);
	dns_put16(w, at + 2, len);
	at += DNS_OPTION_HEAD;
	for (i = 0; i < AD_DNS_NSID_MAX; i += 8) {
		if (i >= len)
			break;
		dns_put64(w, at + i, dns_load64(image->nsid + i));
	}
	return at + len;
}

/*
 * How much of the subnet the answer depends on. A negative answer is taken for everybody's whatever
 * we say (RFC 7871, 7.4), and an error is nobody's.
 */
static __always_inline void dns_set_scope(struct dns_work *w)
{
	if (w->count[DNS_ANSWER])
		w->subnet[0] |= (__u64)w->scope << 24;
}

/* Three words of data, of which the first @len bytes count. */
static __always_inline __u32 dns_put_option(struct dns_work *w, __u32 at, __u32 code,
					    const __u64 data[3], __u32 len)
{
	dns_put16(w, at, code);
	dns_put16(w, at + 2, len);
	at += DNS_OPTION_HEAD;
	dns_put64(w, at, data[0]);
	dns_put64(w, at + 8, data[1]);
	dns_put64(w, at + 16, data[2]);
	return at + len;
}

/* Room was kept for all of them; what is there is what was asked for. */
static __always_inline __u32 dns_put_options(struct dns_work *w, const struct ad_dns_image *image,
					     __u32 at)
{
	if (w->want_nsid)
		at = dns_put_nsid(w, image, at);
	if (w->cookie_len)
		at = dns_put_option(w, at, DNS_OPTION_COOKIE, w->cookie, DNS_COOKIE_BYTES);
	if (w->subnet_len) {
		dns_set_scope(w);
		at = dns_put_option(w, at, DNS_OPTION_SUBNET, w->subnet, w->subnet_len);
	}
	if (!DNS_IN_KERNEL && w->want_idle) {
		dns_put16(w, at, DNS_OPTION_KEEPALIVE);
		dns_put16(w, at + 2, sizeof(w->idle));
		dns_put16(w, at + DNS_OPTION_HEAD, w->idle);
		at += DNS_OPTION_HEAD + sizeof(w->idle);
	}
	return at;
}

#endif
