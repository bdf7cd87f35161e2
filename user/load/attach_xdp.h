/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attach_xdp.h: one XDP program on one interface, behind libxdp's dispatcher where the kernel
 * allows it.
 */
#ifndef AD_ATTACH_XDP_H
#define AD_ATTACH_XDP_H

#include "user/state/doors.h"

/*
 * Attaches in the first mode of the configuration that works and sets record->xdp_id and flags
 * to what the kernel says is there. 0, or -errno with a line in @errors.
 */
int xdp_attach(struct doors *doors, const struct config *config, __u32 ifindex,
	       struct ad_attached *record, struct config_errors *errors);
/* Detaches our program, also if its id was not recorded. 0, also if there is none, or -errno. */
int xdp_detach(const struct doors *doors, __u32 ifindex, const struct ad_attached *record);
/* Id of a door of any instance on @ifindex, and AD_ATTACHED_* of how it is attached; 0: none. */
__u32 xdp_find_door(__u32 ifindex, __u32 *flags);
/*
 * Programs on @ifindex besides @own: how many, and @text names them, "xdp_stats (17), ..."; for
 * root, who may look into a dispatcher. -errno if that cannot be found out.
 */
int xdp_others(__u32 ifindex, __u32 own, char *text, size_t size);
/*
 * Whether the program with this id runs on @ifindex, alone or in a dispatcher: 1, 0, or -errno if
 * that cannot be found out.
 */
int xdp_is_attached(__u32 ifindex, __u32 id);

#endif
