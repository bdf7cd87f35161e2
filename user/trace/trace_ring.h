/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_ring.h: a trace from its beginning to its end.
 *
 * One at a time: the ring buffer has one reader. If this process dies, the data path ends the trace
 * by itself, AD_TRACE_LEASE_S after the last trace_ring_read().
 */
#ifndef AD_TRACE_RING_H
#define AD_TRACE_RING_H

#include "maps/trace.h"
#include "user/state/pins.h"

struct trace_ring;

/*
 * Begins: records whatever fits @wanted, of which only the filters and `sample` count. 0; -EBUSY:
 * another process traces (*@pid); -ENOENT: what is loaded cannot be traced; -EACCES or -EPERM: for
 * root alone; other -errno.
 */
int trace_ring_open(const struct pins *pins, const struct ad_trace *wanted,
		    struct trace_ring **ring, __u32 *pid);
/*
 * Calls @each for the records that are there, or come within @wait_ms, until it returns non-zero,
 * which is then returned, or 0. -ESTALE: another process has taken over; other -errno. To be called
 * once a second at least.
 */
int trace_ring_read(struct trace_ring *ring, int wait_ms,
		    int (*each)(const struct ad_trace_record *record, void *arg), void *arg);
/* Packets that fitted so far, and records for which the ring had no room. */
__u64 trace_ring_fitted(const struct trace_ring *ring);
__u64 trace_ring_lost(const struct trace_ring *ring);
/* NULL is allowed. */
void trace_ring_close(struct trace_ring *ring);

#endif
