/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mounts.h: a mount namespace of a test's own, also where "/" is no mount point: in a chroot.
 */
#ifndef AD_MOUNTS_H
#define AD_MOUNTS_H

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

/* Where "/" cannot be told, every mount point that is to be seen is. */
static inline int mounts_stop_sharing(void)
{
	FILE *list = fopen("/proc/self/mountinfo", "re");
	char line[4096], at[1024];
	int err = list ? 0 : -errno;

	while (!err && fgets(line, sizeof(line), list))
		if (sscanf(line, "%*s %*s %*s %*s %1023s", at) == 1 &&
		    mount(NULL, at, NULL, MS_PRIVATE, NULL) && errno != EINVAL && errno != ENOENT)
			err = -errno;
	if (list)
		fclose(list);
	return err;
}

/* What is mounted from now on is seen by nobody else. 0 or -errno. */
static inline int mounts_unshare(void)
{
	if (unshare(CLONE_NEWNS))
		return -errno;
	if (!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 0;
	return errno == EINVAL ? mounts_stop_sharing() : -errno;
}

#endif
