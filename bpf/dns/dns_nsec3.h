/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_nsec3.h: the hash of a name (RFC 5155, 5): SHA-1 of name and salt, and that again with the
 * salt as often as the zone says. The compiler of zones
 * uses it too.
 */
#ifndef AD_DNS_NSEC3_H
#define AD_DNS_NSEC3_H

#include "dns_place.h"

#define DNS_SHA1_BYTES	20
#define DNS_SHA1_BLOCK	64
#define DNS_SHA1_ROUNDS 80
#define DNS_NSEC3_TEXT	1024 /* name, salt and padding: a power of two */
#define DNS_NSEC3_MASK	(DNS_NSEC3_TEXT - 1)

struct dns_nsec3 {
	__u8 text[DNS_NSEC3_TEXT]; /* the lower-cased name to begin with */
	__u8 salt[256];
	__u32 schedule[DNS_SHA1_ROUNDS];
	__u32 state[5]; /* the hash, when done */
	__u32 len;	/* of the text */
	__u32 salt_len;
	__u32 iterations;
};

static __always_inline __u32 dns_rotate(__u32 v, __u32 bits)
{
	return v << bits | v >> (32 - bits);
}

static __always_inline __u32 dns_text32(const struct dns_nsec3 *h, __u32 at)
{
	__u32 v;

	__builtin_memcpy(&v, &h->text[at & (DNS_NSEC3_MASK - 3)], sizeof(v));
	return __builtin_bswap32(v);
}

/* FIPS 180-4, 6.1.2, step 1: a word for each round. */
static __always_inline void dns_sha1_schedule(struct dns_nsec3 *h, __u32 block)
{
	__u32 *w = h->schedule, i;

	for (i = 0; i < 16; i++)
		w[i] = dns_text32(h, block + 4 * i);
	for (i = 16; i < DNS_SHA1_ROUNDS; i++)
		w[i] = dns_rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
}

/* 4.1.1 and 4.2.1: Ch, Parity, Maj, Parity, each with its constant, for twenty rounds. */
static __always_inline __u32 dns_sha1_mix(__u32 kind, __u32 b, __u32 c, __u32 d)
{
	if (kind == 0)
		return (d ^ (b & (c ^ d))) + 0x5a827999;
	if (kind == 1)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (kind == 2)
		return ((b & c) | (d & (b | c))) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

#define DNS_SHA1_ROUND(a, b, c, d, e, kind, word)                                                  \
	do {                                                                                       \
		(e) += dns_rotate(a, 5) + dns_sha1_mix(kind, b, c, d) + (word);                    \
		(b) = dns_rotate(b, 30);                                                           \
	} while (0)

/* Twenty rounds. After five of them each letter is where it was: none is moved. */
static __always_inline void dns_sha1_rounds(__u32 v[5], const __u32 *words, __u32 kind)
{
	__u32 a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], i;

	for (i = 0; i < 20; i += 5) {
		DNS_SHA1_ROUND(a, b, c, d, e, kind, words[i]);
		DNS_SHA1_ROUND(e, a, b, c, d, kind, words[i + 1]);
		DNS_SHA1_ROUND(d, e, a, b, c, kind, words[i + 2]);
		DNS_SHA1_ROUND(c, d, e, a, b, kind, words[i + 3]);
		DNS_SHA1_ROUND(b, c, d, e, a, kind, words[i + 4]);
	}
	v[0] = a;
	v[1] = b;
	v[2] = c;
	v[3] = d;
	v[4] = e;
}

/* One block of the text. */
DNS_STAGE int dns_sha1_block(struct dns_nsec3 *h, __u32 block)
{
	__u32 v[5], i;

	if (!h)
		return -1;
	dns_sha1_schedule(h, block);
	for (i = 0; i < 5; i++)
		v[i] = h->state[i];
	dns_sha1_rounds(v, h->schedule, 0);
	dns_sha1_rounds(v, h->schedule + 20, 1);
	dns_sha1_rounds(v, h->schedule + 40, 2);
	dns_sha1_rounds(v, h->schedule + 60, 3);
	for (i = 0; i < 5; i++)
		h->state[i] += v[i];
	return 0;
}

/* 5.1.1: a one, zeros, and the length in bits; returns how many bytes that makes. */
static __always_inline __u32 dns_sha1_pad(struct dns_nsec3 *h)
{
	__u32 len = h->len, end = (len + 9 + DNS_SHA1_BLOCK - 1) / DNS_SHA1_BLOCK * DNS_SHA1_BLOCK,
	      i;

	h->text[len & DNS_NSEC3_MASK] = 0x80;
	for (i = 1; i < DNS_SHA1_BLOCK + 9; i++) {
		if (len + i >= end)
			break;
		h->text[(len + i) & DNS_NSEC3_MASK] = 0;
	}
	h->text[(end - 2) & DNS_NSEC3_MASK] = len * 8 >> 8;
	h->text[(end - 1) & DNS_NSEC3_MASK] = len * 8;
	return end;
}

/* Once: the text and the salt to a hash, and that as the next text. */
DNS_STAGE int dns_nsec3_once(struct dns_nsec3 *h)
{
	__u32 i, at, end;

	if (!h)
		return -1;
	for (i = 0; i < 255; i++) {
		if (i >= h->salt_len)
			break;
		h->text[(h->len + i) & DNS_NSEC3_MASK] = h->salt[i];
	}
	h->len += h->salt_len;
	end = dns_sha1_pad(h);
	h->state[0] = 0x67452301;
	h->state[1] = 0xefcdab89;
	h->state[2] = 0x98badcfe;
	h->state[3] = 0x10325476;
	h->state[4] = 0xc3d2e1f0;
	for (at = 0; at < DNS_NSEC3_TEXT; at += DNS_SHA1_BLOCK) {
		if (at >= end)
			break;
		dns_sha1_block(h, at);
	}
	for (i = 0; i < DNS_SHA1_BYTES; i++)
		h->text[i] = h->state[i / 4] >> (24 - 8 * (i & 3));
	h->len = DNS_SHA1_BYTES;
	return 0;
}

/* The hash of h->len bytes of h->text, in state and as text. Not 0: too much work for here. */
static __always_inline int dns_nsec3_hash(struct dns_nsec3 *h)
{
	__u32 i;

	if (h->iterations > DNS_ITERATIONS_MAX)
		return -1;
	for (i = 0; i <= DNS_ITERATIONS_MAX; i++) {
		if (i > h->iterations)
			break;
		dns_nsec3_once(h);
	}
	return 0;
}

#endif
