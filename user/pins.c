// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * pins.c: reading an instance through its pins (pins.h).
 *
 * Every map is opened by its path, read and closed again: an upgrade may replace it between two
 * reads. Its geometry is checked first, because the kernel copies as much as *its* values are long.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "pins.h"

#define READ_TRIES 4 /* of one flow entry that keeps changing */

int pins_map(const struct pins *pins, const char *name, bool writable)
{
	DECLARE_LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = writable ? 0 : BPF_F_RDONLY);
	char path[sizeof(pins->dir) + 64];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", pins->dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = bpf_obj_get_opts(path, &opts);
	return fd < 0 ? -errno : fd;
}

/* fd of a map whose values are @value_size long, or -errno. */
static int map_open(const struct pins *pins, const char *name, __u32 value_size,
		    struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);
	int fd = pins_map(pins, name, false);
	int err = 0;

	if (fd < 0)
		return fd;
	memset(info, 0, sizeof(*info));
	if (bpf_obj_get_info_by_fd(fd, info, &len))
		err = -errno;
	else if (info->value_size != value_size)
		err = -EPROTO;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int pins_open(struct pins *pins, const char *bpffs, const char *instance)
{
	struct bpf_map_info info;
	int fd;

	memset(pins, 0, sizeof(*pins));
	if (snprintf(pins->dir, sizeof(pins->dir), "%s/%s", bpffs, instance) >=
	    (int)sizeof(pins->dir))
		return -ENAMETOOLONG;
	pins->ncpus = libbpf_num_possible_cpus();
	if (pins->ncpus < 0)
		return pins->ncpus;
	fd = map_open(pins, "meta", sizeof(struct ad_meta), &info);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* One element of a map that is not per CPU. */
static int read_element(const struct pins *pins, const char *name, __u32 key, void *value,
			__u32 size)
{
	struct bpf_map_info info;
	int err, fd = map_open(pins, name, size, &info);

	if (fd < 0)
		return fd;
	err = bpf_map_lookup_elem(fd, &key, value) ? -errno : 0;
	close(fd);
	return err;
}

/*
 * Elements @first to @first + @nr - 1 of a per-CPU map whose value is nothing but __u64 counters,
 * each summed over the CPUs.
 */
static int read_sums(const struct pins *pins, const char *name, __u32 first, __u32 nr, void *sums,
		     __u32 size)
{
	__u64 *sum = sums, *percpu;
	size_t words = size / sizeof(__u64);
	struct bpf_map_info info;
	int err = 0, fd = map_open(pins, name, size, &info);

	if (fd < 0)
		return fd;
	memset(sums, 0, (size_t)nr * size);
	percpu = calloc(pins->ncpus, size);
	if (!percpu)
		err = -ENOMEM;
	for (__u32 key = first; !err && key < first + nr; key++, sum += words) {
		if (bpf_map_lookup_elem(fd, &key, percpu))
			err = -errno;
		for (size_t i = 0; !err && i < pins->ncpus * words; i++)
			sum[i % words] += percpu[i];
	}
	free(percpu);
	close(fd);
	return err;
}

int pins_read_meta(const struct pins *pins, struct ad_meta *meta)
{
	int err = read_element(pins, "meta", 0, meta, sizeof(*meta));

	meta->version[sizeof(meta->version) - 1] = '\0';
	return err;
}

int pins_read_state(const struct pins *pins, struct ad_state *state)
{
	return read_element(pins, "state", 0, state, sizeof(*state));
}

int pins_read_node(const struct pins *pins, __u16 node, struct ad_node *out)
{
	return read_element(pins, "nodes", node, out, sizeof(*out));
}

int pins_read_reasons(const struct pins *pins, struct ad_count counts[AD_REASON_MAX])
{
	return read_sums(pins, "reasons", 0, AD_REASON_MAX, counts, sizeof(counts[0]));
}

int pins_read_peer(const struct pins *pins, __u16 node, struct ad_peer_count *count)
{
	return read_sums(pins, "peers", node, 1, count, sizeof(*count));
}

int pins_read_flow_stats(const struct pins *pins, struct ad_flow_stats *stats)
{
	return read_sums(pins, "flow_stats", 0, 1, stats, sizeof(*stats));
}

int pins_read_vips(const struct pins *pins, struct ad_addr vips[AD_VIP_MAX], size_t *nr)
{
	struct ad_addr key, *previous = NULL;
	struct ad_local local;
	struct bpf_map_info info;
	int fd = map_open(pins, "locals", sizeof(local), &info);

	if (fd < 0)
		return fd;
	*nr = 0;
	memset(vips, 0, AD_VIP_MAX * sizeof(vips[0]));
	while (!bpf_map_get_next_key(fd, previous, &key)) {
		previous = &key;
		if (bpf_map_lookup_elem(fd, &key, &local) || local.vip >= AD_VIP_MAX ||
		    !(local.flags & (AD_LOCAL_VIP_TCP | AD_LOCAL_VIP_DNS)))
			continue;
		vips[local.vip] = key;
		if (*nr <= local.vip)
			*nr = local.vip + 1;
	}
	close(fd);
	return 0;
}

/* --- the flow table -------------------------------------------------------------------------- */

/* Maps all of an mmapable array read-only; *nr is its length. NULL and *err if not. */
static const void *array_map(const struct pins *pins, const char *name, __u32 size, size_t *nr,
			     int *err)
{
	struct bpf_map_info info;
	int fd = map_open(pins, name, size, &info);
	void *at;

	if (fd < 0) {
		*err = fd;
		return NULL;
	}
	at = mmap(NULL, (size_t)info.max_entries * size, PROT_READ, MAP_SHARED, fd, 0);
	*err = at == MAP_FAILED ? -errno : 0;
	*nr = info.max_entries;
	close(fd);
	return *err ? NULL : at;
}

static void array_unmap(const void *at, size_t nr, __u32 size)
{
	if (at)
		munmap((void *)at, nr * size);
}

/* A slot is eight bytes and aligned: one load sees all of it as it was at one moment. */
static struct ad_flow_slot slot_load(const struct ad_flow_slot *slot)
{
	union {
		__u64 word;
		struct ad_flow_slot slot;
	} at;

	at.word = __atomic_load_n((const __u64 *)slot, __ATOMIC_ACQUIRE);
	return at.slot;
}

int pins_read_occupancy(const struct pins *pins, struct pins_occupancy *occupancy)
{
	const struct ad_flow_bucket *buckets;
	const struct ad_flow_slot *slots;
	size_t nr;
	int err;

	memset(occupancy, 0, sizeof(*occupancy));
	buckets = array_map(pins, "flow_tags", sizeof(*buckets), &nr, &err);
	if (!buckets)
		return err;
	slots = buckets->slots;
	occupancy->slots = (__u64)nr * AD_FLOW_SLOTS;
	for (size_t i = 0; i < occupancy->slots; i++) {
		__u8 kind = slot_load(&slots[i]).kind;

		if (kind <= AD_FLOW_OURS)
			occupancy->by_kind[kind]++;
	}
	array_unmap(buckets, nr, sizeof(*buckets));
	return 0;
}

int pins_walk_open(const struct pins *pins, struct pins_walk *walk)
{
	size_t nr_entries;
	int err;

	memset(walk, 0, sizeof(*walk));
	walk->buckets =
		array_map(pins, "flow_tags", sizeof(*walk->buckets), &walk->nr_buckets, &err);
	if (!walk->buckets)
		return err;
	walk->entries = array_map(pins, "flows", sizeof(*walk->entries), &nr_entries, &err);
	if (walk->entries && nr_entries != walk->nr_buckets * AD_FLOW_SLOTS) {
		array_unmap(walk->entries, nr_entries, sizeof(*walk->entries));
		walk->entries = NULL;
		err = -EPROTO;
	}
	if (err)
		pins_walk_close(walk);
	return err;
}

void pins_walk_close(struct pins_walk *walk)
{
	array_unmap(walk->buckets, walk->nr_buckets, sizeof(*walk->buckets));
	array_unmap(walk->entries, walk->nr_buckets * AD_FLOW_SLOTS, sizeof(*walk->entries));
	memset(walk, 0, sizeof(*walk));
}

/* The data path writes a slot last and clears it first: same slot before and after, same flow. */
static bool flow_read(const struct ad_flow_slot *slot, const struct ad_flow *entry,
		      struct ad_flow *copy)
{
	for (int i = 0; i < READ_TRIES; i++) {
		struct ad_flow_slot before = slot_load(slot), after;

		if (before.kind == AD_FLOW_FREE)
			return false;
		*copy = *(const volatile struct ad_flow *)entry;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = slot_load(slot);
		if (!before.busy && !after.busy && before.tag == after.tag &&
		    before.kind == after.kind && copy->kind == after.kind)
			return true;
	}
	return false;
}

int pins_walk_bucket(struct pins_walk *walk, struct ad_flow found[AD_FLOW_SLOTS])
{
	const struct ad_flow_bucket *bucket;
	const struct ad_flow *entries;
	int nr = 0;

	if (walk->next >= walk->nr_buckets)
		return -1;
	bucket = &walk->buckets[walk->next];
	entries = &walk->entries[walk->next * AD_FLOW_SLOTS];
	walk->next++;
	for (int i = 0; i < AD_FLOW_SLOTS; i++)
		if (flow_read(&bucket->slots[i], &entries[i], &found[nr]))
			nr++;
	return nr;
}

int pins_each_flow(const struct pins *pins, int (*each)(const struct ad_flow *flow, void *arg),
		   void *arg)
{
	struct ad_flow found[AD_FLOW_SLOTS];
	struct pins_walk walk;
	int nr, ret = pins_walk_open(pins, &walk);

	if (ret)
		return ret;
	while (!ret && (nr = pins_walk_bucket(&walk, found)) >= 0)
		for (int i = 0; !ret && i < nr; i++)
			ret = each(&found[i], arg);
	pins_walk_close(&walk);
	return ret;
}
