/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world.h: all addresses, cut into classes: those of one class are in the same regions, each as
 * exactly.
 */
#ifndef AD_STEER_WORLD_H
#define AD_STEER_WORLD_H

#include "match.h"

#define WORLD_NO_CLASS 0xffffffffu /* in a range: IPv6 addresses that stand for IPv4 ones */

struct world {
	struct geo_file files[CONFIG_DATABASES_MAX];
	size_t nr_files;
	struct networks networks4, networks6;
	struct matcher matcher;	      /* what was seen of its words */
	struct intern classes;	      /* lists of (region, level); number 0 is empty */
	struct steer_ranges ip4, ip6; /* location: the class */
	__u64 *nr4, *nr6;	      /* by class: addresses of IPv4, and /64 networks of IPv6 */
	size_t room;		      /* of them */
};

/*
 * Reads what @config names. 0, or -errno with "file:line: what" in @errors. world_free() in any
 * case.
 */
int world_read(struct world *world, const struct config *config, struct config_errors *errors);
void world_free(struct world *world);

#endif
