/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_render.h: RRsets as they go on the wire, but for the pointers that depend on the question.
 * A part of dns_image.h.
 */
#ifndef AD_DNS_RENDER_H
#define AD_DNS_RENDER_H

#include "maps/dns.h"
#include "zone.h"

#define DNS_RENDER_BYTES  65000 /* a set beyond that fits no message */
#define DNS_RENDER_FIXUPS 16384

/* As a TTL: each record's own. Signatures, asked for as such, are of sets that differ in it. */
#define DNS_RENDER_TTL_OWN 0xffffffffu

struct dns_render {
	__u8 bytes[DNS_RENDER_BYTES];
	struct ad_dns_fixup fixups[DNS_RENDER_FIXUPS];
	__u32 len; /* of the set itself */
	__u32 extra_len;
	__u16 rrs, extra_rrs;
	__u16 nr_fixups;
	bool extra_must;
};

/* What a set's names may point to. */
struct dns_place {
	const __u8 *owner; /* NULL where the owner is a wildcard: any name may stand there */
	const __u8 *apex;  /* NULL outside of zones (CHAOS) */
	__u16 class;
};

/* The set of @nr records of one owner and type, owners being pointers. 0 or -E2BIG. */
int dns_render_set(struct dns_render *render, const struct dns_place *place,
		   const struct zone_rr *rrs, size_t nr, __u32 ttl);
/* Adds another set of the same owner, or the signatures of one. 0 or -E2BIG. */
int dns_render_add(struct dns_render *render, const struct dns_place *place,
		   const struct zone_rr *rrs, size_t nr, __u32 ttl);
/* One NSEC or NSEC3 with its signatures; the owner is spelled out. 0 or -E2BIG. */
int dns_render_proof(struct dns_render *render, const struct zone *zone,
		     const struct zone_rr *link);
/*
 * Adds the addresses of the names in the set as additional data, if @zone has them, and their
 * signatures if @with_sigs. @cut (or NULL) is where the set delegates: addresses below it are glue.
 * Stops where it gets too long.
 */
void dns_render_extra(struct dns_render *render, const struct dns_place *place,
		      const struct zone *zone, const struct zone_rr *rrs, size_t nr,
		      const struct name_key *cut, bool with_sigs);

#endif
