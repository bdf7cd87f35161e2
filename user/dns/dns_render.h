/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_render.h: RRsets in wire format, except compression pointers that depend on the question. A
 * part of dns_image.h.
 */
#ifndef AD_DNS_RENDER_H
#define AD_DNS_RENDER_H

#include "dns_tree.h"
#include "maps/dns.h"
#include "user/zone/zone.h"

#define DNS_RENDER_BYTES  65535 /* more does not fit into a message */
#define DNS_RENDER_FIXUPS 16384
#define DNS_RENDER_SETS	  4096 /* of additional data: none is shorter than an A */

/* As a TTL: each record's own. RRSIG records of one name belong to sets with different TTLs. */
#define DNS_RENDER_TTL_OWN 0xffffffffu

struct dns_render {
	__u8 bytes[DNS_RENDER_BYTES];
	struct ad_dns_fixup fixups[DNS_RENDER_FIXUPS];
	struct ad_dns_mark marks[DNS_RENDER_SETS]; /* where the sets of additional data end */
	__u32 len;				   /* of the set itself */
	__u32 extra_len;
	__u16 rrs, extra_rrs;
	__u16 nr_fixups;
	__u16 extra_sets;
	__u16 extra_must; /* bytes that must not be left out, or AD_DNS_MUST_NONE */
};

/* Names that compression pointers of a set may point to. */
struct dns_place {
	const __u8
		*owner_name; /* NULL where the owner name is a wildcard: any name may stand there */
	const __u8 *apex;    /* NULL outside of zones (CHAOS) */
	__u16 class;
};

/* Renders a set: @nr records of one owner name and type. Owner names are pointers. 0 or -E2BIG. */
int dns_render_set(struct dns_render *render, const struct dns_place *place,
		   const struct zone_rr *rrs, size_t nr, __u32 ttl);
/* Adds another set of the same owner name, or the signatures of one. 0 or -E2BIG. */
int dns_render_add(struct dns_render *render, const struct dns_place *place,
		   const struct zone_rr *rrs, size_t nr, __u32 ttl);
/* Renders an NSEC or NSEC3 with its signatures; the owner name is written in full. 0 or -E2BIG. */
int dns_render_proof(struct dns_render *render, const struct zone *zone,
		     const struct zone_rr *denier);

/* A set whose host names need additional data. */
struct dns_naming_set {
	const struct zone *zone;
	const struct zone_rr *rrs;
	size_t nr;
	const struct name_key *cut; /* where it delegates, or NULL: addresses below are glue */
	bool with_sigs;
	__u32 max; /* maximum of bytes, glue not counted */
	/* Names of that zone whose addresses depend on the client: they are left out. */
	const struct dns_extra *steered; /* sorted by key, of all zones */
	size_t nr_steered;
	size_t zone_index; /* in that list */
};

/*
 * Adds the addresses of the names in the set that was rendered, set by set: glue, all other, and
 * then the signatures of these. Stops when it gets too long.
 */
void dns_render_extra(struct dns_render *render, const struct dns_place *place,
		      const struct dns_naming_set *naming);

#endif
