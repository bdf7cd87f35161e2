/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_quick_put.h: what dns_quick.h has found, into the frame: room, header, records, OPT, heads.
 *
 * Everything is written in words, and added up as it is written: nothing is read back.
 */
#ifndef AD_DNS_QUICK_PUT_H
#define AD_DNS_QUICK_PUT_H

#include "dns_frame.h"

#define QUICK_WORDS	  8 /* of a name */
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
#define QUICK_LABELS	   32
#define QUICK_SET_MAX	   512 /* longer sets, and with more pointers, are the engine's */
#define QUICK_FIXUPS	   16
#define QUICK_ENDS	   (DNS_HEADS_MAX + DNS_HEADER + 8 * QUICK_WORDS + 4)
#define QUICK_MORE	   1024 /* no reply is so much longer than its query */

struct dns_quick {
	__u64 counts;	/* the header's: as they came, then as they go */
	__u64 name_sum; /* of the name's bytes */
	__u32 asked;	/* type and class */
	__u32 name_len;
	__u32 rest;   /* bytes behind the question; OPT goes back with as many */
	__u32 max;    /* bytes that may go back */
	__u32 len;    /* and that do */
	__u32 absent; /* 1: no such name */
	__u32 set;    /* ref of the set that answers, its bytes and pointers */
	__u32 set_len;
	__u32 fixups;
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

	if (q->len > q->max)
		return AD_CONTINUE;
	if (!more || !bpf_xdp_adjust_tail(ctx, more))
		return AD_R_DNS_ANSWERED;
	if (more < 8 || more >= QUICK_MORE || bpf_xdp_adjust_head(ctx, -more))
		return AD_CONTINUE;
	return quick_move(ctx, more, f->dns_off + DNS_HEADER + q->name_len + 4) ? AD_R_DNS_ANSWERED
										: AD_R_INTERNAL;
}

/* @c goes on behind the question; @sum becomes that of header and name. */
static __always_inline bool quick_put_header(struct cursor *c, const struct dns_work *w,
					     const struct dns_quick *q, __u64 *sum)
{
	__u32 *header = cursor_take(c, DNS_HEADER);

	if (!header)
		return false;
	header[0] =
		(header[0] & (0xffff | DNS_RD << 16)) | (DNS_QR | DNS_AA) << 16 | w->rcode << 24;
	*(__u64 *)(header + 1) = q->counts;
	*sum = csum_add(header[0] + q->name_sum, q->counts);
	quick_skip(c, q->name_len + 4);
	return true;
}

/* The addresses of a cell. Adds to @sum what it wrote, as if that began at an even offset. */
static __always_inline bool quick_put_addresses(struct cursor *c, const struct ad_dns_cell *cell,
						__u32 asked, __u64 *sum)
{
	__u32 v4 = asked == QUICK_A, size = v4 ? 4 : 16, i, addr;
	__u32 n = v4 ? cell->nr_a : cell->nr_aaaa, from = v4 ? 0 : cell->nr_a * 4;
	__u32 ttl = v4 ? cell->ttl_a : cell->ttl_aaaa;
	__u64 head =
		__builtin_bswap16(DNS_POINTER | DNS_HEADER) | (__u64)asked << 16 | (__u64)ttl << 48;
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
 * A compiled set, at @at of the frame. The word that its end may cut is written first, as the last
 * eight bytes; the whole ones follow, over what of it they share.
 */
static __always_inline bool quick_put_set(struct xdp_md *ctx, const __u8 *set, __u32 len, __u32 at,
					  __u64 *sum)
{
	struct cursor c = cursor_at(ctx, at + len - 8);
	__u64 word = dns_load64(set + ((len - 8) & (QUICK_SET_MAX - 1)));
	__u32 rest = len & 7, i;

	if (c.pos + 8 > c.end)
		return false;
	*(__u64 *)c.pos = word;
	if (rest)
		*sum = csum_add(*sum, word >> (64 - 8 * rest));
	c = cursor_at(ctx, at);
	for (i = 0; i < QUICK_SET_MAX; i += 8) {
		if (i + 8 > len)
			break;
		if (c.pos + i + 8 > c.end)
			return false;
		word = dns_load64(set + i);
		*(__u64 *)(c.pos + i) = word;
		*sum = csum_add(*sum, word);
	}
	dns_join();
	return true;
}

/* Its pointers, which have been written and added up as if to 0: dns_fix(). */
static __always_inline bool quick_fix(struct xdp_md *ctx, const struct dns_work *w,
				      const struct dns_quick *q, const __u8 *page, __u32 at,
				      __u64 *sum)
{
	const struct ad_dns_fixup *fixup;
	struct cursor c;
	__u32 i, to;

	for (i = 0; i < QUICK_FIXUPS; i++) {
		fixup = dns_at(page, (__u64)q->set * 8 + i * sizeof(*fixup));
		if (i >= q->fixups || fixup->at >= q->set_len)
			break;
		to = w->base[fixup->to >> AD_DNS_BASE_SHIFT & (AD_DNS_BASE_MAX - 1)];
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

/* An odd offset turns a sum by a byte (RFC 1071, 2.B): that of a cookie is always odd. */
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
		<< 8;
	return true;
}

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

/* The frame has its new size: the cell's addresses behind the question, then all heads. */
static __always_inline bool quick_write(struct xdp_md *ctx, const struct dns_frame *f,
					const struct dns_work *w, const struct ad_dns_image *image,
					const struct ad_dns_cell *cell, const struct dns_quick *q)
{
	struct cursor c = cursor_at(ctx, f->dns_off);
	__u64 sum, tail = q->asked;

	if (!quick_put_header(&c, w, q, &sum) || !quick_put_addresses(&c, cell, q->asked, &tail) ||
	    (q->rest && !quick_put_opt(&c, w, image, &tail)))
		return false;
	/* as a cookie's: the question may end anywhere */
	sum += tail << 8 * (q->name_len & 1);
	return dns_write_heads(ctx, f, q->len, sum);
}

/* The same with a compiled set, which may end anywhere, too. */
static __always_inline bool quick_write_set(struct xdp_md *ctx, const struct dns_frame *f,
					    const struct dns_work *w,
					    const struct ad_dns_image *image,
					    const struct dns_quick *q)
{
	const __u8 *page = dns_page_of(w, image, (__u64)q->set * 8);
	__u32 at = f->dns_off + DNS_HEADER + q->name_len + 4;
	struct cursor c = cursor_at(ctx, f->dns_off);
	__u64 sum, tail = q->asked, opt = 0;

	if (!page || !quick_put_header(&c, w, q, &sum) ||
	    !quick_put_set(ctx, dns_at(page, q->set * 8 + q->fixups * sizeof(struct ad_dns_fixup)),
			   q->set_len, at, &tail) ||
	    !quick_fix(ctx, w, q, page, at, &tail))
		return false;
	c = cursor_at(ctx, at + q->set_len);
	if (q->rest && !quick_put_opt(&c, w, image, &opt))
		return false;
	tail += opt << 8 * (q->set_len & 1);
	sum += tail << 8 * (q->name_len & 1);
	return dns_write_heads(ctx, f, q->len, sum);
}

#endif
