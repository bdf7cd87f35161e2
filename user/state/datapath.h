/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * datapath.h: descriptors of the pinned maps that the loader writes, and the state in place.
 */
#ifndef AD_DATAPATH_H
#define AD_DATAPATH_H

#include "maps/types.h"
#include "user/config/config.h"

/* X(map, type of its values) */
#define DATAPATH_MAPS(X)                                                                           \
	X(state, struct ad_state)                                                                  \
	X(keys, struct ad_keys)                                                                    \
	X(meta, struct ad_meta)                                                                    \
	X(locals, struct ad_local)                                                                 \
	X(nodes, struct ad_node)                                                                   \
	X(peer_ids, __u32)                                                                         \
	X(hunt, struct ad_hunt)                                                                    \
	X(reasons, struct ad_count)                                                                \
	X(links, struct ad_vlan_device)                                                            \
	X(unstamped, __u32)

struct datapath {
#define X(name, type) int name;
	DATAPATH_MAPS(X)
#undef X
	/*
	 * The memory of the state map. Its fields are changed one by one and never all at once,
	 * because egress counts in it.
	 */
	struct ad_state *state_at;
};

/* An empty one, so that datapath_close() may always be called. */
void datapath_init(struct datapath *dp);
/*
 * Opens each map pinned in @dir. 0, -EPROTO if one has values of another size than ours, or other
 * -errno, with a line in @errors that names the map.
 */
int datapath_open(struct datapath *dp, const char *dir, struct config_errors *errors);
void datapath_close(struct datapath *dp);

int datapath_read_meta(const struct datapath *dp, struct ad_meta *meta);
int datapath_write_meta(const struct datapath *dp, const struct ad_meta *meta);
__u64 datapath_reason(const struct datapath *dp, __u32 reason);

/* The memory of the state map @fd, writable, in *@state; munmap() gives it back. 0 or -errno. */
int state_map(int fd, struct ad_state **state);
void state_set_flag(struct ad_state *state, __u32 flag);
void state_clear_flag(struct ad_state *state, __u32 flag);
bool state_has_flag(const struct ad_state *state, __u32 flag);
/* Of new flows, the part that stays here while others are handed over, in 2^32nds. */
void state_set_kept(struct ad_state *state, __u32 kept);
/* Packets see either the old list or the new one, never a mixture. */
void state_set_successors(struct ad_state *state, const __u16 *ids, size_t nr);

#endif
