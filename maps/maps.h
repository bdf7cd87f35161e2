/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * maps.h: the maps of the data path (BPF side only; README.md here says who writes and reads each).
 *
 * Sizes given as 1 are set by the loader from the configuration before it creates the map.
 * The DNS engine's maps are in dns_maps.h.
 */
#ifndef AD_MAPS_H
#define AD_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "connection_map.h"
#include "connections.h"
#include "directory.h"
#include "socket_maps.h"
#include "types.h"
#include "reasons.h"
#include "trace.h"

const volatile struct ad_options opt SEC(".rodata");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_state);
	__uint(map_flags, BPF_F_MMAPABLE);
} state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_keys);
} keys SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_meta);
} meta SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_reload);
} reload SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_told);
} told SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* 2^owner_bits */
	__type(key, __u32);
	__type(value, struct ad_node);
} nodes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* 2^owner_bits */
	__type(key, struct ad_addr);
	__type(value, __u32);
} peer_ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_hunt);
} hunt SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AD_HOME_POPS);
	__type(key, __u32);
	__type(value, struct ad_homes);
} homes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* AD_DIRECTORY_MAX, if this POP has more than one node */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
} directory SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_directory_seen);
} directory_seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AD_HINT_MAX);
	__type(key, __u32);
	__type(value, struct ad_hint);
} hints SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_sources);
} sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AD_NOBODY_MAX);
	__type(key, __u32);
	__type(value, __u64);
} nobodies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AD_BUDGET_CLASSES *AD_BUDGET_BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
} budgets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, AD_BUDGET_CLASSES *AD_BUDGET_BUCKETS);
	__type(key, __u32);
	__type(value, __u32);
} budget_stock SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_hunt_stats);
} hunt_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AD_VLAN_DEVICE_MAX);
	__type(key, __u32);
	__type(value, struct ad_vlan_device);
} links SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, AD_REASON_MAX);
	__type(key, __u32);
	__type(value, struct ad_count);
} reasons SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1); /* 2^owner_bits */
	__type(key, __u32);
	__type(value, struct ad_peer_count);
} peers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* opt.flow_mask + 1 */
	__type(key, __u32);
	__type(value, struct ad_flow_bucket);
	__uint(map_flags, BPF_F_MMAPABLE);
} flow_tags SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* AD_FLOW_SLOTS times as many */
	__type(key, __u32);
	__type(value, struct ad_flow);
	__uint(map_flags, BPF_F_MMAPABLE);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_flow_stats);
} flow_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_flow_sample);
} flow_sample SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, AD_FRAGMENT_MAX);
	__type(key, struct ad_fragment);
	__type(value, __u32);
} fragments SEC(".maps");

/*
 * By client prefix (AD_PREFIX_OF_IP4(), AD_PREFIX_OF_IP6()): connections that landed here, and DNS
 * queries. Two maps: the source of a query may be forged, that of a connection is proven, and no
 * flood of the first may push out the second.
 */
struct catchment_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, AD_CATCHMENT_MAX);
	__type(key, __u64);
	__type(value, __u64);
};
struct catchment_map catch_flows SEC(".maps");
struct catchment_map catch_queries SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_trace);
	__uint(map_flags, BPF_F_MMAPABLE);
} trace SEC(".maps");

/* Empty but while somebody traces: a ring takes memory. */
struct trace_ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__array(values, struct trace_ring_map);
} trace_rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AD_CONNECTIONS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ad_connection_key);
	__type(value, struct ad_connection_counts);
} connection_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_connection_state);
} connection_state SEC(".maps");

#endif
