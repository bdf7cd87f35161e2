/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flap.h: from passes and failures of one check at one address to how it stands. Pure.
 *
 * Failures need not be in a row: a server that fails one request in three is as useless as a dead
 * one. So each failure counts until @rise passes in a row make them forgotten, and @fall of them
 * take it out. It comes back after @rise passes in a row; the first pass of all is enough if
 * nothing was known before.
 */
#ifndef AD_HEALTH_FLAP_H
#define AD_HEALTH_FLAP_H

#include <stdbool.h>
#include "maps/health.h"

struct flap_rule {
	unsigned int fall, rise; /* at least 1 */
};

/* Changes state, failures and passes of @check, and nothing else of it. */
void flap_step(struct ad_health_check *check, struct flap_rule rule, bool passed);

#endif
