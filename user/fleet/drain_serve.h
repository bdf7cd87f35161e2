/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drain_serve.h: draining this node, and taking that back. One process at a time does it: the
 * daemon for whoever asks it through its control socket, or, where no daemon runs, a command that
 * holds the instance's locks in its place.
 */
#ifndef AD_DRAIN_SERVE_H
#define AD_DRAIN_SERVE_H

#include <jansson.h>
#include "model.h"
#include "user/state/datapath.h"
#include "user/state/pins.h"

/* What is changed, and by what; all of it is the caller's. */
struct drain_place {
	const struct config *config; /* to undrain, its places will do */
	struct model *model;
	struct ad_state *state;
	const struct pins *pins;
	__u16 self;	    /* our id */
	__u32 slow_start_s; /* 0: all new flows come back at once */
	bool alone; /* no daemon lets new flows come back by and by, or looks at health checks */
};

/*
 * @verb: "drain" with @args {"who", "reason", "to": "NODE,...", "even_last": true: although too few
 * other POPs are up} or "undrain" with {"who", "reason", "now": true: without a slow start}, each
 * of them may be missing; @uid: of the process that asks. The reply: {"ok", "code": exit code,
 * "errors": [...], "warnings": [...]} and "was_draining", "ended": null or what undrain ended,
 * "drain" or a divert_key(), and "diverts": null or the divert_key() of what goes on; or NULL if
 * that is no such verb.
 */
json_t *drain_serve(const struct drain_place *place, const char *verb, const json_t *args,
		    __u32 uid);

/* drain_follow_config(), and what an operator said is forgotten where that overrules it. */
void drain_follow(const struct drain_place *place, const struct config *old);

#endif
