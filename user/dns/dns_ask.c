// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_ask.c: a question as bytes (dns_ask.h).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "dns_ask.h"
#include "dns_home.h"
#include "user/base/addr.h"
#include "user/zone/zone.h"

#define ASK_UDP_SIZE 4096

int dns_ask_subnet(struct dns_ask *ask, const char *text)
{
	size_t len = strcspn(text, "/");
	char address[ADDR_TEXT], rest;
	unsigned int max, skip;

	if (len >= sizeof(address))
		return -EINVAL;
	snprintf(address, sizeof(address), "%.*s", (int)len, text);
	if (addr_parse(address, &ask->prefix))
		return -EINVAL;
	max = addr_is_ip4(&ask->prefix) ? 32 : 128;
	ask->prefix_bits = max;
	if (text[len] && (text[len + 1] < '0' || text[len + 1] > '9' ||
			  sscanf(text + len + 1, "%3u%c", &ask->prefix_bits, &rest) != 1 ||
			  ask->prefix_bits > max))
		return -EINVAL;
	for (skip = 128 - max + ask->prefix_bits; skip < 128; skip++)
		ask->prefix.b[skip / 8] &= ~(0x80 >> skip % 8);
	ask->has_subnet = true;
	return 0;
}

/* Code and length of an option; where its data goes. */
static __u8 *option_put(struct dns_work *work, __u16 code, __u16 len)
{
	__u8 *data = work->msg + work->len + 4;

	dns_put16(work, work->len, code);
	dns_put16(work, work->len + 2, len);
	work->len += 4 + len;
	return data;
}

/* RFC 7871, 6: as many bytes of the address as the prefix has. */
static void subnet_put(const struct dns_ask *ask, struct dns_work *work)
{
	bool ip4 = addr_is_ip4(&ask->prefix);
	__u32 bytes = (ask->prefix_bits + 7) / 8;
	__u8 *data = option_put(work, DNS_OPTION_SUBNET, 4 + bytes);

	data[0] = 0;
	data[1] = ip4 ? 1 : 2;
	data[2] = ask->prefix_bits;
	data[3] = 0;
	memcpy(data + 4, ask->prefix.b + (ip4 ? 12 : 0), bytes);
}

static void opt_put(const struct dns_ask *ask, struct dns_work *work)
{
	__u32 at = work->len;

	dns_put8(work, at, 0);
	dns_put16(work, at + 1, DNS_T_OPT);
	dns_put16(work, at + 3, ASK_UDP_SIZE);
	dns_put64(work, at + 5, 0);
	dns_put8(work, at + 7, ask->dnssec ? DNS_DO : 0);
	work->len = at + DNS_OPT_BYTES;
	if (ask->nsid)
		option_put(work, DNS_OPTION_NSID, 0);
	if (ask->has_subnet)
		subnet_put(ask, work);
	if (ask->cookie)
		memcpy(option_put(work, DNS_OPTION_COOKIE, 8), "anydoor?", 8);
	dns_put16(work, at + 9, work->len - at - DNS_OPT_BYTES);
}

/* Header, question, OPT. */
void dns_ask_write(const struct dns_ask *ask, struct dns_work *work)
{
	__u32 at = DNS_HEADER, len = name_len(ask->wire);

	dns_put64(work, 0, 0);
	dns_put64(work, 8, 0);
	dns_put8(work, 5, 1);
	dns_put8(work, 11, 1);
	memcpy(work->msg + at, ask->wire, len);
	at += len;
	dns_put16(work, at, ask->qtype);
	dns_put16(work, at + 2, ask->chaos ? DNS_CLASS_CH : DNS_CLASS_IN);
	work->len = at + 4;
	work->tcp = ask->tcp;
	work->client = ask->client;
	opt_put(ask, work);
}
