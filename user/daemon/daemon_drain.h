/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon_drain.h: what is seen of a drain beyond the step that it has come to: how many new
 * connections still land here, who still sends, and how long DNS answers may still lead here.
 */
#ifndef AD_DAEMON_DRAIN_H
#define AD_DAEMON_DRAIN_H

#include <jansson.h>
#include <stdbool.h>
#include "user/bgp/steps.h"

struct daemon;

/* Zero: nothing was counted yet. */
struct drain_seen {
	bool has_counted;
	__u64 syns;	      /* a counter */
	double new_per_s;     /* smoothed */
	__u64 unnamed_real_s; /* since when steered names do not name our POP; 0: they do */
};

/* Once a second. */
void drain_seen_count(struct drain_seen *seen, const struct daemon *daemon);
/* It does not drain. */
void drain_seen_forget(struct drain_seen *seen);
/*
 * {"flows_left": N|null, "new_per_second": ..., "answers": null | {"named": true|false,
 *  "cached_until_s": ...|null}, "sending": null | {"connections": N, "prefixes": N, "most":
 *  [{"prefix", "asn": N|null, "connections"}, ...]}}
 * answers: of steered names; null: there are none. NULL without memory.
 */
json_t *drain_seen_json(struct drain_seen *seen, const struct daemon *daemon,
			const struct drain_steps *steps, int flows);

#endif
