/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seen.h: what is known of the bus and of the nodes on it, as commands and metrics read it out of
 * the pinned map: without the bus, without a daemon, and without root.
 */
#ifndef AD_BUS_SEEN_H
#define AD_BUS_SEEN_H

#include <jansson.h>
#include "maps/bus.h"
#include "user/state/pins.h"

struct bus_seen {
	struct ad_bus_seen self; /* of the bus */
	__u32 *ids;		 /* of nodes, rising */
	struct ad_bus_seen *nodes;
	size_t nr;
};

/* 0, also if there is no bus, then bus_seen_free(); or -errno. */
int bus_seen_read(const struct pins *pins, struct bus_seen *seen);
void bus_seen_free(struct bus_seen *seen);
/* No daemon runs: what is there is what the last one knew. */
void bus_seen_is_old(struct bus_seen *seen);

const char *bus_state_word(__u32 state);
const char *bus_state_text(__u32 state);
/*
 * {"state", "since", "echo", "echo_ms", "refused", "why", "rotation": {"epoch", "goal", "at",
 * "who"} or null, "nodes": [{"id", "node", ...}]}
 */
json_t *bus_seen_json(const struct bus_seen *seen);
/* A line, and with @nodes a table, on stdout; nothing without a bus. */
void bus_seen_print(const struct bus_seen *seen, bool nodes);

#endif
