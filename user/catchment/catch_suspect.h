/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catch_suspect.h: prefixes and ASes of which the databases may be wrong. Pure.
 *
 * Even the nearest of their clients is far slower than most clients of the region that they are
 * said to be in. Either they are elsewhere, or their way here is a long detour.
 */
#ifndef AD_CATCH_SUSPECT_H
#define AD_CATCH_SUSPECT_H

#include <stddef.h>
#include <linux/types.h>

#define SUSPECTS_MAX	   100
#define SUSPECT_SOCKETS	   5	 /* fewer say nothing */
#define SUSPECT_REGION	   20	 /* nor do fewer of a region */
#define SUSPECT_FOLD	   2	 /* so many times the region's time, and more */
#define SUSPECT_FARTHER_US 30000 /* by so much */

/* What is known of a client prefix. */
struct suspect_seen {
	__u64 prefix;
	__u32 region;
	__u32 asn; /* 0: not known */
	__u32 sockets;
	__u32 rtt_least_us;
};
struct suspect {
	__u64 prefix; /* 0: the AS, in this region */
	__u32 region;
	__u32 asn;
	__u32 sockets;
	__u32 rtt_least_us;
	__u32 region_us; /* the median of its prefixes, by their sockets */
};

/*
 * Those of @seen, which is sorted anew. An AS that is one as a whole stands for its prefixes; a
 * region or AS with number 0 is none. Fills @found, of SUSPECTS_MAX elements; returns how many
 * there are, which may be more.
 */
size_t suspects_find(struct suspect_seen *seen, size_t nr, struct suspect *found);

#endif
