/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sum.h: the Internet checksum (RFC 1071) for frames that tests make: a byte at a time, with
 * nothing of the code that they are to test.
 */
#ifndef AD_SELFTESTS_SUM_H
#define AD_SELFTESTS_SUM_H

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>

/* Adds @length bytes, which begin at an even place. */
static inline uint32_t sum_bytes(uint32_t sum, const void *bytes, size_t length)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? byte[i] : byte[i] << 8;
	return sum;
}

/* As headers have it, in network order; 0 of what holds its own checksum. */
static inline uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

#endif
