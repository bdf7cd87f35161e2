/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conn_probe.h: the program that tells of connections (bpf/connections.bpf.c), on the root of
 * cgroup v2 for as long as it is open.
 */
#ifndef AD_CONN_PROBE_H
#define AD_CONN_PROBE_H

#include "maps/connections.h"
#include "user/state/pins.h"

struct conn_probe;

/*
 * Loads it beside the data path of @pins, for connections of our network namespace, and attaches
 * it. 0 and *@probe; or -errno, and why[] says why not.
 */
int conn_probe_open(const struct pins *pins, struct conn_probe **probe, char *why, size_t size);
void conn_probe_close(struct conn_probe *probe);
/* A descriptor that is ready to be read when news must be taken at once. */
int conn_probe_fd(const struct conn_probe *probe);
/* Calls @each for the news there are, @max at most: how many, or -errno. */
int conn_probe_take(struct conn_probe *probe, size_t max,
		    void (*each)(const struct ad_connection_news *news, void *arg), void *arg);
/* News for which there was no room, since it was opened. */
__u64 conn_probe_lost(const struct conn_probe *probe);

#endif
