/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * latecomer.h: an interface that joins an armed data path: flows that leave by it have lived
 * without a stamp so far.
 */
#ifndef AD_LATECOMER_H
#define AD_LATECOMER_H

#include "user/state/datapath.h"
#include "user/state/pins.h"

/*
 * Puts on the unstamped list every socket of a VIP whose replies leave by @ifindex, but those
 * that the flow table has seen with a stamp (the interface was with us before). Number added, or
 * -errno.
 */
int latecomer_note(const struct datapath *dp, const struct pins *pins, __u32 ifindex);

#endif
