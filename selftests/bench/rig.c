// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rig.c: the real programs, and the maps that a node of a small fleet would have.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <arpa/inet.h>
#include <sys/mman.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "selftests/bench/bench.h"
#include "anydoor.skel.h"
#include "user/config.h"
#include "user/dns_service.h"
#include "user/keys.h"
#include "user/pins.h"

#define VERIFIER_LOG 65536
#define INSTANCE     "bench"

/* What the loader derives from the configuration. */
static void set_geometry(struct rig *rig)
{
	const struct config *config = rig->config;
	struct anydoor_bpf *door = rig->door;
	__u32 ids = 1u << config->owner_bits;

	rig->flow_mask = config->flow_max / AD_FLOW_SLOTS - 1;
	bpf_map__set_max_entries(door->maps.flow_tags, rig->flow_mask + 1);
	bpf_map__set_max_entries(door->maps.flows, config->flow_max);
	bpf_map__set_max_entries(door->maps.nodes, ids);
	bpf_map__set_max_entries(door->maps.peers, ids);
	bpf_map__set_max_entries(door->maps.peer_ids, ids);
	door->rodata->opt.flow_mask = rig->flow_mask;
	door->rodata->opt.flow_idle_s = config->flow_idle_s;
	door->rodata->opt.node_id = config->self->id;
	door->rodata->opt.tunnel_port = htons(config->tunnel_port);
	door->rodata->opt.mss_overhead = config->tunnel_overhead;
	door->rodata->opt.stamp_shift = 32 - config->owner_bits;
	door->rodata->opt.has_vlan = 1;
}

static int put(const struct bpf_map *map, const void *key, const void *value)
{
	return bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY);
}

static __s64 real_minus_mono_ns(void)
{
	struct timespec mono, real;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &real);
	return (real.tv_sec - mono.tv_sec) * 1000000000ll + real.tv_nsec - mono.tv_nsec;
}

static int write_state(struct rig *rig)
{
	const struct anydoor_bpf *door = rig->door;
	const struct ad_meta meta = { .abi = AD_ABI_VERSION, .node_id = SELF };
	__u32 zero = 0;

	rig->state.real_minus_mono_ns = real_minus_mono_ns();
	rig->state.stamp_wall_minus_mono_ms = rig->state.real_minus_mono_ns / 1000000;
	rig->state.flags = AD_STATE_ARMED;
	return put(door->maps.meta, &zero, &meta) ?: put(door->maps.keys, &zero, &rig->keys) ?:
	       put(door->maps.state, &zero, &rig->state);
}

static int write_node(struct rig *rig, __u32 id, const struct ad_addr *tunnel)
{
	const struct anydoor_bpf *door = rig->door;
	const struct ad_node node = { .tunnel = *tunnel, .flags = AD_NODE_KNOWN };

	return put(door->maps.nodes, &id, &node) ?: put(door->maps.peer_ids, tunnel, &id);
}

static int write_fleet(struct rig *rig)
{
	const struct anydoor_bpf *door = rig->door;
	const struct ad_local vip = { .flags = AD_LOCAL_VIP_TCP | AD_LOCAL_VIP_DNS };
	const struct ad_local tunnel = { .flags = AD_LOCAL_TUNNEL };

	return put(door->maps.locals, &bench_vip, &vip) ?:
	       put(door->maps.locals, &bench_tunnel_self, &tunnel) ?:
	       write_node(rig, SELF, &bench_tunnel_self) ?:
	       write_node(rig, OTHER, &bench_tunnel_other) ?:
	       write_node(rig, LANDING, &bench_tunnel_landing);
}

/* `packet` reaches `dns` through the door, as it does when attached. */
static int fill_door(struct rig *rig)
{
	const struct bpf_map *door_xdp = bpf_object__find_map_by_name(rig->door->obj, "door_xdp");
	int dns = bpf_program__fd(rig->door->progs.dns);
	const __u32 slot = AD_DOOR_DNS;

	return door_xdp ? put(door_xdp, &slot, &dns) : 0;
}

static void *map_in(const struct bpf_map *map)
{
	size_t length = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
	void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* As the loader does for a door that stands alone (maps/door_maps.h). */
static void set_frags(struct bpf_program *program)
{
	bpf_program__set_flags(program, bpf_program__flags(program) | BPF_F_XDP_HAS_FRAGS);
}

static int load(struct rig *rig)
{
	struct bpf_program *program;
	int err, nr = 0;

	bpf_object__for_each_program(program, rig->door->obj)
	{
		if (nr == VERIFIED_MAX)
			return -E2BIG;
		rig->logs[nr] = calloc(1, VERIFIER_LOG);
		if (!rig->logs[nr])
			return -ENOMEM;
		bpf_program__set_log_level(program, 4);
		bpf_program__set_log_buf(program, rig->logs[nr++], VERIFIER_LOG);
	}
	err = anydoor_bpf__load(rig->door);
	if (err) {
		fprintf(stderr, "bench: load: %s\n", strerror(-err));
		return err;
	}
	rig->tags = map_in(rig->door->maps.flow_tags);
	rig->flows = map_in(rig->door->maps.flows);
	return rig->tags && rig->flows ? 0 : -ENOMEM;
}

/* Through the zone compiler and pinned maps, as the daemon does. */
static int publish_zone(struct rig *rig)
{
	struct config_errors errors = {};
	struct dns_zones *zones = NULL;
	struct pins pins;
	char dir[256];
	int err;

	snprintf(dir, sizeof(dir), "%s/" INSTANCE, rig->config->bpffs);
	err = bpf_object__pin_maps(rig->door->obj, dir) ?:
	      pins_open(&pins, rig->config->bpffs, INSTANCE) ?:
	      dns_zones_load(rig->config, &zones, &errors) ?: dns_zones_publish(zones, &pins);
	config_errors_log(&errors);
	config_errors_free(&errors);
	dns_zones_free(zones);
	return err;
}

static int open_door(struct rig *rig)
{
	__u8 stamp_id[16];
	int err = keys_load(rig->config->key_file, rig->config->key_epoch, &rig->keys, stamp_id);

	if (err)
		return err;
	rig->door = anydoor_bpf__open();
	if (!rig->door)
		return -errno;
	set_geometry(rig);
	set_frags(rig->door->progs.packet);
	set_frags(rig->door->progs.dns);
	return dns_maps_prepare(rig->door, rig->config);
}

int rig_new(struct rig *rig)
{
	int err;

	memset(rig, 0, sizeof(*rig));
	rig->ncpus = libbpf_num_possible_cpus();
	err = site_enter(&rig->ifindex, &rig->config) ?: open_door(rig) ?: load(rig) ?:
	      write_state(rig) ?: write_fleet(rig) ?: fill_door(rig) ?: publish_zone(rig);
	if (err)
		fprintf(stderr, "bench: programs and maps: %s\n", strerror(-err));
	return err;
}

void rig_free(struct rig *rig)
{
	anydoor_bpf__destroy(rig->door);
	config_free(rig->config);
	for (int i = 0; i < VERIFIED_MAX; i++)
		free(rig->logs[i]);
}

void rig_renew(struct rig *rig)
{
	size_t buckets = rig->flow_mask + 1;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	rig->mono_ms = now.tv_sec * 1000 + now.tv_nsec / 1000000;
	rig->real_s = time(NULL);
	memset(rig->tags, 0, buckets * sizeof(*rig->tags));
	memset(rig->flows, 0, buckets * AD_FLOW_SLOTS * sizeof(*rig->flows));
}

bool rig_add_flow(struct rig *rig, const struct ad_flow *flow, __u64 prf)
{
	__u32 bucket = (prf >> 32) & rig->flow_mask;
	const __u32 now_s = rig->mono_ms / 1000;

	/* The first free slot from the flow's own seat on (flow.h). */
	for (__u32 i = 0; i < AD_FLOW_SLOTS; i++) {
		__u32 at = ((prf >> 61) + i) % AD_FLOW_SLOTS;
		struct ad_flow_slot *slot = &rig->tags[bucket].slots[at];
		struct ad_flow *entry = &rig->flows[bucket * AD_FLOW_SLOTS + at];

		if (slot->kind != AD_FLOW_FREE)
			continue;
		*entry = *flow;
		entry->first_s = entry->last_s = now_s;
		*slot = (struct ad_flow_slot){ .tag = prf, .last_s = now_s, .kind = flow->kind };
		return true;
	}
	return false;
}

__u64 rig_flow_packets(const struct rig *rig)
{
	size_t slots = (size_t)(rig->flow_mask + 1) * AD_FLOW_SLOTS;
	__u64 packets = 0;

	for (size_t i = 0; i < slots; i++)
		packets += rig->flows[i].rx_packets + rig->flows[i].tx_packets;
	return packets;
}

void rig_counts(const struct rig *rig, __u64 packets[AD_REASON_MAX])
{
	struct ad_count counts[rig->ncpus];
	int fd = bpf_map__fd(rig->door->maps.reasons);

	for (__u32 reason = 0; reason < AD_REASON_MAX; reason++) {
		packets[reason] = 0;
		if (bpf_map_lookup_elem(fd, &reason, counts))
			continue;
		for (int cpu = 0; cpu < rig->ncpus; cpu++)
			packets[reason] += counts[cpu].packets;
	}
}
