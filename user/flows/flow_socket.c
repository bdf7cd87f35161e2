// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flow_socket.c: a socket as a flow (flow_socket.h).
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include "flow_socket.h"
#include "user/base/clock.h"

void flow_of_socket(const struct socket_entry *socket, __u16 vip, __u16 owner, struct flow_row *row)
{
	const struct socket_info *tcp = &socket->info;

	*row = (struct flow_row){
		.tcp = *tcp,
		.flow = {
			.client = socket->tuple.client,
			.client_port = socket->tuple.client_port,
			.vip_port = socket->tuple.vip_port,
			.vip = vip,
			.protocol = IPPROTO_TCP,
			.rx_bytes = tcp->rx_bytes,
			.tx_bytes = tcp->tx_bytes,
			.rx_packets = tcp->rx_packets,
			.tx_packets = tcp->tx_packets,
			.first_s = tcp->born_ns / 1000000000,
			.last_s = clock_mono_s() - tcp->idle_ms / 1000,
			.kind = AD_FLOW_OURS,
			.flags = socket->state == TCP_ESTABLISHED ? 0 : AD_FLOW_CLOSING,
			.owner = owner,
		},
	};
}
