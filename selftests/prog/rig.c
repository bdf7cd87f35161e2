// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rig.c: BPF_PROG_TEST_RUN, and maps by name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/mman.h>
#include <unistd.h>
#include <net/if.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "maps/dns.h"
#include "rig.h"
#include "world.h"
#include "zones.h"
#include "anydoor.skel.h"
#include "door.skel.h"

#ifndef BPF_F_XDP_HAS_FRAGS
#define BPF_F_XDP_HAS_FRAGS (1U << 5)
#endif

#define PROGRAMS_MAX  16
#define LOG_BYTES     65536
#define SKB_BYTES_MIN (14 + 40) /* newer kernels make no skb of less than an IP header */

struct rig {
	struct anydoor_bpf *behind;
	struct door_bpf *door;
	const struct options *options;
	const struct vector *prepared;
	struct ad_flow_bucket *tags;
	struct ad_flow *flows;
	size_t nr_buckets;
	unsigned int uplink;
	struct ring_buffer *ring;	/* of rig_trace() */
	struct ad_trace_record *record; /* where the next goes */
	char *logs;			/* what the verifier said of each program */
	__u32 load_ms;
};

static int rig_fail(const char *what, int err)
{
	fprintf(stderr, "rig: %s: %s\n", what, strerror(-err));
	return err;
}

/* What the loader does with the configuration; here the options say it all. */
static void rig_size_maps(struct anydoor_bpf *skel, const struct options *options)
{
	__u32 nodes = 1u << (32 - options->values.stamp_shift);
	__u32 buckets = options->values.flow_mask + 1;

	bpf_map__set_max_entries(skel->maps.nodes, nodes);
	bpf_map__set_max_entries(skel->maps.peer_ids, nodes);
	bpf_map__set_max_entries(skel->maps.peers, nodes);
	bpf_map__set_max_entries(skel->maps.flow_tags, buckets);
	bpf_map__set_max_entries(skel->maps.flows, buckets * AD_FLOW_SLOTS);
	bpf_map__set_max_entries(skel->maps.unstamped, options->unstamped_max);
}

/* Only the verifier's log tells how much stack each function takes. */
static int rig_keep_logs(struct rig *rig)
{
	struct bpf_program *program;
	char *log;

	rig->logs = log = calloc(PROGRAMS_MAX, LOG_BYTES);
	if (!log)
		return -ENOMEM;
	bpf_object__for_each_program(program, rig->behind->obj) {
		if (log == rig->logs + PROGRAMS_MAX * LOG_BYTES)
			return rig_fail("more programs than expected", -E2BIG);
		bpf_program__set_log_level(program, MEASURE_LOG_LEVEL);
		bpf_program__set_log_buf(program, log, LOG_BYTES);
		log += LOG_BYTES;
	}
	return 0;
}

static int rig_load(struct rig *rig)
{
	struct timespec began, ended;
	int err;

	rig->behind = anydoor_bpf__open();
	rig->door = door_bpf__open_and_load();
	if (!rig->behind || !rig->door)
		return rig_fail("the door", -errno);
	bpf_map__reuse_fd(rig->behind->maps.door_xdp, bpf_map__fd(rig->door->maps.door_xdp));
	rig->behind->rodata->opt = rig->options->values;
	rig_size_maps(rig->behind, rig->options);
	err = zones_prepare(rig->behind, rig->options);
	if (err)
		return err;
	/* The door stands alone (maps/door_maps.h). */
	bpf_program__set_flags(rig->behind->progs.packet, BPF_F_XDP_HAS_FRAGS);
	bpf_program__set_flags(rig->behind->progs.dns, BPF_F_XDP_HAS_FRAGS);
	bpf_program__set_flags(rig->behind->progs.dns_copied, BPF_F_XDP_HAS_FRAGS);
	err = rig_keep_logs(rig);
	clock_gettime(CLOCK_MONOTONIC, &began);
	err = err ?: anydoor_bpf__load(rig->behind);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	rig->load_ms =
		(ended.tv_sec - began.tv_sec) * 1000 + (ended.tv_nsec - began.tv_nsec) / 1000000;
	return err ? rig_fail("the data path", err) : 0;
}

int rig_measure(const struct rig *rig, int nr, struct measure *measure)
{
	struct bpf_program *program = NULL;
	size_t size;

	do
		program = bpf_object__next_program(rig->behind->obj, program);
	while (program && nr--);
	if (!program)
		return -ENOENT;
	return measure_program(bpf_program__name(program), bpf_program__fd(program),
			       bpf_program__log_buf(program, &size), measure);
}

__u32 rig_load_ms(const struct rig *rig)
{
	return rig->load_ms;
}

static int rig_fill_door(struct rig *rig)
{
	const struct {
		struct bpf_map *map;
		__u32 slot;
		struct bpf_program *prog;
	} slots[] = {
		{ rig->door->maps.door_xdp, AD_DOOR_PACKET, rig->behind->progs.packet },
		{ rig->door->maps.door_xdp, AD_DOOR_DNS, rig->behind->progs.dns },
		{ rig->door->maps.door_xdp, AD_DOOR_DNS_COPIED, rig->behind->progs.dns_copied },
		{ rig->door->maps.door_tc, AD_DOOR_EGRESS, rig->behind->progs.egress },
	};
	__u32 fd;
	size_t i;

	for (i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		fd = bpf_program__fd(slots[i].prog);
		if (bpf_map_update_elem(bpf_map__fd(slots[i].map), &slots[i].slot, &fd, BPF_ANY))
			return rig_fail("a slot of the door", -errno);
	}
	return 0;
}

/*
 * The kernel rewrites its XDP dispatcher, and waits for every CPU, whenever a program is run that
 * is attached nowhere. Where this is, nothing ever arrives.
 */
static int rig_attach(const struct rig *rig)
{
	int fd = bpf_program__fd(rig->behind->progs.packet);
	int err = bpf_xdp_attach(if_nametoindex(WORLD_IDLE), fd, XDP_FLAGS_DRV_MODE, NULL);

	return err ? rig_fail(WORLD_IDLE, err) : 0;
}

static void *rig_mmap(struct bpf_map *map)
{
	size_t bytes = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return at == MAP_FAILED ? NULL : at;
}

static int rig_map_flows(struct rig *rig)
{
	rig->nr_buckets = rig->options->values.flow_mask + 1;
	rig->tags = rig_mmap(rig->behind->maps.flow_tags);
	rig->flows = rig_mmap(rig->behind->maps.flows);
	return rig->tags && rig->flows ? 0 : rig_fail("the flow table", -errno);
}

int rig_open(const struct options *options, struct rig **result)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	int err;

	if (!rig)
		return -ENOMEM;
	rig->options = options;
	rig->uplink = if_nametoindex(WORLD_UPLINK);
	err = rig_load(rig) ?: rig_fill_door(rig) ?: rig_attach(rig) ?: rig_map_flows(rig) ?:
	      zones_publish(rig->behind, options);
	if (err)
		rig_close(rig);
	else
		*result = rig;
	return err;
}

void rig_close(struct rig *rig)
{
	if (rig->tags)
		munmap(rig->tags, rig->nr_buckets * sizeof(*rig->tags));
	if (rig->flows)
		munmap(rig->flows, rig->nr_buckets * AD_FLOW_SLOTS * sizeof(*rig->flows));
	bpf_xdp_detach(if_nametoindex(WORLD_IDLE), XDP_FLAGS_DRV_MODE, NULL);
	ring_buffer__free(rig->ring);
	anydoor_bpf__destroy(rig->behind);
	door_bpf__destroy(rig->door);
	free(rig->logs);
	free(rig);
}

static struct bpf_map *rig_map(const struct rig *rig, const struct entry *entry)
{
	struct bpf_map *map = bpf_object__find_map_by_name(rig->behind->obj, entry->map);

	return map && bpf_map__key_size(map) == entry->key.len ? map : NULL;
}

/* In a map per CPU, the same for all. */
static int map_put(const struct bpf_map *map, const void *key, const void *value)
{
	int fd = bpf_map__fd(map), ncpus = 1, err;
	size_t size = bpf_map__value_size(map), step = (size + 7) & ~7ul;
	char *values;

	if (bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY)
		ncpus = libbpf_num_possible_cpus();
	values = calloc(ncpus, step);
	if (!values)
		return -ENOMEM;
	for (int cpu = 0; value && cpu < ncpus; cpu++)
		memcpy(values + cpu * step, value, size);
	err = bpf_map_update_elem(fd, key, values, BPF_ANY);
	free(values);
	return err;
}

/* "image_format" is no map: it is the first word of the image of zones that answers. */
static bool entry_is_format(const struct entry *entry)
{
	return !strcmp(entry->map, "image_format");
}

static int set_format(const struct rig *rig, __u32 format)
{
	int pages = bpf_map__fd(rig->behind->maps.dns_pages), image;
	struct ad_dns_image *head;
	struct ad_dns_live live;
	__u32 zero = 0, id;

	if (bpf_map_lookup_elem(bpf_map__fd(rig->behind->maps.dns_live), &zero, &live) ||
	    bpf_map_lookup_elem(pages, &live.slot, &id))
		return rig_fail("no image", -errno);
	image = bpf_map_get_fd_by_id(id);
	head = mmap(NULL, sizeof(*head), PROT_READ | PROT_WRITE, MAP_SHARED, image, 0);
	close(image);
	if (head == MAP_FAILED)
		return rig_fail("the image", -errno);
	head->format = format;
	munmap(head, sizeof(*head));
	return 0;
}

/* An entry without a value is one to take away. */
static int entry_write(const struct rig *rig, const struct entry *entry)
{
	struct bpf_map *map = rig_map(rig, entry);

	if (entry_is_format(entry))
		return set_format(rig, *(__u32 *)entry->value.data);
	if (map && !entry->value.len)
		return bpf_map_delete_elem(bpf_map__fd(map), entry->key.data);
	if (!map || entry->value.len != bpf_map__value_size(map))
		return rig_fail(entry->map, -EINVAL);
	return map_put(map, entry->key.data, entry->value.data) ? rig_fail(entry->map, -errno) : 0;
}

/* As if it had never been written; it may also have gone by itself. */
static void entry_undo(const struct rig *rig, const struct entry *entry)
{
	struct bpf_map *map = rig_map(rig, entry);

	if (entry_is_format(entry))
		set_format(rig, AD_DNS_FORMAT);
	if (!map)
		return;
	if (bpf_map__type(map) == BPF_MAP_TYPE_HASH || bpf_map__type(map) == BPF_MAP_TYPE_LRU_HASH)
		bpf_map_delete_elem(bpf_map__fd(map), entry->key.data);
	else
		map_put(map, entry->key.data, NULL);
}

/*
 * What programs remember from one packet to the next. The clock stands still: what holds for a tick
 * would hold for every vector.
 */
static void rig_forget_slots(const struct bpf_map *map)
{
	for (__u32 slot = 0; slot < bpf_map__max_entries(map); slot++)
		map_put(map, &slot, NULL);
}

/* What programs enter into hash maps. */
static void rig_forget(const struct bpf_map *map)
{
	int fd = bpf_map__fd(map);
	char key[64];

	while (!bpf_map_get_next_key(fd, NULL, key))
		bpf_map_delete_elem(fd, key);
}

int rig_prepare(struct rig *rig, const struct vector *vector)
{
	int err = rig_fill_door(rig);
	size_t i;

	for (i = 0; rig->prepared && i < rig->prepared->set.nr; i++)
		entry_undo(rig, &rig->prepared->set.list[i]);
	for (i = 0; rig->prepared && i < rig->prepared->after.nr; i++)
		entry_undo(rig, &rig->prepared->after.list[i]);
	rig_forget(rig->behind->maps.unstamped);
	rig_forget(rig->behind->maps.fragments);
	rig_forget(rig->behind->maps.catch_flows);
	rig_forget(rig->behind->maps.catch_queries);
	rig_forget_slots(rig->behind->maps.legs);
	rig_forget_slots(rig->behind->maps.locals_seen);
	rig_forget_slots(rig->behind->maps.flow_sample);
	memset(rig->tags, 0, rig->nr_buckets * sizeof(*rig->tags));
	memset(rig->flows, 0, rig->nr_buckets * AD_FLOW_SLOTS * sizeof(*rig->flows));
	for (i = 0; !err && i < rig->options->base.nr; i++)
		err = entry_write(rig, &rig->options->base.list[i]);
	rig->prepared = vector;
	for (i = 0; !err && i < vector->set.nr; i++)
		err = entry_write(rig, &vector->set.list[i]);
	return err;
}

/* --- what a trace sees ------------------------------------------------------------------------ */

static int on_record(void *arg, void *data, size_t size)
{
	struct rig *rig = arg;

	memcpy(rig->record, data, sizeof(*rig->record));
	return 0;
}

static int rig_make_ring(struct rig *rig)
{
	int err, fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, 65536, NULL);
	__u32 zero = 0;

	if (fd < 0)
		return -errno;
	rig->ring = ring_buffer__new(fd, on_record, rig, NULL);
	err = rig->ring ? 0 : -errno;
	if (!err && bpf_map_update_elem(bpf_map__fd(rig->behind->maps.trace_rings), &zero, &fd, 0))
		err = -errno;
	close(fd);
	return err;
}

int rig_trace(struct rig *rig)
{
	const struct ad_trace all = { .until_ns = ~0ull, .reasons = { ~0ull, ~0ull } };
	int state_fd = bpf_map__fd(rig->behind->maps.state), err = 0;
	struct ad_state state;
	__u32 zero = 0;

	if (!rig->ring)
		err = rig_make_ring(rig);
	if (err)
		return err;
	if (bpf_map_update_elem(bpf_map__fd(rig->behind->maps.trace), &zero, &all, 0) ||
	    bpf_map_lookup_elem(state_fd, &zero, &state))
		return -errno;
	state.flags |= AD_STATE_TRACED;
	return bpf_map_update_elem(state_fd, &zero, &state, 0) ? -errno : 0;
}

int rig_traced(struct rig *rig, struct ad_trace_record *last)
{
	rig->record = last;
	return ring_buffer__consume(rig->ring);
}

static int rig_program(const struct rig *rig, const struct vector *vector, bool door)
{
	if (vector->program == PROGRAM_EGRESS)
		return bpf_program__fd(door ? rig->door->progs.anydoor_out
					    : rig->behind->progs.egress);
	return bpf_program__fd(door ? rig->door->progs.anydoor : rig->behind->progs.packet);
}

int rig_run(const struct rig *rig, const struct vector *vector, bool door, const struct bytes *in,
	    struct rig_result *outcome)
{
	const char *device = vector->device ?: WORLD_UPLINK;
	struct xdp_md md = { .data_end = in->len, .ingress_ifindex = if_nametoindex(device) };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in->data, .data_size_in = in->len,
		    .data_out = outcome->frame, .data_size_out = sizeof(outcome->frame),
		    .repeat = 1);

	if (vector->program != PROGRAM_EGRESS) {
		opts.ctx_in = &md;
		opts.ctx_size_in = sizeof(md);
	}
	if (bpf_prog_test_run_opts(rig_program(rig, vector, door), &opts))
		return opts.ctx_in || in->len >= SKB_BYTES_MIN ? -errno : -EAGAIN;
	outcome->retval = opts.retval;
	outcome->len = opts.data_size_out;
	return 0;
}

int rig_repeat(const struct rig *rig, const struct vector *vector, __u32 times)
{
	struct xdp_md md = { .data_end = vector->in.len, .ingress_ifindex = rig->uplink };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = vector->in.data,
		    .data_size_in = vector->in.len, .repeat = times);

	if (vector->program != PROGRAM_EGRESS) {
		opts.ctx_in = &md;
		opts.ctx_size_in = sizeof(md);
	}
	return bpf_prog_test_run_opts(rig_program(rig, vector, false), &opts) ? -errno : 0;
}

int rig_map_fd(const struct rig *rig, const char *name)
{
	return bpf_object__find_map_fd_by_name(rig->behind->obj, name);
}

/* All in one call: a fuzzer asks after every frame. */
int rig_counts(const struct rig *rig, struct counts *counts)
{
	int cpu, ncpus = libbpf_num_possible_cpus(), fd = bpf_map__fd(rig->behind->maps.reasons);
	struct ad_count percpu[AD_REASON_MAX][ncpus];
	__u32 reason, last, keys[AD_REASON_MAX], nr = AD_REASON_MAX;

	if (bpf_map_lookup_batch(fd, NULL, &last, keys, percpu, &nr, NULL) && errno != ENOENT)
		return -errno;
	memset(counts, 0, sizeof(*counts));
	for (reason = 0; reason < nr; reason++)
		for (cpu = 0; cpu < ncpus; cpu++)
			counts->packets[keys[reason]] += percpu[reason][cpu].packets;
	return 0;
}

bool rig_entry_is(const struct rig *rig, const struct entry *entry)
{
	struct bpf_map *map = rig_map(rig, entry);
	char value[256];

	if (!map || bpf_map__value_size(map) > sizeof(value))
		return false;
	if (bpf_map_lookup_elem(bpf_map__fd(map), entry->key.data, value))
		return !entry->value.len;
	return entry->value.len == bpf_map__value_size(map) &&
	       !memcmp(value, entry->value.data, entry->value.len);
}

const struct ad_flow *rig_flow(const struct rig *rig, __u32 bucket, __u32 tag)
{
	const struct ad_flow_slot *slots = rig->tags[bucket].slots;
	int i;

	for (i = 0; i < AD_FLOW_SLOTS; i++) {
		if (slots[i].kind == AD_FLOW_FREE || slots[i].tag != tag)
			continue;
		if (slots[i].busy || slots[i].kind != rig->flows[bucket * AD_FLOW_SLOTS + i].kind)
			return NULL;
		return &rig->flows[bucket * AD_FLOW_SLOTS + i];
	}
	return NULL;
}

bool rig_flow_is(const struct rig *rig, const struct flow_check *check)
{
	const struct ad_flow *flow = rig_flow(rig, check->bucket, check->tag);

	if (!flow)
		return check->kind == AD_FLOW_FREE;
	return flow->kind == check->kind && flow->owner == check->owner && flow->via == check->via;
}

int rig_peer(const struct rig *rig, __u32 node, struct ad_peer_count *count)
{
	int cpu, ncpus = libbpf_num_possible_cpus();
	struct ad_peer_count percpu[ncpus];

	memset(count, 0, sizeof(*count));
	if (bpf_map_lookup_elem(bpf_map__fd(rig->behind->maps.peers), &node, percpu))
		return -errno;
	for (cpu = 0; cpu < ncpus; cpu++) {
		count->tx.packets += percpu[cpu].tx.packets;
		count->rx.packets += percpu[cpu].rx.packets;
	}
	return 0;
}
