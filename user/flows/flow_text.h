/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow_text.h: one flow as text: for people, and as JSON for `anydoor flows` and GET /flows.
 */
#ifndef AD_FLOW_TEXT_H
#define AD_FLOW_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include "maps/types.h"
#include "flow_socket.h"
#include "user/state/names.h"

/* "ours", "pin", "transit", as in --kind and in JSON. */
const char *flow_kind(__u8 kind);

#define ENDPOINT_TEXT 56 /* "[address]:port" */
const char *endpoint_format(const struct ad_addr *addr, __be16 port, char text[ENDPOINT_TEXT]);
/* The flow's VIP and port; "removed:port" if the VIP is no longer in the configuration. */
const char *flow_vip_format(const struct ad_flow *flow, const struct names *names,
			    char text[ENDPOINT_TEXT]);

/* Seconds since @then. The clock has 32 bits and wraps; a packet later than @now counts as now. */
__u32 flow_seconds(__u32 now_s, __u32 then_s);

/*
 * Has the flow ended, as far as the table shows? It has if it was silent for long, or was closed
 * and is silent since. Its entry stays until another flow takes it.
 */
bool flow_is_over(const struct ad_flow *flow, const struct names *names);
/* Its counts are of the packets that the table was told of, which may not be all. */
bool flow_is_estimate(const struct ad_flow *flow);

/*
 * The flow as one JSON object without newline; returns its length. It is not made by a library,
 * because a table may have ten million flows, and nothing in it needs escaping (the configuration's
 * schema restricts names).
 */
#define FLOW_JSON_TEXT 1024
size_t flow_json(const struct flow_row *row, const struct names *names, char text[FLOW_JSON_TEXT]);

#endif
