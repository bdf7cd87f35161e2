// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sockets.c: sockets of the VIPs, brought into a wanted state by clients made of raw frames.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <sys/socket.h>
#include "selftests/sum.h"
#include "world.h"
#include "user/base/addr.h"

#define SOCKETS_MAX	64
#define CLIENT_ISN	1000u
#define ACKED		0x05060708u /* world.py: ACKED and MAX_WINDOW */
#define MAX_WINDOW	4096u
#define UNSENT		100 /* bytes; likewise */
#define FRAME_BYTES_MAX (ETH_HLEN + 40 + 20)
#define HANDSHAKE_MS	5000 /* a loaded machine may take its time */
#define PAUSE_MS	10
#define TIME_WAIT_SURE	45 /* s; of the 60 that it lasts, for a slow machine's vector */
#define TIME_WAIT_OVER	66 /* s; timers of a minute may be two seconds late */

static struct open_socket {
	const struct socket_plan *plan;
	__u32 next; /* our stack's next sequence number */
	int fd;	    /* accepted, or -1 */
	time_t since;
} opened[SOCKETS_MAX];
static size_t nr_opened;

static struct listener {
	struct ad_addr vip;
	__be16 port;
	int fd;
} listeners[SOCKETS_MAX];
static size_t nr_listeners;

/* A segment that our stack sent to a client. */
struct segment {
	__u32 seq;
	bool syn, fin;
};

static int outside_fd(void)
{
	static int fd = -1;
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(WORLD_OUTSIDE),
	};

	if (fd >= 0)
		return fd;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void tcp_fill(struct tcphdr *tcp, const struct ad_tuple *tuple, __u32 seq, __u32 ack,
		     const char *flags)
{
	const __u8 *client = tuple->client.b, *vip = tuple->vip.b;
	int skip = addr_is_ip4(&tuple->client) ? 12 : 0;
	__u32 sum = IPPROTO_TCP + sizeof(*tcp);

	memset(tcp, 0, sizeof(*tcp));
	tcp->source = tuple->client_port;
	tcp->dest = tuple->vip_port;
	tcp->seq = htonl(seq);
	tcp->ack_seq = htonl(ack);
	tcp->doff = sizeof(*tcp) / 4;
	tcp->window = htons(65535);
	tcp->syn = !!strchr(flags, 'S');
	tcp->ack = !!strchr(flags, 'A');
	tcp->fin = !!strchr(flags, 'F');
	sum = sum_bytes(sum, client + skip, 16 - skip);
	sum = sum_bytes(sum, vip + skip, 16 - skip);
	tcp->check = sum_fold(sum_bytes(sum, tcp, sizeof(*tcp)));
}

static size_t ip_fill(__u8 *at, const struct ad_tuple *tuple)
{
	struct ipv6hdr *ip6 = (void *)at;
	struct iphdr *ip4 = (void *)at;

	if (!addr_is_ip4(&tuple->client)) {
		*ip6 = (struct ipv6hdr){ .version = 6, .nexthdr = IPPROTO_TCP, .hop_limit = 64 };
		ip6->payload_len = htons(sizeof(struct tcphdr));
		memcpy(&ip6->saddr, &tuple->client, 16);
		memcpy(&ip6->daddr, &tuple->vip, 16);
		return sizeof(*ip6);
	}
	*ip4 = (struct iphdr){ .version = 4, .ihl = 5, .protocol = IPPROTO_TCP, .ttl = 64 };
	ip4->tot_len = htons(sizeof(*ip4) + sizeof(struct tcphdr));
	ip4->saddr = tuple->client.w[3];
	ip4->daddr = tuple->vip.w[3];
	ip4->check = sum_fold(sum_bytes(0, ip4, sizeof(*ip4)));
	return sizeof(*ip4);
}

/* The uplink's own address is the destination; nobody looks at the source. */
static int client_send(const struct ad_tuple *tuple, __u32 seq, __u32 ack, const char *flags)
{
	__u8 frame[FRAME_BYTES_MAX] = {};
	struct ethhdr *eth = (void *)frame;
	struct tcphdr tcp;
	size_t len;

	memcpy(eth->h_dest, (const __u8[]){ 2, 0, 0, 0, 0, 2 }, ETH_ALEN);
	memcpy(eth->h_source, (const __u8[]){ 2, 0, 0, 0, 0, 1 }, ETH_ALEN);
	eth->h_proto = htons(addr_is_ip4(&tuple->client) ? ETH_P_IP : ETH_P_IPV6);
	len = sizeof(*eth) + ip_fill(frame + sizeof(*eth), tuple);
	tcp_fill(&tcp, tuple, seq, ack, flags);
	memcpy(frame + len, &tcp, sizeof(tcp));
	len += sizeof(tcp);
	return send(outside_fd(), frame, len, 0) == (ssize_t)len ? 0 : -errno;
}

/* Is this frame a segment of @tuple's server? Ports are enough: every plan has its own. */
static bool segment_parse(const __u8 *frame, ssize_t len, const struct ad_tuple *tuple,
			  struct segment *segment)
{
	size_t at = ETH_HLEN + (addr_is_ip4(&tuple->client) ? 20 : 40);
	struct tcphdr tcp;

	if (len < (ssize_t)(at + sizeof(tcp)))
		return false;
	memcpy(&tcp, frame + at, sizeof(tcp));
	segment->seq = ntohl(tcp.seq);
	segment->syn = tcp.syn;
	segment->fin = tcp.fin;
	return tcp.source == tuple->vip_port && tcp.dest == tuple->client_port;
}

static int client_receive(const struct ad_tuple *tuple, struct segment *segment)
{
	struct pollfd ready = { .fd = outside_fd(), .events = POLLIN };
	__u8 frame[2048];
	ssize_t len;

	while (poll(&ready, 1, HANDSHAKE_MS) > 0) {
		len = recv(ready.fd, frame, sizeof(frame), 0);
		if (len > 0 && segment_parse(frame, len, tuple, segment))
			return 0;
	}
	return -ETIMEDOUT;
}

static int listener_bind(const struct ad_tuple *tuple)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&tuple->vip, ntohs(tuple->vip_port), &sa);
	int on = 1, fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&sa, len) || listen(fd, 16)) {
		close(fd);
		return -errno;
	}
	return fd;
}

static int listener_get(const struct ad_tuple *tuple)
{
	struct listener *listener;
	size_t i;

	for (i = 0; i < nr_listeners; i++) {
		listener = &listeners[i];
		if (listener->port == tuple->vip_port && !addr_compare(&listener->vip, &tuple->vip))
			return listener->fd;
	}
	if (nr_listeners == SOCKETS_MAX)
		return -ENOSPC;
	listener = &listeners[nr_listeners++];
	listener->vip = tuple->vip;
	listener->port = tuple->vip_port;
	listener->fd = listener_bind(tuple);
	return listener->fd;
}

/* SYN and SYN-ACK: leaves a half-open socket, or a cookie and no socket. */
static int client_open(struct open_socket *open)
{
	const struct ad_tuple *tuple = &open->plan->tuple;
	struct segment segment = {};
	int err;

	err = client_send(tuple, CLIENT_ISN, 0, "S");
	if (!err)
		err = client_receive(tuple, &segment);
	if (!err && !segment.syn)
		err = -EPROTO;
	if (!err)
		open->next = segment.seq + 1;
	return err;
}

static int server_accept(struct open_socket *open, int listener)
{
	int i;

	for (i = 0; i < HANDSHAKE_MS / PAUSE_MS; i++) {
		open->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (open->fd >= 0 || errno != EAGAIN)
			break;
		usleep(PAUSE_MS * 1000);
	}
	return open->fd < 0 ? -errno : 0;
}

static int client_establish(struct open_socket *open, int listener)
{
	int err = client_open(open)
			  ?: client_send(&open->plan->tuple, CLIENT_ISN + 1, open->next, "A");

	return err ?: server_accept(open, listener);
}

/* The server closes first, so that TIME_WAIT is its own. */
static int client_close(struct open_socket *open)
{
	const struct ad_tuple *tuple = &open->plan->tuple;
	struct segment segment = {};
	int err = 0;

	close(open->fd);
	open->fd = -1;
	while (!err && !segment.fin)
		err = client_receive(tuple, &segment);
	open->next = segment.seq + 1;
	err = err ?: client_send(tuple, CLIENT_ISN + 1, open->next, "FA");
	return err ?: client_receive(tuple, &segment); /* its last ACK: TIME_WAIT now */
}

static int cookies_set(const char *value)
{
	int fd = open("/proc/sys/net/ipv4/tcp_syncookies", O_WRONLY | O_CLOEXEC);
	int err = fd < 0 || write(fd, value, 1) != 1 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

/* A cookie is only believed while its listener overflows: 2 says that every one does. */
static int client_open_cookie(struct open_socket *open)
{
	int err = cookies_set("2");

	err = err ?: client_open(open);
	return cookies_set("1") ?: err;
}

static int repair_set(int fd, int option, int value)
{
	return setsockopt(fd, IPPROTO_TCP, option, &value, sizeof(value));
}

/* Where a socket of ours stands is said and not left to chance, so that vectors can hit and miss
 * it. */
static int server_establish(struct open_socket *open)
{
	const struct ad_tuple *tuple = &open->plan->tuple;
	struct tcp_repair_window window = { .max_window = MAX_WINDOW, .rcv_wnd = 65535 };
	struct sockaddr_storage vip, client;
	socklen_t bytes = addr_to_sockaddr(&tuple->vip, ntohs(tuple->vip_port), &vip);

	addr_to_sockaddr(&tuple->client, ntohs(tuple->client_port), &client);
	open->next = ACKED;
	open->fd = socket(vip.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (open->fd < 0 || repair_set(open->fd, TCP_REPAIR, 1) ||
	    bind(open->fd, (struct sockaddr *)&vip, bytes) ||
	    repair_set(open->fd, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE) ||
	    repair_set(open->fd, TCP_QUEUE_SEQ, ACKED) ||
	    connect(open->fd, (struct sockaddr *)&client, bytes) ||
	    setsockopt(open->fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &window, sizeof(window)) ||
	    repair_set(open->fd, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP))
		return -errno;
	return 0;
}

/* No window was ever announced, so all of it waits. */
static int server_write(const struct open_socket *open)
{
	static const char waiting[UNSENT];

	return send(open->fd, waiting, UNSENT, MSG_DONTWAIT) == UNSENT ? 0 : -errno;
}

static int socket_reach(struct open_socket *open, int listener)
{
	switch (open->plan->kind) {
	case SOCKET_LISTEN:
		return 0;
	case SOCKET_COOKIE:
		return client_open_cookie(open);
	case SOCKET_HALF_OPEN:
		return client_open(open);
	case SOCKET_ESTABLISHED:
		return server_establish(open);
	case SOCKET_UNSENT:
		return server_establish(open) ?: server_write(open);
	case SOCKET_TIME_WAIT:
		return client_establish(open, listener) ?: client_close(open);
	}
	return -EINVAL;
}

static struct open_socket *socket_find(const char *name)
{
	size_t i;

	for (i = 0; i < nr_opened; i++) {
		if (!strcmp(opened[i].plan->name, name))
			return &opened[i];
	}
	return NULL;
}

/* Will it last? Where a thousand vectors take minutes, one in TIME_WAIT is made anew in time. */
static bool socket_lasts(const struct open_socket *open)
{
	time_t age = time(NULL) - open->since;

	if (open->plan->kind != SOCKET_TIME_WAIT || age < TIME_WAIT_SURE)
		return true;
	if (age < TIME_WAIT_OVER)
		sleep(TIME_WAIT_OVER - age);
	return false;
}

int world_socket_open(const struct socket_plan *plan)
{
	struct open_socket *open = socket_find(plan->name), *old = open;
	int err, listener;

	if (open && socket_lasts(open))
		return 0;
	if ((!open && nr_opened == SOCKETS_MAX) || outside_fd() < 0)
		return -ENOSPC;
	listener = listener_get(&plan->tuple);
	if (listener < 0)
		return listener;
	if (!open)
		open = &opened[nr_opened];
	*open = (struct open_socket){ .plan = plan, .fd = -1, .since = time(NULL) };
	err = socket_reach(open, listener);
	if (!err && !old)
		nr_opened++;
	return err;
}

__u32 world_socket_next(const char *name)
{
	const struct open_socket *open = socket_find(name);

	return open ? open->next : 0;
}
