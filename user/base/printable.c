// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * printable.c: text that others wrote, made fit to be shown (printable.h).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>
#include "printable.h"

/* The length of the character at @at, and its number; 0: not UTF-8 (RFC 3629, 4). */
static size_t decode(const char *at, __u32 *c)
{
	static const __u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	__u8 first = *at;
	size_t i, len = first < 0x80   ? 1
			: first < 0xc0 ? 0
			: first < 0xe0 ? 2
			: first < 0xf0 ? 3
				       : 4;

	if (!len || first >= 0xf8)
		return 0;
	*c = len == 1 ? first : first & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if (((__u8)at[i] & 0xc0) != 0x80) /* stops at a NUL, too */
			return 0;
		*c = *c << 6 | ((__u8)at[i] & 0x3f);
	}
	if (*c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return len;
}

/*
 * C0, DEL and C1; line and paragraph separators; characters that change the direction of the text
 * (Unicode bidi).
 */
static bool is_obeyed(__u32 c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x61c;
}

/* How many bytes at @text can be shown as they are; 0: the first one cannot. */
static size_t good(const char *text)
{
	__u32 c;
	size_t len = decode(text, &c);

	return len && !is_obeyed(c) ? len : 0;
}

size_t printable(char *out, size_t room, const char *text)
{
	size_t used = 0, len;

	while (*text) {
		len = good(text);
		if (used + (len ?: PRINTABLE_GROWS) >= room)
			break;
		if (len)
			memcpy(out + used, text, len);
		else
			snprintf(out + used, room - used, "\\x%02x", (__u8)*text);
		used += len ?: PRINTABLE_GROWS;
		text += len ?: 1;
	}
	out[used] = '\0';
	return used;
}

const char *printable_text(char *out, size_t room, const char *text)
{
	printable(out, room, text);
	return out;
}

static bool is_printable(const char *text)
{
	size_t len;

	for (; *text; text += len) {
		len = good(text);
		if (!len)
			return false;
	}
	return true;
}

char *printable_take(char *text)
{
	size_t room;
	char *fresh;

	if (!text || is_printable(text))
		return text;
	room = strlen(text) * PRINTABLE_GROWS + 1;
	fresh = malloc(room);
	if (fresh)
		printable(fresh, room, text);
	free(text);
	return fresh;
}

char *printable_format(const char *format, va_list args)
{
	char *text;

	return vasprintf(&text, format, args) < 0 ? NULL : printable_take(text);
}
