// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_name.c: domain names in wire format, and as keys that sort (zone.h).
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "zone.h"

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

/* Length bytes are below 'A': no need to tell them from letters. */
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

/* One byte of a label, perhaps escaped; advances @text. -1 if the escape is none. */
static int parse_byte(const char **text)
{
	const char *p = *text;
	int value;

	if (*p != '\\') {
		*text = p + 1;
		return (__u8)*p;
	}
	p++;
	if (!isdigit((unsigned char)p[0])) {
		*text = *p ? p + 1 : p;
		return *p ? (__u8)*p : -1;
	}
	if (!isdigit((unsigned char)p[1]) || !isdigit((unsigned char)p[2]))
		return -1;
	value = (p[0] - '0') * 100 + (p[1] - '0') * 10 + p[2] - '0';
	*text = p + 3;
	return value <= 255 ? value : -1;
}

/* One label into @wire; its length with the length byte, or -EINVAL. */
static int parse_label(const char **text, __u8 *wire, size_t room)
{
	size_t n = 0;
	int c;

	while (**text && **text != '.') {
		c = parse_byte(text);
		if (c < 0 || ++n > 63 || n + 1 > room)
			return -EINVAL;
		wire[n] = c;
	}
	if (!n)
		return -EINVAL;
	wire[0] = n;
	return n + 1;
}

int name_parse(const char *text, __u8 wire[256])
{
	size_t at = 0;
	int len;

	if (!*text)
		return -EINVAL;
	if (!strcmp(text, "."))
		text++;
	while (*text) {
		len = parse_label(&text, wire + at, 254 - at);
		if (len < 0)
			return len;
		at += len;
		if (*text == '.')
			text++;
	}
	wire[at] = 0;
	return 0;
}
