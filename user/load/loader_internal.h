/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loader_internal.h: shared by loader.c, loader_first.c, loader_takeover.c and loader_change.c.
 */
#ifndef AD_LOADER_INTERNAL_H
#define AD_LOADER_INTERNAL_H

#include "loader.h"
#include "object.h"
#include "orphans.h"

/* The input of a change: read and checked before anything is changed. */
struct intent {
	const struct config *config;
	struct dns_zones *zones;
	const struct dns_limiter *limiter;
	struct ad_keys keys;
	__u8 stamp_id[16];
	struct object object;
};

/* --- steps (loader.c); each 0, or -errno with a line in @errors ------------------------------- */

/* Loads the object for the existing kind of doors, and pins it in instance->fresh. */
int loader_load(struct loader *loader, struct intent *intent, const char *reuse,
		struct config_errors *errors);
/* Opens the maps that are pinned in @dir. */
int loader_open_maps(struct loader *loader, const char *dir, struct config_errors *errors);
/* Fills the maps that a configuration fills, zones included. */
int loader_fill(struct loader *loader, const struct intent *intent, struct config_errors *errors);
/* After the maps are filled: does the configuration begin or end a drain? (drain.h) */
void loader_follow_drain(struct loader *loader, const struct config *old,
			 const struct config *config);
/* Notes in the maps who loaded what. */
int loader_remember(struct loader *loader, const struct intent *intent,
		    struct config_errors *errors);
/* instance->fresh takes the place of instance->dir, which is removed. */
int loader_move_into_place(struct loader *loader, struct config_errors *errors);
int loader_check_netns(const struct loader *loader, struct config_errors *errors);
/* Live stamped flows, or -errno. */
int loader_count_live(const struct loader *loader);

/* --- loader_first.c --------------------------------------------------------------------------- */

int loader_first(struct loader *loader, struct intent *intent, struct config_errors *errors);
/* Sets the switches of the host that are needed, and keeps their old values. */
int loader_set_sysctls(struct loader *loader, const struct config *config,
		       struct config_errors *errors);
/* Attaches to every interface of @config where a program of ours is missing. */
int loader_attach_all(struct loader *loader, const struct config *config,
		      struct config_errors *errors);
/* Lists the existing sockets, and begins to stamp. */
int loader_arm(struct loader *loader, struct config_errors *errors);
/* Undoes a first load that failed, now or in a process that died. */
void loader_undo_first(struct loader *loader);

/* --- loader_takeover.c ------------------------------------------------------------------------ */

/* Loads in place of the rest of an instance; @orphans: programs on interfaces without pins. */
int loader_takeover(struct loader *loader, struct intent *intent, const struct orphans *orphans,
		    struct config_errors *errors);

/* --- loader_change.c -------------------------------------------------------------------------- */

/* @old: the configuration before, NULL if this process does not know it (adoption). */
int loader_alter(struct loader *loader, struct intent *intent, const struct config *old,
		 struct config_errors *errors);

#endif
