/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * keeper.h: what the loader must still know when it is another process, perhaps of another
 * version: pinned beside the data path's maps, and never read by a packet.
 */
#ifndef AD_KEEPER_H
#define AD_KEEPER_H

#include "types.h"

#define AD_IFNAME_LEN	    16 /* IFNAMSIZ, of which user headers disagree where it lives */
#define AD_INTERFACE_MAX    64
#define AD_SYSCTL_UNTOUCHED (-1)

/* What is set while we are attached. */
enum ad_sysctl {
	AD_SYSCTL_TIMESTAMPS,
	AD_SYSCTL_LO_FORWARDING4,
	AD_SYSCTL_LO_FORWARDING6,
	AD_SYSCTL_MAX
};

/* keeper[0]: about the instance as a whole. */
struct ad_keeper {
	__u64 netns;	      /* inode of the network namespace that it serves */
	__u8 fingerprint[16]; /* of programs, options and map sizes: equal means adopt as it is */
	__s32 before[6];      /* by enum ad_sysctl: the value before us, or AD_SYSCTL_UNTOUCHED */
	__u32 doors;	      /* enum ad_doors: what may enter the XDP table */
	__u32 pad;
};
AD_ASSERT_SIZE(struct ad_keeper, 56);

enum ad_doors {
	AD_DOORS_UNDECIDED = 0,
	AD_DOORS_ALONE = 1,	 /* XDP programs with frags */
	AD_DOORS_DISPATCHER = 2, /* extensions of libxdp's dispatcher */
};

enum ad_attached_flag {
	AD_ATTACHED_XDP = 1 << 0,
	AD_ATTACHED_GENERIC = 1 << 1,	 /* else native */
	AD_ATTACHED_DISPATCHER = 1 << 2, /* through libxdp's; else alone on the interface */
	AD_ATTACHED_TC = 1 << 3,
	AD_ATTACHED_CLSACT = 1 << 4, /* the qdisc is ours too */
};

/* attached: what hangs on which interface. Key: ifindex (__u32). */
struct ad_attached {
	char name[AD_IFNAME_LEN];
	__u32 xdp_id; /* program ids */
	__u32 tc_id;
	__u32 flags; /* enum ad_attached_flag */
	__u32 pad;
};
AD_ASSERT_SIZE(struct ad_attached, 32);

#endif
