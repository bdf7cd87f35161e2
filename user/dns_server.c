// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_server.c: port 53 in the daemon (dns_service.h): what the kernel passes up, and TCP.
 *
 * One socket per VIP and protocol, so that a reply leaves from the address that was asked. With
 * `unserved: pass` another nameserver owns the port on this host, and there is nothing to do.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "addr.h"
#include "config.h"
#include "dns_count.h"
#include "dns_home.h"
#include "dns_service.h"
#include "dns_zones.h"
#include "listener.h"
#include "log.h"
#include "pins.h"

#define DNS_PORT       53
#define UDP_BURST      64   /* datagrams before other events get their turn */
#define UDP_LEFT_MAX   4096 /* datagrams of a socket that is about to close */
#define TCP_BACKLOG    512
#define TCP_OPEN_MAX   4096	    /* connections, or half of what the process may open */
#define TCP_IDLE_S     10	    /* RFC 7766, 6.2.3: a few seconds */
#define TCP_UNSENT_MAX (256 * 1024) /* then no more is read from who does not read */
#define TCP_FRAME      2	    /* length in front of each message (RFC 1035, 4.2.2) */

struct dns_server;

/* One VIP. */
struct door {
	struct dns_server *server;
	struct ad_addr address;
	struct event *udp;
	struct evconnlistener *tcp;
};

struct dns_server {
	struct event_base *base;
	struct door *doors;
	size_t nr_doors;
	struct client *clients;
	unsigned int nr_clients, max_clients;
	struct dns_zones *zones;
	struct dns_tally tally;
	struct dns_work *work; /* the one question at hand */
};

/* A TCP connection. */
struct client {
	struct dns_server *server;
	struct bufferevent *stream;
	struct client *next, **link;
	bool done; /* nothing more will come */
};

/* --- answering -------------------------------------------------------------------------------- */

static void server_count(struct dns_server *server)
{
	const struct dns_work *work = server->work;
	struct ad_dns_count *count = &server->tally.daemon->udp;
	__u32 slot;

	if (work->tcp)
		count = &server->tally.daemon->tcp;
	count->rcodes[work->rcode % AD_DNS_RCODES]++;
	count->truncated += work->tc;
	if (work->zone == DNS_NOT_COUNTED)
		return;
	slot = dns_image_zone(server->zones->image, work->zone)->slot;
	if (slot < AD_DNS_ZONE_MAX)
		server->tally.zones[slot]++;
}

/* The query is @len bytes of work->msg; true: so is the reply now, work->len bytes of it. */
static bool server_answer(struct dns_server *server, size_t len, bool tcp)
{
	struct dns_work *work = server->work;

	if (!server->zones)
		return false;
	work->len = len;
	work->tcp = tcp;
	work->home = server->zones->image;
	if (dns_respond(work, dns_image(work)) != DNS_SEND)
		return false;
	server_count(server);
	return true;
}

/* False: there is none. */
static bool udp_answer_one(struct dns_server *server, int fd)
{
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	struct ad_addr address;
	__u16 port;
	ssize_t len = recvfrom(fd, server->work->msg, DNS_MSG_BYTES, MSG_DONTWAIT,
			       (struct sockaddr *)&from, &from_len);

	if (len < 0)
		return false;
	if (addr_from_sockaddr((struct sockaddr *)&from, &address, &port) || !port)
		return true;
	if (server_answer(server, len, false))
		sendto(fd, server->work->msg, server->work->len, MSG_DONTWAIT,
		       (struct sockaddr *)&from, from_len);
	return true;
}

static void udp_ready(evutil_socket_t fd, short what, void *arg)
{
	struct door *door = arg;
	int i;

	for (i = 0; i < UDP_BURST; i++)
		if (!udp_answer_one(door->server, fd))
			return;
}

/* --- TCP (RFC 7766) --------------------------------------------------------------------------- */

static void client_close(struct client *client)
{
	client->server->tally.daemon->tcp_open = --client->server->nr_clients;
	*client->link = client->next;
	if (client->next)
		client->next->link = client->link;
	bufferevent_free(client->stream);
	free(client);
}

/* Takes one whole message off the stream: its length, or -1 if there is none yet. */
static ssize_t client_take(struct client *client)
{
	struct evbuffer *in = bufferevent_get_input(client->stream);
	__u8 frame[TCP_FRAME];
	size_t len;

	if (evbuffer_copyout(in, frame, TCP_FRAME) < TCP_FRAME)
		return -1;
	len = (size_t)frame[0] << 8 | frame[1];
	if (evbuffer_get_length(in) < TCP_FRAME + len)
		return -1;
	evbuffer_drain(in, TCP_FRAME);
	evbuffer_remove(in, client->server->work->msg, len);
	return len;
}

static void client_send(struct client *client)
{
	struct dns_work *work = client->server->work;
	struct evbuffer *out = bufferevent_get_output(client->stream);
	__u8 frame[TCP_FRAME] = { work->len >> 8, work->len };

	evbuffer_add(out, frame, TCP_FRAME);
	evbuffer_add(out, work->msg, work->len);
}

/* Queries may be sent without waiting (6.2.1.1); whoever sends something else is left. */
static void client_read(struct bufferevent *stream, void *arg)
{
	struct client *client = arg;
	struct evbuffer *out = bufferevent_get_output(stream);
	ssize_t len;

	while (evbuffer_get_length(out) < TCP_UNSENT_MAX) {
		len = client_take(client);
		if (len < 0)
			return;
		if (!server_answer(client->server, len, true)) {
			client_close(client);
			return;
		}
		client_send(client);
	}
	bufferevent_disable(stream, EV_READ);
}

/* All sent: what waited in the buffer is next. */
static void client_sent(struct bufferevent *stream, void *arg)
{
	struct client *client = arg;

	if (client->done) {
		client_close(client);
		return;
	}
	bufferevent_enable(stream, EV_READ);
	client_read(stream, arg);
}

/* Who has said all still gets the answers; errors and idleness end it here. */
static void client_event(struct bufferevent *stream, short what, void *arg)
{
	struct client *client = arg;

	if (what & BEV_EVENT_EOF && evbuffer_get_length(bufferevent_get_output(stream)))
		client->done = true;
	else
		client_close(client);
}

static struct client *client_new(struct dns_server *server, evutil_socket_t fd)
{
	struct timeval idle = { .tv_sec = TCP_IDLE_S };
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->stream = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!client->stream) {
		free(client);
		return NULL;
	}
	client->server = server;
	client->next = server->clients;
	client->link = &server->clients;
	if (client->next)
		client->next->link = &client->next;
	server->clients = client;
	server->tally.daemon->tcp_open = ++server->nr_clients;
	bufferevent_setcb(client->stream, client_read, client_sent, client_event, client);
	bufferevent_set_timeouts(client->stream, &idle, &idle);
	bufferevent_setwatermark(client->stream, EV_READ, 0, TCP_FRAME + 65535);
	bufferevent_enable(client->stream, EV_READ | EV_WRITE);
	return client;
}

static void tcp_accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
			 int len, void *arg)
{
	struct door *door = arg;
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (door->server->nr_clients >= door->server->max_clients ||
	    !client_new(door->server, fd)) {
		door->server->tally.daemon->tcp_refused++;
		close(fd);
	}
}

/* --- sockets ---------------------------------------------------------------------------------- */

/*
 * Bound to a VIP that may not be there yet (IP_FREEBIND). SO_REUSEPORT lets the server of a new
 * configuration bind before the old one goes.
 */
static int door_socket(const struct ad_addr *address, int type)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(address, DNS_PORT, &sa);
	int on = 1, err, fd = socket(sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ||
	    (sa.ss_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on))) ||
	    setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&sa, len)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int door_open_udp(struct door *door)
{
	int fd = door_socket(&door->address, SOCK_DGRAM);

	if (fd < 0)
		return fd;
	door->udp = event_new(door->server->base, fd, EV_READ | EV_PERSIST, udp_ready, door);
	if (door->udp && !event_add(door->udp, NULL))
		return 0;
	if (door->udp)
		event_free(door->udp);
	door->udp = NULL;
	close(fd);
	return -ENOMEM;
}

static int door_open_tcp(struct door *door)
{
	int fd = door_socket(&door->address, SOCK_STREAM);

	if (fd < 0)
		return fd;
	door->tcp =
		evconnlistener_new(door->server->base, tcp_accepted, door,
				   LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, TCP_BACKLOG, fd);
	if (door->tcp) {
		listener_turn_away(door->tcp);
		return 0;
	}
	close(fd);
	return -ENOMEM;
}

static int door_open(struct door *door, struct dns_server *server, const struct ad_addr *address)
{
	char text[ADDR_TEXT];
	int err;

	door->server = server;
	door->address = *address;
	err = door_open_udp(door);
	if (!err)
		err = door_open_tcp(door);
	if (err)
		log_err("DNS on %s port %d: %s", addr_format(address, text), DNS_PORT,
			strerror(-err));
	return err;
}

static void door_close(struct door *door)
{
	int i, fd;

	if (door->udp) {
		fd = event_get_fd(door->udp);
		for (i = 0; i < UDP_LEFT_MAX && udp_answer_one(door->server, fd); i++)
			; /* what came before the successor's socket was there */
		event_free(door->udp);
		close(fd);
	}
	if (door->tcp)
		evconnlistener_free(door->tcp);
}

static int server_open(struct dns_server *server, const struct config *config)
{
	struct rlimit files;
	size_t i;
	int err = 0;

	server->max_clients = TCP_OPEN_MAX;
	if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur / 2 < TCP_OPEN_MAX)
		server->max_clients = files.rlim_cur / 2;
	server->doors = calloc(config->nr_vips + 1, sizeof(*server->doors));
	if (!server->doors)
		return -ENOMEM;
	for (i = 0; i < config->nr_vips && !err; i++)
		if (config->vips[i].dns)
			err = door_open(&server->doors[server->nr_doors++], server,
					&config->vips[i].address);
	return err;
}

int dns_server_new(struct event_base *base, const struct config *config, const struct pins *pins,
		   struct dns_server **result)
{
	struct dns_server *server = calloc(1, sizeof(*server));
	int err = -ENOMEM;

	if (!server)
		return err;
	server->base = base;
	server->work = calloc(1, sizeof(*server->work));
	if (server->work)
		err = dns_tally_open(&server->tally, pins);
	if (err)
		log_err("DNS counters of the daemon: %s", strerror(-err));
	else if (config->dns_unserved_pass)
		log_info("DNS: port 53 is left to another nameserver (dns.unserved: pass)");
	else
		err = server_open(server, config);
	if (err) {
		dns_server_free(server);
		return err;
	}
	server->tally.daemon->tcp_open = 0; /* of a daemon that was killed */
	*result = server;
	return 0;
}

void dns_server_use(struct dns_server *server, struct dns_zones *zones)
{
	dns_zones_free(server->zones);
	server->zones = zones;
}

void dns_server_free(struct dns_server *server)
{
	size_t i;

	if (!server)
		return;
	while (server->clients)
		client_close(server->clients);
	for (i = 0; i < server->nr_doors; i++)
		door_close(&server->doors[i]);
	dns_tally_close(&server->tally);
	dns_zones_free(server->zones);
	free(server->doors);
	free(server->work);
	free(server);
}
