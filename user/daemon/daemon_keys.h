/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon_keys.h: the epoch of the tunnel's keys, as operators set it for all nodes by the bus. No
 * key travels: each node makes them of its own key file.
 */
#ifndef AD_DAEMON_KEYS_H
#define AD_DAEMON_KEYS_H

#include "daemon_bus.h"

/* What was set before this daemon. */
void daemon_keys_start(struct daemon *daemon);
void daemon_keys_stop(struct daemon *daemon);
/* The bus shall know that we know it. */
void daemon_keys_recall(struct daemon *daemon);
/* A record of it; once is enough. */
void daemon_keys_hear(struct daemon *daemon, __u64 seq, const json_t *body);
/* Writes what the bus lacks of it. */
void daemon_keys_tell(struct daemon *daemon);
/* Puts in force what counts, if that is not so yet. */
void daemon_keys_follow(struct daemon *daemon);

#endif
