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
	__u64 waste;	   /* bytes of zones that dns_image_patch() has replaced */
	__u64 long_extras; /* bytes of additional data in sets that have more than usual */
	__u64 *held;	   /* a bit for each cell of the name table: dns_image_hold() */
};

/*
 * A name whose sets depend on the client. For each POP it has the sets of another name of its zone,
 * the member, and its own sets of other types.
 */
struct dns_steered {
	__u8 name[256];	      /* wire format, lower case */
	__u8 (*members)[256]; /* by POP; empty: it is never sent there */
	size_t nr_pops;
	__u16 policy;
	__u8 out;      /* enum ad_dns_steer_out */
	__u8 flags;    /* enum ad_dns_steer_flag */
	__u8 ip4_bits; /* bits of a client's address that count for the draw */
	__u8 ip6_bits;
	__u8 answers;	 /* POPs whose addresses are told at once, from 1 on */
	__u32 ttl;	 /* TTL of the member's sets; DNS_STEERED_TTL: the member's own */
	__u32 doubt_ttl; /* upper limit while a POP is in doubt, with AD_DNS_STEER_DOUBT */
	/* By POP: the same sets under this name, signed; NULL: the zone is not, or has none. */
	struct zone *const *variants;
	const char *file; /* where it is configured, for errors */
	int line;
};
#define DNS_STEERED_TTL 0xffffffffu

struct dns_image_options {
	const struct dns_steered *steered; /* checked by dns_steered_check() */
	size_t nr_steered;
	const char *nsid;
	unsigned int udp_size;
	bool unserved_pass;
	const __u64 *keys; /* 2 * AD_DNS_NAME_WORDS; NULL = random (tests choose their own) */
};

/*
 * Compiles @zones, which are sorted by name (zone_compare()) and owned by the caller; fills in
 * their statistics. The zone's index here is its index in the image. 0 and *@image, or -errno.
 */
int dns_image_build(struct zone *const *zones, size_t nr_zones,
		    const struct dns_image_options *options, struct dns_image **image);
/*
 * The same, but compiles only the zones that have changed. @was: the zones that @image was compiled
 * from, with the same options; @zones have the same names in the same order. *@nr_compiled: how
 * many were compiled. 0; -EAGAIN: dns_image_build() is needed, or would cost about the same; or
 * -errno.
 */
int dns_image_patch(const struct dns_image *image, struct zone *const *was,
		    struct zone *const *zones, size_t nr_zones,
		    const struct dns_image_options *options, struct dns_image **result,
		    size_t *nr_compiled);
/*
 * Checks that each steered name can be compiled with these zones. 0, or -EINVAL with every error
 * appended to @errors. Names of zones that cannot be read are not looked at.
 */
int dns_steered_check(struct zone *const *zones, size_t nr_zones, const struct dns_steered *steered,
		      size_t nr_steered, struct config_errors *errors);
void dns_image_free(struct dns_image *image);

/* The cell with this number. */
struct ad_dns_cell *dns_image_cell(const struct dns_image *image, __u32 index);

/* How many names there is room for in the name table. */
__u64 dns_image_cells(const struct dns_image *image);

/* The caller may set the zones' counters until the image is published. */
struct ad_dns_zone *dns_image_zone(struct dns_image *image, __u32 index);

#endif
