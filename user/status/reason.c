// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reason.c: reasons as data (reason.h).
 */
#include "reason.h"

#define SIDE_IN	    "in"
#define SIDE_OUT    "out"
#define ACTION_PASS "pass"
#define ACTION_DROP "drop"
#define ACTION_SEND "send"

const struct reason reason_table[AD_REASON_MAX] = {
#define X(sym, side, action, label, help)                                                          \
	[AD_R_##sym] = { label, SIDE_##side, ACTION_##action, help },
	AD_REASONS(X)
#undef X
};

const struct outcome_text outcome_texts[OUTCOME_NR] = {
	[OUTCOME_OTHER] = { "other", "other traffic" },
	[OUTCOME_DNS] = { "dns_answered", "DNS answered" },
	[OUTCOME_DNS_LEFT] = { "dns_passed", "DNS left to a nameserver" },
	[OUTCOME_OURS] = { "ours", "flows of this node" },
	[OUTCOME_LED] = { "led", "led to their owner" },
	[OUTCOME_DIVERTED] = { "diverted", "new flows diverted" },
	[OUTCOME_NOBODY] = { "nobody", "nobody's" },
	[OUTCOME_DROPPED] = { "dropped", "dropped" },
	[OUTCOME_STAMPED] = { "stamped", "stamped on the way out" },
	[OUTCOME_UNTOUCHED] = { "untouched", "untouched on the way out" },
};

/* The text of the reason's row, for all reasons that no entry below describes further. */
static enum outcome by_action(enum ad_reason reason)
{
	switch (reason) {
#define BY_IN_PASS  OUTCOME_OTHER
#define BY_IN_SEND  OUTCOME_LED
#define BY_IN_DROP  OUTCOME_DROPPED
#define BY_OUT_PASS OUTCOME_UNTOUCHED
#define X(sym, side, action, label, help)                                                          \
	case AD_R_##sym:                                                                           \
		return BY_##side##_##action;
		AD_REASONS(X)
#undef X
	default:
		return OUTCOME_OTHER;
	}
}

enum outcome reason_outcome(enum ad_reason reason)
{
	switch (reason) {
	case AD_R_DNS_ANSWERED:
	case AD_R_DNS_SLIPPED:
		return OUTCOME_DNS;
	case AD_R_DNS_PASSED:
	case AD_R_DNS_UNREAD:
		return OUTCOME_DNS_LEFT;
	case AD_R_LOCAL_SYN:
	case AD_R_LOCAL_UNSTAMPED:
	case AD_R_LOCAL_STAMP:
	case AD_R_LOCAL_FLOW:
	case AD_R_LOCAL_SOCKET:
	case AD_R_LOCAL_FRAGMENT:
	case AD_R_SYN_REPEATED:
	case AD_R_ICMP_LOCAL:
		return OUTCOME_OURS;
	case AD_R_DIVERTED:
		return OUTCOME_DIVERTED;
	case AD_R_NOBODY:
	case AD_R_NOBODY_AGAIN:
	case AD_R_OWNER_DEAD:
		return OUTCOME_NOBODY;
	case AD_R_TOO_BIG_TOLD: /* what is sent is an ICMP error, and not the packet */
		return OUTCOME_DROPPED;
	case AD_R_OUT_STAMPED:
		return OUTCOME_STAMPED;
	default:
		return by_action(reason);
	}
}

json_t *reason_json(enum ad_reason reason, json_t *packets, json_t *bytes)
{
	const struct reason *row = &reason_table[reason];

	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s}", "reason", row->label, "side", row->side,
			 "action", row->action, "packets", packets, "bytes", bytes, "help",
			 row->help);
}
