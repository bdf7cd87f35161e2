/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attach.h: the doors on the interfaces: XDP on the way in, a tc filter on the way out.
 *
 * What is attached is written to the pinned map `attached` before and after each step, so that any
 * later process can find and remove it.
 */
#ifndef AD_ATTACH_H
#define AD_ATTACH_H

#include "user/state/doors.h"

/*
 * Attaches both programs to @name, or the one that is missing. 0, or -errno with a line in @errors
 * and the interface as it was before.
 */
int attach_interface(struct doors *doors, const struct config *config, const char *name,
		     struct config_errors *errors);
/*
 * Detaches our programs. If the interface no longer exists (-ENODEV only), just its record is
 * removed.
 */
int attach_remove(const struct doors *doors, __u32 ifindex, struct config_errors *errors);
/* From every interface in `attached`. */
int attach_remove_all(const struct doors *doors, struct config_errors *errors);

/* The record of @ifindex: 0, or -ENOENT. */
int attach_record(const struct doors *doors, __u32 ifindex, struct ad_attached *record);
/*
 * *@missing: the flags AD_ATTACHED_XDP and AD_ATTACHED_TC that are recorded but no longer true. 0,
 * or -errno if one of them cannot be found out; that one is not in *@missing.
 */
int attach_missing(__u32 ifindex, const struct ad_attached *record, __u32 *missing);
/* "native XDP through the dispatcher", for people. */
const char *attach_describe(const struct ad_attached *record);

/* Calls @each for every recorded interface; it may remove the one it is given. */
int attach_each(const struct doors *doors,
		int (*each)(__u32 ifindex, const struct ad_attached *record, void *arg), void *arg);

#endif
