/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper_process.h: starts the processes beside the daemon that talk to strangers: the one that
 * runs the checks of POPs (user/health/checker.h), and the one that is on the bus
 * (user/bus/client.h).
 *
 * They must be begun before the daemon gives up starting processes, and before it holds locks,
 * which children would hold, too. A second process waits for each, and starts it again if it dies.
 */
#ifndef AD_HELPER_PROCESS_H
#define AD_HELPER_PROCESS_H

/*
 * The socket on which it speaks (user/health/talk.h, user/bus/talk.h), or -errno. It ends when that
 * is closed.
 */
int checker_process_start(const char *config_path);
int bus_process_start(const char *config_path);

#endif
