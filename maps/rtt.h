/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * rtt.h: round-trip times of clients by where they are, as the kernel counts them (bpf/rtt.bpf.c),
 * and what the daemon makes of them, as it keeps it for the next one and shows it to commands.
 */
#ifndef AD_RTT_H
#define AD_RTT_H

#include "steer_rows.h"

/*
 * rtt_counts, by location (steer.h): connections by the least round-trip time that each had. Bucket
 * n begins at (4 + n % 4) << (n / 4 + 4) microseconds: four for each doubling, from 64 us to 67 s.
 * The first one holds what is shorter, too, and the last one what is longer.
 */
#define AD_RTT_BUCKETS	 80
#define AD_RTT_LOCATIONS 8192 /* at most; connections from further ones are not counted */
#define AD_RTT_ADDRESSES 4096 /* local ones whose connections are counted */

struct ad_rtt_counts {
	__u32 count[AD_RTT_BUCKETS];
};
AD_ASSERT_SIZE(struct ad_rtt_counts, 320);

/* rtt_seen: one POP in one rule of a policy that draws by round-trip time. */
#define AD_RTT_SEEN_MAX 32768
struct ad_rtt_key {
	char policy[AD_STEER_NAME];
	char region[AD_STEER_NAME]; /* empty: the policy's `default` */
	char pop[AD_STEER_NAME];
};
AD_ASSERT_SIZE(struct ad_rtt_key, 192);

struct ad_rtt_seen {
	__u64 at_real_s;     /* when that was so; 0: nothing is known */
	__u64 ranked_real_s; /* since when the rule's POPs stand in this order */
	__u32 rtt_us;	     /* the median of its clients */
	__u32 samples;	     /* connections, old ones counted less */
	__u16 rank;	     /* from 1 on; 0: as the configuration has it */
	__u16 is_own;	     /* this node has measured it */
	__u32 written;	     /* a number that all of one time have */
};
AD_ASSERT_SIZE(struct ad_rtt_seen, 32);

/* rtt_probe[0]: whether the kernel measures. */
enum ad_rtt_probing {
	AD_RTT_NOT_WANTED, /* no policy draws by round-trip time */
	AD_RTT_MEASURES,
	AD_RTT_FAILED, /* .why says what */
};
struct ad_rtt_probe {
	__u32 state;
	__u32 pad;
	char why[120];
};
AD_ASSERT_SIZE(struct ad_rtt_probe, 128);

#endif
