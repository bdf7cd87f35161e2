/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * connections.h: what the kernel tells of connections to VIPs, once when each was accepted and once
 * when it has ended (bpf/connections.bpf.c).
 */
#ifndef AD_CONNECTIONS_H
#define AD_CONNECTIONS_H

#include "types.h"

/* connection: storage of a socket; it goes with the socket. */
struct ad_connection {
	__u64 born_ns;	    /* CLOCK_MONOTONIC when it was accepted */
	__u32 handshake_us; /* round-trip time of the handshake; 0: not measured */
	__u32 pad;
};
AD_ASSERT_SIZE(struct ad_connection, 16);

#endif
