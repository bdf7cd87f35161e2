/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bpffs.h: directories of pins. Names on a bpffs have no dots.
 */
#ifndef AD_BPFFS_H
#define AD_BPFFS_H

#include <stdbool.h>
#include <sys/types.h>
#include "user/config/config.h"

/*
 * Makes @root a directory on a bpffs, mounting one at /sys/fs/bpf (or at @root, if that lies
 * elsewhere) where there is none. 0, or -errno with one line in @errors.
 */
int bpffs_prepare(const char *root, struct config_errors *errors);

/*
 * Does bpffs_prepare() lead to pins that others see? Not if it would have to mount a bpffs in a
 * mount namespace of our own, as a service has one.
 */
bool bpffs_may_be_prepared(const char *root);

/*
 * Lets members of @gid, and nobody else, reach @root and list it. A directory above it on the bpffs
 * that is closed to them is given to @gid, with the x bit.
 */
int bpffs_open_to_group(const char *root, gid_t gid, struct config_errors *errors);

bool bpffs_exists(const char *dir, const char *name);
/* Calls @each on every pin of @dir until it returns non-zero, which is then returned. */
int bpffs_each(const char *dir, int (*each)(const char *path, const char *name, void *arg),
	       void *arg);
/* fd of a pinned map or program, or -errno. @name may be NULL if @dir is the whole path. */
int bpffs_get(const char *dir, const char *name);
/* The same of a map, or -EPROTO if its values are not of @value_size: another ABI. */
int bpffs_get_map(const char *dir, const char *name, __u32 value_size);
/*
 * Pins @fd as dir/name, replacing nothing: for root alone, and for @gid to read if it is a map that
 * the reading commands open. 0 or -errno.
 */
int bpffs_pin(int fd, const char *dir, const char *name, gid_t gid);
/* Gives @dir to @gid, and every pin the rights that bpffs_pin() gives. 0 or -errno. */
int bpffs_regrant(const char *dir, gid_t gid);
/* 0, also if there was none, or -errno. */
int bpffs_unpin(const char *dir, const char *name);
/* A new directory that @gid may list. 0 or -errno. */
int bpffs_make(const char *dir, gid_t gid);
/* @fresh becomes @dir in one step; what @dir was, if it was, is @fresh then. 0 or -errno. */
int bpffs_swap(const char *fresh, const char *dir);
/* Removes a directory of pins and all in it; one that is not there is removed already. */
int bpffs_remove(const char *dir);

#endif
