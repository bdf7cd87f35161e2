/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rtt_rank.h: from counted round-trip times to the order of POPs. Pure.
 *
 * A POP takes the place of one before it only if both have been measured by enough connections, and
 * it is faster by a margin: two that are about as fast do not change places all the time. Who is
 * not known keeps his place. So without measurements the order is the configuration's.
 */
#ifndef AD_RTT_RANK_H
#define AD_RTT_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include "maps/rtt.h"

#define RTT_LEAST_GAIN_US 1000 /* nobody is moved for less */

/* Connections by bucket; old ones count less. */
struct rtt_hist {
	float count[AD_RTT_BUCKETS];
};
void rtt_hist_add(struct rtt_hist *hist, const struct ad_rtt_counts *counts);
/* All count half after @half_s. */
void rtt_hist_fade(struct rtt_hist *hist, double passed_s, double half_s);
double rtt_hist_samples(const struct rtt_hist *hist);
/* The median, within its bucket in proportion; 0: none is counted. */
double rtt_hist_median_us(const struct rtt_hist *hist);

struct rtt_pop {
	__u16 pop;	/* index into config.pops */
	__u16 place;	/* in the rule of the configuration */
	double rtt_us;	/* the median */
	double samples; /* it was made of; 0: it is not known */
	bool is_own;	/* measured by this node */
};

struct rtt_rule {
	double samples; /* from so many on it is known */
	double margin;	/* of the slower one's time */
};

/*
 * Puts @list, in the order in which it stands now, into the order of what was measured. If the
 * first one is not known any more, it begins at the configuration's order again. True if anybody
 * has moved.
 */
bool rtt_rank(const struct rtt_rule *rule, struct rtt_pop *list, size_t nr);

#endif
