// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_server.c: port 53 in the daemon (dns_service.h): what the kernel passes up, and TCP.
 *
 * One socket per VIP and protocol, so that a reply leaves from the address that was asked. With
 * `unserved: pass` another nameserver owns the port on this host, and there is nothing to do.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "addr.h"
#include "config.h"
#include "dns_server_internal.h"
#include "dns_service.h"
#include "dns_zones.h"
#include "listener.h"
#include "log.h"
#include "pins.h"

#define DNS_PORT     53
#define UDP_BURST    64	  /* datagrams before other events get their turn */
#define UDP_LEFT_MAX 4096 /* datagrams of a socket that is about to close */
#define TCP_BACKLOG  4096 /* or net.core.somaxconn */

/* One VIP. */
struct door {
	struct dns_server *server;
	struct ad_addr address;
	struct event *udp;
	struct evconnlistener *tcp;
};

/* --- answering -------------------------------------------------------------------------------- */

static void server_count(struct dns_server *server)
{
	const struct dns_work *work = server->work;
	struct ad_dns_count *count = &server->tally.daemon->udp;
	__u32 slot;

	if (work->tcp)
		count = &server->tally.daemon->tcp;
	dns_count_reply(work, count, !dns_from_ip4(work));
	if (work->zone == DNS_NOT_COUNTED)
		return;
	slot = dns_image_zone(server->zones->image, work->zone)->slot;
	if (slot < AD_DNS_ZONE_MAX)
		server->tally.zones[slot]++;
}

static void server_count_guard(struct dns_server *server)
{
	const struct dns_work *work = server->work;
	struct ad_dns_guarded *count = server->tally.guarded;

	if (work->cookie_state)
		count->cookies[work->cookie_state]++;
	if (work->limited)
		count->limited[work->limited][work->limited_class]++;
}

bool dns_server_answer(struct dns_server *server, size_t len, const struct ad_addr *client,
		       bool tcp)
{
	struct dns_work *work = server->work;
	int verdict;

	if (!server->zones)
		return false;
	work->len = len;
	work->tcp = tcp;
	work->idle = server->tcp.idle_s * 10;
	work->client = *client;
	work->home = server->zones->image;
	work->guard = server->guard;
	verdict = dns_respond(work, dns_image(work));
	if (verdict == DNS_SEND)
		server_count(server);
	if (verdict == DNS_SEND || verdict == DNS_DROP)
		server_count_guard(server);
	return verdict == DNS_SEND;
}

/* No datagram of ours is ever fragmented: if the interface is too narrow, the client hears TC. */
static void udp_send(struct dns_server *server, int fd, const struct sockaddr *to, socklen_t len)
{
	struct dns_work *work = server->work;

	if (sendto(fd, work->msg, work->len, MSG_DONTWAIT, to, len) >= 0 || errno != EMSGSIZE ||
	    work->len <= DNS_UDP_MIN)
		return;
	dns_truncate(work);
	dns_finish(work, dns_image(work));
	server->tally.daemon->udp.truncated++;
	sendto(fd, work->msg, work->len, MSG_DONTWAIT, to, len);
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
	if (addr_from_sockaddr((struct sockaddr *)&from, &address, &port) || dns_odd_port(port) ||
	    addr_is_ip4(&address) != (from.ss_family == AF_INET)) /* mapped, on a wire: nobody's */
		return true;
	if (dns_server_answer(server, len, &address, false))
		udp_send(server, fd, (struct sockaddr *)&from, from_len);
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

static void tcp_accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
			 int len, void *arg)
{
	struct door *door = arg;

	dns_tcp_accept(door->server, fd, from);
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

/* DF, and nobody's word on how wide the path is: a forged "too big" must not split answers. */
static int forbid_fragments(int fd, bool ip6)
{
	int probe = ip6 ? IPV6_PMTUDISC_PROBE : IP_PMTUDISC_PROBE, on = 1;

	if (!ip6)
		return setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof(probe));
	return setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe, sizeof(probe)) ||
	       setsockopt(fd, IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof(on));
}

static int door_open_udp(struct door *door)
{
	int fd = door_socket(&door->address, SOCK_DGRAM);

	if (fd < 0)
		return fd;
	if (forbid_fragments(fd, !addr_is_ip4(&door->address))) {
		close(fd);
		return -EINVAL;
	}
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
	size_t i;
	int err = 0;

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
	err = err ?: dns_tcp_open(server, config);
	if (err)
		log_err("DNS: the daemon's own half cannot start: %s", strerror(-err));
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

const struct dns_zones *dns_server_zones(const struct dns_server *server)
{
	return server->zones;
}

void dns_server_guard(struct dns_server *server, struct dns_guard *guard)
{
	if (server->guard)
		dns_guard_inherit(guard, server->guard);
	dns_guard_free(server->guard);
	server->guard = guard;
}

void dns_server_tune(struct dns_server *server, const struct config *config)
{
	dns_tcp_tune(server, config);
}

void dns_server_free(struct dns_server *server)
{
	size_t i;

	if (!server)
		return;
	dns_tcp_close(server);
	for (i = 0; i < server->nr_doors; i++)
		door_close(&server->doors[i]);
	dns_tally_close(&server->tally);
	dns_zones_free(server->zones);
	dns_guard_free(server->guard);
	free(server->doors);
	free(server->work);
	free(server);
}
