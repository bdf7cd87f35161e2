/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * trace.h: packets as they leave the data path, one record each, for `anydoor trace`.
 *
 * Never read by a packet unless state.flags has AD_STATE_TRACED. That flag ends by itself: whoever
 * traces moves `until_ns` on each second, and the first packet after it takes the flag back.
 */
#ifndef AD_MAPS_TRACE_H
#define AD_MAPS_TRACE_H

#include "types.h"

#define AD_TRACE_BYTES	    256u    /* of each packet, from its first byte on */
#define AD_TRACE_RING_BYTES 4194304 /* ten thousand records */
#define AD_TRACE_LEASE_S    3

/* trace[0]: which packets are recorded. Written by who traces, before he sets the flag. */
struct ad_trace {
	__u64 until_ns;	  /* CLOCK_MONOTONIC; nothing is recorded after that */
	__u64 reasons[2]; /* a bit for each enum ad_reason */
	struct ad_addr client;
	struct ad_addr client_mask; /* which bits of the client's address must be those; 0: any */
	struct ad_addr vip;	    /* all 0: any */
	__u64 fitted;		    /* packets that fit, since the trace began */
	__u64 lost;		    /* of those that were to be recorded: no room in the ring */
	__u32 sample;		    /* one of so many that fit is recorded; 0 and 1: each */
	__u32 pid;		    /* of who traces */
	__be16 port;		    /* the VIP's; 0: any */
	__u16 peer;		    /* node id: that it came from or goes to by tunnel; 0: any */
	__u32 pad;
};
AD_ASSERT_SIZE(struct ad_trace, 104);

/* trace_rings: 0 -> the ring buffer of who traces, who makes it and takes it away. */

enum ad_trace_program {
	AD_TRACE_PACKET,
	AD_TRACE_DNS,
	AD_TRACE_DNS_COPIED,
	AD_TRACE_EGRESS,
	AD_TRACE_PROGRAMS
};

/* What this host's sockets said of a packet; X(SYMBOL, "text"), in the order of bpf/flow/socket.h.
 */
#define AD_TRACE_SOCKETS(X)                                                                        \
	X(UNASKED, "not asked")                                                                    \
	X(NONE, "none")                                                                            \
	X(LISTENS, "listens")                                                                      \
	X(HALF_OPEN, "half open, not what it sent")                                                \
	X(COOKIE, "answers a SYN cookie")                                                          \
	X(FORWARDED, "forwarded to a server")                                                      \
	X(TIME_WAIT, "in TIME_WAIT")                                                               \
	X(OURS, "half open, completed")                                                            \
	X(CLOSING, "closing")                                                                      \
	X(STRAY, "there, but the packet does not fit")                                             \
	X(ESTABLISHED, "established")
enum ad_trace_socket {
#define X(sym, text) AD_TRACE_SOCKET_##sym,
	AD_TRACE_SOCKETS(X)
#undef X
	AD_TRACE_SOCKET_NR
};

enum ad_trace_flag {
	AD_TRACE_STAMPED = 1 << 0, /* `stamp` and `stamp_age_ms` hold: TSecr may be a stamp */
	AD_TRACE_STEERED = 1 << 1, /* `location`, `row` and `pops` hold */
};

struct ad_trace_record {
	__u64 mono_ns;	       /* CLOCK_MONOTONIC */
	struct ad_addr client; /* of a packet that came by tunnel, of the one inside */
	struct ad_addr vip;    /* or our tunnel address */
	__u32 came_bytes;      /* the frame as it came */
	__u32 left_bytes;      /* and as it leaves */
	__u32 captured;	       /* valid bytes of `bytes` */
	__u32 tsecr;	       /* as it came */
	__s32 stamp_age_ms;    /* if the stamp's owner is `stamp` */
	__u32 row;	       /* of the steered name's table */
	__be16 client_port;    /* 0: not read, or no ports */
	__be16 vip_port;
	__u16 peer;			 /* node that wrapped it; 0: it came straight */
	__u16 landing;			 /* node that the client's route led to; 0: this one */
	__u16 target;			 /* node that it is sent to; 0: none */
	__u16 candidates[AD_CANDIDATES]; /* that may own its flow, in order; 0: none */
	__u16 stamp;			 /* node id, or, of an old stamp, one less */
	__u16 location;			 /* of the client, for a steered name */
	__u8 reason;			 /* enum ad_reason */
	__u8 program;			 /* enum ad_trace_program */
	__u8 flags;			 /* enum ad_trace_flag */
	__u8 tcp_flags;
	__u8 socket; /* enum ad_trace_socket */
	__u8 came;   /* enum ad_why, of a packet that came by tunnel */
	__u8 why;    /* likewise, of one that is sent */
	__u8 hop;
	__u8 pops[4];		    /* numbers of the POPs that were drawn; AD_STEER_NONE: none */
	__u8 bytes[AD_TRACE_BYTES]; /* as it leaves */
};
AD_ASSERT_SIZE(struct ad_trace_record, 352);

#endif
