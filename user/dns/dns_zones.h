/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_zones.h: a loaded set of zones, as seen by those who answer from it or compare it.
 */
#ifndef AD_DNS_ZONES_H
#define AD_DNS_ZONES_H

#include "dns_image.h"
#include "dns_steer_set.h"

/* A zone as it was read; several sets may serve it, one after the other. */
struct dns_shared_zone {
	struct zone *zone; /* without records: it has never been read since the daemon began */
	unsigned int users;
	__u64 read_real_s; /* 0 = never */
};

struct dns_served {
	struct dns_shared_zone *shared;
	char *error; /* why its file could not be read this time; NULL = it was */
};

struct dns_zones {
	const struct config *config; /* what it was made of; to be compared, not read */
	struct dns_image *image;
	/* Both by zone index of the image, which is the order of zone_compare(). */
	struct ad_dns_zone_info *list;
	struct dns_served *served;
	size_t nr;
	size_t nr_broken;    /* with an error */
	size_t nr_kept;	     /* not read again, since their files have not changed */
	size_t nr_compiled;  /* the others are in the image as the set before had them */
	__u64 began_real_ns; /* before any was read */
	struct steer_plan *plan;
	struct dns_steer_set *steering; /* made of the plan; NULL: no name is steered */
	__u32 slot;			/* where it is live, once it is */
	int staged; /* its map in the kernel once it was staged (dns_service.h), or -1 */
};

#endif
