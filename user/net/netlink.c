// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * netlink.c: one question to netlink, one socket for it.
 */
#include <errno.h>
#include <sys/socket.h>
#include "netlink.h"

#define SEQUENCE 1 /* every question has a new socket, so one number is enough */

static int hear(struct mnl_socket *socket, mnl_cb_t each, void *arg)
{
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	unsigned int port = mnl_socket_get_portid(socket);
	ssize_t got;
	int more;

	do {
		got = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		if (got < 0)
			return -errno;
		more = mnl_cb_run(buffer, got, SEQUENCE, port, each, arg);
	} while (more > MNL_CB_STOP);
	return more < 0 ? -errno : 0;
}

int netlink_ask_family(int family, struct nlmsghdr *request, mnl_cb_t each, void *arg)
{
	struct mnl_socket *socket = mnl_socket_open2(family, SOCK_CLOEXEC);
	int err = 0;

	if (!socket)
		return -errno;
	request->nlmsg_seq = SEQUENCE;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		err = -errno;
	if (!err)
		err = hear(socket, each, arg);
	mnl_socket_close(socket);
	return err;
}

int netlink_ask(struct nlmsghdr *request, mnl_cb_t each, void *arg)
{
	return netlink_ask_family(NETLINK_ROUTE, request, each, arg);
}
