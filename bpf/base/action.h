/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * action.h: from a reason to what XDP does with the packet, by the table in maps/reasons.h.
 *
 * Plain C: selftests/unit runs it on the host over every row.
 */
#ifndef AD_BPF_ACTION_H
#define AD_BPF_ACTION_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include "maps/reasons.h"

enum action {
	ACTION_PASS,
	ACTION_DROP,
	ACTION_SEND
};

/* The rows of an action as bits, so that a program need not compare with each. */
#define ACTION_BIT(wanted, sym, action, from)                                                      \
	| ((ACTION_##action == (wanted) && AD_R_##sym / 64 == (from)) ? 1ull << AD_R_##sym % 64 : 0)
#define X(sym, side, action, label, help) ACTION_BIT(ACTION_DROP, sym, action, 0)
static const __u64 action_drop_low = 0 AD_REASONS(X);
#undef X
#define X(sym, side, action, label, help) ACTION_BIT(ACTION_DROP, sym, action, 1)
static const __u64 action_drop_high = 0 AD_REASONS(X);
#undef X
#define X(sym, side, action, label, help) ACTION_BIT(ACTION_SEND, sym, action, 0)
static const __u64 action_send_low = 0 AD_REASONS(X);
#undef X
#define X(sym, side, action, label, help) ACTION_BIT(ACTION_SEND, sym, action, 1)
static const __u64 action_send_high = 0 AD_REASONS(X);
#undef X
_Static_assert(AD_REASON_MAX <= 128, "two words of bits");

/* The action of the reason's row. A reason without a row is not ours: the packet passes. */
static inline __attribute__((always_inline)) enum action action_of(__u32 reason)
{
	__u64 bit = 1ull << reason % 64;

	if ((reason < 64 ? action_send_low : action_send_high) & bit)
		return ACTION_SEND;
	return (reason < 64 ? action_drop_low : action_drop_high) & bit ? ACTION_DROP : ACTION_PASS;
}

/*
 * @sent: the action with which a packet was sent whose row says SEND; 0: it was not sent, which is
 * a fault of ours. Such a packet may be rewritten already, so it is dropped: our stack must not get
 * it. The same holds for a packet that was about to be sent when something failed, and whose row
 * says DROP.
 */
static inline __attribute__((always_inline)) int action_xdp(__u32 reason, int sent)
{
	enum action action = action_of(reason);

	if (action == ACTION_PASS)
		return XDP_PASS;
	return action == ACTION_SEND && sent ? sent : XDP_DROP;
}

#endif
