/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inner_map.h: arrays that are filled and then put into a map of maps.
 */
#ifndef AD_INNER_MAP_H
#define AD_INNER_MAP_H

#include <linux/types.h>

/*
 * A new array of @nr elements of @bytes each, all zeros, mapped: *@to is the caller's to munmap(),
 * @nr * @bytes bytes. Returns its fd, to close(), or -errno.
 */
int inner_map_new(const char *name, __u32 bytes, __u32 nr, void **to);

#endif
