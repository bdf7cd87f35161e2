/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * places.h: in which region, and of which AS, an address is. Of all regions of the configuration,
 * whether a policy uses them or not; the location table (steer_map.h) knows only what policies tell
 * apart.
 */
#ifndef AD_STEER_PLACES_H
#define AD_STEER_PLACES_H

#include "steer_map.h"
#include "user/config/config.h"

struct world;

#define PLACES_NOWHERE "none" /* what is in no region */

struct places {
	char **regions; /* names by number; number 0 is PLACES_NOWHERE */
	size_t nr_regions;
	struct steer_ranges region4, region6; /* location: number of the region */
	struct steer_ranges asn4[CONFIG_DATABASES_MAX], asn6[CONFIG_DATABASES_MAX];
	__u64 fingerprint; /* of all of it: two that are the same have the same */
	size_t nr_asns; /* databases that know AS numbers: the first that knows one is believed */
};

/*
 * Of several regions the most exact one that names an address, as in policies; of several as exact
 * the first. 0 and *@places (places_free()), or -ENOMEM.
 */
int places_build(const struct world *world, const struct config *config, struct places **places);
void places_free(struct places *places);
/* @places may be NULL: nothing is known. AS number 0: no database knows one. */
void places_find(const struct places *places, const struct ad_addr *addr, __u32 *region,
		 __u32 *asn);

#endif
