/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * confine.h: what the daemon gives up for good, whoever started it and however: the unit's own
 * sandbox is another layer. What fails is a warning, for DNS and flows matter more.
 *
 * What is kept, and why, is in deploy/doc/hardening.md.
 */
#ifndef AD_CONFINE_H
#define AD_CONFINE_H

#include <stdbool.h>
#include <linux/types.h>

/* No core, and no look into our memory by others of our user: there are keys in it. */
void confine_memory(void);
/*
 * No program or process is started any more, no file system mounted, no memory both written and
 * executed, no socket but for IP, netlink and local ones; and what else no daemon of ours asks of
 * the kernel. Call before strangers' bytes are read, after what must be mounted is. 0 or -errno.
 */
int confine_calls(void);
/* The same for a process that starts programs, which are confined with it. 0 or -errno. */
int confine_calls_but_programs(void);
/*
 * Files are written and made below @dirs only (NULL ends them; one that does not exist is left
 * out), and read as before. -EOPNOTSUPP: this kernel has no Landlock.
 */
int confine_files(const char *const dirs[]);
/* Keeps of the capabilities those in @mask (a bit each), for good. 0 or -errno. */
int confine_capabilities(__u64 mask);

#endif
