/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sysctl.h: the sysctls of this network namespace that the data path depends on.
 */
#ifndef AD_SYSCTL_H
#define AD_SYSCTL_H

#include <stdbool.h>
#include "maps/keeper.h"

/* The number in @path below /proc/sys, or -errno. */
int sysctl_read(const char *path);

/* "net.ipv4.tcp_timestamps" */
const char *sysctl_name(enum ad_sysctl which);
/* What it must be. */
int sysctl_wanted(enum ad_sysctl which);
/* The value, or -errno; -ENOENT: this kernel has no such family. */
int sysctl_get(enum ad_sysctl which);
/* 0 or -errno. */
int sysctl_set(enum ad_sysctl which, int value);
/* Do this host's multipath routes choose by addresses alone (the default), and not by ports? */
bool sysctl_routes_by_address(void);

#endif
