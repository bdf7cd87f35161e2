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
 * @size bytes at a multiple of @align; as @whole they lie in one page. 0 when out of memory:
 * address 0 is the header, which is allocated once.
 */
__u64 dns_image_alloc(struct dns_image *image, __u64 size, __u32 align, bool whole);
void *dns_image_at(const struct dns_image *image, __u64 address);

/* Marks a cell that another record refers to by its number: dns_image_patch() must not move it. */
void dns_image_hold(struct dns_image *image, __u32 cell);
/* Compiles zones and names; the name table must be laid out. 0 or -errno. */
int dns_build_body(struct dns_build *build);
/* Frees all but the image. */
void dns_build_free(struct dns_build *build);

/* Compiles @node's cell and all that it refers to. 0 or -errno. */
int dns_build_cell(struct dns_build *build, const struct dns_node *node, const __u64 hash[2]);

/* --- steered names (dns_steered.c) ------------------------------------------------------------ */

/* Finds their places in the tree. 0 or -ENOMEM. */
int dns_steered_place(struct dns_build *build);
/* Marks the nodes that are steered. */
void dns_steered_mark(struct dns_build *build);
/* A cell for each POP of each steered name. 0 or -errno. */
int dns_steered_build(struct dns_build *build);

/* --- signed zones (dns_denial.c) -------------------------------------------------------------- */

/* Stores the chains of all zones that have one. 0 or -errno. */
int dns_chains_build(struct dns_build *build);
/*
 * Of zones that are not compiled: reads the chains of those that are the parent of a zone that is.
 */
int dns_chains_read(struct dns_build *build);
void dns_chains_free(struct dns_build *build);

/*
 * The records that prove what does not exist at @node. If it has a wildcard, that needs no proof.
 */
void dns_chain_deny(const struct dns_build *build, const struct dns_node *node,
		    struct ad_dns_denial *denial);
/* The proof that the target of @cname does not exist; 0 = it does. */
__u32 dns_chain_cover(const struct dns_build *build, __u32 zone, const struct zone_rr *cname,
		      const struct dns_target *target);

#endif
