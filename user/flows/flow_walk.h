/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow_walk.h: every flow that this node knows, a few at a time: those that are ours by the
 * kernel's sockets, exact and with all that the stack knows of them; what has no socket here by the
 * flow table: pins, flows that are led elsewhere, and flows that are forwarded to servers behind
 * this host. No flow comes twice.
 */
#ifndef AD_FLOW_WALK_H
#define AD_FLOW_WALK_H

#include "flow_socket.h"
#include "user/state/names.h"
#include "user/state/pins.h"

struct flow_walk;

/*
 * @names must outlive it, and may change between two steps. From another network namespace than the
 * instance's the sockets cannot be asked: then the flow table is all there is. 0 or -errno.
 */
int flow_walk_open(const struct pins *pins, const struct names *names, struct flow_walk **walk);
/*
 * Calls @each for the next few, at most a hundred or so. 0: there may be more; -ENOENT: that were
 * all; what @each returned; or -errno.
 */
int flow_walk_step(struct flow_walk *walk, int (*each)(const struct flow_row *row, void *arg),
		   void *arg);
void flow_walk_close(struct flow_walk *walk);

/* All of it at once: 0, what @each returned, or -errno. */
int flow_walk_each(const struct pins *pins, const struct names *names,
		   int (*each)(const struct flow_row *row, void *arg), void *arg);

#endif
