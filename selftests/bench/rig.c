// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rig.c: a network namespace with one interface, and behind it the real programs with the maps
 * that a node of a two-node fleet would have.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <sys/mman.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sodium.h>
#include "selftests/bench/bench.h"
#include "anydoor.skel.h"

#define VERIFIER_LOG 65536

/*
 * BPF_PROG_TEST_RUN takes packets to come from an interface only if XDP knows its receive queue:
 * some program must be attached.
 */
static int attach_pass(int ifindex)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", insns, 2, NULL);

	return fd < 0 ? fd : bpf_xdp_attach(ifindex, fd, 0, NULL);
}

/*
 * The route towards OTHER leaves by the interface that packets come in by, as on a host with one
 * uplink. Neighbours are permanent: nobody answers here.
 */
static const char world[] = "set -e\n"
			    "ip link set lo up\n"
			    "ip link add uplink type veth peer name far\n"
			    "ip addr add 192.0.2.1/24 dev uplink\n"
			    "ip link set uplink up\n"
			    "ip link set far up\n"
			    "ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev uplink\n"
			    "echo 1 > /proc/sys/net/ipv4/ip_forward\n";

static int enter_world(struct rig *rig)
{
	if (unshare(CLONE_NEWNET)) {
		perror("bench: network namespace");
		return -EPERM;
	}
	if (system(world)) {
		fprintf(stderr, "bench: the namespace could not be set up\n");
		return -EIO;
	}
	rig->ifindex = if_nametoindex("uplink");
	return rig->ifindex ? attach_pass(rig->ifindex) : -ENODEV;
}

/* What the loader derives from the configuration. */
static void set_geometry(struct rig *rig, __u32 flow_slots)
{
	struct anydoor_bpf *door = rig->door;
	__u32 buckets = flow_slots / AD_FLOW_SLOTS;

	rig->flow_mask = buckets - 1;
	bpf_map__set_max_entries(door->maps.flow_tags, buckets);
	bpf_map__set_max_entries(door->maps.flows, flow_slots);
	bpf_map__set_max_entries(door->maps.nodes, NODES);
	bpf_map__set_max_entries(door->maps.peers, NODES);
	bpf_map__set_max_entries(door->maps.peer_ids, NODES);
	door->rodata->opt.flow_mask = rig->flow_mask;
	door->rodata->opt.flow_idle_s = 3600;
	door->rodata->opt.node_id = SELF;
	door->rodata->opt.tunnel_port = htons(AD_TUNNEL_PORT);
	door->rodata->opt.mss_overhead = AD_OVERHEAD_IP4;
	door->rodata->opt.stamp_shift = BENCH_K;
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
	__u32 zero = 0;

	randombytes_buf(rig->keys.stamp, sizeof(rig->keys.stamp));
	randombytes_buf(rig->keys.tunnel[0].key, sizeof(rig->keys.tunnel[0].key));
	rig->keys.tunnel[0].epoch = 1;
	rig->keys.tunnel[0].valid = 1;
	rig->state.real_minus_mono_ns = real_minus_mono_ns();
	rig->state.stamp_wall_minus_mono_ms = rig->state.real_minus_mono_ns / 1000000;
	rig->state.flags = AD_STATE_ARMED;
	return put(door->maps.keys, &zero, &rig->keys) ?:
	       put(door->maps.state, &zero, &rig->state);
}

static int write_fleet(struct rig *rig)
{
	const struct anydoor_bpf *door = rig->door;
	const struct ad_local vip = { .flags = AD_LOCAL_VIP_TCP | AD_LOCAL_VIP_DNS };
	const struct ad_local tunnel = { .flags = AD_LOCAL_TUNNEL };
	const struct ad_node nodes[] = {
		{ .tunnel = bench_tunnel_self, .flags = AD_NODE_KNOWN },
		{ .tunnel = bench_tunnel_other, .flags = AD_NODE_KNOWN, .pop = 1 },
	};
	const __u32 self = SELF, other = OTHER;

	return put(door->maps.locals, &bench_vip, &vip) ?:
	       put(door->maps.locals, &bench_tunnel_self, &tunnel) ?:
	       put(door->maps.nodes, &self, &nodes[0]) ?:
	       put(door->maps.nodes, &other, &nodes[1]) ?:
	       put(door->maps.peer_ids, &bench_tunnel_other, &other);
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

	bpf_object__for_each_program(program, rig->door->obj) {
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

int rig_new(struct rig *rig, __u32 flow_slots)
{
	int err;

	memset(rig, 0, sizeof(*rig));
	rig->ncpus = libbpf_num_possible_cpus();
	err = enter_world(rig);
	if (err)
		return err;
	rig->door = anydoor_bpf__open();
	if (!rig->door)
		return -errno;
	set_geometry(rig, flow_slots);
	set_frags(rig->door->progs.packet);
	set_frags(rig->door->progs.dns);
	err = load(rig) ?: write_state(rig) ?: write_fleet(rig) ?: fill_door(rig);
	if (err)
		fprintf(stderr, "bench: maps: %s\n", strerror(-err));
	return err;
}

void rig_free(struct rig *rig)
{
	anydoor_bpf__destroy(rig->door);
	for (int i = 0; i < VERIFIED_MAX; i++)
		free(rig->logs[i]);
}

void rig_clear_flows(struct rig *rig)
{
	size_t buckets = rig->flow_mask + 1;

	memset(rig->tags, 0, buckets * sizeof(*rig->tags));
	memset(rig->flows, 0, buckets * AD_FLOW_SLOTS * sizeof(*rig->flows));
}

bool rig_add_flow(struct rig *rig, const struct ad_flow *flow, __u64 prf)
{
	__u32 bucket = (prf >> 32) & rig->flow_mask;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	for (__u32 i = 0; i < AD_FLOW_SLOTS; i++) {
		struct ad_flow_slot *slot = &rig->tags[bucket].slots[i];
		struct ad_flow *entry = &rig->flows[bucket * AD_FLOW_SLOTS + i];

		if (slot->kind != AD_FLOW_FREE)
			continue;
		*entry = *flow;
		entry->first_s = entry->last_s = now.tv_sec;
		*slot = (struct ad_flow_slot){ .tag = prf, .last_s = now.tv_sec, .kind = flow->kind };
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
