/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_field.h: the kinds of fields in the data of records. Shared by zone_types.c, zone_rdata.c,
 * zone_field*.c and zone_svcb.c.
 */
#ifndef AD_ZONE_FIELD_H
#define AD_ZONE_FIELD_H

#include "zone_rdata.h"

/*
 * The kinds. How each looks as text and on the wire is described at its functions in zone_field*.c.
 */
#define ZONE_FIELDS(FIELD)                                                                         \
	FIELD(U8, u8)                                                                              \
	FIELD(U16, u16)                                                                            \
	FIELD(U32, u32)                                                                            \
	FIELD(TTL, ttl)                                                                            \
	FIELD(TIME, time)                                                                          \
	FIELD(DATE, date)                                                                          \
	FIELD(NAME, name)                                                                          \
	FIELD(NAME_EXACT, name)                                                                    \
	FIELD(NAMES, names)                                                                        \
	FIELD(IP4, ip4)                                                                            \
	FIELD(IP6, ip6)                                                                            \
	FIELD(STRING, string)                                                                      \
	FIELD(STRING_OPTIONAL, string_optional)                                                    \
	FIELD(STRINGS, strings)                                                                    \
	FIELD(TEXT, text)                                                                          \
	FIELD(TAG, tag)                                                                            \
	FIELD(DIGITS, digits)                                                                      \
	FIELD(HEX, hex)                                                                            \
	FIELD(SALT, salt)                                                                          \
	FIELD(HASH, hash)                                                                          \
	FIELD(BASE64, base64)                                                                      \
	FIELD(BASE64_OPTIONAL, base64_optional)                                                    \
	FIELD(BASE64_OR_DASH, base64_or_dash)                                                      \
	FIELD(TYPE, type)                                                                          \
	FIELD(TYPES, types)                                                                        \
	FIELD(TYPES_OPTIONAL, types_optional)                                                      \
	FIELD(TYPES_OLD, types_old)                                                                \
	FIELD(ALGORITHM, algorithm)                                                                \
	FIELD(DIGEST, digest)                                                                      \
	FIELD(HASHING, hashing)                                                                    \
	FIELD(PROTOCOL, protocol)                                                                  \
	FIELD(KEY_FLAGS, key_flags)                                                                \
	FIELD(CERTIFICATE, certificate)                                                            \
	FIELD(SCHEME, scheme)                                                                      \
	FIELD(GROUPS, groups)                                                                      \
	FIELD(EUI48, eui48)                                                                        \
	FIELD(EUI64, eui64)                                                                        \
	FIELD(NSAP, nsap)                                                                          \
	FIELD(ATMA, atma)                                                                          \
	FIELD(A6, a6)                                                                              \
	FIELD(APL, apl)                                                                            \
	FIELD(WKS, wks)                                                                            \
	FIELD(LOC, loc)                                                                            \
	FIELD(HIP, hip)                                                                            \
	FIELD(GATEWAY, gateway)                                                                    \
	FIELD(RELAY, relay)                                                                        \
	FIELD(SVC_PARAMS, svc_params)

enum zone_field_kind {
	ZONE_FIELD_END,
#define ZONE_FIELD_ENUM(KIND, kind) ZONE_FIELD_##KIND,
	ZONE_FIELDS(ZONE_FIELD_ENUM)
#undef ZONE_FIELD_ENUM
};

struct zone_field {
	enum zone_field_kind kind;
	const char *name; /* as its RFC calls it */
};

struct zone_type {
	__u16 number;
	__u8 name_len;
	const char *name;
	const struct zone_field *fields; /* NULL: known by name only, data as "\#" only */
	/*
	 * Checks what concerns several fields, after each was found right: 0, or -EINVAL and @why.
	 * May be NULL.
	 */
	int (*check)(const __u8 *rdata, size_t len, char why[ZONE_WHY]);
};

/* NULL: no such row. */
const struct zone_type *zone_type_find(__u16 number);

/* Data that is being read from words. */
struct zone_scan {
	const struct zone_word *words;
	size_t nr, at;
	const __u8 *origin;
	__u8 *out; /* ZONE_RDATA_MAX bytes */
	size_t len;
	char *why;
};

/* Data in wire format that is being checked: @p moves from @start to @end. */
struct zone_wire {
	const __u8 *start, *p, *end;
	char *why;
};

/* Each field is checked with the bytes that are left in the data. */
#define ZONE_FIELD_DECLARE(KIND, kind)                                                             \
	int zone_scan_##kind(struct zone_scan *scan, const struct zone_field *field);              \
	int zone_wire_##kind(struct zone_wire *wire, const struct zone_field *field);
ZONE_FIELDS(ZONE_FIELD_DECLARE)
#undef ZONE_FIELD_DECLARE

/* --- for those functions -----------------------------------------------------------------------*/

/* -EINVAL, and the reason. */
int zone_why(char why[ZONE_WHY], const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The next word, or NULL. */
const struct zone_word *zone_scan_peek(const struct zone_scan *scan);
/* The same, and moves behind it; NULL: the field is missing, and scan->why says so. */
const struct zone_word *zone_scan_take(struct zone_scan *scan, const struct zone_field *field);
/* "field: "word" is not ...": -EINVAL. */
int zone_scan_refuse(struct zone_scan *scan, const struct zone_field *field,
		     const struct zone_word *word, const char *what);

int zone_scan_put(struct zone_scan *scan, const void *bytes, size_t len);
int zone_scan_put8(struct zone_scan *scan, __u8 v);
int zone_scan_put16(struct zone_scan *scan, __u16 v);
int zone_scan_put32(struct zone_scan *scan, __u32 v);
/* A number word of @bytes (1, 2 or 4) on the wire, @max at most. */
int zone_scan_number(struct zone_scan *scan, const struct zone_field *field, size_t bytes,
		     __u32 max);
/* A name, as zone_scan_name() reads one. */
int zone_scan_put_name(struct zone_scan *scan, const struct zone_field *field,
		       const struct zone_word *word);
/* An address of @family (AF_INET, AF_INET6) from text. */
int zone_scan_put_address(struct zone_scan *scan, const struct zone_field *field, int family,
			  const struct zone_word *word);
int zone_address_parse(int family, const char *at, size_t len, __u8 to[16]);

/* Base64 (RFC 4648, 4) of several words as one; 0 and the bytes are appended, or -EINVAL. */
int zone_scan_put_base64(struct zone_scan *scan, const struct zone_field *field,
			 const struct zone_word *words, size_t nr);
/* The same in base 16. */
int zone_scan_put_hex(struct zone_scan *scan, const struct zone_field *field,
		      const struct zone_word *words, size_t nr);

/* Of base 16; -1: none. */
int zone_hex_digit(char c);

/* Two bytes in network order. */
static inline __u16 zone_get16(const __u8 *p)
{
	return p[0] << 8 | p[1];
}

/* Moves over @bytes, or reports that they are missing. */
int zone_wire_pass(struct zone_wire *wire, const struct zone_field *field, size_t bytes);

#endif
