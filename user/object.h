/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * object.h: the data path's object: opened, sized by a configuration, loaded, pinned.
 */
#ifndef AD_OBJECT_H
#define AD_OBJECT_H

#include "anydoor.skel.h"
#include "doors.h"

struct object {
	struct anydoor_bpf *skel;
	/* Of programs, options and map sizes: what is loaded with an equal one is the same. */
	__u8 fingerprint[16];
};

/* Opens and sizes; nothing is in the kernel yet. 0 or -errno, with a line in @errors. */
int object_open(struct object *object, const struct config *config, struct config_errors *errors);
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
