/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sockets.h: the kernel's own list of TCP sockets in this network namespace (sock_diag).
 */
#ifndef AD_SOCKETS_H
#define AD_SOCKETS_H

#include <stdbool.h>
#include "user/config/config.h"

struct mnl_socket;

/* What the stack knows of a connection; all 0: nothing. */
struct socket_info {
	bool known;
	bool timestamps;     /* negotiated */
	__u32 rtt_us;	     /* smoothed (RFC 6298); 0: not measured */
	__u32 min_rtt_us;    /* the least of the last minutes; 0: not measured */
	__u32 retransmits;   /* segments sent again, since it began */
	__u32 cwnd;	     /* segments that may be under way */
	__u64 delivery_rate; /* bytes/s, as last measured; 0: not yet */
	__u64 rx_bytes;	     /* that its stream brought, without headers */
	__u64 tx_bytes;	     /* that were sent, those sent again included */
	__u32 rx_packets;    /* segments, also those without data */
	__u32 tx_packets;
	__u32 idle_ms; /* since a segment came, or data left */
	__u64 born_ns; /* CLOCK_MONOTONIC when it was accepted; 0: nobody noted it */
};

/* One socket with a peer; IPv4 on an IPv6 socket looks like IPv4. */
struct socket_entry {
	struct ad_tuple tuple;	 /* vip side = local side */
	__u8 state;		 /* TCP_ESTABLISHED ... of netinet/tcp.h */
	struct socket_info info; /* only known when asked for */
};

enum sockets_which {
	SOCKETS_ALL,  /* every state but LISTEN, half-open and TIME_WAIT included */
	SOCKETS_LIVE, /* from ESTABLISHED to the last ACK; all is filled */
	SOCKETS_BARE, /* the same, and nothing is asked of them: info is not known */
};

/* The addresses whose sockets are listed, sorted for search. */
struct vip_set {
	struct ad_addr list[AD_VIP_MAX];
	size_t nr;
};
/* Those of a data path with all of @flags (AD_LOCAL_*); @locals: fd. 0 or -errno. */
int vip_set_read(struct vip_set *vips, int locals, __u16 flags);
bool vip_set_has(const struct vip_set *vips, const struct ad_addr *addr);

/*
 * Calls @each for every such socket of a VIP until it returns non-zero, which is then returned.
 * 0, or -errno of the netlink exchange.
 */
int sockets_each(enum sockets_which which, const struct vip_set *vips,
		 int (*each)(const struct socket_entry *socket, void *arg), void *arg);

/* How many are live, or -errno. */
int sockets_count(const struct vip_set *vips);

/*
 * A walk over the same, which may pause: each step asks the kernel for the next hundred or so. It
 * does not see all at one moment. @born: fd of the map that says when each was accepted
 * (maps/connections.h), or negative; without the right to read it that stays unknown.
 */
struct sockets_walk;
int sockets_walk_open(enum sockets_which which, const struct vip_set *vips, int born,
		      struct sockets_walk **walk);
/* 0: there may be more; -ENOENT: that were all; what @each returned; or -errno. */
int sockets_walk_step(struct sockets_walk *walk,
		      int (*each)(const struct socket_entry *socket, void *arg), void *arg);
void sockets_walk_close(struct sockets_walk *walk);

/*
 * To ask for single ones. NULL and errno; sockets_close() takes NULL. The socket of @tuple is
 * looked for as the kernel does it for a packet: 0 and @info, -ENOENT, or -errno of the exchange.
 */
struct mnl_socket *sockets_open(void);
int sockets_find(struct mnl_socket *nl, const struct ad_tuple *tuple, struct socket_info *info);
void sockets_close(struct mnl_socket *nl);

#endif
