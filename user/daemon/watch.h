/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.h: hears at once when an interface, its XDP program or its filters change, whoever did it.
 */
#ifndef AD_WATCH_H
#define AD_WATCH_H

struct event_base;
struct watch;

/* Calls @changed a moment after the last of a run of changes. 0 or -errno. */
int watch_new(struct event_base *base, void (*changed)(void *arg), void *arg, struct watch **watch);
void watch_free(struct watch *watch);

#endif
