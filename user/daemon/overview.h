/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * overview.h: the fleet at a glance, as this node sees it: what the page at `/` shows. Pure, as
 * metrics_text.h. Counters are sums; the page makes rates of two of them.
 */
#ifndef AD_OVERVIEW_H
#define AD_OVERVIEW_H

#include <jansson.h>
#include "metrics_text.h"

#define OVERVIEW_NODES_MAX   50 /* of those that are not up: the rest is counted */
#define OVERVIEW_REGIONS_MAX 20

/*
 * {"version", "node", "pop", "at_s", "loaded"}, and while it is @status (NULL: it is not loaded)
 * {"loaded_s", "armed", "counters": {...}, "bytes": {"in", "out"}, "drain": null | {...},
 * "kept_percent", "pops": [...], "nodes": [...], "nodes_total", "regions": null | {...}, "bus",
 * "warnings": [...]}. NULL: out of memory.
 */
json_t *overview_json(const struct view *view, const struct status *status,
		      const struct metrics_daemon *daemon);

#endif
