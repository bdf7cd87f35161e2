/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rtt_probe.h: the program that hears of connections (bpf/rtt.bpf.c), on the root of cgroup v2 for
 * as long as it is open.
 */
#ifndef AD_RTT_PROBE_H
#define AD_RTT_PROBE_H

#include "user/config/config.h"
#include "user/rtt/rtt_seen.h"
#include "user/state/pins.h"

struct rtt_probe;

/*
 * Loads it beside the data path of @pins, for connections of our network namespace to addresses of
 * @config, and attaches it. 0 and *@probe; or -errno, and @state has what to say about it.
 */
int rtt_probe_open(const struct pins *pins, const struct config *config, struct rtt_probe **probe,
		   struct ad_rtt_probe *state);
void rtt_probe_close(struct rtt_probe *probe);
/* From now on the addresses of @config are counted. 0 or -errno. */
int rtt_probe_use(struct rtt_probe *probe, const struct config *config);
/* What was counted since the last call, which is then forgotten. 0 or -errno. */
int rtt_probe_take(struct rtt_probe *probe,
		   void (*each)(__u32 location, const struct ad_rtt_counts *counts, void *arg),
		   void *arg);

#endif
