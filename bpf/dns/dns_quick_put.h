/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_quick_put.h: an answer that was chosen, into the frame: room, header, records, OPT, heads.
 *
 * Everything is written in words, and added up as it is written: nothing is read back.
 */
#ifndef AD_DNS_QUICK_PUT_H
#define AD_DNS_QUICK_PUT_H

#include "dns_frame.h"

#define QUICK_WORDS	  16 /* of a name */
#define QUICK_BYTES(byte) (0x0101010101010101ull * (byte))
/* In the order of the wire: type, class. */
#define QUICK_A	   0x01000100
#define QUICK_AAAA 0x01001c00
/* Header behind its first four bytes: one question, nothing else, and perhaps OPT. */
#define QUICK_COUNTS	  0x0100ull
#define QUICK_WITH_OPT	  (1ull << 56)
#define QUICK_OPT	  0x290000 /* root, type: then size, extended rcode, version, flags */
#define QUICK_OPT_CHECKED 0x00ff000000ffffffull
/* From its flags on: the length of one option; that option's code and length. */
#define QUICK_COOKIE_LEN   (28u << 24)
#define QUICK_COOKIE	   0x18000a00u
#define QUICK_COOKIE_BYTES (DNS_OPTION_HEAD + DNS_COOKIE_BYTES)
#define QUICK_OPT_MAX	   128 /* bytes of it in a query: more are read in a copy */
#define QUICK_MESSAGE	   256 /* header and question are shorter */
#define QUICK_LABELS	   64
#define QUICK_ENDS	   (DNS_HEADS_MAX + DNS_HEADER + 8 * QUICK_WORDS + 4)
#define QUICK_MORE	   1024 /* no reply is so much longer than its query */

struct dns_quick {
	__u64 counts;	/* the header's: as they came, then as they go */
	__u64 name_sum; /* of the name's bytes */
	__u32 asked;	/* type and class */
	__u32 name_len;
	__u32 rest;  /* bytes behind the question */
	__u32 max;   /* bytes that may go back; 0: not known yet, for OPT is not simple */
	__u32 len;   /* and that do */
	__u32 flags; /* that they go back with, beside RD */
};

/* What clang 14 adds up in another order the second time is another pointer to the verifier. */
static __always_inline void quick_skip(struct cursor *c, __u32 bytes)
{
	void *pos = c->pos + (bytes & 0xff);

	barrier_var(pos);
	c->pos = pos;
}

/*
 * Heads, header and question, which end at @end, move ahead by @more, into what
 * bpf_xdp_adjust_head() has put in front of them. No word is written over before it was read, as
 * @more is a word at least; the last one ends where they do.
 */
static __always_inline bool quick_move(struct xdp_md *ctx, __u32 more, __u32 end)
{
	struct cursor to = cursor_at(ctx, 0), from = cursor_at(ctx, more);
	__u32 i;

	for (i = 0; i < QUICK_ENDS; i += 8) {
		if (i + 8 > end)
			break;
		if (from.pos + i + 8 > from.end || to.pos + i + 8 > to.end)
			return false;
		*(__u64 *)(to.pos + i) = *(__u64 *)(from.pos + i);
	}
	to = cursor_at(ctx, end - 8);
	from = cursor_at(ctx, end - 8 + more);
	if (from.pos + 8 > from.end || to.pos + 8 > to.end)
		return false;
	*(__u64 *)to.pos = *(__u64 *)from.pos;
	return true;
}

/*
 * The frame takes the reply's size, behind the question or in front of it: see dns_resize().
 * AD_CONTINUE: it does not.
 */
static __always_inline __u32 quick_resize(struct xdp_md *ctx, const struct dns_frame *f,
					  const struct dns_quick *q)
{
	int more = f->dns_off + q->len - f->bytes;

	if (!more || !bpf_xdp_adjust_tail(ctx, more))
		return AD_R_DNS_ANSWERED;
	if (more < 8 || more >= QUICK_MORE || bpf_xdp_adjust_head(ctx, -more))
		return AD_CONTINUE;
	return quick_move(ctx, more, f->dns_off + DNS_HEADER + q->name_len + 4) ? AD_R_DNS_ANSWERED
										: AD_R_INTERNAL;
}

/* @c goes on behind the question; @sum becomes that of header and name. */
static __always_inline bool quick_put_header(struct cursor *c, const struct dns_quick *q,
					     __u64 *sum)
{
	__u32 *header = cursor_take(c, DNS_HEADER);

	if (!header)
		return false;
	header[0] = (header[0] & (0xffff | DNS_RD << 16)) | q->flags << 16;
	*(__u64 *)(header + 1) = q->counts;
	*sum = csum_add(header[0] + q->name_sum, q->counts);
	quick_skip(c, q->name_len + 4);
	return true;
}

/*
 * The addresses of a cell, whose owner name is at @owner_name of the message. Adds to @sum what it
 * wrote, as if that began at an even offset.
 */
static __always_inline bool quick_put_addresses(struct cursor *c, const struct ad_dns_cell *cell,
						__u32 asked, __u32 owner_name, __u64 *sum)
{
	__u32 v4 = asked == QUICK_A, size = v4 ? 4 : 16, i, addr;
	__u32 n = v4 ? cell->nr_a : cell->nr_aaaa, from = v4 ? 0 : cell->nr_a * 4;
	__u32 ttl = v4 ? cell->ttl_a : cell->ttl_aaaa;
	__u64 head =
		__builtin_bswap16(DNS_POINTER | owner_name) | (__u64)asked << 16 | (__u64)ttl << 48;
	__u64 tail = ttl >> 16 | (__u32)__builtin_bswap16(size) << 16;
	const __u8 *data;
	__u8 *rr;

	for (i = 0; i < AD_DNS_CELL_ADDR / 4; i++) {
		if (i >= n)
			break;
		data = cell->addr + (from & 31);
		rr = cursor_take(c, DNS_RR_FIXED + 4);
		if (!rr)
			return false;
		addr = *(const __u32 *)data;
		*(__u64 *)rr = head;
		*(__u64 *)(rr + 8) = tail | (__u64)addr << 32;
		*sum = csum_add(*sum + tail + addr, head);
		from += size;
		if (v4)
			continue;
		rr = cursor_take(c, 12);
		if (!rr)
			return false;
		*(__u64 *)rr = dns_load64(data + 4);
		*(__u32 *)(rr + 8) = *(const __u32 *)(data + 12);
		*sum = csum_add(*sum + *(const __u32 *)(data + 12), dns_load64(data + 4));
	}
	return true;
}

/*
 * Compiled bytes, eight of them at least, at @at of the frame. The word that their end may cut is
 * written first, as the last eight bytes; the whole ones follow, over what of it they share.
 */
static __always_inline bool quick_put_bytes(struct xdp_md *ctx, const __u8 *from, __u32 len,
					    __u32 at, __u64 *sum)
{
	struct cursor c = cursor_at(ctx, at + len - 8);
	__u64 word = dns_load64(from + ((len - 8) & (DNS_PART_BYTES - 1)));
	__u32 rest = len & 7, i;

	if (c.pos + 8 > c.end)
		return false;
	*(__u64 *)c.pos = word;
	if (rest)
		*sum = csum_add(*sum, word >> (64 - 8 * rest));
	c = cursor_at(ctx, at);
	for (i = 0; i < DNS_PART_BYTES; i += 8) {
		if (i + 8 > len)
			break;
		if (c.pos + i + 8 > c.end)
			return false;
		word = dns_load64(from + i);
		*(__u64 *)(c.pos + i) = word;
		*sum = csum_add(*sum, word);
	}
	dns_join();
	return true;
}

/* What a pointer of @part is relative to. */
static __always_inline __u32 quick_base(const struct dns_part *part, __u32 base)
{
	return base == AD_DNS_BASE_OWNER  ? part->owner_name
	       : base == AD_DNS_BASE_APEX ? part->apex
	       : base == AD_DNS_BASE_SELF ? part->at
					  : part->set;
}

/* Its pointers, which have been written and added up as if to 0: dns_fix(). */
static __always_inline bool quick_fix(struct xdp_md *ctx, const struct dns_part *part,
				      const __u8 *page, __u32 at, __u64 *sum)
{
	const struct ad_dns_fixup *fixup;
	struct cursor c;
	__u32 i, to;

	for (i = 0; i < DNS_PART_FIXUPS; i++) {
		fixup = dns_at(page, (__u64)part->ref * 8 + i * sizeof(*fixup));
		if (i >= part->fixups || fixup->at >= part->len)
			break;
		to = quick_base(part, fixup->to >> AD_DNS_BASE_SHIFT & (AD_DNS_BASE_MAX - 1));
		to = __builtin_bswap16(to + (fixup->to & ((1 << AD_DNS_BASE_SHIFT) - 1)));
		c = cursor_at(ctx, at + fixup->at);
		if (c.pos + 2 > c.end)
			return false;
		*(__u16 *)c.pos = __builtin_bswap16(DNS_POINTER) | to;
		*sum += to << 8 * (fixup->at & 1);
	}
	dns_join();
	return true;
}

static __always_inline bool quick_put_blob(struct xdp_md *ctx, const struct dns_work *w,
					   const struct ad_dns_image *image,
					   const struct dns_part *part, __u32 at, __u64 *sum)
{
	const __u8 *page = dns_page_of(w, image, (__u64)part->ref * 8);
	__u64 set = (__u64)part->ref * 8 + part->fixups * sizeof(struct ad_dns_fixup);

	return page && quick_put_bytes(ctx, dns_at(page, set), part->len, at, sum) &&
	       quick_fix(ctx, part, page, at, sum);
}

static __always_inline bool quick_put_cell(struct xdp_md *ctx, const struct dns_work *w,
					   const struct ad_dns_image *image,
					   const struct dns_part *part, __u32 at, __u64 *sum)
{
	const struct ad_dns_cell *cell = dns_cell(w, image, part->ref);
	__u32 asked = part->qtype == DNS_T_A ? QUICK_A : QUICK_AAAA;
	struct cursor c = cursor_at(ctx, at);

	return cell && quick_put_addresses(&c, cell, asked, part->owner_name, sum);
}

/*
 * One part, to its place. Adds to w->sum; an odd offset turns a sum by a byte (RFC 1071, 2.B).
 * Global: verified once. 0: not written.
 */
__noinline int dns_quick_part(struct xdp_md *ctx, const struct dns_frame *f, struct dns_work *w,
			      const struct ad_dns_image *image, __u32 n)
{
	const struct dns_part *part;
	__u64 sum = 0;
	__u32 at;

	if (!f || !w || !image)
		return 0;
	part = &w->parts[n & (DNS_PARTS_MAX - 1)];
	at = f->dns_off + part->at;
	if (part->qtype ? !quick_put_cell(ctx, w, image, part, at, &sum)
			: !quick_put_blob(ctx, w, image, part, at, &sum))
		return 0;
	w->sum += sum << 8 * (part->at & 1);
	return 1;
}

/* --- OPT -------------------------------------------------------------------------------------- */

/* A cookie alone, or nothing, is written by ourselves. */
static __always_inline bool quick_has_options(const struct dns_work *w)
{
	__u32 cookie = w->cookie_len ? QUICK_COOKIE_BYTES : 0;

	return w->options != cookie || w->want_nsid || w->rcode >> 4;
}

static __always_inline __u32 quick_opt_bytes(const struct dns_work *w,
					     const struct ad_dns_image *image)
{
	return w->edns ? DNS_OPT_BYTES + dns_options_bytes(w, image) : 0;
}

/* OPT with whatever options, by dns_put_opt(), and from there to the frame, where w->at is. */
__noinline int dns_quick_options(struct xdp_md *ctx, const struct dns_frame *f, struct dns_work *w,
				 const struct ad_dns_image *image)
{
	__u32 at, len;
	__u64 sum = 0;

	if (!f || !w || !image)
		return 0;
	at = w->at;
	dns_put_opt(w, image);
	dns_join();
	len = w->at - at;
	if (len < 8 || len > DNS_PART_BYTES ||
	    !quick_put_bytes(ctx, w->msg + (at & (DNS_MSG_MASK >> 1)), len, f->dns_off + at, &sum))
		return 0;
	w->sum += sum << 8 * (at & 1);
	return 1;
}

static __always_inline bool quick_put_cookie(struct cursor *c, const struct dns_work *w, __u64 *sum)
{
	__u8 *option = cursor_take(c, QUICK_COOKIE_BYTES);

	if (!option)
		return false;
	dns_store32(option, QUICK_COOKIE);
	dns_store64(option + 4, w->cookie[0]);
	dns_store64(option + 12, w->cookie[1]);
	dns_store64(option + 20, w->cookie[2]);
	*sum += csum_add(csum_add(csum_add(QUICK_COOKIE, w->cookie[0]), w->cookie[1]), w->cookie[2])
		<< 8; /* behind an odd number of bytes */
	return true;
}

/* OPT with nothing in it, or with a cookie. Adds to @sum as if it began at an even offset. */
static __always_inline bool quick_put_opt(struct cursor *c, const struct dns_work *w,
					  const struct ad_dns_image *image, __u64 *sum)
{
	__u64 word = QUICK_OPT | (__u64)__builtin_bswap16(image->udp_size) << 24 |
		     (__u64)w->edns_do << 56;
	__u8 *rr = cursor_take(c, DNS_OPT_BYTES);

	if (!rr)
		return false;
	*(__u64 *)rr = word;
	*(__u32 *)(rr + 7) = w->edns_do | (w->cookie_len ? QUICK_COOKIE_LEN : 0);
	*sum = csum_add(*sum, word);
	if (!w->cookie_len)
		return true;
	*sum += QUICK_COOKIE_LEN >> 24;
	return quick_put_cookie(c, w, sum);
}

/* Any OPT, where w->at is. Adds to w->sum. */
static __always_inline bool quick_put_any_opt(struct xdp_md *ctx, const struct dns_frame *f,
					      struct dns_work *w, const struct ad_dns_image *image)
{
	struct cursor c = cursor_at(ctx, f->dns_off + w->at);
	__u64 sum = 0;

	if (quick_has_options(w))
		return dns_quick_options(ctx, f, w, image);
	if (!quick_put_opt(&c, w, image, &sum))
		return false;
	w->sum += sum << 8 * (w->at & 1);
	return true;
}

/* --- replies ---------------------------------------------------------------------------------- */

/*
 * The frame has its new size: the cell's addresses behind the question, OPT with no more than a
 * cookie, then all heads.
 */
static __always_inline bool quick_write(struct xdp_md *ctx, const struct dns_frame *f,
					const struct dns_work *w, const struct ad_dns_image *image,
					const struct ad_dns_cell *cell, const struct dns_quick *q)
{
	struct cursor c = cursor_at(ctx, f->dns_off);
	__u64 sum, tail = q->asked;

	if (!quick_put_header(&c, q, &sum) ||
	    !quick_put_addresses(&c, cell, q->asked, DNS_HEADER, &tail) ||
	    (q->rest && !quick_put_opt(&c, w, image, &tail)))
		return false;
	/* an odd offset turns a sum by a byte: the question may end anywhere */
	sum += tail << 8 * (q->name_len & 1);
	return dns_write_heads(ctx, f, q->len, sum);
}

/* The same with whatever was chosen. */
static __always_inline bool quick_write_parts(struct xdp_md *ctx, const struct dns_frame *f,
					      struct dns_work *w, const struct ad_dns_image *image,
					      const struct dns_quick *q)
{
	struct cursor c = cursor_at(ctx, f->dns_off);
	__u64 sum;
	__u32 i;

	if (!quick_put_header(&c, q, &sum))
		return false;
	w->sum = sum + ((__u64)q->asked << 8 * (q->name_len & 1));
	for (i = 0; i < DNS_PARTS_MAX; i++) {
		if (i >= w->nr_parts)
			break;
		if (!dns_quick_part(ctx, f, w, image, i))
			return false;
	}
	dns_join();
	if (w->edns && !quick_put_any_opt(ctx, f, w, image))
		return false;
	return dns_write_heads(ctx, f, q->len, w->sum);
}

#endif
