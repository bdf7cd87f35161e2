/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_zones.h: a loaded set of zones, as seen by those who answer from it.
 */
#ifndef AD_DNS_ZONES_H
#define AD_DNS_ZONES_H

#include "dns_image.h"

struct dns_zones {
	struct dns_image *image;
	struct ad_dns_zone_info *list; /* by zone index of the image */
	size_t nr;
};

#endif
