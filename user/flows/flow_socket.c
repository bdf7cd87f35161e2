// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flow_socket.c: a flow with what its socket knows of it (flow_socket.h).
 */
#include <string.h>
#include "flow_socket.h"

void flow_socket_ask(struct mnl_socket *nl, const struct names *names, struct flow_row *row)
{
	const struct ad_flow *flow = &row->flow;
	const struct ad_tuple tuple = { .client = flow->client,
					.client_port = flow->client_port,
					.vip = names_vip(names, flow->vip),
					.vip_port = flow->vip_port };

	memset(&row->tcp, 0, sizeof(row->tcp));
	if (nl && flow->kind == AD_FLOW_OURS)
		sockets_find(nl, &tuple, &row->tcp);
}
