/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checker_process.h: starts the process that runs the checks of POPs (user/health/checker.h).
 *
 * It must be begun before the daemon gives up starting processes, and before it holds locks, which
 * children would hold, too. A second process waits for it, and starts it again if it dies.
 */
#ifndef AD_CHECKER_PROCESS_H
#define AD_CHECKER_PROCESS_H

/* The socket on which it speaks (user/health/talk.h), or -errno. It ends when that is closed. */
int checker_process_start(const char *config_path);

#endif
