// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_field.c: the common kinds of fields (zone_field.h). Each has two functions: one reads it
 * from words, one checks it in wire format. Kinds that only few types have are in
 * zone_field_rare.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zone.h"
#include "zone_field.h"

#define STRING_MAX 255
#define HASH_SHA1  1

/* --- helpers ---------------------------------------------------------------------------------- */

const struct zone_word *zone_scan_peek(const struct zone_scan *scan)
{
	return scan->at < scan->nr ? &scan->words[scan->at] : NULL;
}

const struct zone_word *zone_scan_take(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_peek(scan);

	if (!word)
		zone_why(scan->why, "%s: missing", field->name);
	else
		scan->at++;
	return word;
}

int zone_scan_refuse(struct zone_scan *scan, const struct zone_field *field,
		     const struct zone_word *word, const char *what)
{
	char text[ZONE_WORD_TEXT];

	return zone_why(scan->why, "%s: \"%s\" is not %s", field->name, zone_word_show(word, text),
			what);
}

int zone_scan_put(struct zone_scan *scan, const void *bytes, size_t len)
{
	if (len > ZONE_RDATA_MAX - scan->len)
		return zone_why(scan->why, "more than %d bytes of data", ZONE_RDATA_MAX);
	memcpy(scan->out + scan->len, bytes, len);
	scan->len += len;
	return 0;
}

int zone_scan_put8(struct zone_scan *scan, __u8 v)
{
	return zone_scan_put(scan, &v, sizeof(v));
}

int zone_scan_put16(struct zone_scan *scan, __u16 v)
{
	v = htons(v);
	return zone_scan_put(scan, &v, sizeof(v));
}

int zone_scan_put32(struct zone_scan *scan, __u32 v)
{
	v = htonl(v);
	return zone_scan_put(scan, &v, sizeof(v));
}

static int put_number(struct zone_scan *scan, size_t bytes, __u32 v)
{
	switch (bytes) {
	case 1:
		return zone_scan_put8(scan, v);
	case 2:
		return zone_scan_put16(scan, v);
	default:
		return zone_scan_put32(scan, v);
	}
}

int zone_scan_number(struct zone_scan *scan, const struct zone_field *field, size_t bytes,
		     __u32 max)
{
	const struct zone_word *word = zone_scan_take(scan, field);
	char what[48];
	__u64 value;

	if (!word)
		return -EINVAL;
	if (!zone_word_number(word, max, &value))
		return put_number(scan, bytes, value);
	snprintf(what, sizeof(what), "a number from 0 to %u", max);
	return zone_scan_refuse(scan, field, word, what);
}

int zone_scan_put_name(struct zone_scan *scan, const struct zone_field *field,
		       const struct zone_word *word)
{
	__u8 wire[256];

	if (zone_word_name(word, scan->origin, wire))
		return zone_scan_refuse(scan, field, word, "a domain name");
	return zone_scan_put(scan, wire, name_len(wire));
}

int zone_address_parse(int family, const char *at, size_t len, __u8 to[16])
{
	char text[INET6_ADDRSTRLEN + 1];

	if (len >= sizeof(text) || memchr(at, 0, len))
		return -EINVAL;
	memcpy(text, at, len);
	text[len] = '\0';
	return inet_pton(family, text, to) == 1 ? 0 : -EINVAL;
}

int zone_scan_put_address(struct zone_scan *scan, const struct zone_field *field, int family,
			  const struct zone_word *word)
{
	__u8 address[16];

	if (zone_address_parse(family, word->at, word->len, address))
		return zone_scan_refuse(scan, field, word,
					family == AF_INET ? "an IPv4 address" : "an IPv6 address");
	return zone_scan_put(scan, address, family == AF_INET ? 4 : 16);
}

int zone_wire_pass(struct zone_wire *wire, const struct zone_field *field, size_t bytes)
{
	if ((size_t)(wire->end - wire->p) < bytes)
		return zone_why(wire->why, "%s: missing or cut off", field->name);
	wire->p += bytes;
	return 0;
}

/* --- numbers and times ------------------------------------------------------------------------ */

int zone_scan_u8(struct zone_scan *scan, const struct zone_field *field)
{
	return zone_scan_number(scan, field, 1, 0xff);
}

int zone_wire_u8(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_pass(wire, field, 1);
}

int zone_scan_u16(struct zone_scan *scan, const struct zone_field *field)
{
	return zone_scan_number(scan, field, 2, 0xffff);
}

int zone_wire_u16(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_pass(wire, field, 2);
}

int zone_scan_u32(struct zone_scan *scan, const struct zone_field *field)
{
	return zone_scan_number(scan, field, 4, 0xffffffff);
}

int zone_wire_u32(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_pass(wire, field, 4);
}

int zone_scan_ttl(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);
	__u32 seconds;

	if (!word)
		return -EINVAL;
	if (zone_word_ttl(word, &seconds))
		return zone_scan_refuse(scan, field, word, "a time like 3600 or 1h");
	return zone_scan_put32(scan, seconds);
}

int zone_wire_ttl(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_pass(wire, field, 4);
}

/* RFC 2535, 7.2: this form only. */
int zone_scan_date(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);
	__u32 seconds;

	if (!word)
		return -EINVAL;
	if (zone_word_date(word, &seconds))
		return zone_scan_refuse(scan, field, word, "a time like 20270131235959");
	return zone_scan_put32(scan, seconds);
}

int zone_wire_date(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_pass(wire, field, 4);
}

/* RFC 4034, 3.2: or seconds since 1970. */
int zone_scan_time(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);
	__u32 seconds;
	__u64 number;

	if (!word)
		return -EINVAL;
	if (!zone_word_date(word, &seconds))
		return zone_scan_put32(scan, seconds);
	if (zone_word_number(word, 0xffffffff, &number))
		return zone_scan_refuse(scan, field, word, "a time like 20270131235959");
	return zone_scan_put32(scan, number);
}

int zone_wire_time(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_pass(wire, field, 4);
}

/* --- names and addresses ---------------------------------------------------------------------- */

int zone_scan_name(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);

	return word ? zone_scan_put_name(scan, field, word) : -EINVAL;
}

/* Not compressed, with its final zero byte, and at most 255 bytes long. */
int zone_wire_name(struct zone_wire *wire, const struct zone_field *field)
{
	const __u8 *p = wire->p;

	while (p < wire->end && *p && *p <= 63)
		p += *p + 1;
	if (p >= wire->end || *p || p - wire->p >= 255)
		return zone_why(wire->why, "%s: no domain name", field->name);
	wire->p = p + 1;
	return 0;
}

/* Up to the end; there may be none. */
int zone_scan_names(struct zone_scan *scan, const struct zone_field *field)
{
	while (zone_scan_peek(scan))
		if (zone_scan_name(scan, field))
			return -EINVAL;
	return 0;
}

int zone_wire_names(struct zone_wire *wire, const struct zone_field *field)
{
	while (wire->p < wire->end)
		if (zone_wire_name(wire, field))
			return -EINVAL;
	return 0;
}

int zone_scan_ip4(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);

	return word ? zone_scan_put_address(scan, field, AF_INET, word) : -EINVAL;
}

int zone_wire_ip4(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_pass(wire, field, 4);
}

int zone_scan_ip6(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);

	return word ? zone_scan_put_address(scan, field, AF_INET6, word) : -EINVAL;
}

int zone_wire_ip6(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_pass(wire, field, 16);
}

/* --- texts ------------------------------------------------------------------------------------ */

/* <character-string> of RFC 1035, 3.3. */
int zone_scan_string(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);
	__u8 bytes[STRING_MAX];
	int len;

	if (!word)
		return -EINVAL;
	len = zone_word_bytes(word, bytes, sizeof(bytes));
	if (len < 0)
		return zone_scan_refuse(scan, field, word,
					"a text of 255 bytes at most with right escapes; "
					"write a longer one as several in quotes");
	return zone_scan_put8(scan, len) ?: zone_scan_put(scan, bytes, len);
}

int zone_wire_string(struct zone_wire *wire, const struct zone_field *field)
{
	if (wire->p == wire->end)
		return zone_why(wire->why, "%s: missing", field->name);
	return zone_wire_pass(wire, field, *wire->p + 1);
}

int zone_scan_string_optional(struct zone_scan *scan, const struct zone_field *field)
{
	return zone_scan_peek(scan) ? zone_scan_string(scan, field) : 0;
}

int zone_wire_string_optional(struct zone_wire *wire, const struct zone_field *field)
{
	return wire->p < wire->end ? zone_wire_string(wire, field) : 0;
}

/* One or more, up to the end. */
int zone_scan_strings(struct zone_scan *scan, const struct zone_field *field)
{
	do {
		if (zone_scan_string(scan, field))
			return -EINVAL;
	} while (zone_scan_peek(scan));
	return 0;
}

int zone_wire_strings(struct zone_wire *wire, const struct zone_field *field)
{
	do {
		if (zone_wire_string(wire, field))
			return -EINVAL;
	} while (wire->p < wire->end);
	return 0;
}

/* All bytes up to the end, as one word and without a length. */
int zone_scan_text(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);
	int len;

	if (!word)
		return -EINVAL;
	len = zone_word_bytes(word, scan->out + scan->len, ZONE_RDATA_MAX - scan->len);
	if (len < 0)
		return zone_scan_refuse(scan, field, word, "a text with right escapes that fits");
	scan->len += len;
	return 0;
}

int zone_wire_text(struct zone_wire *wire, const struct zone_field *field)
{
	wire->p = wire->end;
	return 0;
}

static bool is_alphanumeric(__u8 c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 8659, 4.1: a length, and letters and digits, at least one. */
int zone_scan_tag(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_peek(scan);

	if (word && memchr(word->at, '\\', word->len))
		return zone_scan_refuse(scan, field, word, "letters and digits as they are");
	return zone_scan_string(scan, field);
}

int zone_wire_tag(struct zone_wire *wire, const struct zone_field *field)
{
	const __u8 *tag = wire->p + 1;

	if (zone_wire_string(wire, field))
		return -EINVAL;
	if (tag == wire->p)
		return zone_why(wire->why, "%s: empty", field->name);
	for (; tag < wire->p; tag++)
		if (!is_alphanumeric(*tag))
			return zone_why(wire->why, "%s: letters and digits alone may stand in it",
					field->name);
	return 0;
}

/* RFC 1183, 3.1: a text of digits, at least four. */
int zone_scan_digits(struct zone_scan *scan, const struct zone_field *field)
{
	return zone_scan_string(scan, field);
}

int zone_wire_digits(struct zone_wire *wire, const struct zone_field *field)
{
	const __u8 *p = wire->p + 1;

	if (zone_wire_string(wire, field))
		return -EINVAL;
	if (wire->p - p < 4)
		return zone_why(wire->why, "%s: fewer than four digits", field->name);
	for (; p < wire->p; p++)
		if (*p < '0' || *p > '9')
			return zone_why(wire->why, "%s: digits alone may stand in it", field->name);
	return 0;
}

/* --- base 16, 32 and 64 ----------------------------------------------------------------------- */

int zone_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int zone_scan_put_hex(struct zone_scan *scan, const struct zone_field *field,
		      const struct zone_word *words, size_t nr)
{
	unsigned int digits = 0, byte = 0;
	size_t i, n;
	int digit;

	for (i = 0; i < nr; i++) {
		if (!words[i].len)
			return zone_scan_refuse(scan, field, &words[i], "hexadecimal digits");
		for (n = 0; n < words[i].len; n++) {
			digit = zone_hex_digit(words[i].at[n]);
			if (digit < 0)
				return zone_scan_refuse(scan, field, &words[i],
							"hexadecimal digits");
			byte = byte << 4 | digit;
			if (++digits % 2 == 0 && zone_scan_put8(scan, byte))
				return -EINVAL;
		}
	}
	if (digits % 2)
		return zone_why(scan->why, "%s: an odd number of hexadecimal digits", field->name);
	return 0;
}

static int scan_rest(struct zone_scan *scan, const struct zone_field *field,
		     int (*put)(struct zone_scan *, const struct zone_field *,
				const struct zone_word *, size_t))
{
	size_t from = scan->at;

	scan->at = scan->nr;
	return put(scan, field, scan->words + from, scan->nr - from);
}

/* One byte or more, up to the end; blanks may stand anywhere between the digits. */
int zone_scan_hex(struct zone_scan *scan, const struct zone_field *field)
{
	return scan_rest(scan, field, zone_scan_put_hex);
}

int zone_wire_hex(struct zone_wire *wire, const struct zone_field *field)
{
	if (wire->p == wire->end)
		return zone_why(wire->why, "%s: missing", field->name);
	wire->p = wire->end;
	return 0;
}

static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? at - digits : -1;
}

/* Four digits that are three bytes, or fewer with "=" at their end. */
struct quantum {
	__u32 bits;
	unsigned int digits, padding;
	bool ended;
};

static int quantum_add(struct zone_scan *scan, struct quantum *q, char c)
{
	__u8 bytes[3];
	int digit = base64_digit(c);
	unsigned int n;

	if (q->ended || (c == '=' ? q->digits < 2 : digit < 0 || q->padding))
		return -EINVAL;
	q->padding += c == '=';
	q->bits = q->bits << 6 | (c == '=' ? 0 : digit);
	if (++q->digits < 4)
		return 0;
	n = 3 - q->padding;
	bytes[0] = q->bits >> 16;
	bytes[1] = q->bits >> 8;
	bytes[2] = q->bits;
	if (q->padding > 2 || (n < 3 && bytes[n])) /* bits that belong to no byte (RFC 4648, 3.5) */
		return -EINVAL;
	*q = (struct quantum){ .ended = n < 3 };
	return zone_scan_put(scan, bytes, n);
}

int zone_scan_put_base64(struct zone_scan *scan, const struct zone_field *field,
			 const struct zone_word *words, size_t nr)
{
	struct quantum q = { 0 };
	size_t i, n;

	for (i = 0; i < nr; i++)
		for (n = 0; n < words[i].len || !n; n++)
			if (!words[i].len || quantum_add(scan, &q, words[i].at[n]))
				return zone_scan_refuse(scan, field, &words[i],
							"base64 (RFC 4648, 4)");
	if (q.digits)
		return zone_why(scan->why, "%s: base64 is cut off", field->name);
	return 0;
}

/* One byte or more, up to the end. */
int zone_scan_base64(struct zone_scan *scan, const struct zone_field *field)
{
	return scan_rest(scan, field, zone_scan_put_base64);
}

int zone_wire_base64(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_hex(wire, field);
}

int zone_scan_base64_optional(struct zone_scan *scan, const struct zone_field *field)
{
	return zone_scan_base64(scan, field);
}

int zone_wire_base64_optional(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_text(wire, field);
}

int zone_scan_base64_or_dash(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);

	if (!word)
		return -EINVAL;
	if (scan->at == scan->nr && zone_word_is(word, "-"))
		return 0;
	scan->at--;
	return zone_scan_base64(scan, field);
}

int zone_wire_base64_or_dash(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_text(wire, field);
}

/* A length byte for what @put appends. */
static int put_with_length(struct zone_scan *scan, const struct zone_field *field,
			   const struct zone_word *word,
			   int (*put)(struct zone_scan *, const struct zone_field *,
				      const struct zone_word *, size_t))
{
	size_t at = scan->len;

	if (zone_scan_put8(scan, 0) || put(scan, field, word, 1))
		return -EINVAL;
	if (scan->len - at - 1 > STRING_MAX)
		return zone_scan_refuse(scan, field, word, "255 bytes at most");
	scan->out[at] = scan->len - at - 1;
	return 0;
}

/* RFC 5155, 3.3: hexadecimal digits, or "-" for none. */
int zone_scan_salt(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);

	if (!word)
		return -EINVAL;
	if (zone_word_is(word, "-"))
		return zone_scan_put8(scan, 0);
	return put_with_length(scan, field, word, zone_scan_put_hex);
}

int zone_wire_salt(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_string(wire, field);
}

static int base32_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'v')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'V' ? c - 'A' + 10 : -1;
}

/* Base 32 with extended hex alphabet, without padding (RFC 4648, 7). */
static int put_base32(struct zone_scan *scan, const struct zone_field *field,
		      const struct zone_word *words, size_t nr)
{
	unsigned int bits = 0, i;
	__u32 held = 0;
	int digit;

	for (i = 0; i < words->len; i++) {
		digit = base32_digit(words->at[i]);
		if (digit < 0)
			break;
		held = held << 5 | digit;
		bits += 5;
		if (bits < 8)
			continue;
		bits -= 8;
		if (zone_scan_put8(scan, held >> bits))
			return -EINVAL;
	}
	if (i < words->len || bits >= 5 || (held & ((1u << bits) - 1)))
		return zone_scan_refuse(scan, field, words, "base32hex (RFC 4648, 7)");
	return 0;
}

/* RFC 5155, 3.3: the next hashed owner name. */
int zone_scan_hash(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);

	return word ? put_with_length(scan, field, word, put_base32) : -EINVAL;
}

int zone_wire_hash(struct zone_wire *wire, const struct zone_field *field)
{
	const __u8 *length = wire->p;

	if (zone_wire_string(wire, field))
		return -EINVAL;
	if (!*length || (*wire->start == HASH_SHA1 && *length != 20))
		return zone_why(wire->why, "%s: %u bytes are no hash of SHA-1, which has 20",
				field->name, *length);
	return 0;
}

/* --- types and mnemonics ---------------------------------------------------------------------- */

int zone_scan_type(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);
	__u64 number;
	__u16 type;

	if (!word)
		return -EINVAL;
	if (!zone_word_number(word, 0xffff, &number))
		return zone_scan_put16(scan, number);
	if (zone_type_parse(word->at, word->len, &type))
		return zone_scan_refuse(scan, field, word, "a record type");
	return zone_scan_put16(scan, type);
}

int zone_wire_type(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_pass(wire, field, 2);
}

#define WINDOWS	     256
#define WINDOW_BYTES 32

/* RFC 4034, 4.1.2: of each window with a type in it, its number, the bytes up to the last type. */
static int put_windows(struct zone_scan *scan, const __u8 *bits)
{
	unsigned int window, len;

	for (window = 0; window < WINDOWS; window++, bits += WINDOW_BYTES) {
		for (len = WINDOW_BYTES; len && !bits[len - 1]; len--)
			;
		if (len && (zone_scan_put8(scan, window) || zone_scan_put8(scan, len) ||
			    zone_scan_put(scan, bits, len)))
			return -EINVAL;
	}
	return 0;
}

/* Types up to @max, up to the end of the words, as bits; *@last is the highest. */
static int scan_bits(struct zone_scan *scan, const struct zone_field *field, __u8 *bits, __u16 max,
		     __u16 *last)
{
	const struct zone_word *word;
	__u16 type;

	*last = 0;
	while (zone_scan_peek(scan)) {
		word = zone_scan_take(scan, field);
		if (zone_type_parse(word->at, word->len, &type) || type > max)
			return zone_scan_refuse(scan, field, word, "a record type");
		bits[type / 8] |= 0x80 >> type % 8;
		if (type > *last)
			*last = type;
	}
	return 0;
}

int zone_scan_types_optional(struct zone_scan *scan, const struct zone_field *field)
{
	__u8 bits[WINDOWS * WINDOW_BYTES] = { 0 };
	__u16 last;

	return scan_bits(scan, field, bits, 0xffff, &last) ?: put_windows(scan, bits);
}

static int check_window(struct zone_wire *wire, const struct zone_field *field, int *before)
{
	const __u8 *p = wire->p;

	if (zone_wire_pass(wire, field, 2))
		return -EINVAL;
	if (*before >= p[0] || !p[1] || p[1] > WINDOW_BYTES)
		return zone_why(wire->why, "%s: its windows are not in order or too long",
				field->name);
	*before = p[0];
	if (zone_wire_pass(wire, field, p[1]))
		return -EINVAL;
	if (!wire->p[-1])
		return zone_why(wire->why, "%s: a window ends in a zero byte", field->name);
	return 0;
}

int zone_wire_types_optional(struct zone_wire *wire, const struct zone_field *field)
{
	int before = -1;

	while (wire->p < wire->end)
		if (check_window(wire, field, &before))
			return -EINVAL;
	return 0;
}

int zone_scan_types(struct zone_scan *scan, const struct zone_field *field)
{
	return zone_scan_types_optional(scan, field);
}

int zone_wire_types(struct zone_wire *wire, const struct zone_field *field)
{
	if (wire->p == wire->end)
		return zone_why(wire->why, "%s: missing", field->name);
	return zone_wire_types_optional(wire, field);
}

/* RFC 2535, 5.2: one bitmap of types below 128. */
int zone_scan_types_old(struct zone_scan *scan, const struct zone_field *field)
{
	__u8 bits[WINDOW_BYTES / 2] = { 0 };
	__u16 last;

	if (scan_bits(scan, field, bits, 127, &last))
		return -EINVAL;
	if (bits[0] & 0x80)
		return zone_why(scan->why, "%s: TYPE0 is no type", field->name);
	return last ? zone_scan_put(scan, bits, last / 8 + 1) : 0;
}

int zone_wire_types_old(struct zone_wire *wire, const struct zone_field *field)
{
	if (wire->end - wire->p > WINDOW_BYTES / 2)
		return zone_why(wire->why, "%s: more than 16 bytes", field->name);
	if (wire->p < wire->end && (*wire->p & 0x80 || !wire->end[-1]))
		return zone_why(wire->why, "%s: TYPE0, or a zero byte at its end", field->name);
	wire->p = wire->end;
	return 0;
}

struct mnemonic {
	const char *word;
	__u16 value;
};

static const struct mnemonic algorithms[] = {
	{ "RSAMD5", 1 },
	{ "DH", 2 },
	{ "DSA", 3 },
	{ "RSASHA1", 5 },
	{ "NSEC3DSA", 6 },
	{ "NSEC3RSASHA1", 7 },
	{ "RSASHA256", 8 },
	{ "RSASHA512", 10 },
	{ "ECCGOST", 12 },
	{ "ECDSAP256SHA256", 13 },
	{ "ECDSA256", 13 },
	{ "ECDSAP384SHA384", 14 },
	{ "ECDSA384", 14 },
	{ "ED25519", 15 },
	{ "ED448", 16 },
	{ "INDIRECT", 252 },
	{ "PRIVATEDNS", 253 },
	{ "PRIVATEOID", 254 },
	{ "RSASHA1-NSEC3-SHA1", 7 },
	{ "DSA-NSEC3-SHA1", 6 },
	{ "ECC-GOST", 12 },
	{ NULL, 0 },
};

static const struct mnemonic digests[] = {
	{ "SHA-1", 1 }, { "SHA1", 1 },	  { "SHA-256", 2 }, { "SHA256", 2 },
	{ "GOST", 3 },	{ "SHA-384", 4 }, { "SHA384", 4 },  { NULL, 0 },
};

static const struct mnemonic hashings[] = { { "SHA-1", 1 }, { NULL, 0 } };

static const struct mnemonic protocols[] = {
	{ "NONE", 0 },	{ "TLS", 1 },	{ "EMAIL", 2 }, { "DNSSEC", 3 },
	{ "IPSEC", 4 }, { "ALL", 255 }, { NULL, 0 },
};

static const struct mnemonic certificates[] = {
	{ "PKIX", 1 },	{ "SPKI", 2 },	{ "PGP", 3 },	 { "IPKIX", 4 },
	{ "ISPKI", 5 }, { "IPGP", 6 },	{ "ACPKIX", 7 }, { "IACPKIX", 8 },
	{ "URI", 253 }, { "OID", 254 }, { NULL, 0 },
};

static const struct mnemonic schemes[] = { { "NOTIFY", 1 }, { NULL, 0 } };

/* A number or one of these words. */
static int scan_mnemonic(struct zone_scan *scan, const struct zone_field *field, size_t bytes,
			 const struct mnemonic *row)
{
	const struct zone_word *word = zone_scan_peek(scan);

	for (; word && row->word; row++) {
		if (!zone_word_is(word, row->word))
			continue;
		scan->at++;
		return put_number(scan, bytes, row->value);
	}
	return zone_scan_number(scan, field, bytes, bytes == 1 ? 0xff : 0xffff);
}

#define MNEMONIC_KIND(kind, bytes, rows)                                                           \
	int zone_scan_##kind(struct zone_scan *scan, const struct zone_field *field)               \
	{                                                                                          \
		return scan_mnemonic(scan, field, bytes, rows);                                    \
	}                                                                                          \
	int zone_wire_##kind(struct zone_wire *wire, const struct zone_field *field)               \
	{                                                                                          \
		return zone_wire_pass(wire, field, bytes);                                         \
	}

MNEMONIC_KIND(algorithm, 1, algorithms)
MNEMONIC_KIND(digest, 1, digests)
MNEMONIC_KIND(hashing, 1, hashings)
MNEMONIC_KIND(protocol, 1, protocols)
MNEMONIC_KIND(certificate, 2, certificates)
MNEMONIC_KIND(scheme, 1, schemes)

/* RFC 2535, 7.1: words with "|" between them. */
static const struct mnemonic key_flags[] = {
	{ "NOCONF", 0x4000 }, { "NOAUTH", 0x8000 }, { "NOKEY", 0xc000 },  { "FLAG2", 0x2000 },
	{ "EXTEND", 0x1000 }, { "FLAG4", 0x0800 },  { "FLAG5", 0x0400 },  { "USER", 0x0000 },
	{ "ZONE", 0x0100 },   { "HOST", 0x0200 },   { "NTYP3", 0x0300 },  { "FLAG8", 0x0080 },
	{ "FLAG9", 0x0040 },  { "FLAG10", 0x0020 }, { "FLAG11", 0x0010 }, { "SIG0", 0 },
	{ "SIG1", 1 },	      { "SIG2", 2 },	    { "SIG3", 3 },	  { "SIG4", 4 },
	{ "SIG5", 5 },	      { "SIG6", 6 },	    { "SIG7", 7 },	  { "SIG8", 8 },
	{ "SIG9", 9 },	      { "SIG10", 10 },	    { "SIG11", 11 },	  { "SIG12", 12 },
	{ "SIG13", 13 },      { "SIG14", 14 },	    { "SIG15", 15 },	  { "KSK", 1 },
	{ NULL, 0 },
};

static int key_flag(const char *at, size_t len, __u16 *flags)
{
	const struct mnemonic *row;

	for (row = key_flags; row->word; row++) {
		if (!zone_text_is(at, len, row->word))
			continue;
		*flags |= row->value;
		return 0;
	}
	return -EINVAL;
}

int zone_scan_key_flags(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_peek(scan);
	const char *p, *end, *bar;
	__u16 flags = 0;
	__u64 number;

	if (!word || !zone_word_number(word, ULLONG_MAX / 20, &number))
		return zone_scan_number(scan, field, 2, 0xffff);
	scan->at++;
	end = word->at + word->len;
	for (p = word->at; p < end; p = bar + 1) {
		bar = memchr(p, '|', end - p) ?: end;
		if (key_flag(p, bar - p, &flags))
			return zone_scan_refuse(scan, field, word,
						"a number from 0 to 65535 or flags of RFC 2535");
	}
	return zone_scan_put16(scan, flags);
}

int zone_wire_key_flags(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_pass(wire, field, 2);
}
