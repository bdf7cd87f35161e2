/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon_connections.h: the daemon hears of connections (user/connections/), counts them, and logs
 * those that have ended.
 */
#ifndef AD_DAEMON_CONNECTIONS_H
#define AD_DAEMON_CONNECTIONS_H

struct daemon;
struct daemon_connections;

/* What the kernel refuses is no error: it is told. 0 or -ENOMEM. */
int daemon_connections_start(struct daemon *daemon);
/* There is a new configuration. */
void daemon_connections_use(struct daemon *daemon);
/* SIGUSR1: the log's file is opened anew. */
void daemon_connections_reopen(struct daemon *daemon);
/* Once a second: what was counted is written where others read it. */
void daemon_connections_tend(struct daemon *daemon);
void daemon_connections_stop(struct daemon *daemon);

#endif
