/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * addr.h: addresses as the data path keeps them (struct ad_addr, IPv4 as IPv4-mapped IPv6),
 * read from and written as text.
 */
#ifndef AD_ADDR_H
#define AD_ADDR_H

#include <stdbool.h>
#include <netinet/in.h>
#include "maps/types.h"

struct ifaddrs;

#define ADDR_TEXT 46 /* INET6_ADDRSTRLEN */

/* 0, or -EINVAL. Accepts dotted quads and RFC 4291 text; no zone index, no port. */
int addr_parse(const char *text, struct ad_addr *addr);
/* Writes at most ADDR_TEXT bytes, NUL terminated, and returns @text. IPv4 as dotted quad. */
const char *addr_format(const struct ad_addr *addr, char text[ADDR_TEXT]);
bool addr_is_ip4(const struct ad_addr *addr);
/* Total order (memcmp). */
int addr_compare(const struct ad_addr *a, const struct ad_addr *b);
/* True if any bit after the first @bits is set. */
bool addr_beyond(const struct ad_addr *addr, unsigned int bits);
/* Fills a sockaddr of the right family, port in host order; returns its length. */
socklen_t addr_to_sockaddr(const struct ad_addr *addr, __u16 port, struct sockaddr_storage *sa);
int addr_from_sockaddr(const struct sockaddr *sa, struct ad_addr *addr, __u16 *port);
/* Whether an interface has it; @list: from getifaddrs(). */
bool addr_is_among(const struct ifaddrs *list, const struct ad_addr *addr);
/* "1.2.3.4:80" and "[2001:db8::1]:80" and ":80" (any address). 0 or -EINVAL. */
int addr_parse_endpoint(const char *text, struct ad_addr *addr, __u16 *port);

#endif
