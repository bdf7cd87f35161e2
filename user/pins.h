/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pins.h: an instance's pinned maps, for commands that read them and the few that write state.
 *
 * Needs no daemon and, for reading, no root: membership of the group that owns the pins.
 * Layout: <bpffs>/<instance>/<map name>; programs and links under <bpffs>/<instance>/prog_*.
 */
#ifndef AD_PINS_H
#define AD_PINS_H

#include <stdbool.h>
#include <stddef.h>
#include "maps/types.h"
#include "maps/reasons.h"

struct pins {
	char dir[256];
	int ncpus; /* possible CPUs: the length of per-CPU values */
};

/* 0; -ENOENT if the instance is not loaded (exit code 3); -EACCES; other -errno. Not logged. */
int pins_open(struct pins *pins, const char *bpffs, const char *instance);
/* fd of one map, to close(), or -errno. @writable asks for read-write. */
int pins_map(const struct pins *pins, const char *name, bool writable);

/* Each 0 or -errno; sums per-CPU values where there are any. */
int pins_read_meta(const struct pins *pins, struct ad_meta *meta);
int pins_read_state(const struct pins *pins, struct ad_state *state);
int pins_read_reasons(const struct pins *pins, struct ad_count counts[AD_REASON_MAX]);
int pins_read_peer(const struct pins *pins, __u16 node, struct ad_peer_count *count);
int pins_read_flow_stats(const struct pins *pins, struct ad_flow_stats *stats);

/*
 * Walks every live entry of the flow table in place (mmap), calling @each until it returns
 * non-zero, which is then returned. An entry that changes while it is read is read again or
 * left out. @each must not keep the pointer.
 */
int pins_each_flow(const struct pins *pins, int (*each)(const struct ad_flow *flow, void *arg),
		   void *arg);

#endif
