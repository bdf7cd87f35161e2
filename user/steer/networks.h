/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * networks.h: the networks that the configuration's regions name, in it and in files.
 */
#ifndef AD_NETWORKS_H
#define AD_NETWORKS_H

#include "steer_map.h"
#include "user/config/config.h"

struct network {
	__u64 start, end; /* as the keys of struct steer_ranges */
	__u16 region;
	__u8 bits;    /* of 32, or of 64 */
	__u32 around; /* number of the network that this one lies in; 0: none */
	__u32 same;   /* number of the next one of the same addresses, of another region; 0: none */
};
struct networks {
	struct network *list; /* number 0 is none; sorted */
	size_t nr, room;
	struct steer_ranges ranges; /* the whole space; location: number of the longest network */
};

/*
 * Reads those of all regions. 0, -EINVAL with "file:line: what" in @errors, or -ENOMEM.
 */
int networks_read(const struct config *config, struct config_errors *errors, struct networks *ip4,
		  struct networks *ip6);
void networks_free(struct networks *networks);

#endif
