/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_image.h: checked zones compiled to what the engine reads (maps/dns.h). Knows no libbpf.
 */
#ifndef AD_DNS_IMAGE_H
#define AD_DNS_IMAGE_H

#include <stddef.h>
#include <stdbool.h>
#include <linux/types.h>
#include "maps/dns.h"
#include "user/zone/zone.h"

struct dns_image {
	__u8 **pages; /* AD_DNS_PAGE_STRIDE bytes each */
	__u32 nr_pages;
	__u64 used; /* next free address */
	__u32 nr_names;
};

struct dns_image_options {
	const char *nsid;
	unsigned int udp_size;
	bool unserved_pass;
	const __u64 *keys; /* 2 * AD_DNS_NAME_WORDS; NULL = random (tests choose their own) */
};

/*
 * Compiles @zones, which are sorted by name (zone_compare()) and stay the caller's; fills in their
 * statistics. The zone's index here is its index in the image. 0 and *@image, or -errno.
 */
int dns_image_build(struct zone *const *zones, size_t nr_zones,
		    const struct dns_image_options *options, struct dns_image **image);
void dns_image_free(struct dns_image *image);

/* How many names there is room for in the name table. */
__u64 dns_image_cells(const struct dns_image *image);

/* The zones' counter slots may be set until the image is published. */
struct ad_dns_zone *dns_image_zone(struct dns_image *image, __u32 index);

#endif
