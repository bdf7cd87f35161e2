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
#include "maps/reasons.h"
#include "maps/types.h"

struct pins {
	char dir[256];
	int ncpus; /* possible CPUs: the length of per-CPU values */
};

/* 0; -ENOENT if the instance is not loaded (exit code 3); -EACCES; other -errno. Not logged. */
int pins_open(struct pins *pins, const char *bpffs, const char *instance);
/* The instance's name. */
const char *pins_instance(const struct pins *pins);
/* fd of one map, to close(), or -errno. @writable asks for read-write. */
int pins_map(const struct pins *pins, const char *name, bool writable);

/*
 * Each 0 or -errno; sums per-CPU values where there are any. -EPROTO: the map is there, but of
 * another geometry than this binary knows (another ABI).
 */
int pins_read_meta(const struct pins *pins, struct ad_meta *meta);
/* The only element of a map that is not per CPU, @size bytes. */
int pins_read_one(const struct pins *pins, const char *name, void *value, __u32 size);
int pins_write_one(const struct pins *pins, const char *name, const void *value, __u32 size);
/* The same; zeros if what is loaded has no such map, and after an error. */
int pins_read_record(const struct pins *pins, const char *name, void *record, __u32 size);
/* Zeros if no daemon of this version has run yet. */
int pins_read_reload(const struct pins *pins, struct ad_reload *reload);
int pins_write_reload(const struct pins *pins, const struct ad_reload *reload);
/* Zeros if what was loaded has no such map. */
int pins_read_told(const struct pins *pins, struct ad_told *told);
int pins_write_told(const struct pins *pins, const struct ad_told *told);
int pins_read_state(const struct pins *pins, struct ad_state *state);
int pins_read_reasons(const struct pins *pins, struct ad_count counts[AD_REASON_MAX]);
int pins_read_peer(const struct pins *pins, __u16 node, struct ad_peer_count *count);
int pins_read_flow_stats(const struct pins *pins, struct ad_flow_stats *stats);
int pins_read_hunt_stats(const struct pins *pins, struct ad_hunt_stats *stats);

/*
 * The fleet as the data path knows it, by id, and the traffic with each node; flags 0 = not in the
 * fleet. Both arrays have AD_NODE_ID_MAX + 1 elements, of which *nr are filled.
 */
int pins_read_fleet(const struct pins *pins, struct ad_node *nodes, struct ad_peer_count *counts,
		    __u32 *nr);
/* The first half of it. */
int pins_read_nodes(const struct pins *pins, struct ad_node *nodes, __u32 *nr);
/* Addresses of the VIPs by their index, as flows carry it; *nr is one more than the highest. */
int pins_read_vips(const struct pins *pins, struct ad_addr vips[AD_VIP_MAX], size_t *nr);

struct pins_occupancy {
	__u64 by_kind[AD_FLOW_OURS + 1]; /* entries; [AD_FLOW_FREE] is what is free */
	__u64 idle; /* of any kind, silent for long: may be replaced by other flows */
	__u64 slots;
};
/* Reads the tags only: one cache line for eight slots. @idle_s: as the data path has it. */
int pins_read_occupancy(const struct pins *pins, __u32 idle_s, struct pins_occupancy *occupancy);

/*
 * A walk over the flow table, bucket by bucket, that may pause between two of them. It reads in
 * place (mmap) if we may write the map, since the kernel maps it for nobody else; others get
 * copies, piece by piece.
 */
struct pins_walk;
int pins_walk_open(const struct pins *pins, struct pins_walk **walk);
/*
 * Copies the live entries of the next bucket to @found: how many, or -ENOENT behind the last
 * bucket, or -errno. An entry that changes while it is read is read again or left out.
 */
int pins_walk_bucket(struct pins_walk *walk, struct ad_flow found[AD_FLOW_SLOTS]);
void pins_walk_close(struct pins_walk *walk);

/* All of it at once: calls @each until it returns non-zero, which is then returned. */
int pins_each_flow(const struct pins *pins, int (*each)(const struct ad_flow *flow, void *arg),
		   void *arg);

#endif
