// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_field_rare.c: kinds of fields that one or two types have (zone_field.h).
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zone.h"
#include "zone_field.h"

/* @nr groups of one to @digits hexadecimal digits with @between between them. */
static int scan_groups(struct zone_scan *scan, const struct zone_field *field, unsigned int nr,
		       unsigned int digits, char between, const char *what)
{
	const struct zone_word *word = zone_scan_take(scan, field);
	const char *p, *end;
	unsigned int group, n;
	__u16 value;

	if (!word)
		return -EINVAL;
	p = word->at;
	end = p + word->len;
	for (group = 0; group < nr; group++) {
		for (n = 0, value = 0; p < end && zone_hex_digit(*p) >= 0 && n <= digits; n++)
			value = value << 4 | zone_hex_digit(*p++);
		if (!n || n > digits || (group + 1 < nr ? p == end || *p++ != between : p != end))
			return zone_scan_refuse(scan, field, word, what);
		if (digits > 2 ? zone_scan_put16(scan, value) : zone_scan_put8(scan, value))
			return -EINVAL;
	}
	return 0;
}

/* RFC 7043; others take groups of one digit too. */
int zone_scan_eui48(struct zone_scan *scan, const struct zone_field *field)
{
	return scan_groups(scan, field, 6, 2, '-', "like 00-00-5e-00-53-2a");
}

int zone_wire_eui48(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_pass(wire, field, 6);
}

int zone_scan_eui64(struct zone_scan *scan, const struct zone_field *field)
{
	return scan_groups(scan, field, 8, 2, '-', "like 00-00-5e-ef-10-00-00-2a");
}

int zone_wire_eui64(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_pass(wire, field, 8);
}

/* RFC 6742, 2.1.1: four groups of up to four hexadecimal digits, none left out. */
int zone_scan_groups(struct zone_scan *scan, const struct zone_field *field)
{
	return scan_groups(scan, field, 4, 4, ':', "like 0014:4fff:ff20:ee64");
}

int zone_wire_groups(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_pass(wire, field, 8);
}

/* --- addresses of other networks -------------------------------------------------------------- */

/* Pairs of hexadecimal digits; dots between them mean nothing. */
static int put_dotted_hex(struct zone_scan *scan, const char *p, const char *end)
{
	unsigned int digits = 0, value = 0;

	for (; p < end; p++) {
		if (*p == '.')
			continue;
		if (zone_hex_digit(*p) < 0)
			return -EINVAL;
		value = value << 4 | zone_hex_digit(*p);
		if (++digits % 2 == 0 && zone_scan_put8(scan, value))
			return -EINVAL;
	}
	return digits && digits % 2 == 0 ? 0 : -EINVAL;
}

/* RFC 1706, 6: 0x47.0005.80... */
int zone_scan_nsap(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);

	if (!word)
		return -EINVAL;
	if (word->len < 3 || !zone_text_is(word->at, 2, "0x") ||
	    put_dotted_hex(scan, word->at + 2, word->at + word->len))
		return zone_scan_refuse(scan, field, word, "0x and hexadecimal digits");
	return 0;
}

int zone_wire_nsap(struct zone_wire *wire, const struct zone_field *field)
{
	return zone_wire_hex(wire, field);
}

static bool has_lone_dot(const struct zone_word *word, size_t from)
{
	size_t i;

	for (i = from; i < word->len; i++)
		if (word->at[i] == '.' &&
		    (i == from || i + 1 == word->len || word->at[i + 1] == '.'))
			return true;
	return word->len == from;
}

/* E.164: the digits as they are. */
static int put_e164(struct zone_scan *scan, const struct zone_word *word)
{
	size_t i;

	for (i = 1; i < word->len; i++) {
		if (word->at[i] == '.')
			continue;
		if (!isdigit((unsigned char)word->at[i]) || zone_scan_put8(scan, word->at[i]))
			return -EINVAL;
	}
	return 0;
}

/* ATM Name System 1.0: a format byte; 0: an AESA in hexadecimal digits; 1: "+" and E.164. */
int zone_scan_atma(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);
	bool is_e164;

	if (!word)
		return -EINVAL;
	is_e164 = word->len && *word->at == '+';
	if (has_lone_dot(word, is_e164) || zone_scan_put8(scan, is_e164) ||
	    (is_e164 ? put_e164(scan, word) : put_dotted_hex(scan, word->at, word->at + word->len)))
		return zone_scan_refuse(scan, field, word, "an ATM address");
	return 0;
}

int zone_wire_atma(struct zone_wire *wire, const struct zone_field *field)
{
	const __u8 *format = wire->p, *p = format + 1;

	if (zone_wire_pass(wire, field, 2))
		return -EINVAL;
	for (wire->p = wire->end; *format == 1 && p < wire->end; p++)
		if (!isdigit(*p))
			return zone_why(wire->why, "%s: E.164 has digits alone", field->name);
	return 0;
}

/* RFC 2874, 3.1: prefix length, the bits behind it, and the name of the prefix. */
int zone_scan_a6(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word;
	__u8 address[16] = { 0 };
	unsigned int prefix, first;

	if (zone_scan_number(scan, field, 1, 128))
		return -EINVAL;
	prefix = scan->out[scan->len - 1];
	first = prefix / 8;
	if (prefix < 128) {
		word = zone_scan_take(scan, field);
		if (!word)
			return -EINVAL;
		if (zone_address_parse(AF_INET6, word->at, word->len, address))
			return zone_scan_refuse(scan, field, word, "an IPv6 address");
		address[first] &= 0xff >> prefix % 8;
		if (zone_scan_put(scan, address + first, 16 - first))
			return -EINVAL;
	}
	return prefix ? zone_scan_name(scan, field) : 0;
}

int zone_wire_a6(struct zone_wire *wire, const struct zone_field *field)
{
	const __u8 *prefix = wire->p;

	if (zone_wire_pass(wire, field, 1))
		return -EINVAL;
	if (*prefix > 128)
		return zone_why(wire->why, "%s: its length is more than 128", field->name);
	if (zone_wire_pass(wire, field, 16 - *prefix / 8))
		return -EINVAL;
	if (*prefix % 8 && prefix[1] >> (8 - *prefix % 8))
		return zone_why(wire->why, "%s: bits of the prefix are not zero", field->name);
	return *prefix ? zone_wire_name(wire, field) : 0;
}

/* --- APL -------------------------------------------------------------------------------------- */

static unsigned int apl_bytes(unsigned int family)
{
	return family == 1 ? 4 : family == 2 ? 16 : 0;
}

/* RFC 3123, 5: [!]family:address/prefix. */
static int put_item(struct zone_scan *scan, const struct zone_word *word)
{
	const char *p = word->at, *end = p + word->len, *colon, *slash;
	__u8 address[16] = { 0 };
	bool negated = p < end && *p == '!';
	__u64 family, prefix;
	unsigned int len;

	p += negated;
	colon = memchr(p, ':', end - p);
	slash = memchr(p, '/', end - p);
	if (!colon || !slash || slash < colon || zone_text_number(p, colon - p, 2, &family) ||
	    !apl_bytes(family))
		return -EINVAL;
	len = apl_bytes(family);
	if (zone_address_parse(family == 1 ? AF_INET : AF_INET6, colon + 1, slash - colon - 1,
			       address) ||
	    zone_text_number(slash + 1, end - slash - 1, 8 * len, &prefix))
		return -EINVAL;
	while (len && !address[len - 1])
		len--;
	return zone_scan_put16(scan, family) ?: zone_scan_put8(scan, prefix)
		       ?: zone_scan_put8(scan, negated << 7 | len)
		       ?: zone_scan_put(scan, address, len);
}

int zone_scan_apl(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word;

	while (zone_scan_peek(scan)) {
		word = zone_scan_take(scan, field);
		if (put_item(scan, word))
			return zone_scan_refuse(scan, field, word,
						"like 1:192.0.2.0/24 or !2:2001:db8::/32");
	}
	return 0;
}

static int check_item(struct zone_wire *wire, const struct zone_field *field)
{
	const __u8 *p = wire->p;
	unsigned int family, len;

	if (zone_wire_pass(wire, field, 4))
		return -EINVAL;
	family = p[0] << 8 | p[1];
	len = p[3] & 0x7f;
	if (zone_wire_pass(wire, field, len))
		return -EINVAL;
	if (apl_bytes(family) && (p[2] > 8 * apl_bytes(family) || len > apl_bytes(family)))
		return zone_why(wire->why, "%s: longer than an address of its family", field->name);
	if (len && !wire->p[-1])
		return zone_why(wire->why, "%s: an address ends in a zero byte", field->name);
	return 0;
}

int zone_wire_apl(struct zone_wire *wire, const struct zone_field *field)
{
	while (wire->p < wire->end)
		if (check_item(wire, field))
			return -EINVAL;
	return 0;
}

/* --- WKS -------------------------------------------------------------------------------------- */

#define PORT_BYTES 8192

struct number {
	const char *word;
	__u16 value;
};

/* Not from /etc/services: a zone must not depend on the host that reads it. */
static const struct number protocols[] = {
	{ "icmp", 1 }, { "igmp", 2 },  { "ggp", 3 },	{ "ipv4", 4 }, { "st", 5 },
	{ "tcp", 6 },  { "cbt", 7 },   { "egp", 8 },	{ "igp", 9 },  { "pup", 12 },
	{ "udp", 17 }, { "hmp", 20 },  { "rdp", 27 },	{ "gre", 47 }, { "esp", 50 },
	{ "ah", 51 },  { "ospf", 89 }, { "sctp", 132 }, { NULL, 0 },
};

static const struct number services[] = {
	{ "tcpmux", 1 },	{ "rje", 5 },		{ "echo", 7 },	   { "discard", 9 },
	{ "users", 11 },	{ "systat", 11 },	{ "daytime", 13 }, { "netstat", 15 },
	{ "quote", 17 },	{ "qotd", 17 },		{ "chargen", 19 }, { "ftp-data", 20 },
	{ "ftp", 21 },		{ "ssh", 22 },		{ "telnet", 23 },  { "smtp", 25 },
	{ "mail", 25 },		{ "time", 37 },		{ "rlp", 39 },	   { "name", 42 },
	{ "nameserver", 42 },	{ "whois", 43 },	{ "nicname", 43 }, { "tacacs", 49 },
	{ "domain", 53 },	{ "bootps", 67 },	{ "bootpc", 68 },  { "tftp", 69 },
	{ "gopher", 70 },	{ "finger", 79 },	{ "http", 80 },	   { "www", 80 },
	{ "link", 87 },		{ "kerberos", 88 },	{ "supdup", 95 },  { "hostname", 101 },
	{ "hostnames", 101 },	{ "iso-tsap", 102 },	{ "x400", 103 },   { "csnet-ns", 105 },
	{ "rtelnet", 107 },	{ "pop2", 109 },	{ "pop3", 110 },   { "pop", 110 },
	{ "sunrpc", 111 },	{ "auth", 113 },	{ "sftp", 115 },   { "uucp-path", 117 },
	{ "nntp", 119 },	{ "ntp", 123 },		{ "epmap", 135 },  { "netbios-ns", 137 },
	{ "netbios-dgm", 138 }, { "netbios-ssn", 139 }, { "imap2", 143 },  { "imap", 143 },
	{ "snmp", 161 },	{ "snmp-trap", 162 },	{ "xdmcp", 177 },  { "bgp", 179 },
	{ "irc", 194 },		{ "ldap", 389 },	{ "https", 443 },  { "submission", 587 },
	{ "ldaps", 636 },	{ "domain-s", 853 },	{ "imaps", 993 },  { "pop3s", 995 },
	{ "exec", 512 },	{ "login", 513 },	{ "shell", 514 },  { "syslog", 514 },
	{ "printer", 515 },	{ "uucp", 540 },	{ NULL, 0 },
};

static int find_number(const struct zone_word *word, const struct number *row, __u64 max,
		       __u64 *value)
{
	for (; row->word; row++) {
		if (!zone_word_is(word, row->word))
			continue;
		*value = row->value;
		return 0;
	}
	return zone_word_number(word, max, value);
}

static int put_ports(struct zone_scan *scan, const struct zone_field *field)
{
	__u8 bits[PORT_BYTES] = { 0 };
	const struct zone_word *word;
	size_t bytes = 0;
	__u64 port;

	while (zone_scan_peek(scan)) {
		word = zone_scan_take(scan, field);
		if (find_number(word, services, 65535, &port))
			return zone_scan_refuse(scan, field, word,
						"a service known here; write its port");
		bits[port / 8] |= 0x80 >> port % 8;
		if (port / 8 + 1 > bytes)
			bytes = port / 8 + 1;
	}
	return zone_scan_put(scan, bits, bytes);
}

/* RFC 1035, 3.4.2: a protocol, and a bit for each port up to the last one. */
int zone_scan_wks(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);
	__u64 protocol;

	if (!word)
		return -EINVAL;
	if (find_number(word, protocols, 255, &protocol))
		return zone_scan_refuse(scan, field, word,
					"a protocol known here; write its number");
	return zone_scan_put8(scan, protocol) ?: put_ports(scan, field);
}

int zone_wire_wks(struct zone_wire *wire, const struct zone_field *field)
{
	if (zone_wire_pass(wire, field, 1))
		return -EINVAL;
	if (wire->end - wire->p > PORT_BYTES)
		return zone_why(wire->why, "%s: more than 65536 ports", field->name);
	wire->p = wire->end;
	return 0;
}

/* --- LOC (RFC 1876) --------------------------------------------------------------------------- */

#define LOC_BYTES    16
#define LOC_EQUATOR  0x80000000u
#define LOC_SEA_CM   10000000u
#define LOC_CM_MAX   4284967295u   /* above the reference that is 100 km below the sea */
#define LOC_SIZE_MAX 9000000099ull /* cm, of which the last two digits are not kept */

/* A decimal number, "m" behind it perhaps, with @digits behind the point as a whole number. */
static int parse_decimal(const char *p, const char *end, unsigned int digits, bool metres,
			 __u64 max, __u64 *value)
{
	const char *point;
	__u64 whole = 0, part = 0;
	unsigned int i, scale = 1, n;

	if (metres && p < end && end[-1] == 'm')
		end--;
	point = memchr(p, '.', end - p) ?: end;
	n = point < end ? end - point - 1 : 0;
	for (i = 0; i < digits; i++)
		scale *= 10;
	if (p == end || n > digits || (point == p && !n) ||
	    (point > p && zone_text_number(p, point - p, max / scale, &whole)) ||
	    (n && zone_text_number(point + 1, n, scale, &part)))
		return -EINVAL;
	for (; n < digits; n++)
		part *= 10;
	*value = whole * scale + part;
	return *value <= max ? 0 : -EINVAL;
}

static bool take_direction(struct zone_scan *scan, const char *words, bool *minus)
{
	const struct zone_word *word = zone_scan_peek(scan);

	if (!word || word->len != 1 || (*word->at != words[0] && *word->at != words[1]))
		return false;
	*minus = *word->at == words[1];
	scan->at++;
	return true;
}

/* Degrees, and perhaps minutes and seconds, and a direction: thousandths of a second of arc. */
static int scan_angle(struct zone_scan *scan, const struct zone_field *field, __u64 degrees_max,
		      const char *directions)
{
	static const struct {
		unsigned int digits;
		__u64 max, ms;
	} parts[] = { { 0, 0, 3600000 }, { 0, 59, 60000 }, { 3, 59999, 1 } };
	const struct zone_word *word = NULL;
	__u64 sum = 0, value;
	bool minus;
	size_t i;

	for (i = 0; i < 3; i++) {
		if (i && take_direction(scan, directions, &minus))
			break;
		word = zone_scan_take(scan, field);
		if (!word)
			return -EINVAL;
		if (parse_decimal(word->at, word->at + word->len, parts[i].digits, false,
				  i ? parts[i].max : degrees_max, &value))
			return zone_scan_refuse(scan, field, word, "degrees, minutes or seconds");
		sum += value * parts[i].ms;
	}
	if (i == 3 && !take_direction(scan, directions, &minus))
		return zone_why(scan->why, "%s: %c or %c is missing", field->name, directions[0],
				directions[1]);
	if (sum > degrees_max * 3600000)
		return zone_scan_refuse(scan, field, word, "within the globe");
	return zone_scan_put32(scan, minus ? LOC_EQUATOR - sum : LOC_EQUATOR + sum);
}

static int scan_altitude(struct zone_scan *scan, const struct zone_field *field)
{
	const struct zone_word *word = zone_scan_take(scan, field);
	const char *p, *end;
	bool minus;
	__u64 cm;

	if (!word)
		return -EINVAL;
	p = word->at;
	end = p + word->len;
	minus = p < end && *p == '-';
	p += minus || (p < end && *p == '+');
	if (parse_decimal(p, end, 2, true, minus ? LOC_SEA_CM : LOC_CM_MAX, &cm))
		return zone_scan_refuse(scan, field, word,
					"an altitude from -100000.00m to 42849672.95m");
	return zone_scan_put32(scan, minus ? LOC_SEA_CM - cm : LOC_SEA_CM + cm);
}

/* One digit and a power of ten. */
static __u8 loc_size(__u64 cm)
{
	unsigned int power = 0;

	for (; cm >= 10; cm /= 10)
		power++;
	return cm << 4 | power;
}

/* Size and precisions stand behind the coordinates, and before them on the wire. */
int zone_scan_loc(struct zone_scan *scan, const struct zone_field *field)
{
	__u8 *head = scan->out + scan->len;
	const struct zone_word *word;
	unsigned int i;
	__u64 cm;

	if (zone_scan_put32(scan, 0x00121613) || /* version 0; 1 m, 10 km, 10 m */
	    scan_angle(scan, field, 90, "NS") || scan_angle(scan, field, 180, "EW") ||
	    scan_altitude(scan, field))
		return -EINVAL;
	for (i = 1; i < 4 && zone_scan_peek(scan); i++) {
		word = zone_scan_take(scan, field);
		if (parse_decimal(word->at, word->at + word->len, 2, true, LOC_SIZE_MAX, &cm))
			return zone_scan_refuse(scan, field, word, "a size from 0 to 90000000.00m");
		head[i] = loc_size(cm);
	}
	return 0;
}

static __u32 get32(const __u8 *p)
{
	return (__u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static bool is_size(__u8 c)
{
	return !c || (c >> 4 && c >> 4 <= 9 && (c & 0xf) <= 9);
}

static bool is_angle(__u32 v, __u32 degrees_max)
{
	__u32 max = degrees_max * 3600000;

	return v >= LOC_EQUATOR - max && v <= LOC_EQUATOR + max;
}

/* Other versions than 0 may have any form. */
int zone_wire_loc(struct zone_wire *wire, const struct zone_field *field)
{
	const __u8 *p = wire->p;

	if (zone_wire_pass(wire, field, p < wire->end && *p ? wire->end - p : LOC_BYTES))
		return -EINVAL;
	if (*p)
		return 0;
	if (!is_size(p[1]) || !is_size(p[2]) || !is_size(p[3]))
		return zone_why(wire->why, "%s: a size is no digit and power of ten", field->name);
	if (!is_angle(get32(p + 4), 90) || !is_angle(get32(p + 8), 180))
		return zone_why(wire->why, "%s: not within the globe", field->name);
	return 0;
}

/* --- keys and where they are ------------------------------------------------------------------ */

/* RFC 8005, 5 and 6: as text algorithm, HIT, key, servers; the lengths come first on the wire. */
int zone_scan_hip(struct zone_scan *scan, const struct zone_field *field)
{
	static const struct zone_field algorithm = { ZONE_FIELD_U8, "public key algorithm" };
	static const struct zone_field hit = { ZONE_FIELD_HEX, "HIT" };
	static const struct zone_field key = { ZONE_FIELD_BASE64, "public key" };
	__u8 *head = scan->out + scan->len;
	const struct zone_word *word;
	size_t from;

	if (zone_scan_put8(scan, 0) || zone_scan_u8(scan, &algorithm) || zone_scan_put16(scan, 0))
		return -EINVAL;
	from = scan->len;
	word = zone_scan_take(scan, &hit);
	if (!word || zone_scan_put_hex(scan, &hit, word, 1))
		return -EINVAL;
	if (scan->len - from > 255)
		return zone_scan_refuse(scan, &hit, word, "of 255 bytes at most");
	head[0] = scan->len - from;
	from = scan->len;
	word = zone_scan_take(scan, &key);
	if (!word || zone_scan_put_base64(scan, &key, word, 1))
		return -EINVAL;
	head[2] = (scan->len - from) >> 8;
	head[3] = scan->len - from;
	return zone_scan_names(scan, field);
}

int zone_wire_hip(struct zone_wire *wire, const struct zone_field *field)
{
	const __u8 *p = wire->p;
	size_t key;

	if (zone_wire_pass(wire, field, 4))
		return -EINVAL;
	key = p[2] << 8 | p[3];
	if (!p[0] || !key)
		return zone_why(wire->why, "HIT or public key: empty");
	return zone_wire_pass(wire, field, p[0] + key) ?: zone_wire_names(wire, field);
}

/* Nothing (written as a dot), an address, or a name, as @kind says. */
static int put_gateway(struct zone_scan *scan, const struct zone_field *field, unsigned int kind)
{
	const struct zone_word *word = zone_scan_take(scan, field);

	if (!word)
		return -EINVAL;
	switch (kind) {
	case 0:
		return zone_word_is(word, ".")
			       ? 0
			       : zone_scan_refuse(scan, field, word, "a dot, as type 0 wants");
	case 1:
		return zone_scan_put_address(scan, field, AF_INET, word);
	case 2:
		return zone_scan_put_address(scan, field, AF_INET6, word);
	default:
		return zone_scan_put_name(scan, field, word);
	}
}

static int pass_gateway(struct zone_wire *wire, const struct zone_field *field, unsigned int kind)
{
	switch (kind) {
	case 0:
		return 0;
	case 1:
		return zone_wire_pass(wire, field, 4);
	case 2:
		return zone_wire_pass(wire, field, 16);
	case 3:
		return zone_wire_name(wire, field);
	default:
		return zone_why(wire->why, "%s: its type is not 0, 1, 2 or 3", field->name);
	}
}

/* RFC 4025, 2: gateway type, algorithm, gateway. */
int zone_scan_gateway(struct zone_scan *scan, const struct zone_field *field)
{
	static const struct zone_field type = { ZONE_FIELD_U8, "gateway type" };
	static const struct zone_field algorithm = { ZONE_FIELD_U8, "algorithm" };

	if (zone_scan_number(scan, &type, 1, 3) || zone_scan_u8(scan, &algorithm))
		return -EINVAL;
	return put_gateway(scan, field, scan->out[scan->len - 2]);
}

int zone_wire_gateway(struct zone_wire *wire, const struct zone_field *field)
{
	const __u8 *p = wire->p;

	return zone_wire_pass(wire, field, 2) ?: pass_gateway(wire, field, *p);
}

/* RFC 8777, 4.2: discovery bit, relay type, relay. */
int zone_scan_relay(struct zone_scan *scan, const struct zone_field *field)
{
	static const struct zone_field discovery = { ZONE_FIELD_U8, "discovery optional" };
	static const struct zone_field type = { ZONE_FIELD_U8, "relay type" };
	unsigned int optional;

	if (zone_scan_number(scan, &discovery, 1, 1))
		return -EINVAL;
	optional = scan->out[--scan->len];
	if (zone_scan_number(scan, &type, 1, 3))
		return -EINVAL;
	scan->out[scan->len - 1] |= optional << 7;
	return put_gateway(scan, field, scan->out[scan->len - 1] & 0x7f);
}

int zone_wire_relay(struct zone_wire *wire, const struct zone_field *field)
{
	const __u8 *p = wire->p;

	if (zone_wire_pass(wire, field, 1))
		return -EINVAL;
	if ((*p & 0x7f) <= 3)
		return pass_gateway(wire, field, *p & 0x7f);
	wire->p = wire->end; /* a type that is not assigned yet: any data */
	return 0;
}
