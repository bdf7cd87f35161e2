// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flow_walk.c: flows by sockets and by the flow table (flow_walk.h).
 *
 * The table comes first. What it has of flows with a socket is left out, but for one thing that no
 * socket knows: where their packets land.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <sodium.h>
#include "flow_walk.h"
#include "user/base/addr.h"
#include "user/state/instance.h"

#define BUCKETS_AT_ONCE 16
#define LANDINGS_MIN	256 /* room for so many at first; a power of two */

/* Where a flow of ours lands: an entry of an open hash table. */
struct landing {
	__u64 hash; /* of the 4-tuple, never 0; 0: the place is free */
	__u16 via;
};

/* The VIPs by address. */
struct vip_index {
	struct ad_addr addr;
	__u16 vip;
};

struct flow_walk {
	const struct names *names;
	bool here; /* sockets can be asked */
	bool has_stamps;
	__u16 self;
	int unstamped, born; /* maps; negative: not to be had */
	struct vip_set vips;
	struct vip_index index[AD_VIP_MAX];
	size_t nr_index;

	struct pins_walk *table; /* NULL: it is over */
	struct sockets_walk *sockets;

	unsigned char key[crypto_shorthash_KEYBYTES];
	struct landing *landings;
	size_t nr_landings, room; /* room: 0 or a power of two */

	int (*each)(const struct flow_row *row, void *arg);
	void *arg;
};

/* --- where flows of ours land ----------------------------------------------------------------- */

static __u64 hash_tuple(const struct flow_walk *walk, const struct ad_flow *flow)
{
	struct {
		struct ad_addr client;
		__be16 client_port, vip_port;
		__u16 vip, pad;
	} tuple = { flow->client, flow->client_port, flow->vip_port, flow->vip, 0 };
	__u64 hash;

	_Static_assert(sizeof(hash) == crypto_shorthash_BYTES, "hash");
	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)&tuple, sizeof(tuple),
			 walk->key);
	return hash ?: 1;
}

/* Its place, or the free one where it would be. */
static struct landing *find_landing(const struct flow_walk *walk, __u64 hash)
{
	size_t at = hash & (walk->room - 1);

	while (walk->landings[at].hash && walk->landings[at].hash != hash)
		at = (at + 1) & (walk->room - 1);
	return &walk->landings[at];
}

static int grow_landings(struct flow_walk *walk)
{
	struct landing *old = walk->landings;
	size_t i, nr = walk->room;

	walk->room = nr ? 2 * nr : LANDINGS_MIN;
	walk->landings = calloc(walk->room, sizeof(*walk->landings));
	if (!walk->landings) {
		walk->landings = old;
		walk->room = nr;
		return -ENOMEM;
	}
	for (i = 0; i < nr; i++)
		if (old[i].hash)
			*find_landing(walk, old[i].hash) = old[i];
	free(old);
	return 0;
}

static int note_landing(struct flow_walk *walk, const struct ad_flow *flow)
{
	struct landing *place;
	int err = 0;

	if (!flow->via)
		return 0;
	if (2 * walk->nr_landings >= walk->room)
		err = grow_landings(walk);
	if (err)
		return err;
	place = find_landing(walk, hash_tuple(walk, flow));
	walk->nr_landings += !place->hash;
	*place = (struct landing){ hash_tuple(walk, flow), flow->via };
	return 0;
}

/* --- the table -------------------------------------------------------------------------------- */

static int take_entry(struct flow_walk *walk, const struct ad_flow *flow)
{
	struct flow_row row = { .flow = *flow };

	if (walk->here && flow->kind == AD_FLOW_OURS && !(flow->flags & AD_FLOW_FORWARDED))
		return note_landing(walk, flow);
	return walk->each(&row, walk->arg);
}

static int step_table(struct flow_walk *walk)
{
	struct ad_flow found[AD_FLOW_SLOTS];
	int nr = 0, i, n, err = 0;

	for (n = 0; !err && nr >= 0 && n < BUCKETS_AT_ONCE; n++) {
		nr = pins_walk_bucket(walk->table, found);
		for (i = 0; !err && i < nr; i++)
			err = take_entry(walk, &found[i]);
	}
	if (!err && nr == -ENOENT) {
		pins_walk_close(walk->table);
		walk->table = NULL;
		return 0;
	}
	return err ?: nr < 0 ? nr : 0;
}

/* --- sockets ---------------------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
	const struct vip_index *x = a, *y = b;

	return addr_compare(&x->addr, &y->addr);
}

static void index_vips(struct flow_walk *walk)
{
	size_t i;

	for (i = 0; i < walk->names->nr_vips; i++)
		walk->index[walk->nr_index++] = (struct vip_index){ walk->names->vips[i], i };
	qsort(walk->index, walk->nr_index, sizeof(*walk->index), by_address);
}

static bool is_stamped(const struct flow_walk *walk, const struct socket_entry *socket)
{
	__u32 seen;

	return walk->has_stamps && socket->info.timestamps &&
	       (walk->unstamped < 0 || bpf_map_lookup_elem(walk->unstamped, &socket->tuple, &seen));
}

static int take_socket(const struct socket_entry *socket, void *arg)
{
	struct vip_index wanted = { .addr = socket->tuple.vip }, *vip;
	struct flow_walk *walk = arg;
	struct flow_row row;

	vip = bsearch(&wanted, walk->index, walk->nr_index, sizeof(wanted), by_address);
	if (!vip) /* it came after the names were read */
		return 0;
	flow_of_socket(socket, vip->vip, walk->self, &row);
	if (is_stamped(walk, socket))
		row.flow.flags |= AD_FLOW_STAMPED;
	if (walk->nr_landings)
		row.flow.via = find_landing(walk, hash_tuple(walk, &row.flow))->via;
	return walk->each(&row, walk->arg);
}

/* --- the walk --------------------------------------------------------------------------------- */

static int read_state(struct flow_walk *walk, const struct pins *pins)
{
	struct ad_state state;
	struct ad_meta meta;
	int err = pins_read_state(pins, &state);

	err = err ?: pins_read_meta(pins, &meta);
	if (err)
		return err;
	walk->self = meta.node_id;
	walk->has_stamps = state.flags & AD_STATE_ARMED;
	/* Each is 0 until somebody has used it. */
	walk->unstamped = state.unstamped ? pins_map(pins, "unstamped", false) : -1;
	walk->born = pins_map(pins, "connection", false);
	return 0;
}

static int open_sockets(struct flow_walk *walk, const struct pins *pins)
{
	int err, fd = pins_map(pins, "locals", false);

	if (fd < 0)
		return fd;
	err = vip_set_read(&walk->vips, fd, AD_LOCAL_VIP_TCP);
	close(fd);
	index_vips(walk);
	randombytes_buf(walk->key, sizeof(walk->key));
	return err ?: sockets_walk_open(SOCKETS_LIVE, &walk->vips, walk->born, &walk->sockets);
}

int flow_walk_open(const struct pins *pins, const struct names *names, struct flow_walk **out)
{
	struct flow_walk *walk = calloc(1, sizeof(*walk));
	int err;

	*out = NULL;
	if (!walk)
		return -ENOMEM;
	walk->names = names;
	walk->unstamped = walk->born = -1;
	walk->here = instance_is_here(pins);
	err = read_state(walk, pins);
	err = err ?: pins_walk_open(pins, &walk->table);
	if (!err && walk->here)
		err = open_sockets(walk, pins);
	if (err)
		flow_walk_close(walk);
	else
		*out = walk;
	return err;
}

void flow_walk_close(struct flow_walk *walk)
{
	if (!walk)
		return;
	pins_walk_close(walk->table);
	sockets_walk_close(walk->sockets);
	if (walk->unstamped >= 0)
		close(walk->unstamped);
	if (walk->born >= 0)
		close(walk->born);
	free(walk->landings);
	free(walk);
}

int flow_walk_step(struct flow_walk *walk, int (*each)(const struct flow_row *row, void *arg),
		   void *arg)
{
	walk->each = each;
	walk->arg = arg;
	if (walk->table)
		return step_table(walk);
	return walk->sockets ? sockets_walk_step(walk->sockets, take_socket, walk) : -ENOENT;
}

int flow_walk_each(const struct pins *pins, const struct names *names,
		   int (*each)(const struct flow_row *row, void *arg), void *arg)
{
	struct flow_walk *walk;
	int err = flow_walk_open(pins, names, &walk);

	while (!err)
		err = flow_walk_step(walk, each, arg);
	flow_walk_close(walk);
	return err == -ENOENT ? 0 : err;
}
