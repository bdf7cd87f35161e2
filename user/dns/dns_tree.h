/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_tree.h: all names that an image stores, and the kind of each. A part of dns_image.h.
 */
#ifndef AD_DNS_TREE_H
#define AD_DNS_TREE_H

#include "maps/dns.h"
#include "user/zone/zone.h"

#define DNS_NO_ZONE 0xffffu
#define DNS_NO_NODE 0xffffffffu

struct dns_node {
	struct name_key key;
	const __u8 *name;
	const struct zone_rr *rrs; /* own data, sorted by type */
	__u32 nr_rrs;
	__u32 zone;    /* or DNS_NO_ZONE */
	__u32 wild;    /* node of "*" directly below, or DNS_NO_NODE */
	__u32 top;     /* CUT, DNAME: the node of the cut or DNAME itself */
	__u32 steered; /* number of its struct dns_steered + 1; 0 = it is none */
	__u32 cell;    /* set when the table is laid out */
	__u16 class;   /* part of the hash */
	__u8 kind;     /* enum ad_dns_kind */
	__u8 up;
	bool is_variant; /* what a steered name is for one POP: @rrs are not those of the zone */
};

/* The delegation of a zone in the zone above it, if we serve both. */
struct dns_parent {
	__u32 zone; /* or DNS_NO_ZONE: unknown here, or not authoritative at the apex */
	const struct zone_rr *ds;
	size_t nr_ds;
};

/* A name that is stored even if its zone has no record for it. */
struct dns_extra {
	struct name_key key;
	const __u8 *name;
	size_t zone;
	__u8 bytes[NAME_KEY_MAX]; /* of the key */
};

/* The nodes of zone z are [first[z], first[z + 1]), sorted by key; first[nr_zones] on: others. */
struct dns_tree {
	struct zone *const *zones;
	size_t nr_zones;
	struct dns_node *nodes;
	size_t nr_nodes, room;
	__u32 *first;
	__u32 *above; /* by zone: dns_tree_above() */
	struct dns_parent *parents;
	const struct dns_extra *extras; /* sorted by key */
	size_t nr_extras;
};

/* Where the target of an alias in a zone is. */
struct dns_target {
	enum ad_dns_next kind;
	__u32 node; /* AD_DNS_NEXT_CELL: its own, or that of its closest encloser */
	__u8 below; /* labels of the target before the node's name */
	__u8 skip;  /* bytes of these labels */
};

/*
 * Zones sorted by key, and so are @extras, which may be NULL. @wanted: NULL, or a flag for each
 * zone: only these zones get nodes and a parent. 0 or -ENOMEM.
 */
int dns_tree_build(struct dns_tree *tree, struct zone *const *zones, size_t nr_zones,
		   const struct dns_extra *extras, size_t nr_extras, const bool *wanted);
void dns_tree_free(struct dns_tree *tree);

/*
 * For each zone, the deepest other zone that contains its apex, or DNS_NO_ZONE. @zones are sorted
 * by key.
 */
void dns_tree_above(struct zone *const *zones, size_t nr_zones, __u32 *above);

/* A name that belongs to no zone, with data of its own (CHAOS). */
int dns_tree_add_odd(struct dns_tree *tree, __u16 class, const struct zone_rr *rrs, size_t nr);

/* Labels of the deepest name; the root has 0. */
__u16 dns_tree_depth(const struct dns_tree *tree);

void dns_tree_resolve(const struct dns_tree *tree, __u32 zone, const __u8 *target,
		      struct dns_target *result);

#endif
