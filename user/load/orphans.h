/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * orphans.h: programs of ours on interfaces whose pins are gone. They are known by their names and
 * by the name and geometry of the jump table that they hold.
 */
#ifndef AD_ORPHANS_H
#define AD_ORPHANS_H

#include "maps/keeper.h"
#include "user/state/instance.h"

struct orphan {
	__u32 ifindex;
	__u32 door_xdp, door_tc;   /* ids of their jump tables; 0: no such program */
	struct ad_attached record; /* as the record would have been */
};
struct orphans {
	struct orphan list[AD_INTERFACE_MAX];
	size_t nr;
};

/*
 * Finds all in this network namespace whose jump tables no other instance than @instance has
 * pinned. Needs CAP_SYS_ADMIN; without it none are found.
 */
void orphans_find(const struct instance *instance, struct orphans *orphans);
/* A process that has a jump table of one of them open, so that they are not orphans; 0: none. */
int orphans_holder(const struct orphans *orphans);
/* "wan0, wan1", for people. */
const char *orphans_names(const struct orphans *orphans, char *text, size_t size);
/* Detaches it. 0, or -errno with a line in @errors. */
int orphan_remove(const struct orphan *orphan, struct config_errors *errors);

#endif
