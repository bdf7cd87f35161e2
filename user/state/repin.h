/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repin.h: everything that an instance has pinned, held open, so that it can be pinned again when
 * somebody removed the pins: with the last pin and the last descriptor of a jump table, the kernel
 * empties it.
 */
#ifndef AD_REPIN_H
#define AD_REPIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define REPIN_MAX 96

struct repin_one {
	char name[32];
	int fd;
	dev_t device;
	ino_t inode;
};
struct repin {
	struct repin_one list[REPIN_MAX];
	size_t nr;
};

/* Opens all that is pinned in @dir, instead of what was held before. 0 or -errno. */
int repin_hold(struct repin *held, const char *dir);
/* The first of them that no longer lies in @dir, or NULL. */
const char *repin_find_lost(const struct repin *held, const char *dir);
/* Pins all of them in @dir, which is there and empty, for @gid to read. 0 or -errno. */
int repin_all(const struct repin *held, const char *dir, gid_t gid);
void repin_release(struct repin *held);

#endif
