/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catchment.h: the catchment, kept by the daemon: a worker empties the data path's maps every few
 * seconds, and judges each window when it ends.
 */
#ifndef AD_CATCHMENT_DAEMON_H
#define AD_CATCHMENT_DAEMON_H

#include "user/catchment/catch_view.h"

struct catchment;
struct config;
struct pins;
struct steer_plan;
struct worker;

/* What has changed since the start, by kind: for a counter. */
struct catchment_changes {
	__u64 moved[CATCH_BY_PREFIX][CATCH_KINDS];
};

/*
 * Goes on from what the daemon before knew, if that is of the same places and not older than
 * `catchment.memory`: catchment.json beside the control socket. @tell gets every new view, and the
 * changes so far; a view that it wants to keep it must hold. 0 or -ENOMEM. @worker must end before
 * catchment_free().
 */
int catchment_new(struct worker *worker, const char *run_dir, const char *instance,
		  void (*tell)(struct catch_view *view, const struct catchment_changes *changes,
			       void *arg),
		  void *arg, struct catchment **out);
void catchment_free(struct catchment *catchment);
/* Another plan is in use, or NULL. It may be freed only by a later job of @worker. */
void catchment_use_plan(struct catchment *catchment, const struct steer_plan *plan);
/* Once a second. @config may be freed only as the plan. */
void catchment_tend(struct catchment *catchment, const struct config *config,
		    const struct pins *pins, bool is_draining);
/*
 * While this node drains: who sends here still, by prefix; each line's rate of connections is how
 * many of them have sent in the last seconds. NULL: not known (yet).
 */
const struct catch_view *catchment_senders(const struct catchment *catchment);
/*
 * {"by": "region"|"asn"|"prefix", "top": N}: {"ok": true, "catchment": as catch_view_json()}, or a
 * refusal.
 */
json_t *catchment_reply(const struct catchment *catchment, const json_t *args);
/* {"ok": true, "suspects": as catch_suspects_json()}, or a refusal. */
json_t *catchment_suspects(const struct catchment *catchment);

#endif
