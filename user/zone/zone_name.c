// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_name.c: domain names in wire format, and as keys that sort (zone.h).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "zone.h"
#include "zone_word.h"

#define LABEL_MAX      63
#define NAME_MAX_BYTES 255

size_t name_len(const __u8 *wire)
{
	const __u8 *p = wire;

	while (*p)
		p += *p + 1;
	return p - wire + 1;
}

unsigned int name_labels(const __u8 *wire)
{
	unsigned int n = 0;

	for (; *wire; wire += *wire + 1)
		n++;
	return n;
}

static __u8 lower(__u8 c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Length bytes are below 'A', so they need no distinction from letters. */
void name_lower(__u8 *to, const __u8 *from)
{
	size_t i, len = name_len(from);

	for (i = 0; i < len; i++)
		to[i] = lower(from[i]);
}

bool name_equal(const __u8 *a, const __u8 *b)
{
	size_t i, len = name_len(a);

	if (name_len(b) != len)
		return false;
	for (i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

const __u8 *name_skip(const __u8 *wire, unsigned int labels)
{
	while (labels-- && *wire)
		wire += *wire + 1;
	return wire;
}

static size_t key_add_label(__u8 *to, const __u8 *label)
{
	size_t n = 0;
	__u8 i, c;

	for (i = 1; i <= label[0]; i++) {
		c = lower(label[i]);
		if (c <= 1)
			to[n++] = 1;
		to[n++] = c <= 1 ? c + 1 : c;
	}
	to[n++] = 0;
	return n;
}

void name_to_key(const __u8 *wire, __u8 bytes[NAME_KEY_MAX], struct name_key *key)
{
	unsigned int labels = name_labels(wire), i;

	key->labels = labels;
	key->bytes = bytes;
	key->len = 0;
	for (i = labels; i-- > 0;)
		key->len += key_add_label(bytes + key->len, name_skip(wire, i));
}

int name_key_compare(const struct name_key *a, const struct name_key *b)
{
	int diff = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);

	return diff ? diff : (int)a->len - (int)b->len;
}

bool name_key_within(const struct name_key *key, const struct name_key *above)
{
	return key->len >= above->len && !memcmp(key->bytes, above->bytes, above->len);
}

struct name_key name_key_ancestor(const struct name_key *key, unsigned int labels)
{
	struct name_key above = { .labels = labels, .bytes = key->bytes };

	while (labels--)
		above.len += strlen((const char *)key->bytes + above.len) + 1;
	return above;
}

static char *format_byte(char *text, __u8 c)
{
	if (strchr(".\\;()@$\"", c) && c)
		return text + sprintf(text, "\\%c", c);
	if (c > ' ' && c < 127)
		return text + sprintf(text, "%c", c);
	return text + sprintf(text, "\\%03u", c);
}

const char *name_format(const __u8 *wire, char text[NAME_TEXT])
{
	char *to = text;
	__u8 i;

	if (!*wire)
		*to++ = '.';
	for (; *wire; wire += *wire + 1) {
		for (i = 1; i <= *wire; i++)
			to = format_byte(to, wire[i]);
		*to++ = '.';
	}
	*to = '\0';
	return text;
}

/* One label into @to, which has @room: its bytes with the length, or -EINVAL. */
static int read_label(const char **at, const char *end, __u8 *to, size_t room)
{
	size_t n = 0;
	int c;

	while (*at < end && **at != '.') {
		c = zone_text_byte(at, end, NULL);
		if (c < 0 || ++n > LABEL_MAX || n + 1 > room)
			return -EINVAL;
		to[n] = c;
	}
	if (!n)
		return -EINVAL;
	to[0] = n;
	return n + 1;
}

int name_read(const char *text, size_t size, const __u8 *origin, __u8 wire[256])
{
	const char *p = text, *end = p + size;
	size_t at = 0, origin_len = name_len(origin);
	int len;

	if (size == 1 && *p == '.') {
		wire[0] = 0;
		return 0;
	}
	do {
		len = p < end ? read_label(&p, end, wire + at, NAME_MAX_BYTES - 1 - at) : -EINVAL;
		if (len < 0)
			return len;
		at += len;
		if (p == end) {
			if (at + origin_len > NAME_MAX_BYTES)
				return -EINVAL;
			memcpy(wire + at, origin, origin_len);
			return 0;
		}
	} while (++p < end);
	wire[at] = 0;
	return 0;
}

int name_parse(const char *text, __u8 wire[256])
{
	return name_read(text, strlen(text), (const __u8 *)"", wire);
}
