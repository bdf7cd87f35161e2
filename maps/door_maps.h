/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * door_maps.h: the two jump tables behind the attached programs. They outlive every upgrade:
 * swapping a program is one update of one slot, and no packet meets an interface without us.
 */
#ifndef AD_DOOR_MAPS_H
#define AD_DOOR_MAPS_H

#include "types.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, AD_DOOR_XDP_MAX);
	__type(key, __u32);
	__type(value, __u32);
} door_xdp SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, AD_DOOR_TC_MAX);
	__type(key, __u32);
	__type(value, __u32);
} door_tc SEC(".maps");

#endif
