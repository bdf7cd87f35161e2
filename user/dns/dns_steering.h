/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_steering.h: tables for steered names in the kernel: rows, and states of POPs. They become
 * live with the image of the same set (dns_zones.h).
 */
#ifndef AD_DNS_STEERING_H
#define AD_DNS_STEERING_H

#include "dns_steer_set.h"
#include "user/state/pins.h"

/*
 * Writes rows and states to @slot, which no packet reads yet; @set NULL: no name is steered. 0 or
 * -errno.
 */
int dns_steering_stage(struct dns_steer_set *set, const struct pins *pins, __u32 slot);
/* Empties @slot, which no packet reads any more. */
void dns_steering_clear(const struct pins *pins, __u32 slot);

#endif
