// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_generate.c: puts numbers into the patterns of $GENERATE (zone_generate.h).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "zone_generate.h"

#define WIDTH_MAX 127 /* as in BIND */

struct format {
	int offset;
	unsigned int width;
	char base;
};

int zone_range_parse(const struct zone_word *word, struct zone_range *range)
{
	const char *end = word->at + word->len;
	const char *dash = memchr(word->at, '-', word->len), *slash;
	__u64 start, stop, step = 1;

	if (!dash)
		return -EINVAL;
	slash = memchr(dash, '/', end - dash);
	if (zone_text_number(word->at, dash - word->at, INT_MAX, &start) ||
	    zone_text_number(dash + 1, (slash ?: end) - dash - 1, INT_MAX, &stop) ||
	    (slash && zone_text_number(slash + 1, end - slash - 1, INT_MAX, &step)))
		return -EINVAL;
	if (stop < start || !step || (stop - start) / step >= ZONE_GENERATE_MAX)
		return -EINVAL;
	*range = (struct zone_range){ start, stop, step };
	return 0;
}

/* The text between the braces; @p points behind the opening one. */
static int parse_format(const char *p, const char *end, struct format *format)
{
	const char *comma = memchr(p, ',', end - p), *second;
	bool minus = p < end && *p == '-';
	__u64 offset, width = 0;

	second = comma ? memchr(comma + 1, ',', end - comma - 1) : NULL;
	p += p < end && (*p == '-' || *p == '+');
	if (zone_text_number(p, (comma ?: end) - p, INT_MAX, &offset) ||
	    (comma && zone_text_number(comma + 1, (second ?: end) - comma - 1, WIDTH_MAX, &width)))
		return -EINVAL;
	format->offset = minus ? -(int)offset : (int)offset;
	format->width = width;
	if (!second)
		return 0;
	if (end - second != 2 || !strchr("doxXnN", second[1]))
		return -EINVAL;
	format->base = second[1];
	return 0;
}

/* Digits of base 16, the lowest first, with dots between them; @width counts the dots, too. */
static int put_nibbles(char *to, size_t room, const struct format *format, __u32 value)
{
	const char *digits = format->base == 'n' ? "0123456789abcdef" : "0123456789ABCDEF";
	size_t n = 0;

	do {
		if (n + 2 > room)
			return -EINVAL;
		to[n++] = digits[value & 0xf];
		value >>= 4;
		if (value || n < format->width)
			to[n++] = '.';
	} while (value || n < format->width);
	return n;
}

static int put_value(char *to, size_t room, const struct format *format, __s64 value)
{
	int n;

	if (value > INT_MAX || value < INT_MIN)
		return -EINVAL;
	switch (format->base) {
	case 'o':
		n = snprintf(to, room, "%0*o", format->width, (unsigned int)value);
		break;
	case 'x':
		n = snprintf(to, room, "%0*x", format->width, (unsigned int)value);
		break;
	case 'X':
		n = snprintf(to, room, "%0*X", format->width, (unsigned int)value);
		break;
	case 'n':
	case 'N':
		return put_nibbles(to, room, format, value);
	default:
		n = snprintf(to, room, "%0*d", format->width, (int)value);
	}
	return n < (int)room ? n : -EINVAL;
}

/* *@p is behind a "$": a number, or another "$". */
static int put_dollar(const char **p, const char *end, __u32 value, char *to, size_t room)
{
	struct format format = { .base = 'd' };
	const char *close;

	if (*p < end && **p == '$') {
		(*p)++;
		*to = '$';
		return 1;
	}
	if (*p < end && **p == '{') {
		close = memchr(*p, '}', end - *p);
		if (!close || parse_format(*p + 1, close, &format))
			return -EINVAL;
		*p = close + 1;
	}
	return put_value(to, room, &format, (__s64)value + format.offset);
}

int zone_generate(const struct zone_word *pattern, __u32 value, char *to, size_t room)
{
	const char *p = pattern->at, *end = p + pattern->len;
	size_t at = 0;
	int n;

	while (p < end) {
		if (room - at < 2)
			return -EINVAL;
		if (*p == '$') {
			p++;
			n = put_dollar(&p, end, value, to + at, room - at);
			if (n < 0)
				return n;
			at += n;
			continue;
		}
		if (*p == '\\' && p + 1 < end)
			to[at++] = *p++;
		to[at++] = *p++;
	}
	return at;
}
