/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * instance.h: one anydoor of possibly several on a machine: where its pins and its run files
 * are, and who may change them.
 */
#ifndef AD_INSTANCE_H
#define AD_INSTANCE_H

#include <sys/types.h>
#include "config.h"

#define INSTANCE_NAME_MAX 32

struct instance {
	char name[INSTANCE_NAME_MAX + 1];
	char root[192];	 /* state.bpffs */
	char dir[256];	 /* its pins */
	char fresh[256]; /* where they are built before they are moved into place */
	char run[256];	 /* lock, control socket */
	char control[300];
	gid_t gid; /* who may read the pins */
	int lock;  /* fd, -1 while not held */
};

/* A name becomes a directory on a bpffs, where a dot is refused. */
bool instance_name_is_good(const char *name);
/* Fills the paths and the group. 0, or -EINVAL with one line in @errors. */
int instance_init(struct instance *instance, const struct config *config, const char *name,
		  struct config_errors *errors);
/* After a reload: the group that may read from now on. 0, or -EINVAL with a line in @errors. */
int instance_find_group(struct instance *instance, const struct config *config,
			struct config_errors *errors);
/*
 * Whoever loads, changes or detaches holds the lock; it falls with the process. -EAGAIN and no
 * error line if another process has it; other failures say why.
 */
int instance_lock(struct instance *instance, struct config_errors *errors);
void instance_unlock(struct instance *instance);
/* Pid written by the holder of the lock, or 0. */
pid_t instance_holder(const struct instance *instance);
/* Inode of this process's network namespace. */
__u64 instance_netns(void);

#endif
