// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * stream.c: bytes that both ends can tell, and other small things that both need (crowd.h).
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "crowd.h"

/* A bijection of 64 bits that leaves no pattern: no two places of a stream look alike. */
static __u64 stream_word(__u64 seed, __u64 index)
{
	__u64 x = seed + (index + 1) * 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

void stream_take(struct stream *stream, void *to, size_t bytes)
{
	__u64 words[FRAME_MAX / 8 + 2];
	__u64 first = stream->at / 8, skip = stream->at % 8;

	for (__u64 i = 0; i * 8 < skip + bytes; i++)
		words[i] = stream_word(stream->seed, first + i);
	memcpy(to, (const char *)words + skip, bytes);
	stream->at += bytes;
}

bool stream_expect(struct stream *stream, const void *from, size_t bytes)
{
	char expected[FRAME_MAX];

	stream_take(stream, expected, bytes);
	return !memcmp(expected, from, bytes);
}

bool outbox_is_empty(const struct outbox *box)
{
	return box->from == box->to;
}

void *outbox_add(struct outbox *box, size_t bytes)
{
	void *at;

	if (outbox_is_empty(box))
		box->from = box->to = 0;
	at = box->bytes + box->to;
	box->to += bytes;
	return at;
}

int outbox_flush(struct outbox *box, int fd)
{
	ssize_t sent;

	while (!outbox_is_empty(box)) {
		sent = send(fd, box->bytes + box->from, box->to - box->from, MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN ? 1 : -errno;
		box->from += sent;
	}
	return 0;
}

__u64 crowd_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

int crowd_ticker(void)
{
	struct itimerspec every = {
		.it_value.tv_nsec = TICK_MS * 1000000,
		.it_interval.tv_nsec = TICK_MS * 1000000,
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd >= 0)
		timerfd_settime(fd, 0, &every, NULL);
	return fd;
}

__u64 crowd_ticked(int fd)
{
	__u64 ticks = 0;

	return read(fd, &ticks, sizeof(ticks)) == sizeof(ticks) ? ticks : 0;
}

void crowd_nodelay(int fd)
{
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
}
