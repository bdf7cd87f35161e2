/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * port.h: which processes have a port of this host, in this network namespace. Changes nothing.
 */
#ifndef AD_PORT_H
#define AD_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include "maps/types.h"

#define PORT_BOUND_MAX 512
#define PORT_WHO_TEXT  96

/* A socket that is bound to the port: UDP, or TCP that listens. */
struct port_socket {
	struct ad_addr address; /* :: stands for all addresses of @family */
	__u8 family;		/* AF_INET, AF_INET6 */
	bool any;		/* all addresses */
	bool ip6_only;		/* no IPv4 on this IPv6 socket */
	bool tcp;
	bool own; /* of this very process */
	__u32 inode, uid;
};
struct port_sockets {
	struct port_socket list[PORT_BOUND_MAX];
	size_t nr;
};

struct port_holder {
	int pid;	  /* 0: we may not see it */
	char program[16]; /* as ps shows it */
	__u32 uid;
	bool tcp;
	bool ours; /* it is an anydoor */
};

/* All sockets on @port. 0 or -errno. */
int port_read(__u16 port, struct port_sockets *sockets);
/*
 * The first socket that keeps us from binding @address, and the process that has it: true. False if
 * the address is free, if only an anydoor of this host has it, or if we may not see who has it
 * (which needs root).
 */
bool port_is_taken(const struct port_sockets *sockets, const struct ad_addr *address,
		   struct port_holder *holder);
/* "UDP by named, process 123", for people. */
const char *port_who(const struct port_holder *holder, char text[PORT_WHO_TEXT]);

#endif
