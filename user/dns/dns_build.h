/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_build.h: an image while it is being compiled. A part of dns_image.h.
 */
#ifndef AD_DNS_BUILD_H
#define AD_DNS_BUILD_H

#include "dns_image.h"
#include "dns_render.h"
#include "dns_table.h"
#include "dns_tree.h"

struct dns_build {
	struct dns_image *image;
	struct dns_tree tree;
	struct dns_table table;
	struct dns_render render;
	struct zone *const *zones;
	size_t nr_zones;
	const bool *wanted; /* by zone: which are compiled; NULL: all */
	const struct dns_steered *steered;
	size_t nr_steered;
	struct dns_extra *extras; /* steered names of zones that can be read */
	size_t nr_extras;
	__u32 **proofs; /* by zone, then by denier of its chain: refs; NULL: not signed */
	__u64 keys[AD_DNS_NAME_WORDS][2];
	/* CHAOS: two names, one TXT */
	struct zone_rr odd[2];
	__u8 odd_keys[2][NAME_KEY_MAX];
	__u8 odd_rdata[AD_DNS_NSID_MAX + 1];
};

/*
 * @size bytes at a multiple of @align; as @whole they lie in one page. 0 when out of memory, as
 * the header is never asked for.
 */
__u64 dns_image_alloc(struct dns_image *image, __u64 size, __u32 align, bool whole);
void *dns_image_at(const struct dns_image *image, __u64 address);

/* Notes that something refers to the cell with this number. */
void dns_image_hold(struct dns_image *image, __u32 cell);
/* All from zones and names on, once the name table is laid out. 0 or -errno. */
int dns_build_body(struct dns_build *build);
/* But for the image. */
void dns_build_free(struct dns_build *build);

/* @node's cell, with all that it refers to. 0 or -errno. */
int dns_build_cell(struct dns_build *build, const struct dns_node *node, const __u64 hash[2]);

/* --- steered names (dns_steered.c) ------------------------------------------------------------ */

/* Where in the tree they belong. 0 or -ENOMEM. */
int dns_steered_place(struct dns_build *build);
/* Notes which nodes are steered. */
void dns_steered_mark(struct dns_build *build);
/* A cell for each POP of each steered name. 0 or -errno. */
int dns_steered_build(struct dns_build *build);

/* --- signed zones (dns_denial.c) ---------------------------------------------------------------
 */

/* Stores the chains of all zones that have one. 0 or -errno. */
int dns_chains_build(struct dns_build *build);
/* Of zones that are not compiled: the chains of those that are the parent of one that is. */
int dns_chains_read(struct dns_build *build);
void dns_chains_free(struct dns_build *build);

/* What denies something of @node; its wildcard needs no denial if it has one. */
void dns_chain_deny(const struct dns_build *build, const struct dns_node *node,
		    struct ad_dns_denial *denial);
/* The proof that the alias @cname leads to a name that is not stored as such; 0 = it is. */
__u32 dns_chain_cover(const struct dns_build *build, __u32 zone, const struct zone_rr *cname,
		      const struct dns_target *target);

#endif
