/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world.h: what the programs find around them: a network namespace of our own, with devices,
 * routes and neighbours, and sockets in every state the ladder asks about.
 *
 * Peers of the sockets do not exist: their half of each handshake is made of raw frames, so that
 * a socket can be left wherever a test wants it and its sequence numbers are known. Those of
 * established sockets are the same in each run.
 */
#ifndef AD_WORLD_H
#define AD_WORLD_H

#include "vector.h"

#define WORLD_UPLINK  "up0"   /* packets arrive here; up1, its other end, is where clients live */
#define WORLD_IDLE    "idle0" /* never up */
#define WORLD_OUTSIDE "up1"

/* Enters a fresh namespace and builds @plan's network in it. 0 or -errno, told on stderr. */
int world_enter(const struct plan *plan);

/* Brings the socket up if it is not (its timers only start then). 0 or -errno. */
int world_socket_open(const struct socket_plan *socket);
/* What this socket next expects to see acknowledged, host order. 0 if it is not open. */
__u32 world_socket_next(const char *name);

#endif
