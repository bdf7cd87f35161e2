// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * vlan.c: the VLAN devices of this network namespace, for the data path.
 */
#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>
#include "vlan.h"

static const struct link *find(const struct links *links, int ifindex)
{
	size_t i;

	for (i = 0; i < links->nr; i++)
		if (links->list[i].ifindex == ifindex)
			return &links->list[i];
	return NULL;
}

/*
 * Follows VLAN devices down to the device below all of them. False if @ifindex is no VLAN device or
 * there are too many tags.
 */
static bool resolve(const struct links *links, int ifindex, struct ad_link *out)
{
	struct ad_vlan tags[AD_VLAN_DEPTH];
	const struct link *link;
	__u32 i, nr = 0;

	memset(out, 0, sizeof(*out));
	for (link = find(links, ifindex); link && link->lower; link = find(links, link->lower)) {
		if (nr == AD_VLAN_DEPTH)
			return false;
		tags[nr++] = link->tag;
		out->parent = link->lower;
	}
	for (i = 0; i < nr; i++)
		out->tags[i] = tags[nr - 1 - i];
	out->nr_tags = nr;
	return nr;
}

static int write_all(int map, const struct links *links)
{
	struct ad_link link, now;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < links->nr; i++) {
		__u32 ifindex = links->list[i].ifindex;

		if (!resolve(links, ifindex, &link) || (!bpf_map_lookup_elem(map, &ifindex, &now) &&
							!memcmp(&now, &link, sizeof(now))))
			continue;
		err = bpf_map_update_elem(map, &ifindex, &link, BPF_ANY);
	}
	return err;
}

static void remove_gone(int map, const struct links *links)
{
	struct ad_link link;
	__u32 key, next;
	bool more = !bpf_map_get_next_key(map, NULL, &key);

	for (; more; key = next) {
		more = !bpf_map_get_next_key(map, &key, &next);
		if (!resolve(links, key, &link))
			bpf_map_delete_elem(map, &key);
	}
}

int vlan_write(int links_map, const struct links *links)
{
	remove_gone(links_map, links);
	return write_all(links_map, links);
}

int vlan_follow(int links_map)
{
	struct links links;
	int err = links_load(&links);

	if (err)
		return err;
	err = vlan_write(links_map, &links);
	links_free(&links);
	return err;
}
