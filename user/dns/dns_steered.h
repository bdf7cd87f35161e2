/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_steered.h: what checking and building of steered names share. A part of dns_image.h.
 */
#ifndef AD_DNS_STEERED_H
#define AD_DNS_STEERED_H

#include "dns_image.h"

/* Where a name is. */
struct dns_spot {
	const struct zone *zone; /* NULL: in none of the zones */
	size_t index;		 /* of it */
	struct name_key key;
	__u8 bytes[NAME_KEY_MAX];
};

/* The deepest zone that holds @name; zones are sorted by key, parents first. */
void dns_steered_spot(struct zone *const *zones, size_t nr_zones, const __u8 *name,
		      struct dns_spot *spot);

/* False of what a signer adds. */
bool dns_steered_is_data(const struct zone_rr *rr);

/* All records of @name in @zone; NULL and 0: none. */
const struct zone_rr *dns_steered_find(const struct zone *zone, const __u8 *name, size_t *nr);

#endif
