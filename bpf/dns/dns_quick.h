/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_quick.h: a query read and answered in the frame.
 *
 * One question of class IN, whose name is not too long, with or without EDNS. What is to be said is
 * chosen by the engine (dns_follow.h), as for every other query; here its parts are written behind
 * the question, and added up as they are. Nearly all queries are for an address of a name that has
 * one: these take a way of their own, which is dns_find_answer()'s first step. What is too long or
 * has too many parts, and what a network may be told too often, is AD_CONTINUE: the frame is as it
 * was, and is answered in a copy.
 *
 * The name is not taken apart. What is hashed ends at the first zero, and a stored name which
 * equals that ends there too, so the labels are as they are in the zone. Only of a name that is not
 * stored as such are they looked at.
 */
#ifndef AD_DNS_QUICK_H
#define AD_DNS_QUICK_H

#include "dns_quick_put.h"

/* Bytes up to the lowest set bit's, which is the highest of its byte. */
static __always_inline __u32 quick_place(__u64 lowest)
{
	return (lowest >> 7) * 0x0102030405060708ull >> 56;
}

/*
 * Where the frame ends within a word of the name, the message's last eight bytes, and in front of
 * them what was read already: @beyond is how far the word reaches.
 */
static __always_inline bool quick_last_word(struct xdp_md *ctx, const struct dns_frame *f,
					    __u32 beyond, __u64 *word)
{
	struct cursor c = cursor_at(ctx, f->dns_off + f->len - 8);

	if (c.pos + 8 > c.end)
		return false;
	*word = *(__u64 *)c.pos >> 8 * (beyond & 7);
	return true;
}

/*
 * The name, lower-cased and hashed as dns_read_name() does it, to where the first zero is. Global:
 * verified once, not once for each length. DNS_PASS: too long.
 */
__noinline int dns_quick_name(struct xdp_md *ctx, const struct dns_frame *f, struct dns_work *w,
			      const struct ad_dns_image *image, struct dns_quick *q)
{
	__u64 h0 = 0, h1 = 0, sum = 0, word, zeros = 0;
	struct cursor c;
	__u32 i;

	if (!f || !w || !image || !q)
		return DNS_PASS;
	c = cursor_at(ctx, f->dns_off + DNS_HEADER);
	for (i = 0; i < QUICK_WORDS; i++) {
		if (c.pos + 8 <= c.end)
			word = *(__u64 *)c.pos;
		else if (!quick_last_word(ctx, f, DNS_HEADER + 8 * i + 8 - f->len, &word))
			return DNS_PASS;
		zeros = (word - QUICK_BYTES(1)) & ~word & QUICK_BYTES(0x80);
		zeros &= -zeros;
		word &= (zeros >> 7) - 1; /* all of it, if there is none */
		sum = csum_add(sum, word);
		word = dns_lower(word);
		w->name[i] = word;
		h0 += dns_nh(word, image->keys[i][0]);
		h1 += dns_nh(word, image->keys[i][1]);
		if (zeros)
			break;
		c.pos += 8;
	}
	w->name[i + 1] = 0;
	w->hash[0] = h0;
	w->hash[1] = h1;
	q->name_sum = sum;
	q->name_len = 8 * i + quick_place(zeros);
	return zeros ? DNS_GO : DNS_PASS;
}

/* Header and question; @c goes on behind them. True: one question, of class IN. */
static __always_inline bool quick_read(struct xdp_md *ctx, const struct dns_frame *f,
				       struct cursor *c, struct dns_work *w,
				       const struct ad_dns_image *image, struct dns_quick *q)
{
	__u8 *header;
	__u32 *asked;

	*c = cursor_at(ctx, f->dns_off);
	header = cursor_take(c, DNS_HEADER);
	if (!header || header[2] & (DNS_QR | DNS_OPCODE))
		return false;
	q->counts = *(__u64 *)(header + 4);
	if ((q->counts & ~QUICK_WITH_OPT) != QUICK_COUNTS || dns_quick_name(ctx, f, w, image, q))
		return false;
	quick_skip(c, q->name_len);
	asked = cursor_take(c, 4);
	if (!asked)
		return false;
	q->asked = *asked;
	return q->asked >> 16 == bpf_htons(DNS_CLASS_IN);
}

/* The cookie that @option carries, if it is whole: as dns_read_cookie(). */
static __always_inline bool quick_read_cookie(const __u8 *option, struct dns_work *w)
{
	const struct ad_dns_rules *rules = dns_rules_of(w);

	if (!rules || rules->cookies == AD_DNS_COOKIES_OFF || dns_load32(option) != QUICK_COOKIE)
		return false;
	w->cookie_len = DNS_COOKIE_BYTES;
	w->options = QUICK_COOKIE_BYTES;
	w->cookie[0] = dns_load64(option + 4);
	w->cookie[1] = dns_load64(option + 12);
	w->cookie[2] = dns_load64(option + 20);
	return !dns_cookie(w) &&
	       (rules->cookies != AD_DNS_COOKIES_REQUIRED || w->cookie_state == AD_DNS_COOKIE_GOOD);
}

/*
 * OPT of a version that we know, with no flag but DO, and with a whole cookie or nothing in it.
 * Gives what may go back; 0: it is none such.
 */
static __always_inline __u32 quick_read_opt(struct cursor *c, struct dns_work *w,
					    const struct ad_dns_image *image, bool has_cookie)
{
	__u8 *rr = cursor_take(c, DNS_OPT_BYTES), *option;
	__u64 word;
	__u32 max;

	if (!rr || (*(__u32 *)(rr + 7) & ~DNS_DO) != (has_cookie ? QUICK_COOKIE_LEN : 0))
		return 0;
	word = *(__u64 *)rr;
	if ((word & QUICK_OPT_CHECKED) != QUICK_OPT)
		return 0;
	w->edns_do = word >> 56;
	max = __builtin_bswap16(word >> 24);
	if (max < DNS_UDP_MIN)
		max = DNS_UDP_MIN;
	if (has_cookie) {
		option = cursor_take(c, QUICK_COOKIE_BYTES);
		if (!option || !quick_read_cookie(option, w))
			return 0;
	}
	return max < image->udp_size ? max : image->udp_size;
}

/* What is behind the question: nothing, or an OPT; of a simple one q->max is known then. */
static __always_inline bool quick_read_rest(struct cursor *c, const struct dns_frame *f,
					    struct dns_work *w, const struct ad_dns_image *image,
					    struct dns_quick *q)
{
	q->rest = f->len - (DNS_HEADER + q->name_len + 4);
	q->max = DNS_UDP_MIN;
	if (q->counts == QUICK_COUNTS)
		return !q->rest;
	q->max = 0;
	if (q->rest == DNS_OPT_BYTES || q->rest == DNS_OPT_BYTES + QUICK_COOKIE_BYTES)
		q->max = quick_read_opt(c, w, image, q->rest > DNS_OPT_BYTES);
	return true;
}

/*
 * Any other OPT is read by dns_read_edns(): what is behind the question is copied to where it would
 * be, in words such that the first option's data begins with one: what is read back in other words
 * than it was stored in waits until the stores have left the core. Global: verified once, and most
 * queries have no options.
 */
__noinline int dns_quick_edns(struct xdp_md *ctx, const struct dns_frame *f, struct dns_work *w,
			      struct dns_quick *q)
{
	__u32 body, len, i;
	struct cursor c;
	__u8 *to;

	if (!f || !w || !q)
		return DNS_PASS;
	body = w->body & (QUICK_MESSAGE - 1);
	len = w->len - body;
	if (len < DNS_OPT_BYTES || len > QUICK_OPT_MAX)
		return DNS_PASS;
	w->brought = 0;
	dns_store64(w->msg + 4, q->counts);
	to = w->msg + body;
	c = cursor_at(ctx, f->dns_off + body + len - 8);
	if (c.pos + 8 > c.end)
		return DNS_PASS;
	dns_store64(to + ((len - 8) & (QUICK_OPT_MAX - 1)), *(__u64 *)c.pos);
	c = cursor_at(ctx, f->dns_off + body);
	if (c.pos + 8 > c.end)
		return DNS_PASS;
	dns_store64(to, *(__u64 *)c.pos);
	for (i = DNS_OPT_BYTES - 4; i < QUICK_OPT_MAX; i += 8) {
		if (i + 8 > len)
			break;
		if (c.pos + i + 8 > c.end)
			return DNS_PASS;
		dns_store64(to + i, *(__u64 *)(c.pos + i));
	}
	dns_join();
	return dns_read_edns(w);
}

/* Limits are counted where an answer may still be cut, except for whom they are not meant. */
static __always_inline bool quick_is_limited(const struct dns_work *w)
{
	const struct ad_dns_rules *rules;

	if (!dns_has_limits(w))
		return false;
	rules = dns_rules_of(w);
	return !rules || !rules->cookies_exempt || w->cookie_state != AD_DNS_COOKIE_GOOD;
}

/* --- addresses in the cell -------------------------------------------------------------------- */

/* dns_is_inline(), of what is in registers. */
static __always_inline bool quick_has(const struct dns_work *w, const struct ad_dns_cell *cell,
				      __u32 asked)
{
	if (cell->kind != AD_DNS_NAME || cell->flags & w->edns_do)
		return false;
	return (asked == QUICK_A && cell->nr_a) || (asked == QUICK_AAAA && cell->nr_aaaa);
}

static __always_inline __u32 quick_addresses(struct xdp_md *ctx, const struct dns_frame *f,
					     struct dns_work *w, const struct ad_dns_image *image,
					     const struct ad_dns_cell *cell, struct dns_quick *q)
{
	__u32 v4 = q->asked == QUICK_A, n = v4 ? cell->nr_a : cell->nr_aaaa, reason;

	q->len = f->len + n * (DNS_RR_FIXED + (v4 ? 4 : 16)); /* OPT goes back as long as it came */
	if (q->len > q->max)
		return AD_CONTINUE;
	q->flags = DNS_QR | DNS_AA;
	q->counts |= (__u64)n << 24;
	w->zone = cell->zone;
	reason = quick_resize(ctx, f, q);
	if (reason != AD_R_DNS_ANSWERED)
		return reason;
	return quick_write(ctx, f, w, image, cell, q) ? reason : AD_R_INTERNAL;
}

/* --- everything else -------------------------------------------------------------------------- */

/* As dns_read_labels(). A name with a zero in a label is longer than what was read of it. */
static __always_inline bool quick_read_labels(struct dns_work *w)
{
	const __u8 *name = (const __u8 *)w->name;
	__u32 at = 0, n, len;

	for (n = 0; n < QUICK_LABELS; n++) {
		w->labels[n] = at;
		w->nr_labels = n;
		len = name[at & (8 * QUICK_WORDS - 1)];
		if (!len)
			return true;
		at += len + 1;
		if (len > DNS_LABEL_BYTES || at >= w->name_len)
			return false;
	}
	return false;
}

/* What dns_read() leaves behind, for dns_reach(). False: not to be answered here. */
static __always_inline bool quick_begin(struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_cell *cell = w->probed ? dns_cell(w, image, w->probed - 1) : 0;

	w->framed = 1;
	w->tcp = 0;
	w->qclass = DNS_CLASS_IN;
	w->subject = DNS_HEADER;
	w->name_len = w->hashed;
	w->labels[0] = 0;
	dns_begin_match(w);
	return !dns_is_meta(w->qtype) &&
	       ((cell && cell->kind == AD_DNS_NAME) || quick_read_labels(w));
}

/* dns_reach(), for a name that was hashed and looked for. */
static __always_inline int quick_reach(struct dns_work *w, const struct ad_dns_image *image)
{
	if (!quick_begin(w, image))
		return DNS_PASS;
	dns_join();
	return w->rcode == DNS_NOERROR ? dns_reach(w, image) : DNS_SEND;
}

/* The rest of what is behind the question, for whoever chooses. */
static __always_inline bool quick_read_more(struct xdp_md *ctx, const struct dns_frame *f,
					    struct dns_work *w, struct dns_quick *q)
{
	w->body = DNS_HEADER + q->name_len + 4;
	w->len = f->len;
	w->udp_max = q->max;
	return q->max || !dns_quick_edns(ctx, f, w, q);
}

/*
 * Chosen by the engine. DNS_GO: the addresses of w->cell; DNS_SEND: w->parts. Global, as is what
 * writes them: verified once, and the stack is not theirs together.
 */
__noinline int dns_quick_choose(struct xdp_md *ctx, const struct dns_frame *f, struct dns_work *w,
				const struct ad_dns_image *image, struct dns_quick *q)
{
	const struct ad_dns_cell *cell;
	int verdict;

	if (!f || !w || !image || !q)
		return DNS_PASS;
	if (!quick_read_more(ctx, f, w, q) || quick_is_limited(w))
		return DNS_PASS;
	verdict = quick_reach(w, image);
	cell = verdict == DNS_GO && q->max && !w->probed ? dns_cell(w, image, w->cell) : 0;
	if (cell && quick_has(w, cell, q->asked))
		return DNS_GO;
	dns_begin_answer(w, image);
	verdict = dns_follow(w, image, verdict, 1);
	return verdict == DNS_SEND ? DNS_SEND : DNS_PASS;
}

__noinline int dns_quick_send(struct xdp_md *ctx, const struct dns_frame *f, struct dns_work *w,
			      const struct ad_dns_image *image, struct dns_quick *q)
{
	__u32 reason;

	if (!f || !w || !image || !q)
		return AD_R_INTERNAL;
	q->len = w->at + quick_opt_bytes(w, image);
	if (f->dns_off + q->len > CURSOR_REACH)
		return AD_CONTINUE;
	reason = quick_resize(ctx, f, q);
	if (reason != AD_R_DNS_ANSWERED)
		return reason;
	q->flags = DNS_QR | (w->aa ? DNS_AA : 0) | (w->tc ? DNS_TC : 0) | (w->rcode & 15) << 8;
	q->counts = QUICK_COUNTS | (__u64)__builtin_bswap16(w->count[DNS_ANSWER]) << 16 |
		    (__u64)__builtin_bswap16(w->count[DNS_AUTHORITY]) << 32 |
		    (__u64)__builtin_bswap16(w->count[DNS_ADDITIONAL] + w->edns) << 48;
	return quick_write_parts(ctx, f, w, image, q) ? reason : AD_R_INTERNAL;
}

/* --- all of it -------------------------------------------------------------------------------- */

/*
 * AD_CONTINUE: to be answered in a copy. The frame is untouched, and what was found out about the
 * name is kept (w->hashed).
 */
static __always_inline __u32 dns_quick(struct xdp_md *ctx, const struct dns_frame *f,
				       struct dns_work *w, const struct ad_dns_image *image,
				       struct dns_quick *q)
{
	const struct ad_dns_cell *cell;
	struct cursor c;
	int verdict;

	if (!quick_read(ctx, f, &c, w, image, q))
		return AD_CONTINUE;
	cell = dns_probe(w, image, w->hash[0], w->hash[1]);
	w->hashed = q->name_len;
	w->probed = cell ? w->cell + 1 : 0;
	w->rcode = DNS_NOERROR;
	if (!quick_read_rest(&c, f, w, image, q))
		return AD_CONTINUE;
	w->tc = 0;
	w->qtype = __builtin_bswap16(q->asked);
	w->edns = !!q->rest;
	if (!cell || !q->max || !quick_has(w, cell, q->asked) || quick_is_limited(w)) {
		verdict = dns_quick_choose(ctx, f, w, image, q);
		if (verdict == DNS_SEND)
			return dns_quick_send(ctx, f, w, image, q);
		cell = verdict == DNS_GO ? dns_cell(w, image, w->cell) : 0;
		if (!cell)
			return AD_CONTINUE;
	}
	return quick_addresses(ctx, f, w, image, cell, q);
}

#endif
