/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model.h: the ladder as the design tells it (deploy/doc/design.md, "Who owns it"), as a function
 * of what can be known about a packet and the world. It shares no code with bpf/: what both say is
 * right, or wrong for one reason.
 *
 * Numbers are in host order, times in milliseconds, node ids 1 .. MODEL_NODES - 1, 0 is none.
 */
#ifndef AD_MODEL_H
#define AD_MODEL_H

#include <stdbool.h>
#include <linux/types.h>
#include "maps/types.h"
#include "maps/reasons.h"

#define MODEL_SHIFT  22 /* K */
#define MODEL_IDLE_S 3600
#define MODEL_NODES  (1 << (32 - MODEL_SHIFT))

struct model_node {
	bool known, dead, draining;
	__u8 unreachable; /* why nothing can be sent there: a reason, or AD_CONTINUE */
};

/* What our own kernel says of this very packet; each is better evidence than those before. */
enum model_socket {
	MODEL_NO_SOCKET,
	MODEL_HALF_OPEN, /* and the packet does not complete it */
	MODEL_COOKIE,	 /* it completes a SYN cookie */
	MODEL_TIME_WAIT, /* and the packet is not of that connection */
	MODEL_OURS,
	MODEL_CLOSING, /* and it ends, if only by this packet */
	MODEL_STRAY,   /* an open socket, whose peer could not acknowledge this */
	MODEL_ESTABLISHED,
};

struct model_packet {
	bool syn, ack, rst, fin;
	bool payload;
	bool timestamps;
	__u32 tsecr;
	enum model_socket socket;
	bool listened; /* to its port */

	__u16 peer; /* that wrapped it; 0: it came straight, and the rest is 0 */
	__u16 landing;
	__u16 candidates[AD_CANDIDATES];
	__u16 marks;
	__u8 hop;
	__u8 why;
};

struct model_flow {
	__u8 kind; /* AD_FLOW_FREE: there is none */
	__u8 flags;
	__u16 owner;
};

struct model_world {
	__u16 us;
	bool armed, draining, metered;
	bool diverts;	    /* a part of new flows, although it does not drain ... */
	bool kept;	    /* ... but not this one */
	bool listed;	    /* the flow, among the unstamped */
	bool nobody;	    /* had this very segment a moment ago */
	bool sampled;	    /* climbs, although its stamp is fresh */
	bool heard;	    /* our socket, within this second */
	bool forwards;	    /* flows of servers behind this host */
	__u32 noted_ms_ago; /* that nobody had it, or that it was diverted; ~0: never */
	__u32 mono_ms, wall_ms, prf_low;
	__u32 successor_at; /* where in the list the flow's hash points */
	__u32 nr_successors, nr_neighbours;
	__u16 successors[AD_SUCCESSOR_MAX];
	__u16 neighbours[AD_NEIGHBOUR_MAX];
	__u16 hint;	  /* owner, if there is a fresh one */
	bool wants_scout; /* the prefix, its hint being old or none */
	__u16 sources[2]; /* fresh ones, the latest first */
	bool spent[AD_BUDGET_CLASSES];
	struct model_flow flow;
	__u32 flow_age_s; /* since its last packet */
	struct model_node nodes[MODEL_NODES];
};

struct model_result {
	__u32 reason;
	bool sent;
	__u16 target; /* the rest of what is sent, as on the wire */
	__u16 landing;
	__u8 why;
	__u8 hop;
	__u16 candidates[AD_CANDIDATES];
	__u16 marks;
	bool unstamped; /* and passed with this echo: */
	__u32 tsecr;
	struct model_flow flow; /* afterwards */
	bool nobody;		/* the no was noted, or was known */
	__u16 learned;		/* owner that the prefix's hint now names, or 0 */
};

struct model_result model_decide(const struct model_world *world,
				 const struct model_packet *packet);

#endif
