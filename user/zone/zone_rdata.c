// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_rdata.c: the data of records, field by field (zone_rdata.h).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "zone.h"
#include "zone_field.h"

struct kind {
	int (*scan)(struct zone_scan *scan, const struct zone_field *field);
	int (*check)(struct zone_wire *wire, const struct zone_field *field);
};

static const struct kind kinds[] = {
#define KIND_ROW(KIND, kind) [ZONE_FIELD_##KIND] = { zone_scan_##kind, zone_wire_##kind },
	ZONE_FIELDS(KIND_ROW)
#undef KIND_ROW
};

int zone_why(char why[ZONE_WHY], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, ZONE_WHY, format, args);
	va_end(args);
	return -EINVAL;
}

int zone_rdata_check(__u16 type, const __u8 *rdata, size_t len, char why[ZONE_WHY])
{
	const struct zone_type *row = zone_type_find(type);
	struct zone_wire wire = { rdata, rdata, rdata + len, why };
	const struct zone_field *field;

	if (!row || !row->fields)
		return 0;
	for (field = row->fields; field->kind; field++)
		if (kinds[field->kind].check(&wire, field))
			return -EINVAL;
	if (wire.p != wire.end)
		return zone_why(why, "%zd bytes too many behind its last field", wire.end - wire.p);
	return row->check ? row->check(rdata, len, why) : 0;
}

/* RFC 3597, 5: "\# 4 c0000201"; blanks may stand anywhere between the digits. */
static int scan_generic(struct zone_scan *scan)
{
	static const struct zone_field length = { ZONE_FIELD_U16, "length behind \\#" };
	static const struct zone_field data = { ZONE_FIELD_HEX, "data behind \\#" };
	const struct zone_word *word;
	__u64 expected;
	int err;

	scan->at++;
	word = zone_scan_take(scan, &length);
	if (!word)
		return -EINVAL;
	if (zone_word_number(word, ZONE_RDATA_MAX, &expected))
		return zone_scan_refuse(scan, &length, word, "a number from 0 to 65535");
	err = zone_scan_put_hex(scan, &data, scan->words + scan->at, scan->nr - scan->at);
	if (err)
		return err;
	if (scan->len != expected)
		return zone_why(scan->why, "\\# says %llu bytes, and %zu follow",
				(unsigned long long)expected, scan->len);
	scan->at = scan->nr;
	return 0;
}

/*
 * "\#" begins data in the generic form. In a TXT whose second word is no number, it is a text of
 * one character.
 */
static bool is_generic(const struct zone_scan *scan, __u16 type)
{
	const struct zone_word *word = zone_scan_peek(scan);
	__u64 number;

	if (!word || word->quoted || !zone_word_is(word, "\\#"))
		return false;
	return type != 16 || (scan->nr > 1 && !zone_word_number(word + 1, (__u32)-1, &number));
}

static int scan_fields(struct zone_scan *scan, const struct zone_type *row)
{
	const struct zone_field *field;
	char text[ZONE_WORD_TEXT];

	for (field = row->fields; field->kind; field++)
		if (kinds[field->kind].scan(scan, field))
			return -EINVAL;
	if (scan->at == scan->nr)
		return 0;
	return zone_why(scan->why, "\"%s\" is one word too many",
			zone_word_show(&scan->words[scan->at], text));
}

int zone_rdata_parse(__u16 type, const struct zone_word *words, size_t nr, const __u8 *origin,
		     __u8 rdata[ZONE_RDATA_MAX], char why[ZONE_WHY])
{
	const struct zone_type *row = zone_type_find(type);
	struct zone_scan scan = {
		.words = words, .nr = nr, .origin = origin, .out = rdata, .why = why
	};
	int err;

	if (is_generic(&scan, type))
		err = scan_generic(&scan);
	else if (row && row->fields && row->fields->kind)
		err = scan_fields(&scan, row);
	else
		err = zone_why(why, "data of this type is written as \\# LENGTH HEX (RFC 3597)");
	if (!err)
		err = zone_rdata_check(type, rdata, scan.len, why);
	return err ? err : (int)scan.len;
}

static bool has_names(const struct zone_type *row)
{
	const struct zone_field *field;

	for (field = row->fields; field->kind; field++)
		if (field->kind == ZONE_FIELD_NAME)
			return true;
	return false;
}

static int compare_bytes(const __u8 *a, size_t a_len, const __u8 *b, size_t b_len)
{
	int diff = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return diff ? diff : (a_len > b_len) - (a_len < b_len);
}

static int compare_names(const __u8 *a, const __u8 *b)
{
	__u8 x[256], y[256];

	name_lower(x, a);
	name_lower(y, b);
	return compare_bytes(x, name_len(x), y, name_len(y));
}

/*
 * Both were checked, so no check fails here. Fields begin at the same offsets until the first
 * difference.
 */
static int compare_fields(const struct zone_type *row, struct zone_wire *a, struct zone_wire *b)
{
	const struct zone_field *field;
	const __u8 *x, *y;
	int diff;

	for (field = row->fields; field->kind; field++) {
		x = a->p;
		y = b->p;
		if (kinds[field->kind].check(a, field) || kinds[field->kind].check(b, field))
			return compare_bytes(x, a->end - x, y, b->end - y);
		diff = field->kind == ZONE_FIELD_NAME ? compare_names(x, y)
						      : compare_bytes(x, a->p - x, y, b->p - y);
		if (diff)
			return diff;
	}
	return 0;
}

int zone_rdata_compare(__u16 type, const __u8 *a, size_t a_len, const __u8 *b, size_t b_len)
{
	const struct zone_type *row = zone_type_find(type);
	char why[ZONE_WHY];
	struct zone_wire x = { a, a, a + a_len, why }, y = { b, b, b + b_len, why };

	if (!row || !row->fields || !has_names(row))
		return compare_bytes(a, a_len, b, b_len);
	return compare_fields(row, &x, &y);
}
