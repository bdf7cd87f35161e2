/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_count.h: the daemon's DNS counters, in pinned maps that readers open without the daemon.
 */
#ifndef AD_DNS_COUNT_H
#define AD_DNS_COUNT_H

#include "maps/dns.h"
#include "maps/dns_rules.h"

struct pins;

struct dns_tally {
	struct ad_dns_daemon *daemon;
	__u64 *zones; /* by counter */
	struct ad_dns_rule_counts *rule_counts;
};

/* Maps the counters. Without an instance (@pins NULL) they are private memory. 0 or -errno. */
int dns_tally_open(struct dns_tally *tally, const struct pins *pins);
void dns_tally_close(struct dns_tally *tally);

#endif
