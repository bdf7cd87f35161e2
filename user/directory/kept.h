/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kept.h: flows without stamps whose home is this node, as their owners tell of them. Knows no
 * libbpf.
 *
 * Only a sibling says what it owns itself: it cannot give a flow to another node, nor take one away
 * from it but by owning it.
 */
#ifndef AD_DIRECTORY_KEPT_H
#define AD_DIRECTORY_KEPT_H

#include "flow_set.h"
#include "message.h"

struct kept_peer {
	__u16 id;
	__u32 round; /* grows when it begins to tell all */
	__u64 session;
	__u32 seq, time_s; /* of its last message */
	__u32 count;
	__u64 digest;
};

struct kept {
	struct flow_set flows;
	struct kept_peer *peers;
	size_t nr_peers;
	bool is_full; /* at the last message that would have needed room */
	/* What the data path is to know: the owner, or 0 for nobody. 0 or -errno. */
	int (*write)(__u64 flow, __u16 owner, void *arg);
	void *arg;
};

/*
 * Who is heard from now on; what was kept of others is forgotten. 0 or -ENOMEM, and then all is as
 * before.
 */
int kept_use(struct kept *kept, const __u16 *ids, size_t nr);
/* What the data path knows already: after the first kept_use(). False: it is to be forgotten. */
bool kept_recall(struct kept *kept, __u64 flow, __u16 owner);
/* Takes a message in. True: *@answer is to be sent back; its time is the caller's. */
bool kept_hear(struct kept *kept, const struct directory_message *message,
	       struct directory_message *answer);
void kept_free(struct kept *kept);

#endif
