/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drain.h: handing our new flows to successors. The model says whether we drain; the pinned state
 * is where the data path reads that, so that it works without a daemon and outlives one.
 */
#ifndef AD_DRAIN_H
#define AD_DRAIN_H

#include "model.h"
#include "user/state/datapath.h"

/* Names of nodes and POPs, separated by commas, to ids. Number of them, or -EINVAL with lines in
 * @errors. */
int drain_parse(const struct model *model, const struct config *config, const char *names,
		__u16 ids[AD_SUCCESSOR_MAX], struct config_errors *errors);
/*
 * Successors by the configuration: drain.successors; without any, the other nodes of our POP that
 * are up, or, if there are none, those of the nearest POP that has any.
 */
size_t drain_default(const struct model *model, const struct config *config,
		     __u16 ids[AD_SUCCESSOR_MAX]);

/* The same, but only of nodes that answer, in POPs that serve: @serves by their index. */
size_t drain_serving(const struct model *model, const struct config *config, const bool *serves,
		     __u16 ids[AD_SUCCESSOR_MAX]);

void drain_begin(struct ad_state *state, const __u16 *ids, size_t nr);
void drain_end(struct ad_state *state);
/* Ends it, too; but the part of new flows that is served here grows by and by (divert.h). */
#define DRAIN_KEPT_FIRST 1
void drain_come_back(struct ad_state *state);
bool drain_is_on(const struct ad_state *state);
/*
 * Those successors stay that were chosen and still can be such; if none can, others are chosen, as
 * by drain_serving(); @serves may be NULL. Returns how many there are.
 */
size_t drain_refresh(struct ad_state *state, const struct model *model, const struct config *config,
		     const bool *serves);

/*
 * After a new configuration, which @model has: our own node's state in it begins or ends a drain
 * when it changed, whatever an operator said before (@old may be NULL: then only "draining"
 * counts); successors that cannot be such any more leave the list.
 */
void drain_follow_config(struct ad_state *state, struct model *model, const struct config *old,
			 const struct config *config, __u32 now_s);

#endif
