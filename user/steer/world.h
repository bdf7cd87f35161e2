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

/* What is known of one address. */
struct world_spot {
	/* What each database says, and of which addresses: the first and the last key. */
	struct world_word {
		const struct geo_record *record;
		__u64 start, end;
	} words[CONFIG_DATABASES_MAX];
	struct geo_record record;	 /* all of them together, field by field */
	const struct networks *networks; /* those of its family, ... */
	__u32 network;			 /* ... and the longest one that it is in; 0: none */
	const __u32 *pairs;		 /* its regions: (region, level) */
	size_t nr_pairs;
};

/*
 * Reads what @config names. 0, or -errno with "file:line: what" in @errors. world_free() in any
 * case.
 */
int world_read(struct world *world, const struct config *config, struct config_errors *errors);
/* False: nothing is ever looked up there, for such IPv6 addresses stand for IPv4 ones. */
bool world_look(const struct world *world, const struct steer_key *key, struct world_spot *spot);
void world_free(struct world *world);

#endif
