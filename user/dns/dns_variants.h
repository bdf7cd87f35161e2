/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_variants.h: the steered names of signed zones, signed once for each POP: from the files that
 * `variants` of a zone names, or by the key that `sign_key` does. A part of dns_steer_set.h.
 */
#ifndef AD_DNS_VARIANTS_H
#define AD_DNS_VARIANTS_H

#include "dns_steer_set.h"

/*
 * Reads or signs those of the POPs that the names of @set may be sent to; @plan and @config are
 * what that was made of, @zones those of @config that were read. 0, -EINVAL with errors, or -errno
 * (-ECANCELED: progress_stop()).
 */
int dns_variants_load(const struct config *config, const struct steer_plan *plan,
		      struct zone *const *zones, size_t nr, struct dns_steer_set *set,
		      struct config_errors *errors);
void dns_variants_free(struct dns_steer_set *set);

/* What ends first: the signatures of the zone that @info is of, or those of its variants. */
void dns_variants_ends(const struct dns_steer_set *set, struct ad_dns_zone_info *info);

#endif
