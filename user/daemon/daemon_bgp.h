/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon_bgp.h: the daemon's end of BGP and of a drain: it looks at what is true of this node,
 * judges (user/bgp/judge.h), and has a thread of its own tell the BGP daemon and ask it what it
 * tells others.
 */
#ifndef AD_DAEMON_BGP_H
#define AD_DAEMON_BGP_H

#include <jansson.h>
#include <stdbool.h>

struct daemon;
struct daemon_bgp;

/* Goes on from what the daemon before it left. 0 or -errno. */
int daemon_bgp_new(struct daemon *daemon);
/* Starts its thread, with the rights of this moment. 0 or -errno. */
int daemon_bgp_start(struct daemon *daemon);
void daemon_bgp_free(struct daemon *daemon);
/* Once a second. */
void daemon_tend_bgp(struct daemon *daemon);
/* There is a new configuration. */
void daemon_bgp_use(struct daemon *daemon);
/* A drain was asked for with these arguments: {"window_s", "until_flows", "even_last"}. */
void daemon_bgp_drain(struct daemon *daemon, const json_t *args);
/* Whether this node goes through the steps of a drain, and how far it is; null: it does not. */
bool daemon_bgp_drains(const struct daemon *daemon);
json_t *daemon_bgp_drain_json(const struct daemon *daemon);
/* The data path is gone: nothing is announced any more. May take a few seconds. */
void daemon_bgp_leave(struct daemon *daemon);

#endif
