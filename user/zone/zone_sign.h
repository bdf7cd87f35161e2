/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_sign.h: checks whether a zone that was signed elsewhere is complete. A part of zone.h.
 */
#ifndef AD_ZONE_SIGN_H
#define AD_ZONE_SIGN_H

#include "zone.h"

/*
 * A zone counts as signed if its SOA is. Then every set that needs a signature has one, every name
 * is in the chain of NSEC or NSEC3, and that is closed: or -EINVAL with the reasons in @errors, or
 * -ENOMEM. Fills in zone->chain and zone->signed_until_s; no cryptography is done. What is an error
 * only for validators (times, keys, iterations) is logged.
 */
int zone_sign_check(struct zone *zone, struct config_errors *errors);

#endif
