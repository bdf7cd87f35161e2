/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sysctl.h: net.ipv4.tcp_timestamps of this network namespace.
 */
#ifndef AD_SYSCTL_H
#define AD_SYSCTL_H

#define SYSCTL_TIMESTAMPS	   "net.ipv4.tcp_timestamps"
#define SYSCTL_TIMESTAMPS_UNMASKED 2 /* TSval is the bare monotonic clock: what stamps need */

/* The value, or -errno. */
int sysctl_get_timestamps(void);
/* 0 or -errno. */
int sysctl_set_timestamps(int value);

#endif
