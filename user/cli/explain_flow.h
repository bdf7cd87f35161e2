/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explain_flow.h: which node owns a flow, and why: what the ladder of the data path would say of
 * its next packet if that came to this node straight from its client.
 */
#ifndef AD_EXPLAIN_FLOW_H
#define AD_EXPLAIN_FLOW_H

#include "maps/reasons.h"
#include "user/base/globals.h"
#include "user/net/sockets.h"

/* "198.51.100.7:40000": a client or a VIP, as a flow names it. */
bool explain_is_endpoint(const char *word);
/* @vip: NULL: was not given. @tsecr: of the packet; 0: none. An exit code. */
int explain_flow(const struct globals *globals, const char *client, const char *vip, __u32 tsecr);

/* --- what it decides by ------------------------------------------------------------------------
 */

enum flow_known {
	FLOW_NO,
	FLOW_YES,
	FLOW_UNREADABLE, /* only root may look */
};

struct flow_facts {
	bool is_vip;   /* with TCP */
	bool is_armed; /* stamps are in use, for this VIP too */
	struct socket_info socket;
	bool has_entry;
	struct ad_flow entry; /* of the flow table */
	enum flow_known unstamped;
	enum flow_known stamped; /* the next two hold */
	__u16 stamp;		 /* owner, or, of an old stamp, owner - 1 */
	__s32 stamp_age_ms;	 /* if it is the owner */
	__u16 self;
	/* Flags of a node (enum ad_node_flag); 0: not in the fleet. */
	__u32 (*node_flags)(void *arg, __u16 id);
	void *arg;
};

struct flow_verdict {
	enum ad_reason reason;
	__u16 owner; /* 0: not known here */
};

struct flow_verdict explain_flow_judge(const struct flow_facts *facts);

#endif
