/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_quick.h: the question that nearly all are, read and answered in the frame.
 *
 * One question for an address that stands in its name's cell, with no OPT, a plain one, or one
 * with a cookie: that needs no copy of the message, and its sum is known by the time that it is
 * written. Whatever else it may be, this says AD_CONTINUE, has left the frame as it was, and the
 * engine (dns_engine.h) looks at it anew. Where both can answer they must say the same to the
 * byte: net/dns.t and the program tests see to that.
 *
 * The name is not taken apart. What is hashed ends at the first zero, and a stored name which
 * equals that ends there too, so the labels are as they are in the zone; a name with a zero in a
 * label equals none.
 */
#ifndef AD_DNS_QUICK_H
#define AD_DNS_QUICK_H

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
/* From its flags on: no flags, and the length of one option; that option's code and length. */
#define QUICK_COOKIE_LEN   (28u << 24)
#define QUICK_COOKIE	   0x18000a00u
#define QUICK_COOKIE_BYTES (DNS_OPTION_HEAD + DNS_COOKIE_BYTES)

struct dns_quick {
	__u64 counts;
	__u64 name_sum; /* of the name's bytes */
	__u32 asked;	/* type and class */
	__u32 name_len;
	__u32 rest; /* bytes behind the question; OPT goes back with as many */
};

/* Bytes up to the lowest set bit's, which is the highest of its byte. */
static __always_inline __u32 quick_place(__u64 lowest)
{
	return (lowest >> 7) * 0x0102030405060708ull >> 56;
}

/* What clang 14 adds up in another order the second time is another pointer to the verifier. */
static __always_inline void quick_skip(struct cursor *c, __u32 bytes)
{
	void *pos = c->pos + (bytes & 0xff);

	barrier_var(pos);
	c->pos = pos;
}

/* The name at @c, lower-cased and hashed as dns_read_name() does it. */
static __always_inline bool quick_read_name(struct cursor *c, struct dns_work *w,
					    const struct ad_dns_image *image, struct dns_quick *q)
{
	__u64 h0 = 0, h1 = 0, sum = 0, word, zeros;
	__u64 *at;
	__u32 i;

	for (i = 0; i < QUICK_WORDS; i++) {
		at = c->pos;
		if ((void *)(at + 1) > c->end)
			return false;
		word = *at;
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
		c->pos += 8;
	}
	if (i == QUICK_WORDS)
		return false;
	q->name_len = 8 * i + quick_place(zeros);
	quick_skip(c, quick_place(zeros));
	q->name_sum = sum;
	w->name[i + 1] = 0;
	w->hash[0] = h0;
	w->hash[1] = h1;
	return true;
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
 * OPT of a version that we know, without flags, and with a whole cookie or nothing in it. Gives
 * what may go back; 0: not ours to say.
 */
static __always_inline __u32 quick_read_opt(struct cursor *c, struct dns_work *w,
					    const struct ad_dns_image *image, bool has_cookie)
{
	__u8 *rr = cursor_take(c, DNS_OPT_BYTES), *option;
	__u64 word;
	__u32 max;

	if (!rr || *(__u32 *)(rr + 7) != (has_cookie ? QUICK_COOKIE_LEN : 0))
		return 0;
	word = *(__u64 *)rr;
	if ((word & QUICK_OPT_CHECKED) != QUICK_OPT)
		return 0;
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

/* Header and question. True: one question, of class IN. */
static __always_inline bool quick_read(struct cursor *c, struct dns_work *w,
				       const struct ad_dns_image *image, struct dns_quick *q)
{
	__u8 *header = cursor_take(c, DNS_HEADER);
	__u32 *asked;

	if (!header || header[2] & (DNS_QR | DNS_OPCODE))
		return false;
	q->counts = *(__u64 *)(header + 4);
	if ((q->counts & ~QUICK_WITH_OPT) != QUICK_COUNTS || !quick_read_name(c, w, image, q))
		return false;
	asked = cursor_take(c, 4);
	if (!asked)
		return false;
	q->asked = *asked;
	return q->asked >> 16 == bpf_htons(DNS_CLASS_IN);
}

/* Bytes behind the question: those of an OPT that we know, or none. */
static __always_inline bool quick_rest_is_known(const struct dns_quick *q)
{
	return q->counts == QUICK_COUNTS
		       ? !q->rest
		       : q->rest == DNS_OPT_BYTES || q->rest == DNS_OPT_BYTES + QUICK_COOKIE_BYTES;
}

/* The records, from @c on. Adds to @sum what it wrote, as if that began at an even offset. */
static __always_inline bool quick_put_records(struct cursor *c, const struct ad_dns_cell *cell,
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
	__u64 word = QUICK_OPT | (__u64)__builtin_bswap16(image->udp_size) << 24;
	__u8 *rr = cursor_take(c, DNS_OPT_BYTES);

	if (!rr)
		return false;
	*(__u64 *)rr = word;
	*(__u32 *)(rr + 7) = w->cookie_len ? QUICK_COOKIE_LEN : 0;
	*sum = csum_add(*sum, word);
	if (!w->cookie_len)
		return true;
	*sum += QUICK_COOKIE_LEN >> 24;
	return quick_put_cookie(c, w, sum);
}

/* The frame has its new size: the answer behind the question, then all heads. */
static __always_inline bool quick_write(struct xdp_md *ctx, const struct dns_frame *f,
					const struct dns_work *w, const struct ad_dns_image *image,
					const struct ad_dns_cell *cell, const struct dns_quick *q,
					__u32 len)
{
	struct cursor c = cursor_at(ctx, f->dns_off);
	__u32 *header = cursor_take(&c, DNS_HEADER), n;
	__u64 sum, tail = q->asked;

	if (!header)
		return false;
	n = q->asked == QUICK_A ? cell->nr_a : cell->nr_aaaa;
	header[0] = (header[0] & (0xffff | DNS_RD << 16)) | (DNS_QR | DNS_AA) << 16;
	sum = csum_add(header[0] + q->name_sum, q->counts | (__u64)n << 24);
	*(__u64 *)(header + 1) = q->counts | (__u64)n << 24;
	quick_skip(&c, q->name_len + 4);
	if (!quick_put_records(&c, cell, q->asked, &tail) ||
	    (q->counts != QUICK_COUNTS && !quick_put_opt(&c, w, image, &tail)))
		return false;
	/* as a cookie's: the question may end anywhere */
	sum += tail << 8 * (q->name_len & 1);
	return dns_write_heads(ctx, f, len, sum);
}

static __always_inline bool quick_has(const struct ad_dns_cell *cell, __u32 asked)
{
	return (asked == QUICK_A && cell->nr_a) || (asked == QUICK_AAAA && cell->nr_aaaa);
}

static __always_inline __u32 quick_length(const struct dns_quick *q, const struct ad_dns_cell *cell)
{
	__u32 len = DNS_HEADER + q->name_len + 4;

	len += q->asked == QUICK_A ? cell->nr_a * (DNS_RR_FIXED + 4)
				   : cell->nr_aaaa * (DNS_RR_FIXED + 16);
	return len + q->rest;
}

/*
 * AD_CONTINUE: a question for the engine. The frame is untouched, and what was found out about the
 * name is kept for it (w->hashed).
 */
__noinline int dns_quick(struct xdp_md *ctx, const struct dns_frame *f, struct dns_work *w,
			 const struct ad_dns_image *image)
{
	const struct ad_dns_cell *cell;
	struct dns_quick q;
	struct cursor c;
	__u32 len, max, more;

	if (!f || !w || !image)
		return AD_R_INTERNAL;
	c = cursor_at(ctx, f->dns_off);
	if (!quick_read(&c, w, image, &q))
		return AD_CONTINUE;
	cell = dns_probe(w, image, w->hash[0], w->hash[1]);
	w->hashed = q.name_len;
	w->probed = cell ? w->cell + 1 : 0;
	if (!cell || cell->kind != AD_DNS_NAME || !quick_has(cell, q.asked))
		return AD_CONTINUE;
	q.rest = f->len - (DNS_HEADER + q.name_len + 4);
	if (!quick_rest_is_known(&q))
		return AD_CONTINUE;
	len = quick_length(&q, cell);
	max = q.rest ? quick_read_opt(&c, w, image, q.rest > DNS_OPT_BYTES) : DNS_UDP_MIN;
	if (len > max)
		return AD_CONTINUE;
	more = f->dns_off + len - f->bytes;
	if (more && bpf_xdp_adjust_tail(ctx, more))
		return AD_CONTINUE;
	w->rcode = DNS_NOERROR;
	w->tc = 0;
	w->zone = cell->zone;
	w->qtype = q.asked == QUICK_A ? DNS_T_A : DNS_T_AAAA;
	w->edns = !!q.rest;
	return quick_write(ctx, f, w, image, cell, &q, len) ? AD_R_DNS_ANSWERED : AD_R_INTERNAL;
}

#endif
