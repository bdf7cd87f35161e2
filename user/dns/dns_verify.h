/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_verify.h: are the signatures of variants right? By cryptography, where dns_steered_check()
 * looks at keys and data alone. A part of dns_steer_set.h.
 */
#ifndef AD_DNS_VERIFY_H
#define AD_DNS_VERIFY_H

#include "dns_steer_set.h"

/*
 * Verifies what was read from files for the names of @set, which dns_steered_check() has passed:
 * each signature by a DNSKEY of its zone in @zones. Fills set->verified; what is in that of @before
 * (or NULL) was right already. What was signed with a key or an algorithm that is not known here
 * passes: validators that do not know it take the zone for unsigned. 0; -EINVAL with an error for
 * each wrong signature; or -ENOMEM, -ECANCELED (progress_stop()).
 */
int dns_verify(struct zone *const *zones, size_t nr_zones, struct dns_steer_set *set,
	       const struct dns_steer_set *before, struct config_errors *errors);
void dns_verify_free(struct dns_steer_set *set);

#endif
