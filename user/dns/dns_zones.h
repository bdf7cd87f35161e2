/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_zones.h: the members of a loaded set of zones, for code that answers from it or compares it.
 */
#ifndef AD_DNS_ZONES_H
#define AD_DNS_ZONES_H

#include "dns_image.h"
#include "dns_steer_set.h"

/* A zone as it was read. Several sets can share it. */
struct dns_shared_zone {
	struct zone *zone; /* without records: never read since the daemon started */
	unsigned int users;
	__u64 read_real_s; /* 0 = never */
};

struct dns_served {
	struct dns_shared_zone *shared;
	char *error; /* error of the last attempt to read it; NULL: none */
};

struct dns_zones {
	const struct config *config; /* its configuration: only the pointer is compared */
	__u64 edition;		     /* of that one */
	struct dns_image *image;
	/* Both by zone index of the image, which is the order of zone_compare(). */
	struct ad_dns_zone_info *list;
	struct dns_served *served;
	size_t nr;
	size_t nr_broken;    /* zones with an error */
	size_t nr_kept;	     /* not read again, since their files have not changed */
	size_t nr_compiled;  /* the others are in the image as the set before had them */
	__u64 began_real_ns; /* before any was read */
	struct steer_plan *plan;
	struct dns_steer_set *steering; /* made of the plan; NULL: no name is steered */
	__u32 slot;			/* the slot in the kernel, once it is live */
	int staged;			/* its map in the kernel after dns_zones_stage(), or -1 */
};

#endif
