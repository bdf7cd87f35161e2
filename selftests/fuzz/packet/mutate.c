// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * mutate.c: one change to one layer (mutate.h). What libFuzzer does to bytes it does to the DNS
 * message, or to the whole frame; what it would need luck for is done here by name.
 */
#include <stdlib.h>
#include <string.h>
#include "frame.h"
#include "mutate.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#define OPT_BYTES 11

/* @bytes more at @at, or, if negative, fewer. The new length; the old one if there is no room. */
static size_t frame_shift(uint8_t *f, size_t len, size_t max, size_t at, int bytes)
{
	if (at > len || len + bytes > max || (bytes < 0 && at + -bytes > len))
		return len;
	if (bytes > 0) {
		memmove(f + at + bytes, f + at, len - at);
		memset(f + at, 0, bytes);
	} else {
		memmove(f + at, f + at - bytes, len - at + bytes);
	}
	return len + bytes;
}

static size_t mutate_message(uint8_t *f, size_t len, size_t max, const struct parts *p)
{
	uint8_t message[FRAME_MAX];
	size_t n = p->payload_len;

	if (p->payload + n > max || max - p->payload > sizeof(message))
		return len;
	memcpy(message, f + p->payload, n);
	n = LLVMFuzzerMutate(message, n, max - p->payload);
	memcpy(f + p->payload, message, n);
	frame_set_payload(f, p, n);
	return p->payload + n;
}

/* Another OPT record at the end, of any size, version, flags and one option. */
static size_t add_opt(uint8_t *f, size_t len, size_t max, const struct parts *p)
{
	static const uint16_t sizes[] = { 0, 1, 511, 512, 513, 1231, 1232, 1233, 4096, 65535 };
	static const uint16_t codes[] = { 3, 8, 10, 11, 12, 15, 65001 };
	static const uint8_t lengths[] = { 4, 8, 9, 11, 12, 19, 20, 24, 28, 44, 45 };
	size_t option = rand() % 2 ? lengths[rand() % sizeof(lengths)] : 0;
	size_t at = p->payload + p->payload_len;
	uint8_t *opt = f + at;

	if (p->payload_len < 12 || at + OPT_BYTES + option + 4 > max)
		return len;
	memset(opt, 0, OPT_BYTES + option + 4);
	opt[2] = 41;
	put16(opt + 3, sizes[rand() % 10]);
	opt[6] = rand() % 16 ? 0 : rand();
	opt[7] = rand() % 2 ? 0x80 : 0;
	put16(opt + 9, option);
	if (option) {
		put16(opt + 11, codes[rand() % 7]);
		put16(opt + 13, option - 4);
		opt[16] = 1 + rand() % 2; /* a family, and as many bits as there are, if it is 8 */
		opt[17] = 8 * (option - 8);
	}
	put16(f + p->payload + 10, get16(f + p->payload + 10) + 1);
	frame_set_payload(f, p, p->payload_len + OPT_BYTES + option);
	return at + OPT_BYTES + option;
}

/* Any byte in front of the message takes a value from where things break. */
static size_t mutate_heads(uint8_t *f, size_t len, const struct parts *p)
{
	static const uint8_t edges[] = { 0,  1,	 5,    6,    17,   20,	 41,  44,
					 53, 60, 0x45, 0x46, 0x7f, 0x80, 0xff };
	size_t at = p->l3 - 2 + rand() % (p->payload + 2 - p->l3);

	f[at] = rand() % 2 ? edges[rand() % sizeof(edges)] : f[at] ^ 1 << rand() % 8;
	return len;
}

/* Sources that nobody may be answered at. */
static size_t set_source(uint8_t *f, size_t len, const struct parts *p)
{
	static const uint16_t ports[] = { 0, 7, 13, 17, 18, 19, 37, 53, 464 };
	static const uint8_t first4[] = { 0, 10, 127, 192, 224, 239, 240, 255 };
	uint8_t *ip = f + p->l3;

	switch (rand() % 5) {
	case 0:
		put16(f + p->l4, ports[rand() % (sizeof(ports) / sizeof(*ports))]);
		break;
	case 1:
		memcpy(ip + (p->ip6 ? 8 : 12), ip + (p->ip6 ? 24 : 16), p->ip6 ? 16 : 4);
		break;
	case 2:
		if (p->ip6)
			memset(ip + 8, 0, 15);
		else
			memset(ip + 12, 255, 4);
		break;
	case 3:
		if (p->ip6)
			memcpy(ip + 8, "\0\0\0\0\0\0\0\0\0\0\377\377", 12);
		break;
	default:
		ip[p->ip6 ? 8 : 12] = p->ip6 ? 0xff : first4[rand() % sizeof(first4)];
	}
	return len;
}

static size_t add_tag(uint8_t *f, size_t len, size_t max)
{
	size_t longer = frame_shift(f, len, max, 12, 4);

	if (longer > len) {
		put16(f + 12, rand() % 2 ? FRAME_TAG : FRAME_SERVICE);
		put16(f + 14, rand());
	}
	return longer;
}

/* An extension header in front of what the fixed header is followed by. */
static size_t add_extension(uint8_t *f, size_t len, size_t max, const struct parts *p)
{
	static const uint8_t kinds[] = { 0, 43, 44, 60, 51, 135 };
	uint8_t *ip = f + p->l3, *ext = ip + 40;
	int units = 1 + rand() % 3;
	size_t longer = frame_shift(f, len, max, p->l3 + 40, 8 * units);

	if (longer == len)
		return len;
	ext[0] = ip[6];
	ip[6] = kinds[rand() % sizeof(kinds)];
	ext[1] = ip[6] == 44 ? 0 : units - 1;
	ext[3] = rand() % 8 ? 0 : rand();
	put16(ip + 4, get16(ip + 4) + 8 * units);
	return longer;
}

static size_t add_ip4_options(uint8_t *f, size_t len, size_t max, const struct parts *p)
{
	uint8_t *ip = f + p->l3;
	int words = 1 + rand() % 10;
	size_t longer = frame_shift(f, len, max, p->l3 + 20, 4 * words);

	if (longer == len)
		return len;
	memset(ip + 20, 1, 4 * words); /* no operation */
	ip[0] = 0x40 | ((ip[0] + words) & 15);
	put16(ip + 2, get16(ip + 2) + 4 * words);
	return longer;
}

/* The frame ends later than the packet in it, or earlier. */
static size_t change_end(uint8_t *f, size_t len, size_t max)
{
	size_t bytes = 1 + rand() % 46;

	if (rand() % 2 && len > FRAME_MIN + bytes)
		return len - bytes;
	return frame_shift(f, len, max, len, bytes);
}

size_t frame_mutate(uint8_t *f, size_t len, size_t max, unsigned int seed)
{
	struct parts p;

	srand(seed);
	if (!frame_read(f, len, &p) || rand() % 16 == 0)
		return LLVMFuzzerMutate(f, len, max);
	switch (rand() % 12) {
	case 0:
		return add_opt(f, len, max, &p);
	case 1:
		return mutate_heads(f, len, &p);
	case 2:
		return set_source(f, len, &p);
	case 3:
		return add_tag(f, len, max);
	case 4:
		return p.ip6 ? add_extension(f, len, max, &p) : add_ip4_options(f, len, max, &p);
	case 5:
		return change_end(f, len, max);
	default:
		return mutate_message(f, len, max, &p);
	}
}
