// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_bpf_siphash.c: our word-wise SipHash-2-4 against libsodium's.
 */
#include <sodium.h>
#include <string.h>
#include "selftests/tap.h"
#include "bpf/base/siphash.h"

#define BYTES_MAX 256

/* Feeds whole words, then what is left (4 bytes or none), as prf.h and tunnel.h do. */
static __u64 hash_words(const __u8 *message, size_t bytes, const __u64 key[2])
{
	struct siphash s;
	__u64 word;
	__u32 half = 0;
	size_t at;

	siphash_start(&s, key[0], key[1]);
	for (at = 0; at + 8 <= bytes; at += 8) {
		memcpy(&word, message + at, 8);
		siphash_word(&s, word);
	}
	memcpy(&half, message + at, bytes - at);
	return siphash_end(&s, half, bytes);
}

static __u64 hash_sodium(const __u8 *message, size_t bytes, const __u64 key[2])
{
	__u64 hash;

	crypto_shorthash((unsigned char *)&hash, message, bytes, (const unsigned char *)key);
	return hash;
}

/* The lengths that we use are 12 and 36 (a flow) and up to 212 (a tunnel tag). */
static void test_siphash_every_length_equals_libsodium(void)
{
	__u8 message[BYTES_MAX];
	unsigned int wrong = 0;
	__u64 key[2];
	size_t bytes;

	for (int round = 0; round < 100; round++) {
		randombytes_buf(message, sizeof(message));
		randombytes_buf(key, sizeof(key));
		for (bytes = 0; bytes <= BYTES_MAX; bytes += 4)
			wrong +=
				hash_words(message, bytes, key) != hash_sodium(message, bytes, key);
	}
	is_int(wrong, 0, "SipHash-2-4 of 0 to 256 bytes, 100 keys each");
}

int main(void)
{
	if (sodium_init() < 0)
		return skip_all("libsodium does not start");
	test_siphash_every_length_equals_libsodium();
	return done_testing();
}
