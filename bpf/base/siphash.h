/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * siphash.h: SipHash-2-4 over 64-bit words (Aumasson and Bernstein, 2012).
 *
 * Callers add whole little-endian words, then the last one, which has the rest of the message (at
 * most 7 bytes, then zeros) and the length in its top byte. All that we hash is a multiple of four
 * bytes, so nothing here works byte by byte.
 *
 * Pure C: a unit test compiles it for the host and compares it with libsodium.
 */
#ifndef AD_SIPHASH_H
#define AD_SIPHASH_H

#include <linux/types.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "words are read from packets as they lie: little-endian hosts only"
#endif

struct siphash {
	__u64 v0, v1, v2, v3;
};

#define SIPHASH_ROTATE(x, n) (((x) << (n)) | ((x) >> (64 - (n))))

static inline __attribute__((always_inline)) void siphash_round(struct siphash *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = SIPHASH_ROTATE(s->v1, 13) ^ s->v0;
	s->v3 = SIPHASH_ROTATE(s->v3, 16) ^ s->v2;
	s->v0 = SIPHASH_ROTATE(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = SIPHASH_ROTATE(s->v1, 17) ^ s->v2;
	s->v3 = SIPHASH_ROTATE(s->v3, 21) ^ s->v0;
	s->v2 = SIPHASH_ROTATE(s->v2, 32);
}

static inline __attribute__((always_inline)) void siphash_start(struct siphash *s, __u64 k0,
								__u64 k1)
{
	s->v0 = k0 ^ 0x736f6d6570736575ULL;
	s->v1 = k1 ^ 0x646f72616e646f6dULL;
	s->v2 = k0 ^ 0x6c7967656e657261ULL;
	s->v3 = k1 ^ 0x7465646279746573ULL;
}

static inline __attribute__((always_inline)) void siphash_word(struct siphash *s, __u64 word)
{
	s->v3 ^= word;
	siphash_round(s);
	siphash_round(s);
	s->v0 ^= word;
}

/* @last: the message's remaining bytes; @bytes: the whole message's length. */
static inline __attribute__((always_inline)) __u64 siphash_end(struct siphash *s, __u64 last,
							       __u64 bytes)
{
	siphash_word(s, last | bytes << 56);
	s->v2 ^= 0xff;
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

#endif
