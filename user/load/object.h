/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * object.h: the data path's object: opened, sized by a configuration, loaded, pinned.
 */
#ifndef AD_OBJECT_H
#define AD_OBJECT_H

#include "user/state/doors.h"
#include "anydoor.skel.h"

struct object {
	struct anydoor_bpf *skel;
	/* Of programs, options and map sizes: what is loaded with an equal one is the same. */
	__u8 fingerprint[16];
};

/* Opens and sizes; nothing is in the kernel yet. 0 or -errno, with a line in @errors. */
int object_open(struct object *object, const struct config *config, struct config_errors *errors);
/*
 * Before it is loaded: takes the maps of a running program, by their names, where their geometry is
 * ours. 0, -EPROTO if keys or values are not of our size (another ABI), or other -errno.
 */
int object_reuse_of(struct object *object, __u32 program_id);
/* A map or program that the object has and @dir lacks, or NULL. */
const char *object_find_missing(const struct object *object, const char *dir);
/*
 * Loads it, to stand behind doors of @kind. Maps of the same geometry pinned in @dir are used
 * again; the others are new, and empty.
 */
int object_load(struct object *object, const char *dir, enum ad_doors kind,
		struct config_errors *errors);
/* Pins programs and maps in instance->fresh, but those maps that are there already. */
int object_pin(struct object *object, const struct instance *instance,
	       struct config_errors *errors);
void object_close(struct object *object);

#endif
