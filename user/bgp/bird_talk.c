// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bird_talk.c: a conversation with BIRD's control socket (bird_talk.h).
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "bird.h"
#include "bird_talk.h"
#include "user/base/clock.h"

#define PATIENCE_US 5000000
#define LINES_MAX   100000 /* of one reply */

static int await(const struct bird_talk *talk, short events)
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

/* More bytes behind those that were not read yet. */
static int fill(struct bird_talk *talk)
{
	ssize_t size;
	int err;

	memmove(talk->text, talk->text + talk->taken, talk->len - talk->taken);
	talk->len -= talk->taken;
	talk->taken = 0;
	if (talk->len == sizeof(talk->text))
		return -EPROTO; /* no line is that long */
	err = await(talk, POLLIN);
	if (err)
		return err;
	size = recv(talk->fd, talk->text + talk->len, sizeof(talk->text) - talk->len, MSG_DONTWAIT);
	if (size == 0)
		return -ECONNRESET;
	if (size < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	talk->len += size;
	return 0;
}

/* The next line, without its end; it is good until the next call. */
static int read_line(struct bird_talk *talk, const char **line)
{
	char *end;
	int err;

	while (!(end = memchr(talk->text + talk->taken, '\n', talk->len - talk->taken))) {
		err = fill(talk);
		if (err)
			return err;
	}
	*end = '\0';
	*line = talk->text + talk->taken;
	talk->taken = end + 1 - talk->text;
	return 0;
}

static int read_reply(struct bird_talk *talk,
		      void (*each)(unsigned int code, const char *text, void *arg), void *arg,
		      char *last, size_t last_size)
{
	unsigned int code = 0, nr;
	const char *line, *text;
	bool is_last;
	int err;

	for (nr = 0; nr < LINES_MAX; nr++) {
		err = read_line(talk, &line);
		if (err)
			return err;
		if (*line == '+') /* a line of its log */
			continue;
		if (!bird_line(line, &code, &is_last, &text))
			return -EPROTO;
		if (each)
			each(code, text, arg);
		if (!is_last)
			continue;
		if (last)
			snprintf(last, last_size, "%s", text);
		return code;
	}
	return -EPROTO;
}

static int say(struct bird_talk *talk, const char *command)
{
	char line[512];
	size_t sent = 0, size;
	ssize_t some;
	int err;

	size = snprintf(line, sizeof(line), "%s\n", command);
	if (size >= sizeof(line))
		return -EMSGSIZE;
	while (sent < size) {
		some = send(talk->fd, line + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (some < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		sent += some > 0 ? some : 0;
		err = some < 0 ? await(talk, POLLOUT) : 0;
		if (err)
			return err;
	}
	return 0;
}

int bird_ask(struct bird_talk *talk, const char *command,
	     void (*each)(unsigned int code, const char *text, void *arg), void *arg, char *last,
	     size_t last_size)
{
	talk->until_us = clock_mono_us() + PATIENCE_US;
	return say(talk, command) ?: read_reply(talk, each, arg, last, last_size);
}

int bird_call(struct bird_talk *talk, const char *socket_path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int code;

	*talk = (struct bird_talk){ .until_us = clock_mono_us() + PATIENCE_US };
	if (strlen(socket_path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, socket_path);
	talk->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (talk->fd < 0)
		return -errno;
	/* A queue that is full is no daemon that answers. */
	if (connect(talk->fd, (struct sockaddr *)&address, sizeof(address)))
		code = -errno;
	else
		code = read_reply(talk, NULL, NULL, NULL, 0); /* it greets */
	if (code >= 0 && !BIRD_IS_ERROR(code))
		return 0;
	bird_hang_up(talk);
	return code < 0 ? code : -EPROTO;
}

void bird_hang_up(struct bird_talk *talk)
{
	if (talk->fd >= 0)
		close(talk->fd);
	talk->fd = -1;
}
