/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * dns_maps.h: the maps of the DNS engine (BPF side only). README.md says who writes and reads each.
 */
#ifndef AD_DNS_MAPS_H
#define AD_DNS_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bus.h"
#include "dns.h"
#include "dns_rules.h"
#include "health.h"
#include "rtt.h"
#include "steer_rows.h"

/* An image: as many elements as it has pages. Mappable, for that aligns the first page. */
struct dns_image_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, AD_DNS_PAGE_STRIDE);
	__uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, AD_DNS_SLOTS);
	__uint(key_size, sizeof(__u32));
	__array(values, struct dns_image_map);
} dns_pages SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_dns_live);
} dns_live SEC(".maps");

/* Rows of steered names (steer_rows.h), by the slot of the image that they belong to. */
struct steer_table_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, AD_STEER_PAGE_BYTES);
	__uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, AD_DNS_SLOTS);
	__uint(key_size, sizeof(__u32));
	__array(values, struct steer_table_map);
} steer_tables SEC(".maps");

/* Where clients are (steer.h), likewise. */
struct steer_lines_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, AD_STEER_PAGE_BYTES);
	__uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, AD_DNS_SLOTS);
	__uint(key_size, sizeof(__u32));
	__array(values, struct steer_lines_map);
} steer_places SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AD_STEER_WORDS);
	__type(key, __u32);
	__type(value, struct ad_steer_pop);
	__uint(map_flags, BPF_F_MMAPABLE);
} steer_pops SEC(".maps");

struct steer_name {
	char text[AD_STEER_NAME];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AD_STEER_TOLD_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct steer_name);
	__type(value, struct ad_steer_told);
} steer_told SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AD_STEER_TOLD_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct steer_name);
	__type(value, struct ad_health_pop);
} steer_health SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AD_RTT_SEEN_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ad_rtt_key);
	__type(value, struct ad_rtt_seen);
} rtt_seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_rtt_probe);
} rtt_probe SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AD_STEER_TOLD_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct steer_name);
	__type(value, __u32);
} steer_drained SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AD_HEALTH_TARGETS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ad_health_key);
	__type(value, struct ad_health_check);
} health_checks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AD_BUS_SEEN_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ad_bus_seen);
} bus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_dns_count);
} dns_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, AD_DNS_ZONE_MAX);
	__type(key, __u32);
	__type(value, __u64);
} dns_zone_hits SEC(".maps");

/* The daemon's own counters: no CPU of the kernel writes here. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_dns_daemon);
	__uint(map_flags, BPF_F_MMAPABLE);
} dns_daemon SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AD_DNS_ZONE_MAX);
	__type(key, __u32);
	__type(value, __u64);
	__uint(map_flags, BPF_F_MMAPABLE);
} dns_zone_daemon SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AD_DNS_ZONE_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ad_dns_zone_info);
} dns_zone_info SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_dns_rules);
} dns_guard SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, AD_DNS_EXEMPT_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ad_dns_prefix);
	__type(value, __u32);
} dns_exempt SEC(".maps");

/* Sized by the configuration. Mappable, for that aligns the lines. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_dns_accounts);
	__uint(map_flags, BPF_F_MMAPABLE);
} dns_accounts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_dns_rule_counts);
} dns_guarded SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ad_dns_rule_counts);
	__uint(map_flags, BPF_F_MMAPABLE);
} dns_guarded_daemon SEC(".maps");

#endif
