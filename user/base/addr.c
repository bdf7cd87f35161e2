// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * addr.c: one 16-byte form for addresses of both families.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>
#include "addr.h"

static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

int addr_parse(const char *text, struct ad_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (inet_pton(AF_INET6, text, addr->b) == 1)
		return 0;
	if (inet_pton(AF_INET, text, &addr->w[3]) != 1)
		return -EINVAL;
	memcpy(addr->b, mapped, sizeof(mapped));
	return 0;
}

bool addr_is_ip4(const struct ad_addr *addr)
{
	return !memcmp(addr->b, mapped, sizeof(mapped));
}

const char *addr_format(const struct ad_addr *addr, char text[ADDR_TEXT])
{
	if (addr_is_ip4(addr))
		inet_ntop(AF_INET, &addr->w[3], text, ADDR_TEXT);
	else
		inet_ntop(AF_INET6, addr->b, text, ADDR_TEXT);
	return text;
}

int addr_compare(const struct ad_addr *a, const struct ad_addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

bool addr_beyond(const struct ad_addr *addr, unsigned int bits)
{
	unsigned int i;

	for (i = bits; i < 128; i++)
		if (addr->b[i / 8] & 0x80 >> i % 8)
			return true;
	return false;
}

socklen_t addr_to_sockaddr(const struct ad_addr *addr, __u16 port, struct sockaddr_storage *sa)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;
	struct sockaddr_in *in = (struct sockaddr_in *)sa;

	memset(sa, 0, sizeof(*sa));
	if (addr_is_ip4(addr)) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr.s_addr = addr->w[3];
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, addr->b, sizeof(addr->b));
	return sizeof(*in6);
}

int addr_from_sockaddr(const struct sockaddr *sa, struct ad_addr *addr, __u16 *port)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
	const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

	memset(addr, 0, sizeof(*addr));
	switch (sa->sa_family) {
	case AF_INET:
		memcpy(addr->b, mapped, sizeof(mapped));
		addr->w[3] = in->sin_addr.s_addr;
		*port = ntohs(in->sin_port);
		return 0;
	case AF_INET6:
		memcpy(addr->b, &in6->sin6_addr, sizeof(addr->b));
		*port = ntohs(in6->sin6_port);
		return 0;
	}
	return -EAFNOSUPPORT;
}

static int port_parse(const char *text, __u16 *port)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long value;

	if (!digits || digits > 5 || text[digits])
		return -EINVAL;
	value = strtoul(text, NULL, 10);
	if (!value || value > 65535)
		return -EINVAL;
	*port = value;
	return 0;
}

int addr_parse_endpoint(const char *text, struct ad_addr *addr, __u16 *port)
{
	const char *colon = strrchr(text, ':'), *from = text, *to = colon;
	char host[ADDR_TEXT];

	memset(addr, 0, sizeof(*addr));
	if (!colon)
		return -EINVAL;
	if (colon == text)
		return port_parse(colon + 1, port);
	if (*text == '[') {
		from = text + 1;
		to = colon - 1;
		if (to <= from || *to != ']')
			return -EINVAL;
	} else if (memchr(text, ':', colon - text)) {
		return -EINVAL; /* IPv6 without brackets: which colon is the port's? */
	}
	if ((size_t)(to - from) >= sizeof(host))
		return -EINVAL;
	memcpy(host, from, to - from);
	host[to - from] = '\0';
	return addr_parse(host, addr) ? -EINVAL : port_parse(colon + 1, port);
}

bool addr_is_among(const struct ifaddrs *list, const struct ad_addr *addr)
{
	struct ad_addr theirs;
	__u16 port;

	for (; list; list = list->ifa_next)
		if (list->ifa_addr && !addr_from_sockaddr(list->ifa_addr, &theirs, &port) &&
		    !addr_compare(&theirs, addr))
			return true;
	return false;
}
