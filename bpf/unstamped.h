/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * unstamped.h: our sockets that must not be touched, because they lived before us or because
 * their clock is not ours. The daemon removes what is dead and silent; nothing here ever does.
 */
#ifndef AD_UNSTAMPED_H
#define AD_UNSTAMPED_H

#include "clock.h"
#include "packet.h"

static __always_inline __u32 *unstamped_find(const struct packet *p, const struct ad_state *st)
{
	struct ad_tuple tuple = {
		.client = p->client,
		.vip = p->vip,
		.client_port = p->client_port,
		.vip_port = p->vip_port,
	};

	if (!st->unstamped)
		return NULL;
	return bpf_map_lookup_elem(&unstamped, &tuple);
}

/*
 * Puts the flow on the list, or refreshes it. Counted before it is entered, so that no reader
 * skips the list while the entry is in it. False: the list is full.
 */
static __always_inline bool unstamped_note(const struct packet *p, struct ad_state *st)
{
	struct ad_tuple tuple = {
		.client = p->client,
		.vip = p->vip,
		.client_port = p->client_port,
		.vip_port = p->vip_port,
	};
	__u32 now_s = clock_mono_s(p->mono_ns), *seen;

	seen = bpf_map_lookup_elem(&unstamped, &tuple);
	if (seen) {
		*seen = now_s;
		return true;
	}
	__sync_fetch_and_add(&st->unstamped, 1);
	if (!bpf_map_update_elem(&unstamped, &tuple, &now_s, BPF_NOEXIST))
		return true;
	__sync_fetch_and_add(&st->unstamped, -1);
	return bpf_map_lookup_elem(&unstamped, &tuple) != NULL; /* another CPU was faster */
}

#endif
