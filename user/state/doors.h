/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doors.h: the part of an instance that outlives every upgrade: the two jump tables, and what
 * the loader must remember (maps/keeper.h).
 */
#ifndef AD_DOORS_H
#define AD_DOORS_H

#include "instance.h"
#include "maps/keeper.h"
#include "user/config/config.h"
#include "door.skel.h"

struct doors {
	char dir[256]; /* where they are pinned */
	gid_t gid;
	int door_xdp; /* fds */
	int door_tc;
	int keeper;
	int attached;
};

/* An empty one, so that doors_close() may always be called. */
void doors_init(struct doors *doors);
/* Makes and pins them in instance->fresh. 0, or -errno with a line in @errors. */
int doors_make(struct doors *doors, const struct instance *instance, struct config_errors *errors);
/*
 * The same with jump tables that exist already (-1: a new table), and with what else is left in
 * instance->dir. Takes the descriptors over.
 */
int doors_make_on(struct doors *doors, const struct instance *instance, int door_xdp, int door_tc,
		  struct config_errors *errors);
/* Opens those pinned in @dir. 0, or -errno with a line in @errors. */
int doors_open(struct doors *doors, const char *dir, const struct instance *instance,
	       struct config_errors *errors);
void doors_close(struct doors *doors);
/* Pins them once more, in @dir. 0 or -errno. */
int doors_pin(const struct doors *doors, const char *dir);

int doors_read(const struct doors *doors, struct ad_keeper *keeper);
int doors_write(const struct doors *doors, const struct ad_keeper *keeper);

/*
 * A new, empty XDP table for another kind of door: the first program that names a table decides
 * which programs it may hold, even if that program failed to attach. Only while nothing is
 * attached.
 */
int doors_renew_xdp(struct doors *doors);
/* Opens the doors' object with these tables, without loading it. */
int doors_open_object(const struct doors *doors, struct door_bpf **door);

/*
 * Puts the programs pinned in @dir behind the doors: from then on they get the packets. 0, or
 * -errno with a line in @errors.
 */
int doors_fill(const struct doors *doors, const char *dir, struct config_errors *errors);
/*
 * Is this attached program a door of this instance? It is if it jumps through one of our tables. So
 * doors are found, too, that a process could not record before it died.
 */
bool doors_own(const struct doors *doors, __u32 program_id);
/* Id of the program in a entry, 0 if it is empty. */
__u32 doors_get_xdp(const struct doors *doors, enum ad_door_xdp entry);
__u32 doors_get_tc(const struct doors *doors, enum ad_door_tc entry);

/*
 * The id of the jump table of this program if the program is a door of any instance, by its name
 * and by the table's name and size. 0 if it is not, or if we may not ask.
 */
__u32 doors_table_of_xdp(__u32 program_id);
__u32 doors_table_of_tc(__u32 program_id);

#endif
