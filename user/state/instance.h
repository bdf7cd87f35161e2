/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * instance.h: one anydoor of possibly several on a machine: where its pins and its run files
 * are, and who may change them.
 */
#ifndef AD_INSTANCE_H
#define AD_INSTANCE_H

#include <sys/stat.h>
#include <sys/types.h>
#include "user/config/config.h"

#define INSTANCE_NAME_MAX 32

struct instance {
	char name[INSTANCE_NAME_MAX + 1];
	char root[192];	 /* state.bpffs */
	char dir[256];	 /* its pins */
	char fresh[256]; /* where they are built before they are moved into place */
	char keep[256];	 /* what is locked beside them */
	char run[256];	 /* the other lock, and the control socket */
	char control[300];
	gid_t gid;     /* who may read the pins */
	int lock_pins; /* fds, -1 while not held */
	int lock_run;
	bool made_run, made_run_parent; /* directories of the run files, by this process */
	pid_t holder;			/* after -EAGAIN: the process that holds it; 0 = unknown */
};

/* The name becomes a directory on a bpffs, which allows no dots. */
bool instance_name_is_good(const char *name);
/* Holds no lock, so that instance_unlock() may always be called. */
void instance_clear(struct instance *instance);
/* Fills the paths. 0, or -EINVAL with one line in @errors. */
int instance_init(struct instance *instance, const struct config *config, const char *name,
		  struct config_errors *errors);
/* The group that may read from now on. 0, or -EINVAL with a line in @errors. */
int instance_find_group(struct instance *instance, const struct config *config,
			struct config_errors *errors);
/*
 * A process that loads, changes or detaches holds two locks, which end with the process: first that
 * of the run files, then that of the pins, which cleaning up /run cannot remove. -EAGAIN and no
 * error line if another process has one; other failures are in @errors. Without instance->root
 * there are no pins to lock.
 */
int instance_lock_run(struct instance *instance, struct config_errors *errors);
int instance_lock_pins(struct instance *instance, struct config_errors *errors);
/* Takes the lock of the pins again if its directory is gone. 0, or as instance_lock_pins(). */
int instance_renew_pins_lock(struct instance *instance, struct config_errors *errors);
/* Is our lock of the run files still where other processes look for it? */
bool instance_has_run(const struct instance *instance);
/* Shows that the daemon is alive: sets the time of the lock's file, which everybody may read. */
void instance_alive(const struct instance *instance);
/* Reads that time: 0 or -errno. Finds run files that are not where the configuration says. */
int instance_stat_run(struct instance *instance, struct stat *st);
/* If nothing is pinned, removes the lock's directory, and that of the run files if this process
 * made it. */
void instance_unlock(struct instance *instance);
/*
 * Sets instance->control to the control socket of the process that holds the pins, or held them
 * last. It stays as it is if that is not recorded.
 */
void instance_find_control(struct instance *instance);
/* Inode of this process's network namespace. */
__u64 instance_netns(void);
/* We are in the network namespace that the instance of @pins serves: its sockets can be asked. */
struct pins;
bool instance_is_here(const struct pins *pins);

#endif
