/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * object.h: opens the data path's object, sets map sizes by a configuration, loads and pins it.
 */
#ifndef AD_OBJECT_H
#define AD_OBJECT_H

#include "user/state/doors.h"
#include "anydoor.skel.h"

struct object {
	struct anydoor_bpf *skel;
	/*
	 * A hash of programs, options and map sizes: with an equal one, the loaded object is the
	 * same.
	 */
	__u8 fingerprint[16];
};

/* Opens it and sets sizes; nothing is in the kernel yet. 0 or -errno, with a line in @errors. */
int object_open(struct object *object, const struct config *config, struct config_errors *errors);
/*
 * Before the load: takes the maps of a running program, by name, if they have our geometry. 0,
 * -EPROTO if keys or values have another size (another ABI), or other -errno.
 */
int object_reuse_of(struct object *object, __u32 program_id);
/* A map or program that the object has and @dir lacks, or NULL. */
const char *object_find_missing(const struct object *object, const char *dir);
/*
 * Loads it for doors of @kind. Maps that are pinned in @dir and have the same geometry are used
 * again; the others are new and empty.
 */
int object_load(struct object *object, const char *dir, enum ad_doors kind,
		struct config_errors *errors);
/* Pins programs and maps in instance->fresh, except maps that are already there. */
int object_pin(struct object *object, const struct instance *instance,
	       struct config_errors *errors);
void object_close(struct object *object);

#endif
