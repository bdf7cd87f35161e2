// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_svcb.c: the parameters of SVCB and HTTPS (RFC 9460, 2.1, 2.2 and 7), a kind of field
 * (zone_field.h).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zone.h"
#include "zone_field.h"

enum svc_key {
	SVC_MANDATORY,
	SVC_ALPN,
	SVC_NO_DEFAULT_ALPN,
	SVC_PORT,
	SVC_IPV4HINT,
	SVC_ECH,
	SVC_IPV6HINT,
	SVC_DOHPATH,		  /* RFC 9461, 5 */
	SVC_OHTTP,		  /* RFC 9540, 4 */
	SVC_TLS_SUPPORTED_GROUPS, /* draft-ietf-tls-key-share-prediction */
	SVC_KEYS,
};

static const char *const key_names[SVC_KEYS] = {
	[SVC_MANDATORY] = "mandatory",
	[SVC_ALPN] = "alpn",
	[SVC_NO_DEFAULT_ALPN] = "no-default-alpn",
	[SVC_PORT] = "port",
	[SVC_IPV4HINT] = "ipv4hint",
	[SVC_ECH] = "ech",
	[SVC_IPV6HINT] = "ipv6hint",
	[SVC_DOHPATH] = "dohpath",
	[SVC_OHTTP] = "ohttp",
	[SVC_TLS_SUPPORTED_GROUPS] = "tls-supported-groups",
};

/* A parameter's value while it is read: decoded once (RFC 9460, A), and where it goes. */
struct value {
	struct zone_scan *scan;
	const char *name;
	__u8 *p, *end;
};

static int key_parse(const char *at, size_t len, __u16 *key)
{
	__u64 number;
	unsigned int i;

	for (i = 0; i < SVC_KEYS; i++) {
		if (strlen(key_names[i]) != len || memcmp(at, key_names[i], len))
			continue;
		*key = i;
		return 0;
	}
	if (len < 4 || memcmp(at, "key", 3) || (len > 4 && at[3] == '0') ||
	    zone_text_number(at + 3, len - 3, 0xffff, &number))
		return -EINVAL;
	*key = number;
	return 0;
}

static const char *key_name(__u16 key, char text[16])
{
	if (key < SVC_KEYS)
		return key_names[key];
	snprintf(text, 16, "key%u", key);
	return text;
}

/* --- values from text ------------------------------------------------------------------------- */

static int value_wrong(const struct value *value, const char *what)
{
	return zone_why(value->scan->why, "%s: its value is not %s", value->name, what);
}

/* The next item of a comma-separated list; false after the last one. */
static bool next_item(struct value *value, const char **at, size_t *len)
{
	__u8 *comma;

	if (!value->p)
		return false;
	comma = memchr(value->p, ',', value->end - value->p);
	*at = (const char *)value->p;
	*len = (comma ?: value->end) - value->p;
	value->p = comma ? comma + 1 : NULL;
	return true;
}

/* RFC 9460, A.1: here a comma or a backslash may be escaped once more. */
static int put_alpn(struct value *value)
{
	struct zone_scan *scan = value->scan;
	size_t length_at = scan->len;
	const __u8 *p;
	bool escaped;

	if (zone_scan_put8(scan, 0))
		return -EINVAL;
	for (p = value->p; p < value->end; p++) {
		escaped = *p == '\\';
		if (escaped && ++p == value->end)
			return value_wrong(value, "a list of ids: it ends in a backslash");
		if (*p == ',' && !escaped) {
			length_at = scan->len;
			if (zone_scan_put8(scan, 0))
				return -EINVAL;
			continue;
		}
		if (scan->out[length_at] == 255)
			return value_wrong(value, "a list of ids of 255 bytes at most");
		scan->out[length_at]++;
		if (zone_scan_put8(scan, *p))
			return -EINVAL;
	}
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, 2);
}

static int put_mandatory(struct value *value)
{
	struct zone_scan *scan = value->scan;
	size_t from = scan->len, len;
	const char *at;
	__u16 key;

	while (next_item(value, &at, &len)) {
		if (key_parse(at, len, &key))
			return value_wrong(value, "a list of keys");
		if (zone_scan_put16(scan, key))
			return -EINVAL;
	}
	qsort(scan->out + from, (scan->len - from) / 2, 2, compare_keys);
	return 0;
}

static int put_hints(struct value *value, int family)
{
	__u8 address[16];
	const char *at;
	size_t len;

	while (next_item(value, &at, &len)) {
		if (zone_address_parse(family, at, len, address))
			return value_wrong(value, family == AF_INET ? "a list of IPv4 addresses"
								    : "a list of IPv6 addresses");
		if (zone_scan_put(value->scan, address, family == AF_INET ? 4 : 16))
			return -EINVAL;
	}
	return 0;
}

static int put_numbers(struct value *value)
{
	const char *at;
	__u64 number;
	size_t len;

	while (next_item(value, &at, &len)) {
		if (zone_text_number(at, len, 65535, &number))
			return value_wrong(value, "numbers from 0 to 65535");
		if (zone_scan_put16(value->scan, number))
			return -EINVAL;
	}
	return 0;
}

/* Blanks may stand between the digits here, too: they are in quotes. */
static int put_ech(struct value *value)
{
	static const struct zone_field field = { ZONE_FIELD_BASE64, "ech" };
	struct zone_word word = { .at = (const char *)value->p };
	const __u8 *p;
	__u8 *to = value->p;

	for (p = value->p; p < value->end; p++)
		if (*p != ' ' && *p != '\t')
			to[word.len++] = *p;
	return word.len ? zone_scan_put_base64(value->scan, &field, &word, 1) : 0;
}

static int put_value(struct value *value, __u16 key)
{
	switch (key) {
	case SVC_MANDATORY:
		return put_mandatory(value);
	case SVC_ALPN:
		return put_alpn(value);
	case SVC_PORT:
	case SVC_TLS_SUPPORTED_GROUPS:
		return put_numbers(value);
	case SVC_IPV4HINT:
		return put_hints(value, AF_INET);
	case SVC_IPV6HINT:
		return put_hints(value, AF_INET6);
	case SVC_ECH:
		return put_ech(value);
	default:
		return zone_scan_put(value->scan, value->p, value->end - value->p);
	}
}

/* keyN takes any bytes; whether they are right for a known key is checked on the wire. */
static int scan_value(struct zone_scan *scan, const struct zone_word *text, __u16 key, bool by_name)
{
	__u8 decoded[ZONE_RDATA_MAX];
	char name[16];
	struct value value = { .scan = scan, .name = key_name(key, name), .p = decoded };
	size_t from;
	int len = zone_word_bytes(text, decoded, sizeof(decoded));

	if (len < 0)
		return value_wrong(&value, "a text with right escapes");
	value.end = decoded + len;
	if (zone_scan_put16(scan, key) || zone_scan_put16(scan, 0))
		return -EINVAL;
	from = scan->len;
	if (len && (by_name ? put_value(&value, key) : zone_scan_put(scan, decoded, len)))
		return -EINVAL;
	scan->out[from - 2] = (scan->len - from) >> 8;
	scan->out[from - 1] = scan->len - from;
	return 0;
}

/* key, key=value or key="value". */
static int scan_param(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field), *next;
	const char *equals = memchr(word->at, '=', word->len);
	size_t len = equals ? equals - word->at : word->len;
	struct zone_word text = { .at = "" };
	__u16 key;

	if (word->quoted || key_parse(word->at, len, &key))
		return zone_scan_refuse(scan, field, word,
					"a key that is known here; "
					"write an unknown one as keyNNNNN");
	if (equals) {
		text.at = equals + 1;
		text.len = word->len - len - 1;
	}
	next = zone_scan_peek(scan);
	if (equals && !text.len && next && next->quoted && next->glued) {
		text = *next;
		scan->at++;
	}
	return scan_value(scan, &text, key, strncmp(word->at, "key", 3));
}

/* --- order ------------------------------------------------------------------------------------ */

struct param {
	const __u8 *at;
	size_t len;
};

static int compare_params(const void *a, const void *b)
{
	return memcmp(((const struct param *)a)->at, ((const struct param *)b)->at, 2);
}

/* RFC 9460, 2.2: ascending by key. */
static int sort_params(struct zone_scan *scan, size_t from, size_t nr)
{
	struct param *params = calloc(nr, sizeof(*params));
	__u8 *copy = malloc(scan->len - from + 1);
	const __u8 *p = copy;
	size_t i;

	if (params && copy) {
		memcpy(copy, scan->out + from, scan->len - from);
		for (i = 0; i < nr; i++, p += params[i - 1].len)
			params[i] = (struct param){ p, 4 + zone_get16(p + 2) };
		qsort(params, nr, sizeof(*params), compare_params);
		scan->len = from;
		for (i = 0; i < nr; i++)
			zone_scan_put(scan, params[i].at, params[i].len);
	}
	i = params && copy;
	free(params);
	free(copy);
	return i ? 0 : zone_why(scan->why, "out of memory");
}

int zone_scan_svc_params(struct zone_scan *scan, const struct zone_field *field)
{
	size_t from = scan->len, nr = 0;

	for (; zone_scan_peek(scan); nr++)
		if (scan_param(scan, field))
			return -EINVAL;
	return nr > 1 ? sort_params(scan, from, nr) : 0;
}

/* --- on the wire ------------------------------------------------------------------------------ */

static bool alpn_valid(const __u8 *p, const __u8 *end)
{
	for (; p < end; p += *p + 1)
		if (!*p || *p >= end - p)
			return false;
	return true;
}

static bool ascending(const __u8 *p, const __u8 *end)
{
	for (; p + 4 <= end; p += 2)
		if (zone_get16(p) >= zone_get16(p + 2))
			return false;
	return true;
}

/* The list is in the order of preference, so a bit for each key finds duplicates. */
static bool groups_valid(const __u8 *p, size_t len)
{
	__u8 seen[65536 / 8] = { 0 };
	size_t i;

	for (i = 0; i < len; i += 2) {
		if (seen[zone_get16(p + i) / 8] & 1 << zone_get16(p + i) % 8)
			return false;
		seen[zone_get16(p + i) / 8] |= 1 << zone_get16(p + i) % 8;
	}
	return true;
}

static bool utf8_valid(const __u8 *p, const __u8 *end)
{
	unsigned int more;
	__u32 c;

	while (p < end) {
		c = *p++;
		more = c < 0x80 ? 0 : c >> 5 == 6 ? 1 : c >> 4 == 14 ? 2 : c >> 3 == 30 ? 3 : 4;
		if (more == 4 || (size_t)(end - p) < more)
			return false;
		for (; more; more--)
			if (*p++ >> 6 != 2)
				return false;
	}
	return true;
}

/* RFC 6570, 2.3 and 2.4: "dns", and perhaps how much of it. */
static bool is_dns_variable(const __u8 *p, const __u8 *end)
{
	if (end - p < 3 || memcmp(p, "dns", 3))
		return false;
	p += 3;
	return p == end || *p == ':' || (*p == '*' && p + 1 == end);
}

/* Between braces: an operator, and variables with commas between them. */
static bool has_dns_variable(const __u8 *p, const __u8 *end)
{
	const __u8 *comma;

	if (p < end && memchr("+#./;?&", *p, 7))
		p++;
	for (; p <= end; p = comma + 1) {
		comma = memchr(p, ',', end - p) ?: end;
		if (is_dns_variable(p, comma))
			return true;
	}
	return false;
}

/* RFC 9461, 5: a relative URI template that has the variable "dns". */
static bool dohpath_valid(const __u8 *p, size_t len)
{
	const __u8 *end = p + len, *open, *close;
	bool found = false;

	if (!len || *p != '/' || !utf8_valid(p, end))
		return false;
	for (; (open = memchr(p, '{', end - p)); p = close + 1) {
		close = memchr(open, '}', end - open);
		if (!close)
			return false;
		found = found || has_dns_variable(open + 1, close);
	}
	return found;
}

/* What the value of a key must be; NULL: it is. */
static const char *value_fault(__u16 key, const __u8 *p, size_t len)
{
	switch (key) {
	case SVC_MANDATORY:
		return len && len % 2 == 0 && ascending(p, p + len) &&
				       zone_get16(p) != SVC_MANDATORY
			       ? NULL
			       : "a list of keys, none twice and not itself";
	case SVC_ALPN:
		return len && alpn_valid(p, p + len) ? NULL : "a list of ids, none empty";
	case SVC_NO_DEFAULT_ALPN:
	case SVC_OHTTP:
		return len ? "empty, as it must be" : NULL;
	case SVC_PORT:
		return len == 2 ? NULL : "one port";
	case SVC_IPV4HINT:
		return len && len % 4 == 0 ? NULL : "one or more IPv4 addresses";
	case SVC_IPV6HINT:
		return len && len % 16 == 0 ? NULL : "one or more IPv6 addresses";
	case SVC_DOHPATH:
		return dohpath_valid(p, len) ? NULL : "a path with the variable {?dns}";
	case SVC_TLS_SUPPORTED_GROUPS:
		return len && len % 2 == 0 && groups_valid(p, len) ? NULL
								   : "a list of groups, none twice";
	default:
		return NULL;
	}
}

static int check_param(struct zone_wire *wire, const struct zone_field *field, int *before)
{
	const __u8 *p = wire->p;
	const char *fault;
	char name[16];
	__u16 key;

	if (zone_wire_pass(wire, field, 4))
		return -EINVAL;
	key = zone_get16(p);
	if (zone_wire_pass(wire, field, zone_get16(p + 2)))
		return -EINVAL;
	if (key <= *before)
		return zone_why(wire->why, "%s stands twice, or keys are not in order",
				key_name(key, name));
	*before = key;
	fault = value_fault(key, p + 4, zone_get16(p + 2));
	return fault ? zone_why(wire->why, "%s: its value is not %s", key_name(key, name), fault)
		     : 0;
}

/* The first parameter at or behind @p whose key is not below @key; @end: none. */
static const __u8 *seek_param(const __u8 *p, const __u8 *end, __u16 key)
{
	while (p < end && zone_get16(p) < key)
		p += 4 + zone_get16(p + 2);
	return p;
}

static bool has_param(const __u8 *p, const __u8 *end, __u16 key)
{
	p = seek_param(p, end, key);
	return p < end && zone_get16(p) == key;
}

/* RFC 9460, 7.1.1 and 8. */
static int check_needs(struct zone_wire *wire, const __u8 *from)
{
	const __u8 *p = from, *wanted, *last;
	char name[16];

	if (has_param(from, wire->end, SVC_NO_DEFAULT_ALPN) &&
	    !has_param(from, wire->end, SVC_ALPN))
		return zone_why(wire->why, "no-default-alpn needs alpn beside it");
	if (!has_param(from, wire->end, SVC_MANDATORY))
		return 0;
	wanted = from + 4; /* key 0 comes first, and its list is in order, too */
	for (last = wanted + zone_get16(from + 2); wanted < last; wanted += 2) {
		p = seek_param(p, wire->end, zone_get16(wanted));
		if (p == wire->end || zone_get16(p) != zone_get16(wanted))
			return zone_why(wire->why, "mandatory names %s, which is not there",
					key_name(zone_get16(wanted), name));
	}
	return 0;
}

int zone_wire_svc_params(struct zone_wire *wire, const struct zone_field *field)
{
	const __u8 *from = wire->p;
	int before = -1;

	while (wire->p < wire->end)
		if (check_param(wire, field, &before))
			return -EINVAL;
	return check_needs(wire, from);
}
