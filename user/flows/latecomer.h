/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * latecomer.h: an interface that is added to an armed data path: flows that leave by it had no
 * stamp so far.
 */
#ifndef AD_LATECOMER_H
#define AD_LATECOMER_H

#include "user/state/datapath.h"
#include "user/state/pins.h"

/*
 * Puts every socket of a VIP whose replies leave by @ifindex on the unstamped list, except those
 * that the flow table has seen with a stamp (the interface was attached before). Number added, or
 * -errno.
 */
int latecomer_note(const struct datapath *dp, const struct pins *pins, __u32 ifindex);

#endif
