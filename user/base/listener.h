/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * listener.h: what listeners of the daemon do when no descriptors are left, or only few.
 */
#ifndef AD_LISTENER_H
#define AD_LISTENER_H

#include <stdbool.h>

struct evconnlistener;

/* Raises the limit of open descriptors as far as allowed, up to 65536. */
void listener_raise_limit(void);
/*
 * Connections that arrive while no descriptor is left are closed. If they stayed in the queue, the
 * listener would be called again at once, for ever.
 */
void listener_turn_away(struct evconnlistener *listener);
/*
 * Does @fd, a connection that was just accepted, leave enough descriptors for other work
 * (interfaces, reloads)? If not, it is closed.
 */
bool listener_spares(int fd);

#endif
