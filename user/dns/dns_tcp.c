// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_tcp.c: connections to port 53 (RFC 7766).
 *
 * An idle connection costs this struct and the kernel's socket. Bytes are kept only for an
 * incomplete query or an answer that was not sent yet, and the sum of them is limited. Only a
 * complete query counts as activity: a client that sends single bytes, or does not read, counts as
 * idle.
 *
 * One connection is served for SLICE_US at a time, and all together for TURN_US in one pass of the
 * event loop; then the loop handles other events. Connections with work left wait in a queue for
 * each network.
 */
#include <errno.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "dns_server_internal.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/config/config.h"

#define SLICE_US   200
#define TURN_US	   2000
#define READ_BYTES 4096 /* read at once, unless a longer query needs more */
#define GREEDY_SHARE                                                                               \
	16 /* a network with more than one in so many of all connections has a large part */
#define TCP_FRAME     2 /* length before each message (RFC 1035, 4.2.2) */
#define TCP_MESSAGE   (TCP_FRAME + 65535)
#define TCP_IN_BYTES  (TCP_MESSAGE + READ_BYTES) /* an incomplete query, and what was read now */
#define TCP_OUT_BYTES (4 * TCP_MESSAGE)
#define TCP_HELD_MAX  (32u << 20)
#define TCP_FILES     384 /* open files for other purposes, those of each VIP not counted */

/* Bytes kept from one event to the next. */
struct kept {
	__u8 *bytes;
	size_t len;
};

struct client {
	TAILQ_ENTRY(client)
	link, beside, turn; /* links of three lists: all, its queue, and those that wait there */
	struct dns_server *server;
	struct queue *queue;
	bool ready;
	struct event readable, writable;
	struct ad_addr address;
	__u32 last_s; /* monotonic */
	int fd;
	struct kept query, answers;
};

/* --- turns ------------------------------------------------------------------------------------ */

static void client_ready(struct client *client)
{
	static const struct timeval now = { 0 };
	struct queue *queue = client->queue;
	struct dns_tcp *tcp = &client->server->tcp;

	if (client->ready)
		return;
	client->ready = true;
	/* Not event_active(): that would run in the same pass of the loop. */
	if (TAILQ_EMPTY(&tcp->waiting))
		event_add(tcp->turn, &now);
	if (TAILQ_EMPTY(&queue->ready))
		TAILQ_INSERT_TAIL(&tcp->waiting, queue, link);
	TAILQ_INSERT_TAIL(&queue->ready, client, turn);
}

static void client_unready(struct client *client)
{
	struct queue *queue = client->queue;
	struct dns_tcp *tcp = &client->server->tcp;

	if (!client->ready)
		return;
	client->ready = false;
	TAILQ_REMOVE(&queue->ready, client, turn);
	TAILQ_REMOVE(&tcp->waiting, queue, link);
	if (!TAILQ_EMPTY(&queue->ready))
		TAILQ_INSERT_TAIL(&tcp->waiting, queue, link);
}

/* Whether there is time left for more work in this pass. */
static bool tcp_has_time(struct dns_tcp *tcp)
{
	__u64 now_us = clock_mono_us();

	if (now_us - tcp->window_us >= 2 * TURN_US)
		tcp->window_us = now_us;
	return TAILQ_EMPTY(&tcp->waiting) && now_us - tcp->window_us < TURN_US;
}

/* A /24 or /56; networks with the same hash share a queue. */
static struct queue *queue_of(struct dns_tcp *tcp, const struct ad_addr *address)
{
	size_t bytes = addr_is_ip4(address) ? 15 : 7;
	__u64 hash;

	crypto_shorthash((__u8 *)&hash, (const __u8 *)address, bytes, tcp->hash_key);
	return &tcp->queues[hash % TCP_QUEUES];
}

/* --- life ------------------------------------------------------------------------------------- */

static void client_close(struct client *client)
{
	struct dns_server *server = client->server;

	client_unready(client);
	TAILQ_REMOVE(&client->queue->clients, client, beside);
	client->queue->nr--;
	server->tcp.held -= client->query.len + client->answers.len;
	server->tally.daemon->tcp_open = --server->tcp.nr;
	TAILQ_REMOVE(&server->tcp.clients, client, link);
	event_del(&client->readable);
	event_del(&client->writable);
	close(client->fd);
	free(client->query.bytes);
	free(client->answers.bytes);
	free(client);
}

/* Closes the connections with the oldest query until the kept bytes are within the limit. */
static void tcp_make_room(struct dns_tcp *tcp, const struct client *except)
{
	struct client *client = TAILQ_FIRST(&tcp->clients), *next;

	for (; client && tcp->held > TCP_HELD_MAX; client = next) {
		next = TAILQ_NEXT(client, link);
		if (client != except && client->query.len + client->answers.len)
			client_close(client);
	}
}

/* Keeps @len bytes instead of what was kept. False: out of memory. */
static bool client_keep(struct client *client, struct kept *kept, const __u8 *bytes, size_t len)
{
	struct dns_tcp *tcp = &client->server->tcp;
	__u8 *copy = NULL;

	if (len) {
		copy = malloc(len);
		if (!copy)
			return false;
		memcpy(copy, bytes, len);
	}
	free(kept->bytes);
	tcp->held += len - kept->len;
	kept->bytes = copy;
	kept->len = len;
	tcp_make_room(tcp, client);
	return true;
}

/*
 * Bytes that the socket does not take are kept, and nothing is read until they are sent. False: the
 * connection is over.
 */
static bool client_send(struct client *client, const __u8 *bytes, size_t len)
{
	ssize_t sent = send(client->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	sent = sent < 0 ? 0 : sent;
	if (!client_keep(client, &client->answers, bytes + sent, len - sent))
		return false;
	if (!client->answers.len)
		return true;
	return !event_del(&client->readable) && !event_add(&client->writable, NULL);
}

/*
 * Answers the query in @message. Writes length and reply to @to and returns their bytes; 0: no
 * query.
 */
static size_t client_answer(struct client *client, const __u8 *message, size_t len, __u8 *to)
{
	struct dns_work *work = client->server->work;

	memcpy(work->msg, message, len);
	if (!dns_server_answer(client->server, len, &client->address, true))
		return 0;
	to[0] = work->len >> 8;
	to[1] = work->len;
	memcpy(to + TCP_FRAME, work->msg, work->len);
	return TCP_FRAME + work->len;
}

static void client_alive(struct client *client)
{
	struct clients *clients = &client->server->tcp.clients, *beside = &client->queue->clients;

	client->last_s = clock_mono_s();
	TAILQ_REMOVE(clients, client, link);
	TAILQ_INSERT_TAIL(clients, client, link);
	TAILQ_REMOVE(beside, client, beside);
	TAILQ_INSERT_TAIL(beside, client, beside);
}

static bool has_query(const __u8 *in, size_t len)
{
	return len >= TCP_FRAME && len >= TCP_FRAME + ((size_t)in[0] << 8 | in[1]);
}

/*
 * Answers the whole queries among @len bytes, without waiting for one to be taken before the next
 * (6.2.1.1), until @out is full or the slice is over. Gives how many bytes that were, or -1: not a
 * query.
 */
static ssize_t client_answer_all(struct client *client, const __u8 *in, size_t len, size_t *out)
{
	struct dns_tcp *tcp = &client->server->tcp;
	__u64 end_us = clock_mono_us() + SLICE_US;
	size_t at = 0, query, reply;

	while (has_query(in + at, len - at) && *out + TCP_MESSAGE <= TCP_OUT_BYTES &&
	       (!at || clock_mono_us() < end_us)) {
		query = (size_t)in[at] << 8 | in[at + 1];
		reply = client_answer(client, in + at + TCP_FRAME, query, tcp->out + *out);
		if (!reply)
			return -1;
		*out += reply;
		at += TCP_FRAME + query;
	}
	return at;
}

/* Works for one slice and keeps the rest. False: the connection is over. */
static bool client_work(struct client *client, const __u8 *in, size_t len)
{
	size_t out = 0;
	ssize_t used = client_answer_all(client, in, len, &out);

	if (used > 0)
		client_alive(client);
	if (out && !client_send(client, client->server->tcp.out, out))
		return false;
	if (used < 0 || !client_keep(client, &client->query, in + used, len - used))
		return false;
	if (!client->answers.len && has_query(in + used, len - used))
		client_ready(client);
	return true;
}

/* How many bytes to read after the @len bytes of @in, which have no complete query. */
static size_t read_size(const __u8 *in, size_t len)
{
	size_t query = len >= TCP_FRAME ? TCP_FRAME + ((size_t)in[0] << 8 | in[1]) : 0;

	return query > len + READ_BYTES ? query - len : READ_BYTES;
}

/* Its turn: reads only if no complete query is left. False: the connection is over. */
static bool client_turn(struct client *client)
{
	struct dns_tcp *tcp = &client->server->tcp;
	size_t len = client->query.len;
	ssize_t got;

	if (client->answers.len)
		return true;
	if (len)
		memcpy(tcp->in, client->query.bytes, len);
	if (!has_query(tcp->in, len)) {
		got = recv(client->fd, tcp->in + len, read_size(tcp->in, len), MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (got <= 0)
			return false;
		len += got;
	}
	return client_work(client, tcp->in, len);
}

static void client_read(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;

	if (client->ready)
		return;
	if (!tcp_has_time(&client->server->tcp))
		client_ready(client);
	else if (!client_turn(client))
		client_close(client);
}

/*
 * All was sent: now handles what was received meanwhile, and only then the end of the connection.
 */
static void client_write(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;
	struct kept *answers = &client->answers;
	ssize_t sent = send(fd, answers->bytes, answers->len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent < 0 || !client_keep(client, answers, answers->bytes + sent, answers->len - sent)) {
		client_close(client);
		return;
	}
	if (answers->len)
		return;
	event_del(&client->writable);
	event_add(&client->readable, NULL);
	if (has_query(client->query.bytes, client->query.len))
		client_ready(client);
}

static void tcp_turn(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval now = { 0 };
	struct dns_tcp *tcp = arg;
	__u64 end_us = clock_mono_us() + TURN_US;
	struct queue *queue;

	while ((queue = TAILQ_FIRST(&tcp->waiting)) && clock_mono_us() < end_us) {
		struct client *client = TAILQ_FIRST(&queue->ready);

		client_unready(client);
		if (!client_turn(client))
			client_close(client);
	}
	if (queue)
		event_add(tcp->turn, &now);
}

/* Closes one connection for a new one: of a network that has a large part of all, else of all. */
static struct client *tcp_victim(struct dns_tcp *tcp)
{
	struct queue *most = tcp->queues;
	size_t i;

	for (i = 1; i < TCP_QUEUES; i++)
		if (tcp->queues[i].nr > most->nr)
			most = &tcp->queues[i];
	return TAILQ_FIRST(most->nr > tcp->max / GREEDY_SHARE ? &most->clients : &tcp->clients);
}

void dns_tcp_accept(struct dns_server *server, int fd, const struct sockaddr *from)
{
	struct client *client = calloc(1, sizeof(*client));
	__u16 port;
	int on = 1;

	if (!client) {
		close(fd);
		return;
	}
	if (server->tcp.nr >= server->tcp.max) {
		server->tally.daemon->tcp_refused++;
		client_close(tcp_victim(&server->tcp));
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	client->server = server;
	client->fd = fd;
	addr_from_sockaddr(from, &client->address, &port);
	client->last_s = clock_mono_s();
	event_assign(&client->readable, server->base, fd, EV_READ | EV_PERSIST, client_read,
		     client);
	event_assign(&client->writable, server->base, fd, EV_WRITE | EV_PERSIST, client_write,
		     client);
	client->queue = queue_of(&server->tcp, &client->address);
	client->queue->nr++;
	TAILQ_INSERT_TAIL(&client->queue->clients, client, beside);
	TAILQ_INSERT_TAIL(&server->tcp.clients, client, link);
	server->tally.daemon->tcp_open = ++server->tcp.nr;
	if (event_add(&client->readable, NULL))
		client_close(client);
}

static void tcp_second(evutil_socket_t fd, short what, void *arg)
{
	struct dns_tcp *tcp = arg;
	struct client *client;
	__u32 now_s = clock_mono_s();

	while ((client = TAILQ_FIRST(&tcp->clients)) && now_s - client->last_s >= tcp->idle_s)
		client_close(client);
}

/* The configured number, or less if the process may not open so many files. */
static unsigned int tcp_limit(const struct config *config)
{
	struct rlimit files;
	unsigned int max = config->dns_tcp_max, others = TCP_FILES + 2 * config->nr_vips;

	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur >= max + others)
		return max;
	/* A hundred are open before the first connection comes, most of them maps. */
	max = files.rlim_cur > 2 * others ? files.rlim_cur - others : files.rlim_cur / 3;
	log_warn("dns.tcp_max: %u connections need %u open files, the limit is %llu: it will be %u "
		 "connections; see LimitNOFILE=",
		 config->dns_tcp_max, config->dns_tcp_max + others,
		 (unsigned long long)files.rlim_cur, max);
	return max;
}

void dns_tcp_tune(struct dns_server *server, const struct config *config)
{
	server->tcp.max = tcp_limit(config);
	server->tcp.idle_s = config->dns_tcp_idle_s;
	while (server->tcp.nr > server->tcp.max)
		client_close(TAILQ_FIRST(&server->tcp.clients));
}

int dns_tcp_open(struct dns_server *server, const struct config *config)
{
	static const struct timeval second = { .tv_sec = 1 };
	struct dns_tcp *tcp = &server->tcp;
	size_t i;

	TAILQ_INIT(&tcp->clients);
	TAILQ_INIT(&tcp->waiting);
	randombytes_buf(tcp->hash_key, sizeof(tcp->hash_key));
	tcp->queues = calloc(TCP_QUEUES, sizeof(*tcp->queues));
	for (i = 0; tcp->queues && i < TCP_QUEUES; i++) {
		TAILQ_INIT(&tcp->queues[i].clients);
		TAILQ_INIT(&tcp->queues[i].ready);
	}
	dns_tcp_tune(server, config);
	tcp->in = malloc(TCP_IN_BYTES);
	tcp->out = malloc(TCP_OUT_BYTES);
	tcp->second = event_new(server->base, -1, EV_PERSIST, tcp_second, tcp);
	tcp->turn = event_new(server->base, -1, 0, tcp_turn, tcp);
	if (!tcp->queues || !tcp->in || !tcp->out || !tcp->turn || !tcp->second ||
	    event_add(tcp->second, &second))
		return -ENOMEM;
	return 0;
}

void dns_tcp_close(struct dns_server *server)
{
	struct dns_tcp *tcp = &server->tcp;

	while (tcp->nr)
		client_close(TAILQ_FIRST(&tcp->clients));
	if (tcp->second)
		event_free(tcp->second);
	if (tcp->turn)
		event_free(tcp->turn);
	free(tcp->queues);
	free(tcp->in);
	free(tcp->out);
}
