/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prepare.h: sets the host's switches that stamps and tunnels need, and keeps the old values.
 */
#ifndef AD_PREPARE_H
#define AD_PREPARE_H

#include "user/state/doors.h"

/*
 * Whether the host's clock is good enough to choose the stamps' clock: 0, or -EAGAIN with a line in
 * @errors.
 */
int prepare_check_clock(const struct config *config, struct config_errors *errors);
/* Forwarding is needed for the tunnel's address family only. */
bool prepare_needs_sysctl(enum ad_sysctl which, const struct config *config);
/*
 * Writes the old values of sysctls that must be changed to @keeper, so that they can be stored
 * safely before anything is set. 0, or -errno with a line in @errors: one must not be changed.
 */
int prepare_plan_sysctls(const struct config *config, struct ad_keeper *keeper,
			 struct config_errors *errors);
/* Sets those that @keeper notes. 0, or -errno with a line in @errors. */
int prepare_set_sysctls(const struct ad_keeper *keeper, struct config_errors *errors);
/*
 * After a change of the configuration: sets the sysctls that the old one did not need. Failures are
 * logged; tcp_timestamps is not checked, as it was decided when the instance was loaded.
 */
void prepare_more_sysctls(const struct config *config, const struct doors *doors);
/* Writes the old values back. Failures are logged. */
void prepare_restore_sysctls(const struct ad_keeper *keeper);
/*
 * Checks that all are still as needed. Those that only we need are set again; a change of
 * tcp_timestamps is only logged, as an administrator may want it. @told: it was logged already.
 */
void prepare_watch_sysctls(const struct config *config, bool *told);
/* Tells the data path whether the route to a node is the same for all flows (bpf/tunnel/leg.h). */
void prepare_follow_multipath(struct ad_state *state);
/*
 * Checks that we are in the network namespace of the instance. 0, or -EXDEV with a line in @errors.
 */
int prepare_check_netns(const struct ad_keeper *keeper, const char *instance,
			struct config_errors *errors);

#endif
