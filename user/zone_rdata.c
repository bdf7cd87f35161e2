// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_rdata.c: is the data of a record what its type demands? (zone_check.h)
 *
 * The scanner knows every type's own words, but takes the bytes of RFC 3597's "\# 3 010203" as they
 * are, also for a type that has a form: then it must have that form (RFC 3597, 5).
 */
#include <libknot/descriptor.h>
#include <libknot/rrtype/naptr.h>
#include "maps/dns_proto.h"
#include "zone_chain.h"
#include "zone_check.h"

#define NAME_BYTES  255
#define LABEL_BYTES 63

/* The length of an uncompressed name that ends before @end, or -1. */
static int name_bytes(const __u8 *wire, const __u8 *end)
{
	const __u8 *p = wire;

	for (; p < end && *p; p += *p + 1)
		if (*p > LABEL_BYTES)
			return -1;
	return p < end && p - wire < NAME_BYTES ? p - wire + 1 : -1;
}

/* Bytes of one block of a type's data, or -1 if it is not there. */
static int block_bytes(int block, const __u8 *p, const __u8 *end)
{
	switch (block) {
	case KNOT_RDATA_WF_FIXED_DNAME:
	case KNOT_RDATA_WF_COMPRESSIBLE_DNAME:
	case KNOT_RDATA_WF_DECOMPRESSIBLE_DNAME:
		return name_bytes(p, end);
	case KNOT_RDATA_WF_NAPTR_HEADER:
		return knot_naptr_header_size(p, end);
	case KNOT_RDATA_WF_REMAINDER:
		return end - p;
	default:
		return end - p >= block ? block : -1;
	}
}

/* What we read ourselves and libknot takes for plain bytes: lengths within it agree. */
static bool is_whole(__u16 type, const __u8 *rdata, size_t len)
{
	size_t salt_end;

	if (type == DNS_T_DNSKEY)
		return len > 4;
	if (type != DNS_T_NSEC3 && type != DNS_T_NSEC3PARAM)
		return true;
	if (len <= NSEC3_SALT_LENGTH)
		return false;
	salt_end = NSEC3_SALT + rdata[NSEC3_SALT_LENGTH];
	if (type == DNS_T_NSEC3PARAM)
		return len == salt_end;
	return len > salt_end && len >= salt_end + 1 + rdata[salt_end];
}

bool zone_rdata_valid(__u16 type, const __u8 *rdata, size_t len)
{
	const int *block = knot_get_rdata_descriptor(type)->block_types;
	const __u8 *p = rdata, *end = rdata + len;
	int bytes;

	for (; *block != KNOT_RDATA_WF_END; block++) {
		bytes = block_bytes(*block, p, end);
		if (bytes < 0)
			return false;
		p += bytes;
	}
	return p == end && is_whole(type, rdata, len);
}
