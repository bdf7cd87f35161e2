/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unstamped.h: the list of sockets that must not be stamped, for the daemon.
 *
 * state.unstamped is never lower than the number of entries, because with 0 the data path skips the
 * lookup. It is raised before an entry is added and lowered after one is removed.
 */
#ifndef AD_UNSTAMPED_H
#define AD_UNSTAMPED_H

#include "user/net/sockets.h"
#include "user/state/datapath.h"

/* Lists every socket of @vips in every state but LISTEN. Number of entries added, or -errno. */
int unstamped_note_all(const struct datapath *dp, const struct vip_set *vips);
/* Adds one entry: 1, 0 if it was there already, or -errno (-E2BIG: the list is full). */
int unstamped_add(const struct datapath *dp, const struct ad_tuple *tuple);
/* What a negative result means, in words. */
const char *unstamped_error(int err);
bool unstamped_has(const struct datapath *dp, const struct ad_tuple *tuple);
/*
 * Removes entries whose socket is gone and for which egress has seen no packet for a while. Number
 * removed, or -errno.
 */
int unstamped_age(const struct datapath *dp, const struct vip_set *vips);
/* Live sockets of @vips with timestamps that are not on the list, or -errno. */
int unstamped_count_stamped(const struct datapath *dp, const struct vip_set *vips);

#endif
