/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * local.h: what an address is to us.
 *
 * A lookup in `locals` costs as much as all the reading before it. So each CPU remembers what it
 * found there, until the loader writes to `locals` again. For nearly all addresses that are not
 * ours, a bit of state.own says so.
 */
#ifndef AD_LOCAL_H
#define AD_LOCAL_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps/maps.h"

struct local_seen {
	struct ad_addr address;
	struct ad_local local;
	__u32 changes; /* state.local_changes, read before the lookup */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, AD_OWN_BITS);
	__type(key, __u32);
	__type(value, struct local_seen);
} locals_seen SEC(".maps");

/* Looks up an address that may be ours. False: it is not ours. */
static __always_inline bool local_look_up(const struct ad_addr *address, struct local_seen *seen,
					  __u32 changes)
{
	struct ad_addr key =
		*address; /* Linux 6.1 takes no key from a global function's argument */
	const struct ad_local *local = bpf_map_lookup_elem(&locals, &key);

	if (!local)
		return false;
	seen->address = key;
	seen->local = *local;
	seen->changes = changes;
	return true;
}

/* What @address is to us; NULL: nothing. */
static __always_inline const struct ad_local *local_find(const struct ad_addr *address)
{
	__u32 zero = 0, place = AD_OWN_PLACE(address), changes;
	const struct ad_state *st = bpf_map_lookup_elem(&state, &zero);
	struct local_seen *seen;

	if (!st || !(st->own >> place & 1))
		return NULL;
	changes = *(volatile const __u32 *)&st->local_changes;
	seen = bpf_map_lookup_elem(&locals_seen, &place);
	if (!seen)
		return NULL;
	if (seen->changes == changes && seen->address.q[0] == address->q[0] &&
	    seen->address.q[1] == address->q[1])
		return &seen->local;
	return local_look_up(address, seen, changes) ? &seen->local : NULL;
}

#endif
