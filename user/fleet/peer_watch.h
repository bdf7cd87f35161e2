/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peer_watch.h: does a node that we send to answer?
 *
 * An owner that we send a flow's packets to has no reason to send us any. So where none come, it is
 * asked (probe.h), and whoever lets three questions in a row pass is silent in the model, until it
 * is heard of.
 *
 * Who is missed elsewhere is urgent: it is asked each second, by several questions at once, for one
 * may be lost: two seconds without an answer to any of them are enough.
 */
#ifndef AD_PEER_WATCH_H
#define AD_PEER_WATCH_H

#include "model.h"
#include "user/state/pins.h"

struct peer_watch {
	struct peer_seen *seen; /* by node id */
	size_t nr;
	size_t next, next_urgent; /* in the order of the configuration */
	size_t nr_urgent;
};

/* A look at the next of them: all of a fleet of usual size. Logs who falls silent, and who speaks.
 */
void peer_watch_tick(struct peer_watch *watch, const struct config *config, const struct pins *pins,
		     struct model *model);
/* Whether this node is urgent; false at first, and to be so again when it is silent. */
void peer_watch_urge(struct peer_watch *watch, __u16 id, bool is_urgent);
/* None is urgent: all are looked at by peer_watch_tick() again. */
void peer_watch_calm(struct peer_watch *watch);
/* Once a second: a look at the urgent ones alone; at the next of them, if they are very many. */
void peer_watch_hurry(struct peer_watch *watch, const struct config *config,
		      const struct pins *pins, struct model *model);
void peer_watch_free(struct peer_watch *watch);

#endif
