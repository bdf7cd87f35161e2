/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_pages.h: pages and zones of the image that answers (maps/dns.h).
 */
#ifndef AD_DNS_PAGES_H
#define AD_DNS_PAGES_H

#include "dns_wire.h"

/* The image that this question began with; NULL: none, or of a format that we cannot read. */
static __always_inline const struct ad_dns_image *dns_image(const struct dns_work *w)
{
	const struct ad_dns_image *image = (const struct ad_dns_image *)dns_page(w, 0);

	return image && image->format == AD_DNS_FORMAT ? image : 0;
}

/* Page 0 is at hand already and holds all of a small image: no lookup for it. */
static __always_inline const __u8 *dns_page_of(const struct dns_work *w,
					       const struct ad_dns_image *image, __u64 address)
{
	__u32 n = address / AD_DNS_PAGE_BYTES;

	return n ? dns_page(w, n) : (const __u8 *)image;
}

/* All zones lie in page 0. */
static __always_inline const struct ad_dns_zone *dns_zone(const struct ad_dns_image *image,
							  __u32 index)
{
	__u32 at = image->zones * 8 + index * sizeof(struct ad_dns_zone);

	return dns_at((const __u8 *)image, at);
}

/* Where the apex of w->zone stands: in the question, whatever has been followed since. */
static __always_inline void dns_locate_apex(struct dns_work *w, const struct ad_dns_image *image)
{
	if (w->zone != DNS_NOT_COUNTED)
		w->base[AD_DNS_BASE_APEX] = w->body - 4 - dns_zone(image, w->zone)->apex_len;
}

#endif
