/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attach_tc.h: our filter on an interface's clsact egress, at a fixed place among other filters.
 */
#ifndef AD_ATTACH_TC_H
#define AD_ATTACH_TC_H

#include "user/state/doors.h"

/* Sets record->tc_id and flags. 0, or -errno with a line in @errors. */
int tc_attach(const struct doors *doors, __u32 ifindex, struct ad_attached *record,
	      struct config_errors *errors);
/* Removes our filter, and the qdisc too if it is ours and nobody else uses it. */
int tc_detach(const struct doors *doors, __u32 ifindex, const struct ad_attached *record);
/* Id of the filter's program if it is a door of any instance, or 0. */
__u32 tc_find_door(__u32 ifindex);
/*
 * Filters besides ours at egress, or at ingress: how many, and @text names them, "bpf cil_to_netdev
 * (priority 1), ...". -errno if that cannot be found out.
 */
int tc_others(__u32 ifindex, bool egress, char *text, size_t size);
/*
 * Programs that run at egress before any filter (TCX, since Linux 6.6): how many, or -errno, which
 * older kernels give.
 */
int tc_before_filters(__u32 ifindex);
/* Whether our filter with this program is attached: 1, 0, or -errno if that cannot be found out. */
int tc_is_attached(__u32 ifindex, __u32 id);

#endif
