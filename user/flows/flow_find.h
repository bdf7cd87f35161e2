/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow_find.h: a single flow in the flow table, by its 4-tuple. For root: it takes the stamp key.
 */
#ifndef AD_FLOW_FIND_H
#define AD_FLOW_FIND_H

#include "user/config/config.h"
#include "user/state/pins.h"

struct flow_finder {
	int tags, flows; /* maps */
	__u32 nr_buckets;
	struct ad_keys keys;
	struct ad_addr vips[AD_VIP_MAX];
	size_t nr_vips;
};

/* 0, then flow_finder_close(); or -errno. Good until the next reload. */
int flow_finder_open(struct flow_finder *finder, const struct pins *pins);
/* False: it is not there, or its entry is being written. */
bool flow_finder_get(const struct flow_finder *finder, const struct ad_tuple *tuple,
		     struct ad_flow *flow);
void flow_finder_close(struct flow_finder *finder);

#endif
