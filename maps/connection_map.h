/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * connection_map.h: what is kept with each connection to a VIP for as long as its socket lives. The
 * data path pins it, so that it outlives the program that writes it.
 */
#ifndef AD_CONNECTION_MAP_H
#define AD_CONNECTION_MAP_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "connections.h"

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct ad_connection);
} connection SEC(".maps");

#endif
