// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * netlink.c: questions to netlink, one at a time.
 */
#include <errno.h>
#include <sys/socket.h>
#include "netlink.h"

static int hear(const struct netlink *netlink, mnl_cb_t each, void *arg)
{
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	unsigned int port = mnl_socket_get_portid(netlink->socket);
	ssize_t got;
	int more;

	do {
		got = mnl_socket_recvfrom(netlink->socket, buffer, sizeof(buffer));
		if (got < 0)
			return -errno;
		more = mnl_cb_run(buffer, got, netlink->sequence, port, each, arg);
	} while (more > MNL_CB_STOP);
	return more < 0 ? -errno : 0;
}

static int open_family(int family, struct netlink *netlink)
{
	int err;

	netlink->sequence = 0;
	netlink->socket = mnl_socket_open2(family, SOCK_CLOEXEC);
	if (!netlink->socket)
		return -errno;
	if (!mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID))
		return 0;
	err = -errno;
	netlink_close(netlink);
	return err;
}

int netlink_open(struct netlink *netlink)
{
	return open_family(NETLINK_ROUTE, netlink);
}

int netlink_ask_by(struct netlink *netlink, struct nlmsghdr *request, mnl_cb_t each, void *arg)
{
	request->nlmsg_seq = ++netlink->sequence;
	if (mnl_socket_sendto(netlink->socket, request, request->nlmsg_len) < 0)
		return -errno;
	return hear(netlink, each, arg);
}

void netlink_close(struct netlink *netlink)
{
	mnl_socket_close(netlink->socket);
	netlink->socket = NULL;
}

int netlink_ask_family(int family, struct nlmsghdr *request, mnl_cb_t each, void *arg)
{
	struct netlink netlink;
	int err = open_family(family, &netlink);

	if (err)
		return err;
	err = netlink_ask_by(&netlink, request, each, arg);
	netlink_close(&netlink);
	return err;
}

int netlink_ask(struct nlmsghdr *request, mnl_cb_t each, void *arg)
{
	return netlink_ask_family(NETLINK_ROUTE, request, each, arg);
}
