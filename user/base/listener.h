/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * listener.h: what all listeners of the daemon do when it has no descriptor left, or few.
 */
#ifndef AD_LISTENER_H
#define AD_LISTENER_H

#include <stdbool.h>

struct evconnlistener;

/* As many descriptors as this process may have, within reason. */
void listener_raise_limit(void);
/*
 * Who connects while none is left is hung up on. Left in the queue, he would be reported again at
 * once, for ever.
 */
void listener_turn_away(struct evconnlistener *listener);
/*
 * Whether @fd, a connection just taken, leaves enough descriptors for what must go on: looking
 * after interfaces, reloads. If not it is closed.
 */
bool listener_spares(int fd);

#endif
