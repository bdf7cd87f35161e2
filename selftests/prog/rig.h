/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rig.h: the real programs, loaded with a vector's options and standing still in time, and their
 * maps, which every vector finds as if it were the first.
 */
#ifndef AD_RIG_H
#define AD_RIG_H

#include "maps/trace.h"
#include "measure.h"
#include "vector.h"

struct rig;

/* One run of one program. */
struct rig_result {
	__u32 retval;
	size_t len;
	__u8 frame[VECTOR_FRAME_MAX];
};
struct counts {
	__u64 packets[AD_REASON_MAX];
};

/* 0 or -errno, told on stderr. One rig at a time: the flow table is mapped once. */
int rig_open(const struct options *options, struct rig **rig);
void rig_close(struct rig *rig);

/* Program @nr, counted from 0, measured; -ENOENT: there are no more. */
int rig_measure(const struct rig *rig, int nr, struct measure *measure);
/* How long loading all of them took. */
__u32 rig_load_ms(const struct rig *rig);

/* Every map as the options say, then as @vector wants it. 0 or -errno. */
int rig_prepare(struct rig *rig, const struct vector *vector);
/*
 * Runs the program behind the door, or, if @door, the door itself. 0; -EAGAIN if this kernel does
 * not take so short a frame there; -errno.
 */
int rig_run(const struct rig *rig, const struct vector *vector, bool door, const struct bytes *in,
	    struct rig_result *outcome);
/* The same frame @times, without the door; each round finds what the one before has left of it. */
int rig_repeat(const struct rig *rig, const struct vector *vector, __u32 times);
/* Has each packet recorded, until the next rig_prepare(). 0 or -errno. */
int rig_trace(struct rig *rig);
/* How many records there are since the last call, and *@last; or -errno. */
int rig_traced(struct rig *rig, struct ad_trace_record *last);
int rig_map_fd(const struct rig *rig, const char *name);
int rig_counts(const struct rig *rig, struct counts *counts);
bool rig_entry_is(const struct rig *rig, const struct entry *entry);
/* The flow with this tag, or NULL; the rig's, until it is prepared for another vector. */
const struct ad_flow *rig_flow(const struct rig *rig, __u32 bucket, __u32 tag);
bool rig_flow_is(const struct rig *rig, const struct flow_check *check);
/* Sums over CPUs. 0 or -errno. */
int rig_peer(const struct rig *rig, __u32 node, struct ad_peer_count *count);

#endif
