// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * talk.c: a conversation with the control socket of a BGP daemon (talk.h).
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "talk.h"
#include "user/base/clock.h"

#define PATIENCE_US 5000000 /* for one reply */
#define ALL_US	    9000000 /* for all of a conversation */

static int await(const struct talk *talk, short events)
{
	struct pollfd poll_fd = { .fd = talk->fd, .events = events };
	__u64 now_us = clock_mono_us();
	int nr;

	if (now_us >= talk->until_us)
		return -ETIMEDOUT;
	nr = poll(&poll_fd, 1, (talk->until_us - now_us) / 1000 + 1);
	if (nr < 0)
		return errno == EINTR ? 0 : -errno;
	return nr ? 0 : -ETIMEDOUT;
}

int talk_say(struct talk *talk, const void *bytes, size_t size)
{
	size_t sent = 0;
	ssize_t some;
	int err;

	talk->until_us = clock_mono_us() + PATIENCE_US;
	if (talk->until_us > talk->end_us)
		talk->until_us = talk->end_us;
	while (sent < size) {
		some = send(talk->fd, (const char *)bytes + sent, size - sent,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (some < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		sent += some > 0 ? some : 0;
		err = some < 0 ? await(talk, POLLOUT) : 0;
		if (err)
			return err;
	}
	return 0;
}

int talk_hear(struct talk *talk, void *bytes, size_t size)
{
	ssize_t some;
	int err;

	do {
		err = await(talk, POLLIN);
		if (err)
			return err;
		some = recv(talk->fd, bytes, size, MSG_DONTWAIT);
	} while (some < 0 && (errno == EAGAIN || errno == EINTR));
	if (some < 0)
		return -errno;
	return some ? some : -ECONNRESET;
}

int talk_call(struct talk *talk, const char *socket_path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	__u64 now_us = clock_mono_us();
	int err;

	*talk = (struct talk){ .fd = -1,
			       .until_us = now_us + PATIENCE_US,
			       .end_us = now_us + ALL_US };
	if (strlen(socket_path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, socket_path);
	talk->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (talk->fd < 0)
		return -errno;
	/* A queue that is full is no daemon that answers. */
	if (!connect(talk->fd, (struct sockaddr *)&address, sizeof(address)))
		return 0;
	err = -errno;
	talk_hang_up(talk);
	return err;
}

void talk_hang_up(struct talk *talk)
{
	if (talk->fd >= 0)
		close(talk->fd);
	talk->fd = -1;
}
