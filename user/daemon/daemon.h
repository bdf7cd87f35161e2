/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon.h: what tends a loaded instance. The data path runs without it.
 */
#ifndef AD_DAEMON_H
#define AD_DAEMON_H

#include "user/base/globals.h"
#include "user/load/loader.h"

/*
 * Runs until SIGTERM, SIGINT or a detach by the control socket. Takes @config, @zones, @guard and
 * what @loader holds, the lock included; and @checker and @bus, of checker_process_start() and
 * bus_process_start(), or what these failed with; @bus is negative where there is none. Returns an
 * exit code.
 */
int daemon_run(const struct globals *globals, struct loader *loader, struct config *config,
	       struct dns_zones *zones, struct dns_limiter *limiter, int checker, int bus);

#endif
