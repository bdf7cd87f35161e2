/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * device.h: which network device stands on which, in this network namespace. By netlink, because
 * /sys may belong to another namespace than ours.
 */
#ifndef AD_DEVICE_H
#define AD_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include "maps/types.h"

struct device {
	int ifindex;
	int lower;	    /* of a VLAN device: the one that carries it; else 0 */
	int master;	    /* bond, bridge or VRF that it belongs to; else 0 */
	struct ad_vlan tag; /* of a VLAN device: what it adds to a frame */
	bool ethernet;	    /* its frames have an Ethernet header */
};
struct devices {
	struct device *list;
	size_t nr;
};

/* 0 (caller frees with devices_free()) or -errno. */
int devices_load(struct devices *devices);
void devices_free(struct devices *devices);

/*
 * The number of the interface @name, and the name of @ifindex (IF_NAMESIZE bytes). 0; -ENODEV if
 * there is no such interface; any other -errno: it could not be asked for.
 */
int device_find(const char *name, __u32 *ifindex);
int device_name(__u32 ifindex, char *name);

/*
 * True if packets that leave by @upper may leave by @lower: a VLAN device by its parent, a bond by
 * its slave.
 */
bool devices_stands_on(const struct devices *devices, int upper, int lower);
bool devices_is_ethernet(const struct devices *devices, int ifindex);

#endif
