// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tcp_ask.c: checks by a TCP connection (asking.h).
 */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "asking.h"
#include "user/base/addr.h"

struct tcp {
	struct asking *asking;
	struct event *event;
	int fd;
};

static void tcp_free(struct tcp *tcp)
{
	if (tcp->event)
		event_free(tcp->event);
	if (tcp->fd >= 0)
		close(tcp->fd);
	free(tcp);
}

static void on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct tcp *tcp = arg;
	struct asking *asking = tcp->asking;
	int err = 0;
	socklen_t length = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &length))
		err = errno;
	tcp_free(tcp);
	asking->with = NULL;
	asking->done(asking, !err, err ? strerror(err) : "");
}

static int start(struct event_base *base, struct tcp *tcp)
{
	struct sockaddr_storage to;
	socklen_t length =
		addr_to_sockaddr(&tcp->asking->key->address, tcp->asking->check->port, &to);

	tcp->fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (tcp->fd < 0)
		return -errno;
	if (connect(tcp->fd, (struct sockaddr *)&to, length) && errno != EINPROGRESS)
		return -errno;
	tcp->event = event_new(base, tcp->fd, EV_WRITE, on_connected, tcp);
	return tcp->event && !event_add(tcp->event, NULL) ? 0 : -ENOMEM;
}

int tcp_ask(struct event_base *base, struct asking *asking)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));
	int err;

	if (!tcp)
		return -ENOMEM;
	*tcp = (struct tcp){ .asking = asking, .fd = -1 };
	err = start(base, tcp);
	if (err)
		tcp_free(tcp);
	else
		asking->with = tcp;
	return err;
}

void tcp_cancel(struct asking *asking)
{
	if (asking->with)
		tcp_free(asking->with);
	asking->with = NULL;
}
