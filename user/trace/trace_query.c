// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * trace_query.c: the DNS message in a frame (trace_query.h).
 *
 * @c->left is what is known of the frame; every step asks for what it reads, and stops the reading
 * if it is not there.
 */
#include <arpa/inet.h>
#include <string.h>
#include <linux/if_ether.h>
#include <libknot/libknot.h>
#include "trace_query.h"

#define HEADER_BYTES  12
#define RECORDS_MAX   64 /* that are passed over on the way to OPT */
#define OPTION_SUBNET 8	 /* RFC 7871, 6 */

struct bytes {
	const __u8 *at;
	size_t left;
};

/* The next @nr bytes; NULL: they are not there, and nothing is any more. */
static const __u8 *take(struct bytes *c, size_t nr)
{
	const __u8 *at = c->at;

	if (nr > c->left) {
		c->left = 0;
		return NULL;
	}
	c->at += nr;
	c->left -= nr;
	return at;
}

static __u16 get16(const __u8 *at)
{
	return at[0] << 8 | at[1];
}

/* Behind Ethernet and its tags; 0: not IP. */
static __u16 skip_ethernet(struct bytes *c)
{
	const __u8 *at = take(c, ETH_HLEN);
	__u16 proto = at ? get16(at + 12) : 0;

	for (int i = 0; i < AD_VLAN_DEPTH && (proto == ETH_P_8021Q || proto == ETH_P_8021AD); i++) {
		at = take(c, 4);
		proto = at ? get16(at + 2) : 0;
	}
	return proto;
}

/* To the message: the data path takes no query with options, extension headers or fragments. */
static bool skip_udp(struct bytes *c, struct trace_query *query)
{
	__u16 proto = skip_ethernet(c);
	const __u8 *ip = take(c, proto == ETH_P_IPV6 ? 40 : 20), *udp;

	if (!ip || (proto != ETH_P_IP && proto != ETH_P_IPV6))
		return false;
	if (proto == ETH_P_IP && (ip[9] != IPPROTO_UDP || !take(c, ((ip[0] & 15) * 4u) - 20)))
		return false;
	if (proto == ETH_P_IPV6 && ip[6] != IPPROTO_UDP)
		return false;
	udp = take(c, 8);
	if (!udp)
		return false;
	memcpy(&query->from, udp, 2);
	memcpy(&query->to, udp + 2, 2);
	return true;
}

static bool read_name(struct bytes *c, __u8 name[256])
{
	size_t len = 0;
	const __u8 *label;

	do {
		label = take(c, 1);
		if (!label || *label > 63 || len + 1 + *label > 255)
			return false;
		name[len++] = *label;
		if (!take(c, *label))
			return false;
		memcpy(name + len, label + 1, *label);
		len += *label;
	} while (*label);
	knot_dname_to_lower(name);
	return true;
}

/* Labels up to the root or to a pointer. */
static bool skip_name(struct bytes *c)
{
	const __u8 *label;

	do {
		label = take(c, 1);
		if (!label)
			return false;
		if (*label >= 0xc0)
			return take(c, 1);
		if (*label > 63 || !take(c, *label))
			return false;
	} while (*label);
	return true;
}

static void read_subnet(struct trace_query *query, const __u8 *data, size_t len)
{
	size_t bytes = len - 4;
	__u8 bits = data[2];

	if (get16(data) == 1 && bits <= 32 && bytes == (bits + 7u) / 8) {
		memset(&query->subnet, 0, sizeof(query->subnet));
		query->subnet.b[10] = query->subnet.b[11] = 0xff;
		memcpy(query->subnet.b + 12, data + 4, bytes);
	} else if (get16(data) == 2 && bits <= 128 && bytes == (bits + 7u) / 8) {
		memset(&query->subnet, 0, sizeof(query->subnet));
		memcpy(query->subnet.b, data + 4, bytes);
	} else {
		return;
	}
	query->subnet_bits = bits;
	query->has_subnet = true;
}

static void read_options(struct trace_query *query, struct bytes c)
{
	const __u8 *head, *data;

	while ((head = take(&c, 4))) {
		data = take(&c, get16(head + 2));
		if (data && get16(head) == OPTION_SUBNET && get16(head + 2) >= 4)
			read_subnet(query, data, get16(head + 2));
	}
}

/*
 * OPT, wherever it is among the records (RFC 6891, 6.1.2), if it is among the bytes. An answer
 * whose rcode is extended has no other records, so what is too long for it has none to extend.
 */
static void read_opt(struct trace_query *query, struct bytes *c, unsigned int records)
{
	const __u8 *fixed, *data;

	for (unsigned int i = 0; i < records && i < RECORDS_MAX; i++) {
		fixed = skip_name(c) ? take(c, 10) : NULL;
		data = fixed ? take(c, get16(fixed + 8)) : NULL;
		if (!data)
			return;
		if (get16(fixed) != KNOT_RRTYPE_OPT)
			continue;
		query->rcode |= fixed[4] << 4;
		read_options(query, (struct bytes){ data, get16(fixed + 8) });
		return;
	}
}

bool trace_query_read(struct trace_query *query, const __u8 *frame, size_t len)
{
	struct bytes c = { frame, len };
	const __u8 *head, *fixed;

	memset(query, 0, sizeof(*query));
	if (!skip_udp(&c, query))
		return false;
	head = take(&c, HEADER_BYTES);
	if (!head || get16(head + 4) != 1 || !read_name(&c, query->name))
		return false;
	fixed = take(&c, 4);
	if (!fixed)
		return false;
	query->qtype = get16(fixed);
	query->is_answer = head[2] & 0x80;
	query->rcode = head[3] & 15;
	read_opt(query, &c, get16(head + 6) + get16(head + 8) + get16(head + 10));
	return true;
}
