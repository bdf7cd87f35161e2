/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checker.h: the process that runs the checks. It reads strangers' bytes and starts programs, so it
 * is another one than the daemon's: it has no rights over the kernel, and what it says is only that
 * a check passed or failed.
 */
#ifndef AD_HEALTH_CHECKER_H
#define AD_HEALTH_CHECKER_H

/*
 * Does what comes by @fd (talk.h) until it is closed, then 0. It reads @config_path itself: nobody
 * who took over the daemon can name a program that is run. -errno: it cannot go on.
 */
int checker_run(int fd, const char *config_path);

#endif
