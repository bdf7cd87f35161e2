/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow_socket.h: a flow with what its socket knows of it: round-trip times, segments sent again.
 * The flow table counts what passes by; only the stack knows how the connection fares.
 */
#ifndef AD_FLOW_SOCKET_H
#define AD_FLOW_SOCKET_H

#include "user/net/sockets.h"
#include "user/state/names.h"

struct flow_row {
	struct ad_flow flow;
	struct socket_info tcp;
};

/*
 * Fills row->tcp, of a flow that is ours and whose server is in this network namespace; else
 * nothing is known. @nl: of sockets_open(); NULL: nothing is asked.
 */
void flow_socket_ask(struct mnl_socket *nl, const struct names *names, struct flow_row *row);

#endif
