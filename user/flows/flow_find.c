// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flow_find.c: a single flow in the flow table (flow_find.h).
 */
#include <errno.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "flow_find.h"
#include "user/base/addr.h"
#include "user/state/prf.h"

static int read_size(struct flow_finder *finder)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(finder->tags, &info, &len))
		return -errno;
	finder->nr_buckets = info.max_entries;
	return info.value_size == sizeof(struct ad_flow_bucket) ? 0 : -EPROTO;
}

int flow_finder_open(struct flow_finder *finder, const struct pins *pins)
{
	int err;

	*finder = (struct flow_finder){ .flows = -1 };
	finder->tags = pins_map(pins, "flow_tags", false);
	if (finder->tags < 0)
		return finder->tags;
	finder->flows = pins_map(pins, "flows", false);
	err = finder->flows < 0 ? finder->flows : read_size(finder);
	err = err ?: pins_read_one(pins, "keys", &finder->keys, sizeof(finder->keys));
	err = err ?: pins_read_vips(pins, finder->vips, &finder->nr_vips);
	if (err)
		flow_finder_close(finder);
	return err;
}

void flow_finder_close(struct flow_finder *finder)
{
	if (finder->tags >= 0)
		close(finder->tags);
	if (finder->flows >= 0)
		close(finder->flows);
	finder->tags = finder->flows = -1;
}

static bool is_of(const struct flow_finder *finder, const struct ad_tuple *tuple,
		  const struct ad_flow *flow)
{
	return flow->kind != AD_FLOW_FREE && flow->client_port == tuple->client_port &&
	       flow->vip_port == tuple->vip_port && flow->vip < finder->nr_vips &&
	       !addr_compare(&flow->client, &tuple->client) &&
	       !addr_compare(&finder->vips[flow->vip], &tuple->vip);
}

bool flow_finder_get(const struct flow_finder *finder, const struct ad_tuple *tuple,
		     struct ad_flow *flow)
{
	__u64 prf = prf_of_tuple(tuple, finder->keys.stamp);
	__u32 bucket = prf >> 32 & (finder->nr_buckets - 1), index, i;
	struct ad_flow_bucket tags;

	if (bpf_map_lookup_elem(finder->tags, &bucket, &tags))
		return false;
	for (i = 0; i < AD_FLOW_SLOTS; i++) {
		if (tags.slots[i].kind == AD_FLOW_FREE || tags.slots[i].busy ||
		    tags.slots[i].tag != (__u32)prf)
			continue;
		index = bucket * AD_FLOW_SLOTS + i;
		if (!bpf_map_lookup_elem(finder->flows, &index, flow) && is_of(finder, tuple, flow))
			return true;
	}
	return false;
}
