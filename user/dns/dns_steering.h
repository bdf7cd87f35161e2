/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_steering.h: what steered names need beside the image: rows, and POPs with their words. It
 * goes live with the image of the same set (dns_zones.h).
 */
#ifndef AD_DNS_STEERING_H
#define AD_DNS_STEERING_H

#include "dns_steer_set.h"
#include "user/state/pins.h"

/*
 * Writes rows and words to where no packet looks yet; @set may be NULL: there are none. 0 or
 * -errno.
 */
int dns_steering_stage(struct dns_steer_set *set, const struct pins *pins, __u32 slot);
/* Once no packet looks there any more. */
void dns_steering_clear(const struct pins *pins, __u32 slot);

#endif
