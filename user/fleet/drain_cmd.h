/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drain_cmd.h: what `drain`, `undrain` and `status` share: the instance as pins show it, and the
 * flows that live here.
 */
#ifndef AD_DRAIN_CMD_H
#define AD_DRAIN_CMD_H

#include "drain.h"
#include "user/base/globals.h"
#include "user/net/sockets.h"
#include "user/state/pins.h"

struct drain_handle {
	struct config *config; /* at least where things are */
	struct pins pins;
	struct vip_set vips;
	bool here; /* we are in the network namespace whose sockets count */
};

/*
 * An exit code; what is not EXIT_OK was told and needs no drain_close(). Without @needs_names a
 * configuration that cannot be read is only warned of.
 */
int drain_open(struct drain_handle *handle, const struct globals *globals, bool needs_names);
void drain_close(struct drain_handle *handle);

/*
 * Flows that live here: sockets of VIPs between ESTABLISHED and the last ACK, and what NAT
 * forwards; or from another network namespace what the flow table saw lately. Negative: -errno.
 */
int drain_count_owned(const struct drain_handle *handle);
/*
 * The same one by one, until @each returns non-zero, which is then returned. @forwarded: not a
 * socket, but a flow that NAT leads to a server behind this host.
 */
int drain_each_owned(const struct drain_handle *handle,
		     int (*each)(const struct ad_tuple *tuple, bool forwarded, void *arg),
		     void *arg);

#endif
