// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fill.c: writes a configuration to the maps (fill.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "fill.h"
#include "user/base/clock.h"
#include "user/fleet/hunt.h"
#include "user/fleet/model_pins.h"

static int fill_keys(const struct datapath *dp, const struct ad_keys *keys)
{
	struct ad_keys now;
	__u32 zero = 0;

	if (!bpf_map_lookup_elem(dp->keys, &zero, &now) && !memcmp(&now, keys, sizeof(now)))
		return 0;
	return bpf_map_update_elem(dp->keys, &zero, keys, BPF_ANY);
}

/* The fleet as it is in the maps. All nodes, up to fifteen thousand, are read with one call. */
struct fleet {
	const struct model *model;
	__u32 keys[AD_NODE_ID_MAX + 1];
	struct ad_node nodes[AD_NODE_ID_MAX + 1];
	struct ad_addr tunnels[AD_NODE_ID_MAX + 1];
	__u32 ids[AD_NODE_ID_MAX + 1];
	bool is_there[AD_NODE_ID_MAX + 1]; /* tunnel address, and id */
};

static struct fleet *fleet_new(const struct model *model)
{
	struct fleet *fleet = calloc(1, sizeof(*fleet));

	if (fleet)
		fleet->model = model;
	return fleet;
}

/* Reads a whole map that has at most one element for each id; *@nr: how many. */
static int read_map(int fd, void *keys, void *values, __u32 *nr)
{
	__u32 next[4]; /* as large as a key */

	*nr = AD_NODE_ID_MAX + 1;
	if (bpf_map_lookup_batch(fd, NULL, next, keys, values, nr, NULL) && errno != ENOENT)
		return -errno;
	return 0;
}

static int fill_nodes(const struct datapath *dp, const struct config *config, struct fleet *fleet)
{
	struct ad_node row;
	__u32 id, nr;
	int err = read_map(dp->nodes, fleet->keys, fleet->nodes, &nr);

	for (id = 0; !err && id < 1u << config->owner_bits; id++) {
		row = fleet->nodes[id];
		model_map_row(fleet->model, id, &row);
		if (id >= nr || memcmp(&fleet->nodes[id], &row, sizeof(row)))
			err = bpf_map_update_elem(dp->nodes, &id, &row, BPF_ANY);
	}
	return err;
}

static int fill_hunt(const struct datapath *dp, const struct config *config)
{
	struct ad_hunt plan, now;
	__u32 zero = 0;

	hunt_plan(config, &plan);
	if (hunt_meters_data(&plan))
		state_set_flag(dp->state_at, AD_STATE_METERED);
	else
		state_clear_flag(dp->state_at, AD_STATE_METERED);
	if (!bpf_map_lookup_elem(dp->hunt, &zero, &now) && !memcmp(&now, &plan, sizeof(now)))
		return 0;
	return bpf_map_update_elem(dp->hunt, &zero, &plan, BPF_ANY);
}

/* Whether @id is another node than this one, and @tunnel its address. */
static bool is_peer(const struct fleet *fleet, const struct config *config, __u32 id,
		    const struct ad_addr *tunnel)
{
	const struct config_node *node = id <= AD_NODE_ID_MAX ? model_node(fleet->model, id) : NULL;

	return node && node != config->self && !memcmp(&node->tunnel, tunnel, sizeof(*tunnel));
}

/*
 * Removes addresses that belong to no node any more; some have been given to another node
 * meanwhile.
 */
static int remove_peer_ids(const struct datapath *dp, const struct config *config,
			   const struct fleet *fleet, __u32 nr)
{
	__u32 i, id;
	int err = 0;

	for (i = 0; !err && i < nr; i++) {
		const struct ad_addr *tunnel = &fleet->tunnels[i];

		if (is_peer(fleet, config, fleet->ids[i], tunnel) ||
		    bpf_map_lookup_elem(dp->peer_ids, tunnel, &id) ||
		    is_peer(fleet, config, id, tunnel))
			continue;
		err = bpf_map_delete_elem(dp->peer_ids, tunnel);
	}
	return err;
}

static int fill_peer_ids(const struct datapath *dp, const struct config *config,
			 struct fleet *fleet)
{
	__u32 i, id, nr;
	int err = read_map(dp->peer_ids, fleet->tunnels, fleet->ids, &nr);

	for (i = 0; !err && i < nr; i++)
		if (is_peer(fleet, config, fleet->ids[i], &fleet->tunnels[i]))
			fleet->is_there[fleet->ids[i]] = true;
	for (id = 0; !err && id <= AD_NODE_ID_MAX; id++) {
		const struct config_node *node = model_node(fleet->model, id);

		if (node && node != config->self && !fleet->is_there[id])
			err = bpf_map_update_elem(dp->peer_ids, &node->tunnel, &id, BPF_ANY);
	}
	return err ?: remove_peer_ids(dp, config, fleet, nr);
}

/*
 * An address keeps its index, as entries of flows have it. A new address takes an index that was
 * never used, so that old flows are not counted for it; if there is none, a freed one.
 */
static __u16 free_index(bool used[AD_VIP_MAX])
{
	__u16 i, top = 0;

	for (i = 0; i < AD_VIP_MAX; i++)
		if (used[i])
			top = i + 1;
	if (top < AD_VIP_MAX)
		return top;
	for (i = 0; i < AD_VIP_MAX - 1 && used[i]; i++)
		;
	return i;
}

static void note_indices(const struct datapath *dp, bool used[AD_VIP_MAX])
{
	struct ad_addr key, *prev = NULL;
	struct ad_local local;

	for (; !bpf_map_get_next_key(dp->locals, prev, &key); prev = &key)
		if (!bpf_map_lookup_elem(dp->locals, &key, &local) && local.vip < AD_VIP_MAX &&
		    !(local.flags & AD_LOCAL_TUNNEL))
			used[local.vip] = true;
}

static int fill_vip(const struct datapath *dp, const struct config_vip *vip, bool used[AD_VIP_MAX])
{
	struct ad_local now = {}, local = {};
	bool known = !bpf_map_lookup_elem(dp->locals, &vip->address, &now);

	if (vip->tcp)
		local.flags |= AD_LOCAL_VIP_TCP;
	if (vip->dns)
		local.flags |= AD_LOCAL_VIP_DNS;
	/* It may have sockets already, so it is not stamped before fill_arm_vip(). */
	if (vip->tcp && state_has_flag(dp->state_at, AD_STATE_ARMED) &&
	    (!(now.flags & AD_LOCAL_VIP_TCP) || now.flags & AD_LOCAL_UNARMED))
		local.flags |= AD_LOCAL_UNARMED;
	local.vip = known && !(now.flags & AD_LOCAL_TUNNEL) ? now.vip : free_index(used);
	used[local.vip] = true;
	if (known && !memcmp(&now, &local, sizeof(now)))
		return 0;
	return bpf_map_update_elem(dp->locals, &vip->address, &local, BPF_ANY);
}

static bool is_local(const struct config *config, const struct ad_addr *addr)
{
	size_t i;

	for (i = 0; i < config->nr_vips; i++)
		if (!memcmp(&config->vips[i].address, addr, sizeof(*addr)))
			return true;
	return !memcmp(&config->self->tunnel, addr, sizeof(*addr));
}

static int remove_locals(const struct datapath *dp, const struct config *config)
{
	struct ad_addr key, next;
	bool more = !bpf_map_get_next_key(dp->locals, NULL, &key);
	int err = 0;

	for (; !err && more; key = next) {
		more = !bpf_map_get_next_key(dp->locals, &key, &next);
		if (!is_local(config, &key))
			err = bpf_map_delete_elem(dp->locals, &key);
	}
	return err;
}

/* Makes CPUs forget what they remember of `locals`. */
static void forget_locals(const struct datapath *dp)
{
	__atomic_add_fetch(&dp->state_at->local_changes, 1, __ATOMIC_RELEASE);
}

/*
 * Called when new addresses are in `locals` and removed ones still are: an address without its bit
 * counts as not ours.
 */
static void fill_own(const struct datapath *dp, const struct config *config)
{
	__u64 own = AD_OWN_BIT(&config->self->tunnel);
	size_t i;

	for (i = 0; i < config->nr_vips; i++)
		own |= AD_OWN_BIT(&config->vips[i].address);
	__atomic_store_n(&dp->state_at->own, own, __ATOMIC_RELAXED);
}

static int fill_locals(const struct datapath *dp, const struct config *config)
{
	struct ad_local tunnel = { .flags = AD_LOCAL_TUNNEL };
	bool used[AD_VIP_MAX] = {};
	int err = 0;
	size_t i;

	note_indices(dp, used);
	for (i = 0; !err && i < config->nr_vips; i++)
		err = fill_vip(dp, &config->vips[i], used);
	err = err ?: bpf_map_update_elem(dp->locals, &config->self->tunnel, &tunnel, BPF_ANY);
	fill_own(dp, config);
	err = err ?: remove_locals(dp, config);
	forget_locals(dp);
	return err;
}

int fill_maps(const struct datapath *dp, struct model *model, const struct config *config,
	      const struct ad_keys *keys, struct config_errors *errors)
{
	struct fleet *fleet = fleet_new(model);
	const char *what = "keys";
	int err = fleet ? fill_keys(dp, keys) : -ENOMEM;

	model_configure(model, config, clock_mono_s());
	if (!err) {
		what = "nodes";
		err = fill_nodes(dp, config, fleet);
	}
	if (!err) {
		what = "peer_ids";
		err = fill_peer_ids(dp, config, fleet);
	}
	free(fleet);
	if (!err) {
		what = "hunt";
		err = fill_hunt(dp, config);
	}
	if (!err) {
		what = "locals";
		err = fill_locals(dp, config);
	}
	if (err)
		config_errors_add(errors, config->path, 0, "map %s cannot be filled: %s", what,
				  strerror(-err));
	return err;
}

int fill_arm_vip(const struct datapath *dp, const struct ad_addr *vip)
{
	struct ad_local local;
	int err = bpf_map_lookup_elem(dp->locals, vip, &local);

	local.flags &= ~AD_LOCAL_UNARMED;
	err = err ?: bpf_map_update_elem(dp->locals, vip, &local, BPF_EXIST);
	forget_locals(dp);
	return err;
}

void fill_meta(struct ad_meta *meta, const struct config *config, const __u8 stamp_id[16])
{
	memset(meta, 0, sizeof(*meta));
	meta->abi = AD_ABI_VERSION;
	meta->loaded_s = clock_mono_s();
	meta->node_id = config->self->id;
	meta->owner_bits = config->owner_bits;
	snprintf(meta->version, sizeof(meta->version), "%s", VERSION);
	memcpy(meta->stamp_id, stamp_id, sizeof(meta->stamp_id));
}
