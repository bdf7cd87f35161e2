/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_chain.h: the NSEC or NSEC3 records of a signed zone as one sorted ring. A part of zone.h.
 */
#ifndef AD_ZONE_CHAIN_H
#define AD_ZONE_CHAIN_H

#include "zone.h"

#define NSEC3_HASH_BYTES 20
#define NSEC3_OPT_OUT	 1 /* RFC 5155, 3.1.2.1 */

/*
 * Zones with more iterations are refused: validators treat them as unsigned or as bogus (RFC 9276).
 */
#define NSEC3_ITERATIONS_MAX 150

/* What stands in front of the salt in NSEC3 and NSEC3PARAM. */
#define NSEC3_ALGORITHM	  0
#define NSEC3_FLAGS	  1
#define NSEC3_ITERATIONS  2
#define NSEC3_SALT_LENGTH 4
#define NSEC3_SALT	  5

/*
 * The denier of @name (lower case), *@own is true; or, *@own is false, the last denier before the
 * place where it would be. The chain must not be empty.
 */
size_t zone_chain_find(const struct zone_chain *chain, const __u8 *name, bool *own);

/* The hash at the beginning of the owner name of an NSEC3. False: there is none. */
bool nsec3_owner_hash(const __u8 *owner_name, __u8 hash[NSEC3_HASH_BYTES]);
/* The hash of @name, lower case. */
void nsec3_hash(const struct zone_chain *chain, const __u8 *name, __u8 hash[NSEC3_HASH_BYTES]);

#endif
