/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_copy.h: a message out of its frame and back, for what is answered in a copy. Until the reply
 * is known the frame is as it came, so that it can still be passed on.
 */
#ifndef AD_DNS_COPY_H
#define AD_DNS_COPY_H

#include "dns_frame.h"

#define DNS_QUERY_MAX 1024 /* longer ones are the daemon's */
#define DNS_WORDS_MAX 256  /* shorter messages are copied by ourselves */

/*
 * A message in words, laid so that the name begins with one: what is read back in other words than
 * it was stored in waits until the stores have left the core. No helper, no byte by byte.
 */
static __always_inline bool dns_load_words(struct xdp_md *ctx, const struct dns_frame *f,
					   struct dns_work *w, __u32 len)
{
	struct cursor c = cursor_at(ctx, f->dns_off);
	__u32 i, last = (len - 8) & (DNS_WORDS_MAX - 1), rest = (len - 4) & 7;

	if (c.pos + DNS_HEADER > c.end || c.pos + last + 8 > c.end)
		return false;
	*(__u32 *)w->msg = *(__u32 *)c.pos;
	for (i = 4; i < DNS_WORDS_MAX; i += 8) {
		if (i + 8 > len)
			break;
		if (c.pos + i + 8 > c.end)
			return false;
		dns_store64(w->msg + i, *(__u64 *)(c.pos + i));
	}
	dns_store64(w->msg + ((len - rest) & (DNS_WORDS_MAX - 1)),
		    *(__u64 *)(c.pos + last) >> 8 >> (56 - 8 * rest));
	return true;
}

static __always_inline int dns_load(struct xdp_md *ctx, const struct dns_frame *f,
				    struct dns_work *w)
{
	__u32 len = f->len;

	if (len > DNS_QUERY_MAX)
		return DNS_PASS;
	if (len < DNS_HEADER)
		return DNS_IGNORE;
	w->len = len;
	w->tcp = 0;
	if (len < DNS_WORDS_MAX && dns_load_words(ctx, f, w, len))
		return DNS_GO;
	return bpf_xdp_load_bytes(ctx, f->dns_off, w->msg, len) ? DNS_PASS : DNS_GO;
}

/* One's complement sum of the reply, not folded. */
__noinline __u64 dns_sum(struct dns_work *w)
{
	__u64 sum = 0, word;
	__u32 i, len;

	if (!w)
		return 0;
	len = w->len;
	dns_put64(w, len, 0);
	for (i = 0; i < DNS_REPLY_MAX; i += 8) {
		if (i >= len)
			break;
		word = dns_load64(w->msg + i);
		sum += (word >> 32) + (__u32)word;
	}
	return sum;
}

/* What lies in the frame already: all between header and body. */
static __always_inline __u64 dns_sum_question(const struct dns_work *w)
{
	__u64 sum = 0, word, body = w->body;
	__u32 i;

	for (i = DNS_HEADER; i < DNS_WORDS_MAX; i += 8) {
		if (i >= body)
			break;
		word = dns_load64(w->msg + i);
		if (i + 8 > body)
			word &= (1ull << 8 * (body - i)) - 1;
		sum = csum_add(sum, word);
	}
	return sum;
}

/* The last @left bytes, fewer than eight. */
static __always_inline bool dns_store_rest(struct cursor *c, __u64 word, __u32 left)
{
	void *to;

	if (left & 4) {
		to = cursor_take(c, 4);
		if (!to)
			return false;
		*(__u32 *)to = word;
		word >>= 32;
	}
	if (left & 2) {
		to = cursor_take(c, 2);
		if (!to)
			return false;
		*(__u16 *)to = word;
		word >>= 16;
	}
	if (left & 1) {
		to = cursor_take(c, 1);
		if (!to)
			return false;
		*(__u8 *)to = word;
	}
	return true;
}

/*
 * A short reply goes to the frame and into the sum at once, in the words in which the engine wrote
 * it. The question is there already.
 */
static __always_inline bool dns_store_words(struct xdp_md *ctx, const struct dns_frame *f,
					    struct dns_work *w, __u64 *sum)
{
	struct cursor c = cursor_at(ctx, f->dns_off);
	__u64 question = dns_sum_question(w), tail = 0, word;
	__u32 body, size, whole, i;
	const __u8 *from;
	void *to = c.pos;
	__u16 folded;

	if (to + DNS_HEADER > c.end)
		return false;
	*(__u32 *)to = *(__u32 *)w->msg;
	word = dns_load64(w->msg + 4);
	*(__u64 *)(to + 4) = word;
	question = csum_add(question + *(__u32 *)w->msg, word);
	dns_join();
	body = w->body & (DNS_WORDS_MAX - 1);
	size = (w->len - body) & (DNS_WORDS_MAX - 1);
	from = w->msg + body;
	to += body;
	for (i = 0; i < DNS_WORDS_MAX; i += 8) {
		if (i + 8 > size)
			break;
		if (to + i + 8 > c.end)
			return false;
		word = dns_load64(from + i);
		tail = csum_add(tail, word);
		*(__u64 *)(to + i) = word;
	}
	dns_join();
	size = w->len - body;
	whole = size & (DNS_WORDS_MAX - 8);
	c.pos = to + whole;
	word = dns_load64(from + whole) & ((1ull << 8 * (size & 7)) - 1);
	folded = csum_fold(csum_add(tail, word));
	*sum = question + (body & 1 ? __builtin_bswap16(folded) : folded);
	return dns_store_rest(&c, word, size);
}

/*
 * The frame takes the reply's size. A veth (6.18) gives room behind the packet only up to the next
 * multiple of 64 bytes, but always 216 in front: then the heads move forward. If neither goes, the
 * query is still whole.
 */
enum dns_room {
	DNS_ROOM_NONE,
	DNS_ROOM_HERE,	/* behind the question, which has not moved */
	DNS_ROOM_MOVED, /* only the heads are in place */
};

static __always_inline enum dns_room dns_resize(struct xdp_md *ctx, const struct dns_frame *f,
						struct dns_work *w, __u32 len)
{
	int more = f->dns_off + len - f->bytes;
	__u32 heads = f->dns_off & (DNS_HEADS_MAX - 1);

	if (!more || !bpf_xdp_adjust_tail(ctx, more))
		return DNS_ROOM_HERE;
	barrier_var(heads); /* 6.1 wants to see that it is not 0 */
	if (more < 0 || heads < ETH_HLEN || bpf_xdp_load_bytes(ctx, 0, w->name, heads) ||
	    bpf_xdp_adjust_head(ctx, -more) || bpf_xdp_store_bytes(ctx, 0, w->name, heads))
		return DNS_ROOM_NONE;
	return DNS_ROOM_MOVED;
}

/* A reply that is long, or whose question is no longer where it was. */
static __always_inline bool dns_store_all(struct xdp_md *ctx, const struct dns_frame *f,
					  struct dns_work *w, __u64 *sum)
{
	__u32 len = w->len;

	if (len > DNS_REPLY_MAX)
		return false;
	barrier_var(
		len); /* for 6.1: clang 14 would make one comparison of two, of another register */
	if (len < DNS_HEADER || bpf_xdp_store_bytes(ctx, f->dns_off, w->msg, len))
		return false;
	*sum = dns_sum(w);
	return true;
}

/* The reply in w->msg, to a reason. Global: verified once, not for every way to a reply. */
__noinline int dns_send(struct xdp_md *ctx, const struct dns_frame *f, struct dns_work *w)
{
	__u32 len = w ? w->len : 0;
	enum dns_room room;
	__u64 sum;

	if (!f || !w || len < DNS_HEADER || len > DNS_REPLY_MAX)
		return AD_R_INTERNAL;
	room = dns_resize(ctx, f, w, len);
	if (room == DNS_ROOM_NONE)
		return AD_R_DNS_PASSED;
	if ((room == DNS_ROOM_MOVED || len >= DNS_WORDS_MAX || !dns_store_words(ctx, f, w, &sum)) &&
	    !dns_store_all(ctx, f, w, &sum))
		return AD_R_INTERNAL;
	if (!dns_write_heads(ctx, f, len, sum))
		return AD_R_INTERNAL;
	return w->limited == AD_DNS_LIMITED_SLIPPED ? AD_R_DNS_SLIPPED : AD_R_DNS_ANSWERED;
}

#endif
