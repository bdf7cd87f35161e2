/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_quick.h: the question that nearly all are, read and answered in the frame.
 *
 * One question of class IN for a name that is ours and not too long, with no OPT, a plain one, or
 * one with a cookie, whose answer is one set: addresses that stand in the name's cell, or what was
 * compiled; the name's own, or a wildcard's; or SOA, where there is none. That needs no copy of the
 * message, and its sum is known by the time that it is written. Whatever else it may be, this says
 * AD_CONTINUE, has left the frame as it was, and the engine (dns_engine.h) looks at it anew. Where
 * both can answer they must say the same to the byte: the fuzzer of packets sees to that.
 *
 * The name is not taken apart. What is hashed ends at the first zero, and a stored name which
 * equals that ends there too, so the labels are as they are in the zone. Only of a name that is not
 * stored are they looked at.
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

/* The cookie that @option carries, through the engine's check. */
static __always_inline bool quick_read_cookie(const __u8 *option, struct dns_work *w)
{
	const struct ad_dns_guard *guard = dns_guard_of(w);

	if (!guard || guard->cookies == AD_DNS_COOKIES_OFF || dns_load32(option) != QUICK_COOKIE)
		return false;
	w->cookie_len = DNS_COOKIE_BYTES;
	w->cookie[0] = dns_load64(option + 4);
	w->cookie[1] = dns_load64(option + 12);
	w->cookie[2] = dns_load64(option + 20);
	return !dns_cookie(w) &&
	       (guard->cookies != AD_DNS_COOKIES_REQUIRED || w->cookie_state == AD_DNS_COOKIE_GOOD);
}

/*
 * OPT of a version that we know, with no flag but DO, and with a whole cookie or nothing in it.
 * Gives what may go back; 0: not ours to say.
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

/* Types of which a name has a set or not; the parent's may be the word on DS. */
static __always_inline bool quick_is_data(__u32 asked)
{
	__u32 qtype = __builtin_bswap16(asked);

	return qtype < DNS_T_TKEY && qtype != DNS_T_OPT && qtype != DNS_T_DS;
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
	return q->asked >> 16 == bpf_htons(DNS_CLASS_IN) && quick_is_data(q->asked);
}

/*
 * What is behind the question: nothing, or an OPT that we know. Then q->max bytes may go back, and
 * as many of them are OPT as there were.
 */
static __always_inline bool quick_read_rest(struct cursor *c, const struct dns_frame *f,
					    struct dns_work *w, const struct ad_dns_image *image,
					    struct dns_quick *q)
{
	q->rest = f->len - (DNS_HEADER + q->name_len + 4);
	q->max = DNS_UDP_MIN;
	if (q->counts == QUICK_COUNTS)
		return !q->rest;
	if (q->rest != DNS_OPT_BYTES && q->rest != DNS_OPT_BYTES + QUICK_COOKIE_BYTES)
		return false;
	q->max = quick_read_opt(c, w, image, q->rest > DNS_OPT_BYTES);
	return q->max;
}

/* Limits are the engine's to count, except for whom they are not meant. */
static __always_inline bool quick_is_limited(const struct dns_work *w)
{
	const struct ad_dns_guard *guard;

	if (!dns_has_limits(w))
		return false;
	guard = dns_guard_of(w);
	return !guard || !guard->cookies_exempt || w->cookie_state != AD_DNS_COOKIE_GOOD;
}

/* --- addresses in the cell -------------------------------------------------------------------- */

/* What the cell has stands for itself: neither a cut, nor more for who asks with DO. */
static __always_inline bool quick_is_plain(const struct dns_work *w, const struct ad_dns_cell *cell)
{
	return cell->kind == AD_DNS_NAME && !(cell->flags & w->edns_do);
}

static __always_inline bool quick_has(const struct ad_dns_cell *cell, __u32 asked)
{
	return (asked == QUICK_A && cell->nr_a) || (asked == QUICK_AAAA && cell->nr_aaaa);
}

static __always_inline __u32 quick_addresses(struct xdp_md *ctx, const struct dns_frame *f,
					     struct dns_work *w, const struct ad_dns_image *image,
					     const struct ad_dns_cell *cell, struct dns_quick *q)
{
	__u32 v4 = q->asked == QUICK_A, n = v4 ? cell->nr_a : cell->nr_aaaa, reason;

	q->len = f->len + n * (DNS_RR_FIXED + (v4 ? 4 : 16));
	q->counts |= (__u64)n << 24;
	w->zone = cell->zone;
	reason = quick_resize(ctx, f, q);
	if (reason != AD_R_DNS_ANSWERED)
		return reason;
	return quick_write(ctx, f, w, image, cell, q) ? reason : AD_R_INTERNAL;
}

/* --- compiled sets ---------------------------------------------------------------------------- */

/* dns_put_rrset(), where all that belongs to the set fits. */
static __always_inline void quick_take(struct dns_work *w, const struct ad_dns_rrset *rrset,
				       struct dns_quick *q)
{
	q->set = rrset->blob;
	q->set_len = rrset->len + rrset->extra_len;
	q->fixups = rrset->nr_fixups;
	q->counts += (__u64)(rrset->rrs & 0xff) << 24 | (__u64)(rrset->extra_rrs & 0x7f) << 56;
	w->base[AD_DNS_BASE_OWNER] = DNS_HEADER;
}

/* dns_deny() */
static __always_inline void quick_deny(struct dns_work *w, const struct ad_dns_image *image,
				       struct dns_quick *q)
{
	const struct ad_dns_zone *zone = dns_zone(image, w->zone);

	q->set = zone->soa;
	q->set_len = zone->soa_len;
	q->fixups = zone->soa_fixups;
	q->counts |= 1ull << 40;
	w->base[AD_DNS_BASE_OWNER] = w->base[AD_DNS_BASE_APEX];
}

/* What is at the cell for that type; false: no data, or nothing simple. */
static __always_inline bool quick_choose(struct dns_work *w, const struct ad_dns_image *image,
					 struct dns_quick *q)
{
	const struct ad_dns_rrset *rrset = 0;
	const struct ad_dns_cell *cell;

	if (!q->absent) {
		cell = dns_cell(w, image, w->cell);
		if (!cell || !quick_is_plain(w, cell) || cell->flags & AD_DNS_HAS_CNAME ||
		    dns_find(w, image, cell->record, w->qtype, 0, &rrset))
			return false;
		w->zone = cell->zone;
	}
	w->body = DNS_HEADER + q->name_len + 4;
	w->base[AD_DNS_BASE_SELF] = w->body;
	dns_locate_apex(w, image);
	if (rrset)
		quick_take(w, rrset, q);
	else
		quick_deny(w, image, q);
	return q->set_len >= 8 && q->set_len <= QUICK_SET_MAX && q->fixups <= QUICK_FIXUPS;
}

/* Its set, or SOA. Global: verified once, and the addresses' way is the shorter for it. */
__noinline int dns_quick_set(struct xdp_md *ctx, const struct dns_frame *f, struct dns_work *w,
			     const struct ad_dns_image *image, struct dns_quick *q)
{
	__u32 reason;

	if (!f || !w || !image || !q)
		return AD_R_INTERNAL;
	if (!quick_choose(w, image, q))
		return AD_CONTINUE;
	q->len = f->len + q->set_len;
	reason = quick_resize(ctx, f, q);
	if (reason != AD_R_DNS_ANSWERED)
		return reason;
	return quick_write_set(ctx, f, w, image, q) ? reason : AD_R_INTERNAL;
}

/* --- names that are not stored ---------------------------------------------------------------- */

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

/*
 * DNS_GO: w->cell is a wildcard's, which answers. DNS_ABSENT: there is none, nor such a name.
 */
__noinline int dns_quick_search(struct dns_work *w, const struct ad_dns_image *image,
				__u32 name_len)
{
	const struct ad_dns_cell *cell;

	if (!w || !image)
		return DNS_PASS;
	w->name_len = name_len;
	w->subject = DNS_HEADER;
	if (!quick_read_labels(w))
		return DNS_PASS;
	dns_join();
	if (dns_search(w, image))
		return DNS_PASS;
	cell = dns_cell(w, image, w->cell);
	return cell && quick_is_plain(w, cell) ? dns_wildcard(w, image, cell) : DNS_PASS;
}

/* --- all of it -------------------------------------------------------------------------------- */

/*
 * AD_CONTINUE: a question for the engine. The frame is untouched, and what was found out about the
 * name is kept for it (w->hashed).
 */
static __always_inline __u32 dns_quick(struct xdp_md *ctx, const struct dns_frame *f,
				       struct dns_work *w, const struct ad_dns_image *image)
{
	const struct ad_dns_cell *cell;
	struct dns_quick q;
	int verdict = DNS_GO;
	struct cursor c;

	if (!quick_read(ctx, f, &c, w, image, &q))
		return AD_CONTINUE;
	cell = dns_probe(w, image, w->hash[0], w->hash[1]);
	w->hashed = q.name_len;
	w->probed = cell ? w->cell + 1 : 0;
	if (!quick_read_rest(&c, f, w, image, &q) || quick_is_limited(w))
		return AD_CONTINUE;
	w->rcode = DNS_NOERROR;
	w->tc = 0;
	w->qtype = __builtin_bswap16(q.asked);
	w->edns = !!q.rest;
	if (!cell) {
		verdict = dns_quick_search(w, image, q.name_len);
		if (verdict == DNS_GO)
			cell = dns_cell(w, image, w->cell);
		else if (verdict != DNS_ABSENT)
			return AD_CONTINUE;
	}
	if (cell && quick_is_plain(w, cell) && quick_has(cell, q.asked))
		return quick_addresses(ctx, f, w, image, cell, &q);
	q.absent = verdict == DNS_ABSENT;
	return dns_quick_set(ctx, f, w, image, &q);
}

#endif
