/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cgroup.h: where cgroup v2 is mounted.
 */
#ifndef AD_RTT_CGROUP_H
#define AD_RTT_CGROUP_H

#include <stddef.h>

/*
 * Fills @path with the first mount of cgroup v2 that @mounts (as /proc/self/mountinfo) lists. 0,
 * -ENOENT: there is none, or -errno.
 */
int cgroup_find(const char *mounts, char *path, size_t size);

#endif
