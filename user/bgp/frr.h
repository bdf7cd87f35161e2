/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frr.h: FRR's bgpd. Its configuration has `network` statements for the VIPs with two route-maps,
 * anydoor4 and anydoor6, which are ours. bgpd reads them at its own start (`bgpd -f FILE`), before
 * FRR's own configuration; a route-map that is not there announces nothing.
 *
 * bgpd is spoken to by its VTY socket, as vtysh does it. Whether a command was taken is told by its
 * code; what is exported is read from JSON.
 */
#ifndef AD_BGP_FRR_H
#define AD_BGP_FRR_H

#include <jansson.h>
#include "bgp.h"

extern const struct bgp_driver frr_driver;

/* For tests; malloc()ed, NULL without memory. */
char *frr_file_text(const struct bgp_setup *setup, const struct bgp_wishes *wishes);

/* What `show route-map NAME json` says: is it what the file says for @wish? */
bool frr_map_is(const json_t *reply, const char *name, const struct bgp_setup *setup,
		enum bgp_wish wish);
/*
 * What `show bgp ... summary json` says: adds an export for each of its neighbours, or for those of
 * the configuration. False: that is no summary.
 */
bool frr_read_summary(const json_t *reply, const struct bgp_setup *setup, enum bgp_family family,
		      struct bgp_fact *fact);
/* What `show bgp ... PREFIX json` says: counts it at whom it is advertised to. False: it is none.
 */
bool frr_read_prefix(const json_t *reply, const struct bgp_setup *setup, enum bgp_family family,
		     struct bgp_fact *fact);

#endif
