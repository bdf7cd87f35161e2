// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * pins.c: reading an instance through its pins (pins.h); the flow table is in pins_flows.c.
 *
 * Every map is opened by its path, read and closed again, because an upgrade may replace it between
 * two reads. Its geometry is checked first: the kernel copies as many bytes as *its* values have.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "pins.h"
#include "pins_map.h"

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

int pins_map_sized(const struct pins *pins, const char *name, bool writable, __u32 value_size,
		   struct bpf_map_info *info)
{
	int err = 0, fd = pins_map(pins, name, writable);
	__u32 len = sizeof(*info);

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
	fd = pins_map_sized(pins, "meta", false, sizeof(struct ad_meta), &info);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

const char *pins_instance(const struct pins *pins)
{
	const char *slash = strrchr(pins->dir, '/');

	return slash ? slash + 1 : pins->dir;
}

int pins_read_one(const struct pins *pins, const char *name, void *value, __u32 size)
{
	struct bpf_map_info info;
	int err, fd = pins_map_sized(pins, name, false, size, &info);
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	err = bpf_map_lookup_elem(fd, &zero, value) ? -errno : 0;
	close(fd);
	return err;
}

int pins_read_record(const struct pins *pins, const char *name, void *record, __u32 size)
{
	int err;

	memset(record, 0, size);
	err = pins_read_one(pins, name, record, size);
	return err == -ENOENT ? 0 : err;
}

int pins_write_one(const struct pins *pins, const char *name, const void *value, __u32 size)
{
	struct bpf_map_info info;
	int err, fd = pins_map_sized(pins, name, true, size, &info);
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	err = bpf_map_update_elem(fd, &zero, value, BPF_ANY) ? -errno : 0;
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
	int err = 0, fd = pins_map_sized(pins, name, false, size, &info);

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
	int err = pins_read_one(pins, "meta", meta, sizeof(*meta));

	meta->version[sizeof(meta->version) - 1] = '\0';
	return err;
}

int pins_read_state(const struct pins *pins, struct ad_state *state)
{
	return pins_read_one(pins, "state", state, sizeof(*state));
}

int pins_read_reload(const struct pins *pins, struct ad_reload *reload)
{
	int err = pins_read_record(pins, "reload", reload, sizeof(*reload));

	reload->who[sizeof(reload->who) - 1] = '\0';
	reload->text[sizeof(reload->text) - 1] = '\0';
	return err;
}

int pins_write_reload(const struct pins *pins, const struct ad_reload *reload)
{
	return pins_write_one(pins, "reload", reload, sizeof(*reload));
}

int pins_read_told(const struct pins *pins, struct ad_told *told)
{
	int err = pins_read_record(pins, "told", told, sizeof(*told));

	told->who[sizeof(told->who) - 1] = '\0';
	told->why[sizeof(told->why) - 1] = '\0';
	if (told->what >= AD_TOLD_NR)
		told->what = AD_TOLD_NOTHING;
	return err;
}

int pins_write_told(const struct pins *pins, const struct ad_told *told)
{
	return pins_write_one(pins, "told", told, sizeof(*told));
}

int pins_read_reasons(const struct pins *pins, struct ad_count counts[AD_REASON_MAX])
{
	return read_sums(pins, "reasons", 0, AD_REASON_MAX, counts, sizeof(counts[0]));
}

int pins_read_peer(const struct pins *pins, __u16 node, struct ad_peer_count *count)
{
	return read_sums(pins, "peers", node, 1, count, sizeof(*count));
}

#define CHUNK 256 /* elements read with one call; each has a value for every CPU */

/* Calls @each with all elements of an array, a chunk at a time. 0 or -errno. */
static int each_chunk(int fd, void *values, void (*each)(void *arg, __u32 first, __u32 nr),
		      void *arg)
{
	__u32 token, first = 0, nr, keys[CHUNK];
	int err = 0;

	while (!err) {
		nr = CHUNK;
		if (bpf_map_lookup_batch(fd, first ? &token : NULL, &token, keys, values, &nr,
					 NULL))
			err = -errno; /* -ENOENT with the last of them */
		if (!err || err == -ENOENT)
			each(arg, first, nr);
		first += nr;
	}
	return err == -ENOENT ? 0 : err;
}

struct fleet_rows {
	const struct pins *pins;
	struct ad_node *nodes, node_chunk[CHUNK];
	struct ad_peer_count *counts, *count_chunk;
	__u32 nr;
};

static void keep_nodes(void *arg, __u32 first, __u32 nr)
{
	struct fleet_rows *rows = arg;
	__u32 i;

	for (i = 0; i < nr && first + i <= AD_NODE_ID_MAX; i++)
		rows->nodes[first + i] = rows->node_chunk[i];
	rows->nr = first + i;
}

static void sum_counts(void *arg, __u32 first, __u32 nr)
{
	struct fleet_rows *rows = arg;
	const size_t words = sizeof(*rows->counts) / sizeof(__u64);
	const __u64 *from = (const __u64 *)rows->count_chunk;
	size_t i, word;
	int cpu;

	for (i = 0; i < nr && first + i <= AD_NODE_ID_MAX; i++)
		for (cpu = 0; cpu < rows->pins->ncpus; cpu++, from += words)
			for (word = 0; word < words; word++)
				((__u64 *)&rows->counts[first + i])[word] += from[word];
}

static int read_chunks(const struct pins *pins, const char *name, __u32 value_size, void *chunk,
		       void (*each)(void *arg, __u32 first, __u32 nr), void *arg)
{
	struct bpf_map_info info;
	int err, fd = pins_map_sized(pins, name, false, value_size, &info);

	if (fd < 0)
		return fd;
	err = each_chunk(fd, chunk, each, arg);
	close(fd);
	return err;
}

static int read_nodes(struct fleet_rows *rows)
{
	return read_chunks(rows->pins, "nodes", sizeof(*rows->nodes), rows->node_chunk, keep_nodes,
			   rows);
}

static int read_counts(struct fleet_rows *rows)
{
	return read_chunks(rows->pins, "peers", sizeof(*rows->counts), rows->count_chunk,
			   sum_counts, rows);
}

int pins_read_nodes(const struct pins *pins, struct ad_node *nodes, __u32 *nr)
{
	struct fleet_rows *rows = calloc(1, sizeof(*rows));
	int err = -ENOMEM;

	if (rows) {
		rows->pins = pins;
		rows->nodes = nodes;
		err = read_nodes(rows);
		*nr = rows->nr;
	}
	free(rows);
	return err;
}

int pins_read_fleet(const struct pins *pins, struct ad_node *nodes, struct ad_peer_count *counts,
		    __u32 *nr)
{
	struct fleet_rows *rows = calloc(1, sizeof(*rows));
	int err = -ENOMEM;

	memset(counts, 0, (AD_NODE_ID_MAX + 1) * sizeof(*counts));
	if (rows) {
		rows->pins = pins;
		rows->nodes = nodes;
		rows->counts = counts;
		rows->count_chunk = calloc(CHUNK, pins->ncpus * sizeof(*rows->count_chunk));
		err = rows->count_chunk ? read_nodes(rows) : -ENOMEM;
		err = err ?: read_counts(rows);
		*nr = rows->nr;
		free(rows->count_chunk);
	}
	free(rows);
	return err;
}

int pins_read_flow_stats(const struct pins *pins, struct ad_flow_stats *stats)
{
	return read_sums(pins, "flow_stats", 0, 1, stats, sizeof(*stats));
}

int pins_read_hunt_stats(const struct pins *pins, struct ad_hunt_stats *stats)
{
	return read_sums(pins, "hunt_stats", 0, 1, stats, sizeof(*stats));
}

int pins_read_vips(const struct pins *pins, struct ad_addr vips[AD_VIP_MAX], size_t *nr)
{
	struct ad_addr key, *previous = NULL;
	struct ad_local local;
	struct bpf_map_info info;
	int fd = pins_map_sized(pins, "locals", false, sizeof(local), &info);

	if (fd < 0)
		return fd;
	*nr = 0;
	memset(vips, 0, AD_VIP_MAX * sizeof(vips[0]));
	/* If a key is removed in the meantime the walk starts again, but not for ever. */
	for (int i = 0; i < 4 * AD_VIP_MAX && !bpf_map_get_next_key(fd, previous, &key); i++) {
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
