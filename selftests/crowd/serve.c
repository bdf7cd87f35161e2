// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * serve.c: the server's end of a crowd (crowd.h).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "crowd.h"

struct guest {
	struct guest *next, **at; /* where we are linked */
	int fd;
	__u32 phase;
	size_t asked; /* bytes of the request that have come */
	struct crowd_request request;
	struct stream in, out;
	bool intact;
	bool ended; /* its half; it goes when the outbox is empty */
	struct outbox box;
};

struct server {
	char name[NAME_BYTES];
	int epoll, listener, ticker;
	__u64 tick;
	__u32 nr;
	struct guest *guests;
};

static void guest_leave(struct guest *guest)
{
	close(guest->fd);
	*guest->at = guest->next;
	if (guest->next)
		guest->next->at = guest->at;
	free(guest);
}

static void *frame_add(struct guest *guest, enum frame_type type, size_t bytes)
{
	struct frame_header header = { .type = type, .bytes = bytes };

	memcpy(outbox_add(&guest->box, sizeof(header)), &header, sizeof(header));
	return outbox_add(&guest->box, bytes);
}

/* Sends what is there; false: the guest is gone. It is heard again when it has taken all. */
static bool guest_flush(struct server *server, struct guest *guest)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = guest };
	int left = outbox_flush(&guest->box, guest->fd);

	if (left < 0 || (!left && guest->ended)) {
		guest_leave(guest);
		return false;
	}
	if (left)
		event.events = EPOLLOUT;
	epoll_ctl(server->epoll, EPOLL_CTL_MOD, guest->fd, &event);
	return true;
}

static void guest_say_totals(struct guest *guest)
{
	struct crowd_totals totals = {
		.received = guest->in.at,
		.sent = guest->out.at,
		.intact = guest->intact,
	};

	guest->ended = true;
	memcpy(frame_add(guest, FRAME_TOTALS, sizeof(totals)), &totals, sizeof(totals));
}

/* Takes the request's bytes; gives how many of @bytes were. */
static ssize_t guest_take_request(struct server *server, struct guest *guest, const char *data,
				  size_t bytes)
{
	size_t missing = sizeof(guest->request) - guest->asked;
	size_t take = bytes < missing ? bytes : missing;

	if (!take)
		return 0;
	memcpy((char *)&guest->request + guest->asked, data, take);
	guest->asked += take;
	if (guest->asked < sizeof(guest->request))
		return take;
	if (guest->request.magic != CROWD_MAGIC || guest->request.kind >= CROWD_KINDS ||
	    guest->request.rate / TURNS_PER_S > FRAME_MAX)
		return -1;
	guest->in.seed = guest->request.seed;
	guest->out.seed = ~guest->request.seed;
	memcpy(frame_add(guest, FRAME_NAME, NAME_BYTES), server->name, NAME_BYTES);
	return take;
}

static void guest_take_data(struct guest *guest, const char *data, size_t bytes)
{
	if (!bytes)
		return;
	guest->intact &= stream_expect(&guest->in, data, bytes);
	if (guest->request.kind == CROWD_UP)
		return;
	memcpy(frame_add(guest, FRAME_DATA, bytes), data, bytes); /* an echo */
	guest->out.at += bytes;
}

static void guest_hear(struct server *server, struct guest *guest)
{
	char data[FRAME_MAX / 2];
	ssize_t bytes = recv(guest->fd, data, sizeof(data), 0), asked;

	if (bytes < 0 && errno == EAGAIN)
		return;
	if (bytes < 0) {
		guest_leave(guest);
		return;
	}
	if (!bytes)
		guest_say_totals(guest);
	asked = guest_take_request(server, guest, data, bytes);
	if (asked < 0) {
		guest_leave(guest);
		return;
	}
	guest_take_data(guest, data + asked, bytes - asked);
	guest_flush(server, guest);
}

static void guest_welcome(struct server *server)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct guest *guest;
	int fd;

	while ((fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		guest = calloc(1, sizeof(*guest));
		if (!guest) {
			close(fd);
			return;
		}
		crowd_nodelay(fd);
		guest->fd = fd;
		guest->intact = true;
		guest->phase = server->nr++ % PHASES;
		guest->next = server->guests;
		guest->at = &server->guests;
		if (guest->next)
			guest->next->at = &guest->next;
		server->guests = guest;
		event.data.ptr = guest;
		epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

static void guest_stream(struct server *server, struct guest *guest)
{
	size_t bytes = guest->request.rate / TURNS_PER_S;

	if (guest->asked < sizeof(guest->request) || guest->request.kind != CROWD_DOWN ||
	    guest->ended || !outbox_is_empty(&guest->box) || !bytes)
		return;
	stream_take(&guest->out, frame_add(guest, FRAME_DATA, bytes), bytes);
	guest_flush(server, guest);
}

static void server_tick(struct server *server)
{
	struct guest *guest, *next;

	if (!crowd_ticked(server->ticker))
		return;
	server->tick++;
	for (guest = server->guests; guest; guest = next) {
		next = guest->next;
		if (guest->phase == server->tick % PHASES)
			guest_stream(server, guest);
	}
}

static void server_turn(struct server *server)
{
	struct epoll_event events[EVENTS_MAX];
	int nr = epoll_wait(server->epoll, events, EVENTS_MAX, -1);

	for (int i = 0; i < nr; i++) {
		struct guest *guest = events[i].data.ptr;

		if ((void *)guest == &server->listener)
			guest_welcome(server);
		else if ((void *)guest == &server->ticker)
			continue; /* below: it may send away guests that these events speak of */
		else if (outbox_is_empty(&guest->box))
			guest_hear(server, guest);
		else
			guest_flush(server, guest);
	}
	server_tick(server);
}

static int server_listen(const char *port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 4096)) {
		perror("crowd serve");
		return -1;
	}
	return fd;
}

int crowd_serve(const char *name, const char *port)
{
	struct server server = { .epoll = epoll_create1(EPOLL_CLOEXEC) };
	struct epoll_event event = { .events = EPOLLIN };

	strncpy(server.name, name, sizeof(server.name) - 1);
	server.listener = server_listen(port);
	server.ticker = crowd_ticker();
	if (server.epoll < 0 || server.listener < 0 || server.ticker < 0)
		return 1;
	event.data.ptr = &server.listener;
	epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.listener, &event);
	event.data.ptr = &server.ticker;
	epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.ticker, &event);
	for (;;)
		server_turn(&server);
}
