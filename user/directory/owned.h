/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * owned.h: flows without stamps that this node owns, and what its siblings are told of them. Knows
 * no libbpf.
 *
 * Each flow is told to its home (user/fleet/homes.h), and only to it. To each sibling one message
 * is on its way at a time, and it is sent again until it is answered. An answer says how much the
 * sibling has of ours. If that is not what it should have (it lost its memory, or a message took
 * effect that should not have), all of it is told anew. So whatever is lost is mended.
 */
#ifndef AD_DIRECTORY_OWNED_H
#define AD_DIRECTORY_OWNED_H

#include "flow_set.h"
#include "message.h"

struct owned_peer {
	__u16 id;
	__u32 seq;
	__u32 count; /* what it should have of ours */
	__u64 digest;

	__u64 *news; /* flows that begin or end */
	size_t nr_news, room_news;

	bool tells_all;	   /* places of the set below @next are still to be told */
	bool begins;	   /* none was told yet */
	size_t next, room; /* it begins anew when the set grows */

	struct directory_message message;
	bool waits; /* for the answer */
	unsigned int tries;
	__u64 sent_us;
	__u64 again_us; /* not before then is all told anew, CLOCK_MONOTONIC */
	unsigned int patience_s;
	bool is_full; /* it says that it has no room */
};

struct owned {
	__u16 self;
	__u64 session; /* of this process: another one each time */
	__u32 seq;     /* of all siblings: one that comes back meets no number again */
	struct ad_homes homes;
	struct flow_set flows;
	struct flow_set ended; /* while sockets are listed */
	__u32 round;
	bool is_listing;
	struct owned_peer *peers;
	size_t nr_peers;
	__u16 peer_of[AD_HOME_PARTS]; /* place in @peers, or their number */
	__u64 retold;		      /* how often all was told anew to one peer */
	void (*send)(__u16 to, struct directory_message *message, void *arg);
	void *arg;
};

#define OWNED_MUTE_TRIES 5

/*
 * The siblings that are spoken to, and which is the home of which part. What changes its home is
 * told to its new one. 0 or -ENOMEM, and then all is as before.
 */
int owned_use(struct owned *owned, const struct ad_homes *homes, const __u16 *ids, size_t nr);
/* A flow was accepted, or has ended. */
void owned_note(struct owned *owned, __u64 flow, bool lives);
/*
 * All sockets are going to be listed, and have been: what is not among @flows and was not heard of
 * meanwhile has ended.
 */
void owned_begin_list(struct owned *owned);
void owned_end_list(struct owned *owned, const __u64 *flows, size_t nr);
/* Sends what is due. True: somebody owes an answer. */
bool owned_go(struct owned *owned, __u64 now_us);
void owned_hear(struct owned *owned, const struct directory_message *answer, __u64 now_us);
/* Siblings that have not answered for long. */
size_t owned_mute(const struct owned *owned);
void owned_free(struct owned *owned);

#endif
