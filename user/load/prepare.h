/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prepare.h: what the host must be like for stamps and tunnels to work, and how it was before us.
 */
#ifndef AD_PREPARE_H
#define AD_PREPARE_H

#include "user/state/doors.h"

/* Is the clock fit to choose the stamps' by? 0, or -EAGAIN with a line in @errors. */
int prepare_check_clock(const struct config *config, struct config_errors *errors);
/* Only the family of the tunnel must forward. */
bool prepare_needs_sysctl(enum ad_sysctl which, const struct config *config);
/*
 * Notes in @keeper how those sysctls are that must be changed, so that it can be written where it
 * is safe before anything is set. 0, or -errno with a line in @errors: one may not be changed.
 */
int prepare_plan_sysctls(const struct config *config, struct ad_keeper *keeper,
			 struct config_errors *errors);
/* Sets those that @keeper notes. 0, or -errno with a line in @errors. */
int prepare_set_sysctls(const struct ad_keeper *keeper, struct config_errors *errors);
/*
 * After a change of the configuration: those that it needs and the one before did not. What fails
 * is logged; tcp_timestamps is not looked at, for it was settled when the instance was loaded.
 */
void prepare_more_sysctls(const struct config *config, const struct doors *doors);
/* As they were. What fails is logged. */
void prepare_restore_sysctls(const struct ad_keeper *keeper);
/*
 * Whether all are still as they must be. Those that only we need are set again; tcp_timestamps
 * is somebody's decision that we only tell about. @told keeps it from being told each time.
 */
void prepare_watch_sysctls(const struct config *config, bool *told);
/* Tells the data path whether a way to a node is one for all its flows (bpf/tunnel/leg.h). */
void prepare_follow_multipath(struct ad_state *state);
/* Are we in the network namespace that the instance serves? 0, or -EXDEV with a line. */
int prepare_check_netns(const struct ad_keeper *keeper, const char *instance,
			struct config_errors *errors);

#endif
