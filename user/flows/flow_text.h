/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow_text.h: one flow as text: for people, and as JSON for `anydoor flows` and GET /flows.
 */
#ifndef AD_FLOW_TEXT_H
#define AD_FLOW_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include "maps/types.h"
#include "user/state/names.h"

/* "ours", "pin", "transit", as in --kind and in JSON. */
const char *flow_kind(__u8 kind);

#define ENDPOINT_TEXT 56 /* "[address]:port" */
const char *endpoint_format(const struct ad_addr *addr, __be16 port, char text[ENDPOINT_TEXT]);
/* The flow's VIP and port; "removed:port" if the VIP has left the configuration since. */
const char *flow_vip_format(const struct ad_flow *flow, const struct names *names,
			    char text[ENDPOINT_TEXT]);

/* Seconds since @then; a clock of 32 bits that wraps, and packets later than @now are "now". */
__u32 flow_seconds(__u32 now_s, __u32 then_s);

/*
 * Whether the flow has ended, as far as the table tells: long silent, or closed and silent since.
 * Its entry only waits for another to take its place.
 */
bool flow_is_over(const struct ad_flow *flow, const struct names *names);

/*
 * The flow as one JSON object without newline; returns its length. Written by hand: a table of ten
 * million flows goes through here, and nothing in it needs escaping (names are restricted by the
 * configuration's schema).
 */
#define FLOW_JSON_TEXT 1024
size_t flow_json(const struct ad_flow *flow, const struct names *names, char text[FLOW_JSON_TEXT]);

#endif
