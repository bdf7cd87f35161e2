/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record.h: what the daemon last knew of BGP and of its drain: bgp.json beside the control socket.
 * Commands and metrics show it, and the next daemon goes on from there.
 */
#ifndef AD_BGP_RECORD_H
#define AD_BGP_RECORD_H

#include <jansson.h>
#include <sys/types.h>
#include "judge.h"
#include "steps.h"

struct record {
	const struct bgp_setup *setup;
	const struct judgement *judgement;
	const struct calm *calm;
	const struct drain_steps *steps;
	const struct bgp_fact *fact;
	__u64 since_real_s[BGP_FAMILIES]; /* of the wish */
	json_t *seen; /* of the drain, beyond its step: see daemon_drain.h; or NULL */
};

/* Where it is; false: the path is too long. */
#define RECORD_PATH_MAX 300
bool record_path(const char *run_dir, const char *instance, char path[RECORD_PATH_MAX]);
/* 0 or -errno. */
int record_write(const char *path, const struct record *record);
/* NULL: there is none. */
json_t *record_read(const char *path);

/* Writes @json, of whatever else outlives a daemon, and drops it. 0 or -errno. */
int record_save(const char *path, mode_t mode, json_t *json);

/* Whether a driver is configured; not without a record. */
bool record_has_bgp(const json_t *record);
/* What of it is of BGP, for people's programs: null without a driver. */
json_t *record_bgp_json(const json_t *record);

/* What of it a daemon goes on from; what is missing stays as it is. */
void record_recall(const json_t *json, struct calm *calm, struct drain_steps *steps);
void record_wishes(const json_t *json, struct bgp_wishes *wishes);

/*
 * {"step", "what", "since_s", "begun_s", "window_s", "until_flows", "even_last", "held"}: what
 * outlives the host. Not counters, which it sets to 0, and which are others each second.
 */
json_t *record_kept_json(const struct drain_steps *steps);
/*
 * The same and {"heard_s", "landed"}: counters outlive a daemon, so the next one knows whether
 * something landed meanwhile.
 */
json_t *record_drain_json(const struct drain_steps *steps);
void record_drain_recall(const json_t *json, struct drain_steps *steps);

#endif
