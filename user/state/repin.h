/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repin.h: keeps all pins of an instance open, so that they can be made again if they are removed.
 * Without a pin and without a descriptor the kernel empties a jump table.
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
/* The first of them that is no longer in @dir, or NULL. */
const char *repin_find_lost(const struct repin *held, const char *dir);
/* Pins all of them in @dir, which is there and empty, for @gid to read. 0 or -errno. */
int repin_all(const struct repin *held, const char *dir, gid_t gid);
void repin_release(struct repin *held);

#endif
