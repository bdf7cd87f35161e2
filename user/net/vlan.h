/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vlan.h: the VLAN devices of this network namespace, for the data path, which can send only from
 * the device below a VLAN device.
 */
#ifndef AD_VLAN_H
#define AD_VLAN_H

#include "device.h"

/*
 * Brings the `links` map (fd) up to what there is in this network namespace. 0 or -errno; -E2BIG:
 * more VLAN devices than the map holds, the last ones are missing.
 */
int vlan_follow(int map);
/* The same with a list of devices that the caller has. */
int vlan_write(int map, const struct devices *devices);

#endif
