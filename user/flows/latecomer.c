// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * latecomer.c: an interface that joins an armed data path.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "latecomer.h"
#include "unstamped.h"
#include "user/net/route.h"
#include "user/net/sockets.h"

struct latecomer {
	const struct datapath *dp;
	__u32 ifindex;
	struct ad_addr vips[AD_VIP_MAX];
	size_t nr_vips;
	struct ad_tuple *stamped; /* sorted */
	size_t nr_stamped, room;
	int added;
};

static int by_tuple(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ad_tuple));
}

static int keep_stamped(const struct ad_flow *flow, void *arg)
{
	struct latecomer *late = arg;
	struct ad_tuple *list;

	if (flow->kind != AD_FLOW_OURS || !(flow->flags & AD_FLOW_STAMPED) ||
	    flow->vip >= late->nr_vips)
		return 0;
	if (late->nr_stamped == late->room) {
		late->room = late->room ? 2 * late->room : 1024;
		list = reallocarray(late->stamped, late->room, sizeof(*list));
		if (!list)
			return -ENOMEM;
		late->stamped = list;
	}
	late->stamped[late->nr_stamped++] = (struct ad_tuple){
		.client = flow->client,
		.vip = late->vips[flow->vip],
		.client_port = flow->client_port,
		.vip_port = flow->vip_port,
	};
	return 0;
}

static int note_one(const struct socket_entry *socket, void *arg)
{
	struct latecomer *late = arg;
	int added, ifindex;

	if (route_get(&socket->tuple.vip, &socket->tuple.client, &ifindex) ||
	    (__u32)ifindex != late->ifindex)
		return 0;
	if (late->nr_stamped && bsearch(&socket->tuple, late->stamped, late->nr_stamped,
					sizeof(*late->stamped), by_tuple))
		return 0;
	added = unstamped_add(late->dp, &socket->tuple);
	if (added > 0)
		late->added++;
	return added < 0 ? added : 0;
}

int latecomer_note(const struct datapath *dp, const struct pins *pins, __u32 ifindex)
{
	struct latecomer late = { .dp = dp, .ifindex = ifindex };
	struct vip_set vips;
	int err = pins_read_vips(pins, late.vips, &late.nr_vips);

	err = err ?: pins_each_flow(pins, keep_stamped, &late);
	if (!err && late.nr_stamped)
		qsort(late.stamped, late.nr_stamped, sizeof(*late.stamped), by_tuple);
	err = err ?: vip_set_read(&vips, dp->locals, AD_LOCAL_VIP_TCP);
	err = err ?: sockets_each(SOCKETS_ALL, &vips, note_one, &late);
	free(late.stamped);
	return err ?: late.added;
}
