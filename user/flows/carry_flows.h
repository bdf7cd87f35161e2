/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * carry_flows.h: copies the flow table into one of another size.
 */
#ifndef AD_CARRY_FLOWS_H
#define AD_CARRY_FLOWS_H

#include "user/state/pins.h"

/*
 * Enters every live flow of @from in the empty table of the directory @to, which gets no packets
 * yet. If the new one is too small, ours are kept before pins, pins before transit, and newer flows
 * before older ones. 0 or -errno.
 */
int carry_flows(const struct pins *from, const char *to, const struct ad_keys *keys);
/* Forgets every flow: after a change of what they are found by. 0 or -errno. */
int carry_no_flows(const char *dir);

#endif
