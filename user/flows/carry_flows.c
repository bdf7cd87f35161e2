// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * carry_flows.c: copies the flow table into one of another size.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "carry_flows.h"
#include "user/state/bpffs.h"
#include "user/state/prf.h"

/* One of the table's two arrays, writable in place. */
struct array {
	void *at;
	size_t bytes;
	__u32 entries;
};

struct table {
	struct array tags;  /* struct ad_flow_bucket */
	struct array flows; /* struct ad_flow */
};

static int array_open(struct array *array, const char *dir, const char *name)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	int err = 0, fd = bpffs_get(dir, name);

	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		err = -errno;
	array->entries = info.max_entries;
	array->bytes = (size_t)info.max_entries * info.value_size;
	if (!err)
		array->at = mmap(NULL, array->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!err && array->at == MAP_FAILED) {
		err = -errno;
		array->at = NULL;
	}
	close(fd);
	return err;
}

static void table_close(struct table *table)
{
	if (table->tags.at)
		munmap(table->tags.at, table->tags.bytes);
	if (table->flows.at)
		munmap(table->flows.at, table->flows.bytes);
}

static int table_open(struct table *table, const char *dir)
{
	int err;

	memset(table, 0, sizeof(*table));
	err = array_open(&table->tags, dir, "flow_tags");
	err = err ?: array_open(&table->flows, dir, "flows");
	if (err)
		table_close(table);
	return err;
}

static struct ad_flow_slot slot_of(const struct ad_flow *flow, __u64 prf)
{
	return (struct ad_flow_slot){ .tag = prf, .last_s = flow->last_s, .kind = flow->kind };
}

/* By kind first, then by the time of the last packet. */
static __u64 worth(const struct table *table, __u32 index, const struct ad_flow_slot *slot)
{
	const struct ad_flow *flow = (const struct ad_flow *)table->flows.at + index;

	return slot->kind == AD_FLOW_FREE ? 0 : (__u64)slot->kind << 32 | flow->last_s;
}

static void table_enter(struct table *table, const struct ad_flow *flow, __u64 prf)
{
	__u32 bucket = prf >> 32 & (table->tags.entries - 1), best = 0, i;
	struct ad_flow_slot *slots = ((struct ad_flow_bucket *)table->tags.at)[bucket].slots;
	__u64 least = (__u64)flow->kind << 32 | flow->last_s, value;
	bool found = false;

	for (i = 0; i < AD_FLOW_SLOTS; i++) {
		value = worth(table, bucket * AD_FLOW_SLOTS + i, &slots[i]);
		if (value >= least)
			continue;
		least = value;
		best = i;
		found = true;
	}
	if (!found)
		return;
	((struct ad_flow *)table->flows.at)[bucket * AD_FLOW_SLOTS + best] = *flow;
	slots[best] = slot_of(flow, prf);
}

struct carrying {
	struct table to;
	const struct ad_keys *keys;
	struct ad_addr vips[AD_VIP_MAX];
	size_t nr_vips;
};

static int carry_one(const struct ad_flow *flow, void *arg)
{
	struct carrying *carrying = arg;
	struct ad_tuple tuple = { .client = flow->client,
				  .client_port = flow->client_port,
				  .vip_port = flow->vip_port };

	if (flow->vip >= carrying->nr_vips)
		return 0;
	tuple.vip = carrying->vips[flow->vip];
	table_enter(&carrying->to, flow, prf_of_tuple(&tuple, carrying->keys->stamp));
	return 0;
}

int carry_flows(const struct pins *from, const char *to, const struct ad_keys *keys)
{
	struct carrying carrying = { .keys = keys };
	int err = pins_read_vips(from, carrying.vips, &carrying.nr_vips);

	err = err ?: table_open(&carrying.to, to);
	if (err)
		return err;
	err = pins_each_flow(from, carry_one, &carrying);
	table_close(&carrying.to);
	return err;
}

int carry_no_flows(const char *dir)
{
	struct table table;
	int err = table_open(&table, dir);

	if (err)
		return err;
	memset(table.tags.at, 0, table.tags.bytes);
	table_close(&table);
	return 0;
}
