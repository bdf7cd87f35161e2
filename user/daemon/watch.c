// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * watch.c: hears at once when an interface, its XDP program or its filters change.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <linux/rtnetlink.h>
#include <libmnl/libmnl.h>
#include "watch.h"

/* One change by somebody is several messages: wait for them to end, but not longer than it hurts.
 */
static const struct timeval moment = { .tv_usec = 20000 };

struct watch {
	struct mnl_socket *socket;
	struct event *readable;
	struct event *quiet;
	void (*changed)(void *arg);
	void *arg;
};

/* What they say does not matter: whoever is told looks for himself. Lost ones neither. */
static void on_messages(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;
	char buf[8192];
	ssize_t len;

	do
		len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	while (len > 0 || (len < 0 && errno == ENOBUFS));
	if (!event_pending(watch->quiet, EV_TIMEOUT, NULL))
		event_add(watch->quiet, &moment);
}

static void on_quiet(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;

	watch->changed(watch->arg);
}

static int join(struct watch *watch)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_TC };
	size_t i;

	watch->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!watch->socket || mnl_socket_bind(watch->socket, 0, MNL_SOCKET_AUTOPID))
		return -errno;
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (mnl_socket_setsockopt(watch->socket, NETLINK_ADD_MEMBERSHIP, (void *)&groups[i],
					  sizeof(groups[i])))
			return -errno;
	return 0;
}

static int listen_to(struct watch *watch, struct event_base *base)
{
	int err = join(watch);

	if (err)
		return err;
	watch->quiet = evtimer_new(base, on_quiet, watch);
	watch->readable = event_new(base, mnl_socket_get_fd(watch->socket), EV_READ | EV_PERSIST,
				    on_messages, watch);
	if (!watch->quiet || !watch->readable || event_add(watch->readable, NULL))
		return -ENOMEM;
	return 0;
}

int watch_new(struct event_base *base, void (*changed)(void *arg), void *arg, struct watch **out)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int err;

	if (!watch)
		return -ENOMEM;
	watch->changed = changed;
	watch->arg = arg;
	err = listen_to(watch, base);
	if (err)
		watch_free(watch);
	else
		*out = watch;
	return err;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	if (watch->readable)
		event_free(watch->readable);
	if (watch->quiet)
		event_free(watch->quiet);
	if (watch->socket)
		mnl_socket_close(watch->socket);
	free(watch);
}
