// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_word.c: words of a zone file as values (zone_word.h).
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "zone.h"
#include "zone_word.h"

bool zone_text_is(const char *at, size_t len, const char *text)
{
	return strlen(text) == len && !strncasecmp(at, text, len);
}

bool zone_word_is(const struct zone_word *word, const char *text)
{
	return zone_text_is(word->at, word->len, text);
}

int zone_text_number(const char *at, size_t len, __u64 max, __u64 *value)
{
	__u64 sum = 0, digit;
	size_t i;

	for (i = 0; i < len; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -EINVAL;
		digit = at[i] - '0';
		if (digit > max || sum > (max - digit) / 10)
			return -EINVAL;
		sum = 10 * sum + digit;
	}
	if (!len)
		return -EINVAL;
	*value = sum;
	return 0;
}

int zone_word_number(const struct zone_word *word, __u64 max, __u64 *value)
{
	return zone_text_number(word->at, word->len, max, value);
}

static __u32 unit_seconds(char unit)
{
	switch (tolower((unsigned char)unit)) {
	case 'w':
		return 7 * 86400;
	case 'd':
		return 86400;
	case 'h':
		return 3600;
	case 'm':
		return 60;
	case 's':
		return 1;
	default:
		return 0;
	}
}

int zone_word_ttl(const struct zone_word *word, __u32 *seconds)
{
	const char *p = word->at, *end = p + word->len, *digits;
	__u64 sum = 0, n;

	if (!zone_word_number(word, (__u32)-1, &n)) {
		*seconds = n;
		return 0;
	}
	while (p < end) {
		digits = p;
		while (p < end && *p >= '0' && *p <= '9')
			p++;
		if (p == end || !unit_seconds(*p) ||
		    zone_text_number(digits, p - digits, (__u32)-1, &n))
			return -EINVAL;
		sum += n * unit_seconds(*p++);
		if (sum > (__u32)-1)
			return -EINVAL;
	}
	if (!word->len)
		return -EINVAL;
	*seconds = sum;
	return 0;
}

int zone_word_date(const struct zone_word *word, __u32 *seconds)
{
	static const struct {
		size_t at, len, low, high;
	} parts[] = { { 0, 4, 1900, 9999 }, { 4, 2, 1, 12 },  { 6, 2, 1, 31 },
		      { 8, 2, 0, 23 },	    { 10, 2, 0, 59 }, { 12, 2, 0, 60 } };
	__u64 v[6];
	struct tm tm = { 0 };
	time_t start;
	size_t i;

	if (word->len != 14)
		return -EINVAL;
	for (i = 0; i < 6; i++)
		if (zone_text_number(word->at + parts[i].at, parts[i].len, parts[i].high, &v[i]) ||
		    v[i] < parts[i].low)
			return -EINVAL;
	tm.tm_year = v[0] - 1900;
	tm.tm_mon = v[1] - 1;
	tm.tm_mday = v[2];
	tm.tm_hour = v[3];
	tm.tm_min = v[4];
	start = timegm(&tm);
	if (tm.tm_mday != (int)v[2])
		return -EINVAL;	 /* 31 April became 1 May */
	*seconds = start + v[5]; /* which may be a leap second, and so of the next day */
	return 0;
}

static bool is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

int zone_text_byte(const char **at, const char *end, bool *escaped)
{
	const char *p = *at;
	int value;

	if (escaped)
		*escaped = *p == '\\';
	if (*p != '\\') {
		*at = p + 1;
		return (__u8)*p;
	}
	p++;
	if (p == end)
		return -EINVAL;
	if (!is_digit(p, end)) {
		*at = p + 1;
		return (__u8)*p;
	}
	if (!is_digit(p + 1, end) || !is_digit(p + 2, end))
		return -EINVAL;
	value = (p[0] - '0') * 100 + (p[1] - '0') * 10 + p[2] - '0';
	*at = p + 3;
	return value <= 255 ? value : -EINVAL;
}

int zone_word_bytes(const struct zone_word *word, __u8 *to, size_t room)
{
	const char *p = word->at, *end = p + word->len;
	size_t n = 0;
	int c;

	while (p < end) {
		c = zone_text_byte(&p, end, NULL);
		if (c < 0 || n == room)
			return -EINVAL;
		to[n++] = c;
	}
	return n;
}

int zone_word_name(const struct zone_word *word, const __u8 *origin, __u8 wire[256])
{
	if (word->len != 1 || *word->at != '@')
		return name_read(word->at, word->len, origin, wire);
	memcpy(wire, origin, name_len(origin));
	return 0;
}

int zone_word_file(const struct zone_word *word, char *to, size_t room)
{
	int n = word->len;

	if (word->quoted)
		n = zone_word_bytes(word, (__u8 *)to, room - 1);
	else if (word->len < room)
		memcpy(to, word->at, word->len);
	else
		n = -EINVAL;
	if (n < 0 || memchr(to, 0, n))
		return -EINVAL;
	to[n] = '\0';
	return 0;
}

const char *zone_word_show(const struct zone_word *word, char text[ZONE_WORD_TEXT])
{
	size_t i, n = word->len < ZONE_WORD_TEXT - 4 ? word->len : ZONE_WORD_TEXT - 4;

	for (i = 0; i < n; i++)
		text[i] = word->at[i] >= ' ' && word->at[i] < 127 ? word->at[i] : '?';
	strcpy(text + n, n < word->len ? "..." : "");
	return text;
}
