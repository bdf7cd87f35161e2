/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * directory.h: what the kernel tells the daemon of connections without stamps
 * (bpf/directory.bpf.c).
 */
#ifndef AD_DIRECTORY_H
#define AD_DIRECTORY_H

#include "types.h"

#define AD_DIRECTORY_RING (1 << 20) /* bytes of news that the daemon has not read yet */

/* One piece of news. */
struct ad_directory_news {
	struct ad_tuple tuple;
	__u32 lives; /* it was accepted; 0: it has ended */
	__u32 pad;
};
AD_ASSERT_SIZE(struct ad_directory_news, 48);

/* directory_lost[0]: pieces of news that found no room. */

/* directory_seen[0]: how the daemon's directory does. */
enum ad_directory_state {
	AD_DIRECTORY_OFF,   /* not wanted, or this POP has one node */
	AD_DIRECTORY_HEARS, /* the kernel tells of connections as they come and go */
	AD_DIRECTORY_LISTS, /* it does not, for .why: sockets are listed again and again */
	AD_DIRECTORY_MUTE,  /* nothing can be told to siblings or heard from them, for .why */
};
struct ad_directory_seen {
	__u64 retold;  /* how often a sibling was told all anew */
	__u64 heard;   /* messages of siblings */
	__u64 refused; /* datagrams that were not authentic, or not of a sibling */
	__u32 owned;   /* flows without stamps of this node */
	__u32 kept;    /* and of siblings, whose home is this node */
	__u32 siblings;
	__u32 mute;  /* of those, who do not answer */
	__u32 full;  /* have no room for more; this node may be one of them */
	__u32 state; /* enum ad_directory_state */
	char why[80];
};
AD_ASSERT_SIZE(struct ad_directory_seen, 128);

#endif
