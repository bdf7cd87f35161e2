/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * csum.h: Internet checksums (RFC 1071) as plain arithmetic.
 *
 * A sum is a __u64 that collects 32-bit words in the byte order of memory. One's complement
 * addition allows that as long as each word starts at an even offset. Carries stay in the high half
 * until csum_fold(): there is no branch on a carry, which the CPU could not predict. Pure C.
 */
#ifndef AD_CSUM_H
#define AD_CSUM_H

#include <linux/types.h>

static inline __u64 csum_add(__u64 sum, __u64 word)
{
	return sum + (__u32)word + (word >> 32);
}

/* The sum as 16 bits, not complemented. It is 0 only if every word was 0. */
static inline __u16 csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The new checksum field after a covered word has changed (RFC 1624, equation 3). */
static inline __u16 csum_replace(__u16 check, __u32 from, __u32 to)
{
	return ~csum_fold((__u64)(__u16)~check + (__u32)~from + to);
}

/*
 * A 32-bit word at an odd offset adds to the sum as if it were rotated by eight bits (RFC 1071,
 * 2.B). It happens: some stacks write a single NOP before the timestamps.
 */
static inline __u32 csum_align(__u32 word, __u32 offset)
{
	return offset & 1 ? word << 8 | word >> 24 : word;
}

#endif
