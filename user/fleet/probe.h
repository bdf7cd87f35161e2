/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe.h: does a node answer through the tunnel?
 *
 * A probe is a question that every node answers, whatever its version: whose is this flow? It is
 * of nobody's, so the node sends it back as a no. Our data path counts that as heard of the node,
 * and drops it.
 */
#ifndef AD_PROBE_H
#define AD_PROBE_H

#include "user/config/config.h"
#include "user/state/pins.h"

/* What probes are made of; all of it stays the caller's. */
struct probe {
	const struct config *config;
	struct ad_tunnel_key key;
	__u64 stamp[2];
};

#define PROBE_BYTES_MAX 9216 /* of the packet in the tunnel */

struct probe_shape {
	__be32 ack;    /* what it acknowledges */
	__be16 port;   /* that it comes from; 0: the usual one */
	__u16 bytes;   /* of the packet in the tunnel; 0: as few as can be */
	__s32 shift_s; /* what it says of the time is wrong by that */
};

/* The key in use, from the pinned map: for root only. 0 or -errno. */
int probe_init(struct probe *probe, const struct config *config, const struct pins *pins);
/* Asks @node once. 0 or -errno; -ENOENT: there is no VIP with TCP to ask about. */
int probe_send(const struct probe *probe, const struct config_node *node);
/* The same, and it is never fragmented: -EMSGSIZE if it is too long for the interface. */
int probe_send_shaped(const struct probe *probe, const struct config_node *node,
		      const struct probe_shape *shape);
/* The VIP that is asked about, or NULL. */
const struct ad_addr *probe_vip(const struct config *config);
/*
 * Asks @nr nodes until each was heard or @wait_ms are over: true in @heard[] for who was, be it by
 * other traffic. 0 or -errno.
 */
int probe_wait(const struct probe *probe, const struct pins *pins, const __u16 *ids, size_t nr,
	       unsigned int wait_ms, bool *heard);

#endif
