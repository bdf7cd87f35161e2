// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rig.c: the real programs, loaded and filled by the daemon's own hands, but attached nowhere.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/mman.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "selftests/bench/bench.h"
#include "user/dns/dns_limiter.h"
#include "user/dns/dns_service.h"
#include "user/dns/dns_zones.h"
#include "user/load/fill.h"
#include "user/config/keys.h"
#include "user/load/object.h"
#include "user/state/pins.h"
#include "user/steer/steer_map.h"

#define VERIFIER_LOG 65536
#define INSTANCE     "bench"

/* Level 4 is two lines a program: among them the stack of each of its functions. */
static int keep_logs(struct rig *rig)
{
	struct bpf_program *program;
	int nr = 0;

	bpf_object__for_each_program(program, rig->door->obj) {
		if (nr == VERIFIED_MAX)
			return -E2BIG;
		rig->logs[nr] = calloc(1, VERIFIER_LOG);
		if (!rig->logs[nr])
			return -ENOMEM;
		bpf_program__set_log_level(program, 4);
		bpf_program__set_log_buf(program, rig->logs[nr++], VERIFIER_LOG);
	}
	return 0;
}

static void *map_in(const struct bpf_map *map)
{
	size_t length = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
	void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static int load(struct rig *rig, const char *dir, struct config_errors *errors)
{
	struct object object = {};
	int err = object_open(&object, rig->config, errors);

	rig->door = object.skel;
	err = err ?: keep_logs(rig);
	rig->load_s = -now_s();
	err = err ?: object_load(&object, dir, AD_DOORS_ALONE, errors);
	err = err ?: bpf_object__pin_maps(rig->door->obj, dir);
	rig->load_s += now_s();
	if (err)
		return err;
	rig->flow_mask = bpf_map__max_entries(rig->door->maps.flow_tags) - 1;
	rig->tags = map_in(rig->door->maps.flow_tags);
	rig->flows = map_in(rig->door->maps.flows);
	return rig->tags && rig->flows ? 0 : -ENOMEM;
}

static __s64 real_minus_mono_ns(void)
{
	struct timespec mono, real;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &real);
	return (real.tv_sec - mono.tv_sec) * 1000000000ll + real.tv_nsec - mono.tv_nsec;
}

static void arm(struct rig *rig, struct ad_state *state)
{
	rig->wall_minus_mono_ms = real_minus_mono_ns() / 1000000;
	state->real_minus_mono_ns = real_minus_mono_ns();
	state->stamp_wall_minus_mono_ms = rig->wall_minus_mono_ms;
	state_set_flag(state, AD_STATE_ARMED | AD_STATE_ROUTES_BY_ADDRESS);
}

static int fill(struct rig *rig, const char *dir, struct config_errors *errors)
{
	struct model *model = model_new();
	struct ad_meta meta = {};
	struct datapath dp;
	__u8 stamp_id[16];
	int err = model ? 0 : -ENOMEM;

	datapath_init(&dp);
	err = err ?: keys_load(rig->config->key_file, rig->config->key_epoch, &rig->keys, stamp_id);
	err = err ?: datapath_open(&dp, dir, errors);
	err = err ?: fill_maps(&dp, model, rig->config, &rig->keys, errors);
	if (!err) {
		fill_meta(&meta, rig->config, stamp_id);
		err = datapath_write_meta(&dp, &meta);
		arm(rig, dp.state_at);
	}
	datapath_close(&dp);
	model_free(model);
	return err;
}

static int put_behind(const struct rig *rig, __u32 slot, const struct bpf_program *program)
{
	int fd = bpf_program__fd(program);

	return bpf_map_update_elem(bpf_map__fd(rig->door->maps.door_xdp), &slot, &fd, BPF_ANY);
}

/* One reaches the next through the door, as they do when attached. */
static int open_door(struct rig *rig)
{
	return put_behind(rig, AD_DOOR_DNS, rig->door->progs.dns)
		       ?: put_behind(rig, AD_DOOR_DNS_COPIED, rig->door->progs.dns_copied);
}

/* So many ranges of whole /24 of IPv4, in pseudo-random places; neighbours are in other locations.
 */
static int cut_world(unsigned int networks, unsigned int nr_locations, struct steer_ranges *ip4)
{
	const __u32 all = 1u << 24;
	__u64 draw = 1;
	__u32 left = networks, at;
	int err = 0;

	for (at = 0; at < all && !err; at++) {
		draw = draw * 6364136223846793005ull + 1442695040888963407ull;
		if (at + 1 < all && (draw >> 33) % (all - at) >= left)
			continue;
		left -= left > 0;
		err = steer_ranges_add(ip4, (__u64)at << 8 | 255,
				       ip4->nr % (nr_locations > 1 ? nr_locations : 1));
	}
	return err;
}

static int draw_map(unsigned int networks, unsigned int nr_locations, struct steer_map *map)
{
	struct steer_ranges ip4 = {}, ip6 = {};
	int err = cut_world(networks, nr_locations, &ip4) ?: steer_ranges_add(&ip6, ~0ull, 0);

	err = err ?: steer_map_build(&ip4, &ip6, nr_locations, map);
	if (!err)
		report_networks(ip4.nr, (__u64)map->nr_lines * AD_STEER_LINE);
	steer_ranges_free(&ip4);
	steer_ranges_free(&ip6);
	return err;
}

static int publish_zone(struct rig *rig, unsigned int names, unsigned int networks,
			struct config_errors *errors)
{
	struct dns_zones *zones = NULL;
	struct steer_map map = {};
	struct pins pins;
	int err;

	err = pins_open(&pins, rig->config->bpffs, INSTANCE)
		      ?: dns_zones_load(rig->config, NULL, NULL, &zones, errors);
	if (!err && networks) {
		err = draw_map(networks, zones->plan->map.nr_locations, &map);
		zones->steering->lines = map.lines;
		zones->steering->nr_lines = map.nr_lines;
	}
	err = err ?: dns_zones_publish(zones, &pins);
	dns_zones_free(zones);
	steer_map_free(&map);
	rig->names = names;
	rig->networks = networks;
	return err;
}

static int publish_rules(struct rig *rig, struct config_errors *errors)
{
	struct dns_limiter *limiter = NULL;
	struct pins pins;
	int err;

	err = pins_open(&pins, rig->config->bpffs, INSTANCE) ?:
	      dns_limiter_load(rig->config, &limiter, errors) ?: dns_limiter_publish(limiter, &pins);
	if (!err)
		memcpy(rig->cookie_secret, limiter->rules.secrets[0], sizeof(rig->cookie_secret));
	dns_limiter_free(limiter);
	return err;
}

int rig_serve(struct rig *rig, unsigned int names, unsigned int networks)
{
	struct config_errors errors = {};
	int err;

	if (names == rig->names && networks == rig->networks)
		return 0;
	err = site_write(rig->flow_max, names, networks ? BENCH_NAMES : 0, &rig->config)
		      ?: publish_zone(rig, names, networks, &errors);
	config_errors_log(&errors);
	config_errors_free(&errors);
	return err;
}

int rig_new(struct rig *rig, const char *flow_max)
{
	struct config_errors errors = {};
	char dir[256];
	int err;

	memset(rig, 0, sizeof(*rig));
	rig->ncpus = libbpf_num_possible_cpus();
	rig->flow_max = flow_max;
	err = site_enter(flow_max, &rig->ifindex, &rig->config);
	if (err)
		return err;
	snprintf(dir, sizeof(dir), "%s/" INSTANCE, rig->config->bpffs);
	err = load(rig, dir, &errors) ?: fill(rig, dir, &errors) ?: open_door(rig) ?:
	      publish_zone(rig, BENCH_NAMES, 0, &errors) ?: publish_rules(rig, &errors);
	if (err)
		fprintf(stderr, "bench: programs and maps: %s\n", strerror(-err));
	config_errors_log(&errors);
	config_errors_free(&errors);
	return err;
}

void rig_free(struct rig *rig)
{
	anydoor_bpf__destroy(rig->door);
	config_free(rig->config);
	for (int i = 0; i < VERIFIED_MAX; i++)
		free(rig->logs[i]);
}

static __u64 map_bytes(const struct bpf_map *map)
{
	char path[64], line[128];
	unsigned long long bytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
	file = fopen(path, "re");
	while (file && !bytes && fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %llu", &bytes) != 1)
			bytes = 0;
	if (file)
		fclose(file);
	return bytes;
}

__u64 rig_flow_bytes(const struct rig *rig)
{
	return map_bytes(rig->door->maps.flow_tags) + map_bytes(rig->door->maps.flows);
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

/* To stamps the present is always the moment at which their deck was made. */
static void hold_stamps(const struct rig *rig, __u64 now_ms)
{
	int fd = bpf_map__fd(rig->door->maps.state);
	struct ad_state state;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(fd, &zero, &state))
		return;
	state.stamp_wall_minus_mono_ms = rig->wall_minus_mono_ms - (__s64)(now_ms - rig->mono_ms);
	bpf_map_update_elem(fd, &zero, &state, BPF_ANY);
}

void rig_freshen(const struct rig *rig)
{
	size_t slots = (size_t)(rig->flow_mask + 1) * AD_FLOW_SLOTS;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_nsec > 400000000) {
		now = (struct timespec){ .tv_sec = now.tv_sec + 1, .tv_nsec = 5000000 };
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	}
	hold_stamps(rig, now.tv_sec * 1000 + now.tv_nsec / 1000000);
	for (size_t i = 0; i < slots; i++)
		if (rig->flows[i].kind == AD_FLOW_OURS)
			rig->flows[i].last_s = now.tv_sec;
}

__u64 rig_flow_packets(const struct rig *rig)
{
	size_t slots = (size_t)(rig->flow_mask + 1) * AD_FLOW_SLOTS;
	__u64 packets = 0;

	for (size_t i = 0; i < slots; i++)
		packets += rig->flows[i].rx_packets + rig->flows[i].tx_packets;
	return packets;
}

static void tally_reasons(const struct rig *rig, struct tally *tally)
{
	struct ad_count counts[rig->ncpus];
	int fd = bpf_map__fd(rig->door->maps.reasons);

	for (__u32 reason = 0; reason < AD_REASON_MAX; reason++) {
		if (bpf_map_lookup_elem(fd, &reason, counts))
			continue;
		for (int cpu = 0; cpu < rig->ncpus; cpu++)
			tally->reasons[reason] += counts[cpu].packets;
	}
}

static void tally_rcodes(const struct rig *rig, struct tally *tally)
{
	struct ad_dns_count counts[rig->ncpus];
	const __u32 zero = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(rig->door->maps.dns_counts), &zero, counts))
		return;
	for (int cpu = 0; cpu < rig->ncpus; cpu++)
		for (int rcode = 0; rcode < AD_DNS_RCODES; rcode++)
			tally->rcodes[rcode] += counts[cpu].rcodes[rcode];
}

void rig_tally(const struct rig *rig, struct tally *tally)
{
	memset(tally, 0, sizeof(*tally));
	tally_reasons(rig, tally);
	tally_rcodes(rig, tally);
}
