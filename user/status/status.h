/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * status.h: the state of an instance: everything that `anydoor status` shows, read at once.
 */
#ifndef AD_STATUS_H
#define AD_STATUS_H

#include "reason.h"
#include "user/bus/seen.h"
#include "user/directory/seen.h"
#include "user/dns/dns_stats.h"
#include "user/fleet/peers.h"
#include "user/health/seen.h"
#include "user/connections/conn_seen.h"
#include "user/rtt/rtt_seen.h"
#include "user/state/pins.h"
#include "user/steer/pops.h"
#include "view.h"

#include "maps/keeper.h"

#define WARNINGS_MAX 48

/* One interface of the instance. */
struct status_interface {
	struct ad_attached record;
	__u32 missing; /* AD_ATTACHED_XDP, AD_ATTACHED_TC: recorded, but not there any more */
};

struct status {
	struct ad_state state;
	struct ad_reload reload;
	struct ad_told told;
	struct ad_count reasons[AD_REASON_MAX];
	struct ad_count outcomes[OUTCOME_NR];
	struct pins_occupancy flows;
	struct ad_flow_stats flow_stats;
	struct ad_hunt_stats hunt_stats;
	struct dns_stats dns;
	__u64 ours;	 /* connections that live here, as `drain` counts them */
	bool here;	 /* we are in the network namespace that it serves */
	bool has_daemon; /* a daemon runs for it */
	int daemon_pid;
	__u32 silent_s; /* since the daemon last showed that it is alive */
	char lost[32];	/* a map or program that runs and is not pinned; only root sees it */
	struct status_interface interfaces[AD_INTERFACE_MAX];
	size_t nr_interfaces;
	struct peer *peers;
	size_t nr_peers;
	struct pop_seen pops[AD_STEER_BANK]; /* that names are steered to */
	size_t nr_pops;
	struct check_seen *checks;
	size_t nr_checks;
	json_t *bgp; /* BGP and the drain, as the daemon notes them (user/bgp/record.h); NULL:
			nothing */
	struct bus_seen bus;
	struct rtt_seen *rtt; /* round-trip times, by rule and POP */
	size_t nr_rtt;
	struct ad_rtt_probe probe;
	struct conn_seen *connections; /* that were accepted and have ended, as they are counted */
	size_t nr_connections;
	struct ad_connection_state telling; /* whether the kernel tells of them */
	struct ad_directory_seen directory;
	/* What is wrong, as text. With any warning the instance is "degraded" (exit code 4). */
	char *warnings[WARNINGS_MAX];
	const char *checks_of[WARNINGS_MAX]; /* what was looked at, for each */
	size_t nr_warnings;
	size_t unfit; /* 1 + index of the first warning that this node cannot serve; 0: none */
	const char *judging; /* what is looked at now */
};

/*
 * 0, then status_free(); or -errno, and *what says what could not be read. Of @view they need no
 * globals.
 */
int status_read(const struct view *view, struct status *status, const char **what);
/* The same without what takes a walk over sockets or the flow table: flows and ours stay 0. */
int status_read_counters(const struct view *view, struct status *status, const char **what);
/* ours alone. 0 or -errno. */
int status_read_ours(const struct view *view, struct status *status);
void status_free(struct status *status);

/* The process that is the daemon of it; 0: none runs. */
int status_daemon(const struct view *view);
/* The daemon's record of BGP and the drain, to json_decref(); NULL: there is none. */
json_t *status_read_bgp(const struct view *view);

/* Fills in the warnings. */
void status_judge(const struct view *view, struct status *status);
/* What is looked at; NULL behind the last. */
const char *status_judge_word(size_t i);

/* As `status --json` and `stats --json` print it. */
json_t *status_json(const struct view *view, const struct status *status);
/* Parts of it: {"packets", "bytes"}; texts. */
json_t *status_count_json(const struct ad_count *count);
json_t *status_warnings_json(const struct status *status);
json_t *status_stats_json(const struct view *view, const struct status *status);

#endif
