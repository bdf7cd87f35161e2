/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow_socket.h: a flow with what its socket knows of it: round-trip times, segments sent again.
 */
#ifndef AD_FLOW_SOCKET_H
#define AD_FLOW_SOCKET_H

#include "user/net/sockets.h"
#include "user/state/names.h"

/*
 * What is ours by a socket has the socket's counts in .flow: bytes of its stream, as the client
 * sent them or acknowledged them, and segments. .flow.first_s is 0 where nobody noted it.
 */
struct flow_row {
	struct ad_flow flow;
	struct socket_info tcp; /* not known: it has no socket here */
};

/* A socket of a VIP as a flow; @vip: the VIP's index, @owner: our node id. */
void flow_of_socket(const struct socket_entry *socket, __u16 vip, __u16 owner,
		    struct flow_row *row);

#endif
