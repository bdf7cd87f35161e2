/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link.h: which network device stands on which, in this network namespace. By netlink, because
 * /sys may belong to another namespace than ours.
 */
#ifndef AD_LINK_H
#define AD_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include "maps/types.h"

struct link {
	int ifindex;
	int lower;	    /* of a VLAN device: the one that carries it; else 0 */
	int master;	    /* bond, bridge or VRF that it belongs to; else 0 */
	struct ad_vlan tag; /* of a VLAN device: what it adds to a frame */
	bool ethernet;	    /* its frames have an Ethernet header */
};
struct links {
	struct link *list;
	size_t nr;
};

/* 0 (caller frees with links_free()) or -errno. */
int links_load(struct links *links);
void links_free(struct links *links);

/*
 * The number of the interface @name, and the name of @ifindex (IF_NAMESIZE bytes). 0; -ENODEV if
 * there is no such interface; any other -errno: it could not be asked for.
 */
int link_find(const char *name, __u32 *ifindex);
int link_name(__u32 ifindex, char *name);

/*
 * True if packets that leave by @upper may leave by @lower: a VLAN device by its parent, a bond by
 * its slave.
 */
bool links_stands_on(const struct links *links, int upper, int lower);
bool links_is_ethernet(const struct links *links, int ifindex);

#endif
