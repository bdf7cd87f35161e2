// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_bpf_csum.c: checksum arithmetic against RFC 1071 done the slow way, byte by byte.
 */
#include <sodium.h>
#include <string.h>
#include "selftests/tap.h"
#include "bpf/base/csum.h"

#define BYTES 64

static __u16 slow_sum(const __u8 *bytes, size_t nr)
{
	__u32 sum = 0;

	for (size_t i = 0; i < nr; i++)
		sum += i & 1 ? bytes[i] << 8 : bytes[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Two folded sums mean the same if they are equal; 0 and 0xffff are both zero. */
static bool same(__u16 a, __u16 b)
{
	return a == b || (!a && b == 0xffff) || (!b && a == 0xffff);
}

static void test_csum_of_words_equals_sum_of_bytes(void)
{
	__u8 bytes[BYTES];
	unsigned int wrong = 0;
	__u64 sum, word;

	for (int round = 0; round < 10000; round++) {
		randombytes_buf(bytes, sizeof(bytes));
		sum = 0;
		for (size_t at = 0; at < BYTES; at += 8) {
			memcpy(&word, bytes + at, 8);
			sum = csum_add(sum, word);
		}
		wrong += !same(csum_fold(sum), slow_sum(bytes, BYTES));
	}
	is_int(wrong, 0, "10000 random messages");
}

static void test_csum_fold_of_full_words_keeps_carries(void)
{
	__u64 sum = 0;

	for (int i = 0; i < 1000; i++)
		sum = csum_add(sum, ~0ULL);
	is_int(csum_fold(sum), 0xffff, "a thousand words of ones are zero, written 0xffff");
	is_int(csum_fold(0), 0, "nothing is 0");
	is_int(csum_fold(~0ULL), 0xffff, "64 bits of ones");
	is_int(csum_fold(0xffff0001ffffULL), 1, "carries of carries");
}

/* What unstamp() does, at even and odd offsets. */
static void test_csum_replace_any_offset_equals_full_sum(void)
{
	__u8 bytes[BYTES];
	__u32 from, to, at, wrong = 0;
	__u16 check;

	for (int round = 0; round < 20000; round++) {
		randombytes_buf(bytes, sizeof(bytes));
		check = ~slow_sum(bytes, BYTES);
		at = randombytes_uniform(BYTES - 3);
		memcpy(&from, bytes + at, 4);
		randombytes_buf(&to, sizeof(to));
		memcpy(bytes + at, &to, 4);
		check = csum_replace(check, csum_align(from, at), csum_align(to, at));
		wrong += !same(check, ~slow_sum(bytes, BYTES));
	}
	is_int(wrong, 0, "20000 replaced words");
}

static void test_csum_replace_wrong_checksum_stays_wrong(void)
{
	__u16 right = 0x1234, wrong = 0x1235;

	is_int((__u16)(csum_replace(wrong, 7, 9) - csum_replace(right, 7, 9)), 1,
	       "the error is carried along");
}

int main(void)
{
	if (sodium_init() < 0)
		return skip_all("libsodium does not start");
	test_csum_of_words_equals_sum_of_bytes();
	test_csum_fold_of_full_words_keeps_carries();
	test_csum_replace_any_offset_equals_full_sum();
	test_csum_replace_wrong_checksum_stays_wrong();
	return done_testing();
}
