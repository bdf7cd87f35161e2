/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * socket_maps.h: those maps of the data path that programs that hear of sockets share with it:
 * which addresses are VIPs, and whose timestamps are left alone. One declaration, for the kernel
 * lets nobody share a map of another shape.
 */
#ifndef AD_SOCKET_MAPS_H
#define AD_SOCKET_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "types.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * AD_VIP_MAX);
	__type(key, struct ad_addr);
	__type(value, struct ad_local);
} locals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AD_UNSTAMPED_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ad_tuple);
	__type(value, __u32);
} unstamped SEC(".maps");

#endif
