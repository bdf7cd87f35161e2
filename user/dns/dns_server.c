// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_server.c: port 53 in the daemon (dns_service.h): what the kernel passes up, and TCP.
 *
 * One socket per VIP and protocol, so that a reply leaves from the address that was asked. With
 * `unserved: pass` another name server has the port on this host, and nothing is opened.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "dns_server_internal.h"
#include "dns_service.h"
#include "dns_zones.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/listener.h"
#include "user/base/log.h"
#include "user/config/config.h"
#include "user/net/port.h"
#include "user/state/pins.h"
#include "user/steer/pops.h"

#define DNS_PORT     53
#define UDP_BURST    64	  /* datagrams in a row before other events are handled */
#define UDP_TURN_US  1000 /* the same for datagrams that take long */
#define UDP_LEFT_MAX 4096 /* datagrams that are still read from a socket before it is closed */
#define TCP_BACKLOG  4096 /* or net.core.somaxconn */

/* The sockets of one VIP. NULL: another process has the port. */
struct endpoint {
	struct dns_server *server;
	struct ad_addr address;
	struct event *udp;
	struct evconnlistener *tcp;
	bool lent; /* the server of a new configuration has the same sockets */
	bool told; /* whether it was logged that another process has the port */
};

/* --- answering -------------------------------------------------------------------------------- */

static void server_count(struct dns_server *server)
{
	const struct dns_work *work = server->work;
	struct ad_dns_count *count = &server->tally.daemon->udp;
	__u32 counter;

	if (work->tcp)
		count = &server->tally.daemon->tcp;
	dns_count_reply(work, count, !dns_from_ip4(work));
	if (work->zone == DNS_NOT_COUNTED)
		return;
	counter = dns_image_zone(server->zones->image, work->zone)->counter;
	if (counter < AD_DNS_ZONE_MAX)
		server->tally.zones[counter]++;
}

static void server_count_rules(struct dns_server *server)
{
	const struct dns_work *work = server->work;
	struct ad_dns_rule_counts *count = server->tally.rule_counts;

	if (work->cookie_state)
		count->cookies[work->cookie_state]++;
	if (work->limited)
		count->limited[work->limited][work->limited_class]++;
}

bool dns_server_answer(struct dns_server *server, size_t len, const struct ad_addr *client,
		       bool tcp)
{
	struct dns_work *work = server->work;
	const struct ad_dns_image *image;
	int verdict;

	if (!server->zones)
		return false;
	work->len = len;
	work->tcp = tcp;
	work->idle = server->tcp.idle_s * 10;
	work->client = *client;
	work->home = server->zones->image;
	work->limiter = server->limiter;
	work->steering = server->steering.table ? &server->steering : NULL;
	image = dns_image(work);
	verdict = image ? dns_respond(work, image) : DNS_IGNORE;
	if (verdict == DNS_SEND)
		server_count(server);
	if (verdict == DNS_SEND || verdict == DNS_DROP)
		server_count_rules(server);
	return verdict == DNS_SEND;
}

/* Our datagrams are never fragmented: if one is too long for the interface, the client gets TC. */
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

/* False: there is no datagram. */
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
	struct endpoint *endpoint = arg;
	__u64 end_us = clock_mono_us() + UDP_TURN_US;
	int i;

	for (i = 0; i < UDP_BURST && clock_mono_us() < end_us; i++)
		if (!udp_answer_one(endpoint->server, fd))
			return;
}

static void tcp_accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
			 int len, void *arg)
{
	struct endpoint *endpoint = arg;

	if (listener_spares(fd))
		dns_tcp_accept(endpoint->server, fd, from);
}

/* --- sockets ---------------------------------------------------------------------------------- */

/*
 * Binds to a VIP, which need not be configured yet (IP_FREEBIND). The port is not shared: with
 * SO_REUSEPORT, or SO_REUSEADDR for datagrams, another socket could get all datagrams. SO_REUSEADDR
 * of a listener only allows old connections on the port.
 */
static int endpoint_socket(const struct ad_addr *address, int type)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(address, DNS_PORT, &sa);
	int on = 1, err, fd = socket(sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if ((type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on))) ||
	    (sa.ss_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on))) ||
	    setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&sa, len) ||
	    (type == SOCK_STREAM && listen(fd, TCP_BACKLOG))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* Sets DF and ignores path MTU messages: a forged "too big" must not fragment answers. */
static int forbid_fragments(int fd, bool ip6)
{
	int probe = ip6 ? IPV6_PMTUDISC_PROBE : IP_PMTUDISC_PROBE, on = 1;

	if (!ip6)
		return setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof(probe));
	return setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe, sizeof(probe)) ||
	       setsockopt(fd, IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof(on));
}

static int socket_udp(const struct ad_addr *address)
{
	int fd = endpoint_socket(address, SOCK_DGRAM);

	if (fd >= 0 && forbid_fragments(fd, !addr_is_ip4(address))) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

/* Takes @fd. */
static int endpoint_use_udp(struct endpoint *endpoint, int fd)
{
	if (fd < 0)
		return fd;
	endpoint->udp =
		event_new(endpoint->server->base, fd, EV_READ | EV_PERSIST, udp_ready, endpoint);
	if (endpoint->udp && !event_add(endpoint->udp, NULL))
		return 0;
	if (endpoint->udp)
		event_free(endpoint->udp);
	endpoint->udp = NULL;
	close(fd);
	return -ENOMEM;
}

/* Takes @fd. */
static int endpoint_use_tcp(struct endpoint *endpoint, int fd)
{
	if (fd < 0)
		return fd;
	endpoint->tcp = evconnlistener_new(endpoint->server->base, tcp_accepted, endpoint,
					   LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (endpoint->tcp) {
		listener_turn_away(endpoint->tcp);
		return 0;
	}
	close(fd);
	return -ENOMEM;
}

static int duplicate(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -errno : copy;
}

/* Takes the sockets of @before, which serves the same address and will be freed. */
static int endpoint_borrow(struct endpoint *endpoint, struct endpoint *before)
{
	int err = 0;

	if (before->udp)
		err = endpoint_use_udp(endpoint, duplicate(event_get_fd(before->udp)));
	if (!err && before->tcp)
		err = endpoint_use_tcp(endpoint, duplicate(evconnlistener_get_fd(before->tcp)));
	endpoint->told = before->told;
	before->lent = !err;
	return err;
}

static void tell_taken(struct endpoint *endpoint)
{
	char text[ADDR_TEXT], who[PORT_WHO_TEXT];
	struct port_sockets sockets;
	struct port_holder holder;

	addr_format(&endpoint->address, text);
	if (!endpoint->told && !port_read(DNS_PORT, &sockets) &&
	    port_is_taken(&sockets, &endpoint->address, &holder))
		log_err("DNS on %s: port %d is held for %s; what the kernel passes up is not "
			"answered here: stop it, let it listen on other addresses, or set "
			"dns.unserved: pass",
			text, DNS_PORT, port_who(&holder, who));
	else if (!endpoint->told)
		log_err("DNS on %s: port %d is held by somebody else", text, DNS_PORT);
	endpoint->told = true;
}

/*
 * Opens the sockets that are missing. -EADDRINUSE is logged and is no failure: the other process
 * may end.
 */
static int endpoint_open(struct endpoint *endpoint)
{
	char text[ADDR_TEXT];
	int err = 0;

	if (!endpoint->udp)
		err = endpoint_use_udp(endpoint, socket_udp(&endpoint->address));
	if ((!err || err == -EADDRINUSE) && !endpoint->tcp) {
		int err_tcp = endpoint_use_tcp(endpoint,
					       endpoint_socket(&endpoint->address, SOCK_STREAM));

		err = err ?: err_tcp;
	}
	if (err == -EADDRINUSE)
		tell_taken(endpoint);
	else if (err)
		log_err("DNS on %s port %d: %s", addr_format(&endpoint->address, text), DNS_PORT,
			strerror(-err));
	else if (endpoint->told)
		log_info("DNS on %s: port %d is free again, and served",
			 addr_format(&endpoint->address, text), DNS_PORT);
	endpoint->told = err == -EADDRINUSE;
	return err == -EADDRINUSE ? 0 : err;
}

static void endpoint_close(struct endpoint *endpoint)
{
	bool last = !endpoint->lent && endpoint->server->zones;
	int i, fd;

	if (endpoint->udp) {
		fd = event_get_fd(endpoint->udp);
		for (i = 0; last && i < UDP_LEFT_MAX && udp_answer_one(endpoint->server, fd); i++)
			; /* datagrams to an address that is no longer served */
		event_free(endpoint->udp);
		close(fd);
	}
	if (endpoint->tcp)
		evconnlistener_free(endpoint->tcp);
}

static struct endpoint *find_endpoint(struct dns_server *server, const struct ad_addr *address)
{
	for (size_t i = 0; server && i < server->nr_endpoints; i++)
		if (!addr_compare(&server->endpoints[i].address, address))
			return &server->endpoints[i];
	return NULL;
}

static int server_open(struct dns_server *server, const struct config *config,
		       struct dns_server *before)
{
	size_t i;
	int err = 0;

	server->endpoints = calloc(config->nr_vips + 1, sizeof(*server->endpoints));
	if (!server->endpoints)
		return -ENOMEM;
	/* A new server may have borrowed them and may then have failed. */
	for (i = 0; before && i < before->nr_endpoints; i++)
		before->endpoints[i].lent = false;
	for (i = 0; i < config->nr_vips && !err; i++) {
		struct endpoint *endpoint = &server->endpoints[server->nr_endpoints], *same;

		if (!config->vips[i].dns)
			continue;
		server->nr_endpoints++;
		endpoint->server = server;
		endpoint->address = config->vips[i].address;
		same = find_endpoint(before, &endpoint->address);
		err = same ? endpoint_borrow(endpoint, same) : 0;
		err = err ?: endpoint_open(endpoint);
	}
	return err;
}

void dns_server_tend(struct dns_server *server)
{
	for (size_t i = 0; i < server->nr_endpoints; i++)
		if (server->endpoints[i].told)
			endpoint_open(&server->endpoints[i]);
}

int dns_server_new(struct event_base *base, const struct config *config, const struct pins *pins,
		   struct dns_server *before, struct dns_server **result)
{
	struct dns_server *server = calloc(1, sizeof(*server));
	int err = -ENOMEM;

	if (!server)
		return err;
	server->base = base;
	server->work = calloc(1, sizeof(*server->work));
	if (server->work)
		err = dns_tally_open(&server->tally, pins);
	server->pops = pops_map(pins);
	err = err ?: dns_tcp_open(server, config);
	if (err)
		log_err("DNS: the daemon's own half cannot start: %s", strerror(-err));
	else if (config->dns_unserved_pass)
		log_info("DNS: port 53 is left to another nameserver (dns.unserved: pass)");
	else
		err = server_open(server, config, before);
	if (err) {
		dns_server_free(server); /* it has no zones yet */
		return err;
	}
	server->tally.daemon->tcp_open = 0; /* of a daemon that was killed */
	*result = server;
	return 0;
}

struct dns_zones *dns_server_use(struct dns_server *server, struct dns_zones *zones)
{
	struct dns_zones *before = server->zones;

	server->zones = zones;
	server->steering = dns_steering_of(NULL, NULL);
	if (zones && server->pops)
		server->steering = dns_steering_of(zones->steering,
						   server->pops + zones->slot * AD_STEER_BANK);
	return before;
}

const struct dns_zones *dns_server_zones(const struct dns_server *server)
{
	return server->zones;
}

void dns_server_limit(struct dns_server *server, struct dns_limiter *limiter)
{
	if (server->limiter)
		dns_limiter_inherit(limiter, server->limiter);
	dns_limiter_free(server->limiter);
	server->limiter = limiter;
}

void dns_server_tune(struct dns_server *server, const struct config *config)
{
	dns_tcp_tune(server, config);
}

struct dns_zones *dns_server_free(struct dns_server *server)
{
	struct dns_zones *zones;
	size_t i;

	if (!server)
		return NULL;
	dns_tcp_close(server);
	for (i = 0; i < server->nr_endpoints; i++)
		endpoint_close(&server->endpoints[i]);
	zones = server->zones;
	dns_tally_close(&server->tally);
	pops_unmap(server->pops);
	dns_limiter_free(server->limiter);
	free(server->endpoints);
	free(server->work);
	free(server);
	return zones;
}
