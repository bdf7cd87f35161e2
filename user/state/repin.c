// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * repin.c: keeps all pins of an instance open (repin.h).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bpffs.h"
#include "repin.h"

static int hold_one(const char *path, const char *name, void *arg)
{
	struct repin *held = arg;
	struct repin_one one = {};
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode)) /* such as a directory of another program */
		return 0;
	if (held->nr == REPIN_MAX || strlen(name) >= sizeof(one.name))
		return -E2BIG;
	strcpy(one.name, name);
	one.device = st.st_dev;
	one.inode = st.st_ino;
	one.fd = bpffs_get(path, NULL);
	if (one.fd < 0)
		return one.fd;
	held->list[held->nr++] = one;
	return 0;
}

int repin_hold(struct repin *held, const char *dir)
{
	int err;

	repin_release(held);
	err = bpffs_each(dir, hold_one, held);
	if (err)
		repin_release(held);
	return err;
}

const char *repin_find_lost(const struct repin *held, const char *dir)
{
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < held->nr; i++) {
		const struct repin_one *one = &held->list[i];

		snprintf(path, sizeof(path), "%s/%s", dir, one->name);
		if (stat(path, &st) || st.st_dev != one->device || st.st_ino != one->inode)
			return one->name;
	}
	return NULL;
}

int repin_all(const struct repin *held, const char *dir, gid_t gid)
{
	int err = 0;

	for (size_t i = 0; !err && i < held->nr; i++)
		err = bpffs_pin(held->list[i].fd, dir, held->list[i].name, gid);
	return err;
}

void repin_release(struct repin *held)
{
	for (size_t i = 0; i < held->nr; i++)
		close(held->list[i].fd);
	held->nr = 0;
}
