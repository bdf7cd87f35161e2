// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * load.c: queries by TCP, as many as are answered: load ADDRESS CONNECTIONS DEPTH SECONDS NAME
 *
 * Each connection has DEPTH queries under way, all for A of NAME. A reply must bear the next id, be
 * NOERROR and hold an answer. Prints queries a second.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_MAX  64
#define BUFFER	   16384
#define EVENTS_MAX 256

struct connection {
	int fd;
	uint16_t sent, got; /* ids */
	size_t have;
	uint8_t buffer[BUFFER];
};

static uint8_t query[512];
static size_t query_len; /* with the two bytes of its length */
static unsigned long answered;

static void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void make_query(const char *name)
{
	static const uint8_t head[] = { 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
	static const uint8_t tail[] = { 0, 0, 1, 0, 1 };
	uint8_t *to = query + sizeof(head);
	size_t label;

	memcpy(query, head, sizeof(head));
	for (; *name; name += label + (name[label] == '.')) {
		label = strcspn(name, ".");
		*to++ = label;
		memcpy(to, name, label);
		to += label;
	}
	memcpy(to, tail, sizeof(tail));
	query_len = to + sizeof(tail) - query;
	query[1] = query_len - 2;
}

static void ask(struct connection *c, unsigned int times)
{
	uint8_t batch[DEPTH_MAX * sizeof(query)], *to = batch;

	while (times--) {
		memcpy(to, query, query_len);
		to[2] = c->sent >> 8;
		to[3] = c->sent++;
		to += query_len;
	}
	if (send(c->fd, batch, to - batch, MSG_NOSIGNAL) != to - batch)
		fail("send");
}

/* Takes the whole replies out of the buffer; how many. */
static unsigned int take(struct connection *c)
{
	unsigned int nr = 0;
	size_t at = 0, len;
	uint8_t *reply;

	for (; at + 2 <= c->have; at += 2 + len, nr++) {
		reply = c->buffer + at + 2;
		len = (size_t)reply[-2] << 8 | reply[-1];
		if (at + 2 + len > c->have)
			break;
		if (reply[0] != c->got >> 8 || reply[1] != (c->got & 255) || !(reply[2] & 0x80) ||
		    reply[3] & 15 || !reply[7]) {
			errno = EBADMSG;
			fail("a reply");
		}
		c->got++;
	}
	memmove(c->buffer, c->buffer + at, c->have - at);
	c->have -= at;
	return nr;
}

static void hear(struct connection *c)
{
	ssize_t len = recv(c->fd, c->buffer + c->have, sizeof(c->buffer) - c->have, MSG_DONTWAIT);
	unsigned int nr;

	if (len < 0 && errno == EAGAIN)
		return;
	if (len <= 0)
		fail("recv");
	c->have += len;
	nr = take(c);
	answered += nr;
	ask(c, nr);
}

static void open_one(struct connection *c, const struct sockaddr_in *to, int epoll)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	int on = 1;

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)to, sizeof(*to)) ||
	    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event))
		fail("connect");
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static double run(int epoll, double seconds)
{
	struct epoll_event events[EVENTS_MAX];
	double began = now(), took;
	int i, nr;

	do {
		nr = epoll_wait(epoll, events, EVENTS_MAX, 1000);
		if (nr <= 0)
			fail("no reply for a second");
		for (i = 0; i < nr; i++)
			hear(events[i].data.ptr);
		took = now() - began;
	} while (took < seconds);
	return answered / took;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(53) };
	int epoll = epoll_create1(0), connections, depth, i;
	struct connection *c;

	if (argc != 6 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || epoll < 0)
		return 2;
	connections = atoi(argv[2]);
	depth = atoi(argv[3]);
	c = calloc(connections, sizeof(*c));
	if (!c || depth < 1 || depth > DEPTH_MAX)
		return 2;
	make_query(argv[5]);
	for (i = 0; i < connections; i++)
		open_one(&c[i], &to, epoll);
	for (i = 0; i < connections; i++)
		ask(&c[i], depth);
	printf("%.0f\n", run(epoll, atof(argv[4])));
	free(c);
	return 0;
}
