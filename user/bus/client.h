/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client.h: the process that is on the bus. It reads what servers send, and its library has threads
 * of its own, so it is another one than the daemon's: it has no rights over the kernel and no key
 * of the fleet, and hands records on as they come.
 */
#ifndef AD_BUS_CLIENT_H
#define AD_BUS_CLIENT_H

/* Does what comes by @fd (talk.h) until it is closed, then 0; or -errno: it cannot go on. */
int bus_client_run(int fd, const char *config_path);

#endif
