// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * frame.c: Ethernet, tags, IP, UDP, read from left to right (frame.h).
 */
#include "selftests/sum.h"
#include "frame.h"

#define TAGS_MAX       2
#define EXTENSIONS_MAX 6
#define L3_MAX	       128 /* longer heads are left alone */
#define HOP_BY_HOP     0
#define ROUTING	       43
#define FRAGMENT       44
#define DESTINATION    60

uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static bool read_link(const uint8_t *f, size_t len, struct parts *parts)
{
	size_t at = 12;

	parts->tags = 0;
	while (at + 2 <= len && parts->tags < TAGS_MAX &&
	       (get16(f + at) == FRAME_TAG || get16(f + at) == FRAME_SERVICE)) {
		parts->tags++;
		at += 4;
	}
	if (at + 2 > len)
		return false;
	parts->ip6 = get16(f + at) == FRAME_IP6;
	parts->l3 = at + 2;
	return parts->ip6 || get16(f + at) == FRAME_IP4;
}

static bool read_ip4(const uint8_t *f, size_t len, struct parts *parts)
{
	const uint8_t *ip = f + parts->l3;
	size_t room = len - parts->l3, head, total;

	if (room < 20)
		return false;
	head = (ip[0] & 15) * 4;
	total = get16(ip + 2);
	if (ip[0] >> 4 != 4 || head < 20 || head > total || total > room)
		return false;
	parts->l4 = parts->l3 + head;
	parts->end = parts->l3 + total;
	parts->plain = head == 20;
	return !(get16(ip + 6) & 0x3fff) && ip[9] == FRAME_UDP;
}

static bool is_extension(uint8_t kind)
{
	return kind == HOP_BY_HOP || kind == ROUTING || kind == FRAGMENT || kind == DESTINATION;
}

static bool read_ip6(const uint8_t *f, size_t len, struct parts *parts)
{
	const uint8_t *ip = f + parts->l3, *ext;
	size_t room = len - parts->l3, at = 40;
	uint8_t next;
	int i;

	if (room < 40 || ip[0] >> 4 != 6 || (size_t)40 + get16(ip + 4) > room)
		return false;
	parts->end = parts->l3 + 40 + get16(ip + 4);
	next = ip[6];
	for (i = 0; i < EXTENSIONS_MAX && is_extension(next); i++) {
		ext = ip + at;
		if (parts->l3 + at + 8 > parts->end)
			return false;
		if ((next == FRAGMENT && get16(ext + 2) & 0xfff9) || (next == ROUTING && ext[3]))
			return false;
		at += next == FRAGMENT ? 8 : 8 + 8 * ext[1];
		next = ext[0];
	}
	parts->plain = at == 40;
	parts->l4 = parts->l3 + at;
	return next == FRAME_UDP && at <= L3_MAX && parts->l4 <= parts->end;
}

bool frame_read_ip(const uint8_t *f, size_t len, struct parts *parts)
{
	*parts = (struct parts){};
	if (!read_link(f, len, parts))
		return false;
	/* that there is no UDP in it is no fault */
	if (parts->ip6)
		read_ip6(f, len, parts);
	else
		read_ip4(f, len, parts);
	return parts->end;
}

bool frame_read(const uint8_t *f, size_t len, struct parts *parts)
{
	size_t udp;

	if (!read_link(f, len, parts))
		return false;
	if (parts->ip6 ? !read_ip6(f, len, parts) : !read_ip4(f, len, parts))
		return false;
	if (parts->l4 + 8 > parts->end)
		return false;
	udp = get16(f + parts->l4 + 4);
	parts->payload = parts->l4 + 8;
	parts->payload_len = udp - 8;
	return udp >= 8 && parts->l4 + udp <= parts->end;
}

bool frame_ip4_sum_holds(const uint8_t *f, const struct parts *parts)
{
	return !sum_fold(sum_bytes(0, f + parts->l3, parts->l4 - parts->l3));
}

bool frame_udp_sum_holds(const uint8_t *f, const struct parts *parts)
{
	const uint8_t *ip = f + parts->l3;
	size_t bytes = parts->payload_len + 8;
	uint32_t head =
		sum_bytes(FRAME_UDP + bytes, ip + (parts->ip6 ? 8 : 12), parts->ip6 ? 32 : 8);

	return get16(f + parts->l4 + 6) && !sum_fold(sum_bytes(head, f + parts->l4, bytes));
}

void frame_set_payload(uint8_t *f, const struct parts *parts, size_t len)
{
	size_t l4 = 8 + len;

	put16(f + parts->l4 + 4, l4);
	if (parts->ip6) {
		put16(f + parts->l3 + 4, parts->l4 - parts->l3 - 40 + l4);
		return;
	}
	put16(f + parts->l3 + 2, parts->l4 - parts->l3 + l4);
	put16(f + parts->l3 + 10, 0);
	put16(f + parts->l3 + 10,
	      ntohs(sum_fold(sum_bytes(0, f + parts->l3, parts->l4 - parts->l3))));
}
