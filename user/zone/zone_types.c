// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_types.c: a row for each record type that is known by name (zone_field.h), and the rules for
 * its data that concern several fields.
 *
 *
 * To add a type: a row here, in the order of the numbers. A field that no other type has gets a
 * kind in zone_field.h and its two functions in zone_field_rare.c.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "maps/dns_proto.h"
#include "user/base/nearest.h"
#include "zone.h"
#include "zone_field.h"

#define SIGNATURE_LABELS 3
#define SIGNATURE_SIGNER 18

/* A digest of @len bytes, whose @algorithm should give @right (0: unknown here). */
static int check_digest(const char *what, unsigned int algorithm, size_t len, size_t right,
			char why[ZONE_WHY])
{
	if (!right || len == right)
		return 0;
	return zone_why(why, "%s has %zu bytes; type %u has %zu", what, len, algorithm, right);
}

/* RFC 4034, 5.1; RFC 4509; RFC 6605. That of RFC 5933 is obsolete and mostly unsupported. */
static int check_ds(const __u8 *rdata, size_t len, char why[ZONE_WHY])
{
	static const __u8 bytes[] = { 0, 20, 32, 0, 48 };
	__u8 type = rdata[3];

	return check_digest("digest", type, len - 4, type < sizeof(bytes) ? bytes[type] : 0, why);
}

/* RFC 4255, 3.1.3; RFC 6594. */
static int check_sshfp(const __u8 *rdata, size_t len, char why[ZONE_WHY])
{
	return check_digest("fingerprint", rdata[1], len - 2,
			    rdata[1] == 1   ? 20
			    : rdata[1] == 2 ? 32
					    : 0,
			    why);
}

/* RFC 6698, 2.1.3. */
static int check_tlsa(const __u8 *rdata, size_t len, char why[ZONE_WHY])
{
	return check_digest("certificate association data", rdata[2], len - 3,
			    rdata[2] == 1   ? 32
			    : rdata[2] == 2 ? 64
					    : 0,
			    why);
}

/* RFC 8976, 2.2. */
static int check_zonemd(const __u8 *rdata, size_t len, char why[ZONE_WHY])
{
	if (len - 6 < 12)
		return zone_why(why, "digest: fewer than 12 bytes");
	return check_digest("digest", rdata[5], len - 6,
			    rdata[5] == 1   ? 48
			    : rdata[5] == 2 ? 64
					    : 0,
			    why);
}

static int check_dnskey(const __u8 *rdata, size_t len, char why[ZONE_WHY])
{
	return len > 4 ? 0 : zone_why(why, "public key: missing");
}

/* RFC 2535, 3.1.2: flags that say "no key" go without one, and no other. */
static int check_key(const __u8 *rdata, size_t len, char why[ZONE_WHY])
{
	bool none = (zone_get16(rdata) & 0xc000) == 0xc000;

	if (none && len > 4)
		return zone_why(why, "public key: its flags say that there is none");
	return none ? 0 : check_dnskey(rdata, len, why);
}

static int check_rkey(const __u8 *rdata, size_t len, char why[ZONE_WHY])
{
	if (zone_get16(rdata))
		return zone_why(why, "flags: must be 0");
	return check_dnskey(rdata, len, why);
}

/* RFC 4034, 3.1.3, RFC 4035, 5.3.1: the owner name has so many labels, and lies in the signer's
 * zone. */
static int check_rrsig(const __u8 *rdata, size_t len, char why[ZONE_WHY])
{
	if (rdata[SIGNATURE_LABELS] >= name_labels(rdata + SIGNATURE_SIGNER))
		return 0;
	return zone_why(why, "labels: fewer than the signer's name has");
}

/* RFC 4025, 2.4: only algorithm 0 goes without a key. The gateway is behind three bytes. */
static int check_ipseckey(const __u8 *rdata, size_t len, char why[ZONE_WHY])
{
	static const struct zone_field gateway = { ZONE_FIELD_GATEWAY, "gateway" };
	struct zone_wire wire = { rdata, rdata + 1, rdata + len, why };

	if (zone_wire_gateway(&wire, &gateway))
		return -EINVAL;
	return wire.p < wire.end || !rdata[2] ? 0 : zone_why(why, "public key: missing");
}

#define F(kind_, name_)                                                                            \
	{                                                                                          \
		.kind = ZONE_FIELD_##kind_, .name = name_                                          \
	}
#define FIELDS(...)                                                                                \
	.fields = (const struct zone_field[])                                                      \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			ZONE_FIELD_END, NULL                                                       \
		}                                                                                  \
	}
#define ROW(number_, name_, ...)                                                                   \
	{                                                                                          \
		.number = number_, .name = name_, .name_len = sizeof(name_) - 1, __VA_ARGS__       \
	}

#define ONE_NAME(what)	    FIELDS(F(NAME, what))
#define TWO_NAMES(one, two) FIELDS(F(NAME, one), F(NAME, two))
#define PREFERENCE(what)    FIELDS(F(U16, "preference"), F(NAME, what))
#define SIGNATURE(time)                                                                            \
	FIELDS(F(TYPE, "type covered"), F(ALGORITHM, "algorithm"), F(U8, "labels"),                \
	       F(U32, "original TTL"), F(time, "signature expiration"),                            \
	       F(time, "signature inception"), F(U16, "key tag"), F(NAME, "signer's name"),        \
	       F(BASE64, "signature"))
#define PUBLIC_KEY(flags, check_)                                                                  \
	FIELDS(F(flags, "flags"), F(PROTOCOL, "protocol"), F(ALGORITHM, "algorithm"),              \
	       F(BASE64_OPTIONAL, "public key")),                                                  \
		.check = check_
#define DELEGATION                                                                                 \
	FIELDS(F(U16, "key tag"), F(ALGORITHM, "algorithm"), F(DIGEST, "digest type"),             \
	       F(HEX, "digest")),                                                                  \
		.check = check_ds
#define CERTIFICATE                                                                                \
	FIELDS(F(U8, "certificate usage"), F(U8, "selector"), F(U8, "matching type"),              \
	       F(HEX, "certificate association data")),                                            \
		.check = check_tlsa
#define SERVICE	   FIELDS(F(U16, "priority"), F(NAME_EXACT, "target"), F(SVC_PARAMS, "parameters"))
#define TEXTS	   FIELDS(F(STRINGS, "text"))
#define BLOB(what) FIELDS(F(BASE64, what))

/* clang-format off */
static const struct zone_type types[] = {
	ROW(1, "A", FIELDS(F(IP4, "address"))),
	ROW(2, "NS", ONE_NAME("name server")),
	ROW(3, "MD", ONE_NAME("mail destination")),
	ROW(4, "MF", ONE_NAME("mail forwarder")),
	ROW(5, "CNAME", ONE_NAME("target")),
	ROW(6, "SOA", FIELDS(F(NAME, "primary server"), F(NAME, "mailbox"), F(U32, "serial"),
			     F(TTL, "refresh"), F(TTL, "retry"), F(TTL, "expire"), F(TTL, "minimum"))),
	ROW(7, "MB", ONE_NAME("mailbox host")),
	ROW(8, "MG", ONE_NAME("mailbox")),
	ROW(9, "MR", ONE_NAME("new mailbox")),
	ROW(10, "NULL"),
	ROW(11, "WKS", FIELDS(F(IP4, "address"), F(WKS, "services"))),
	ROW(12, "PTR", ONE_NAME("target")),
	ROW(13, "HINFO", FIELDS(F(STRING, "CPU"), F(STRING, "OS"))),
	ROW(14, "MINFO", TWO_NAMES("responsible mailbox", "mailbox for errors")),
	ROW(15, "MX", PREFERENCE("mail server")),
	ROW(16, "TXT", TEXTS),
	ROW(17, "RP", TWO_NAMES("mailbox", "name of a TXT")),
	ROW(18, "AFSDB", FIELDS(F(U16, "subtype"), F(NAME, "host"))),
	ROW(19, "X25", FIELDS(F(DIGITS, "PSDN address"))),
	ROW(20, "ISDN", FIELDS(F(STRING, "ISDN address"), F(STRING_OPTIONAL, "subaddress"))),
	ROW(21, "RT", PREFERENCE("intermediate host")),
	ROW(22, "NSAP", FIELDS(F(NSAP, "address"))),
	ROW(23, "NSAP-PTR", ONE_NAME("target")),
	ROW(24, "SIG", SIGNATURE(DATE)),
	ROW(25, "KEY", PUBLIC_KEY(KEY_FLAGS, check_key)),
	ROW(26, "PX", FIELDS(F(U16, "preference"), F(NAME, "RFC 822 domain"), F(NAME, "X.400 domain"))),
	ROW(27, "GPOS", FIELDS(F(STRING, "longitude"), F(STRING, "latitude"), F(STRING, "altitude"))),
	ROW(28, "AAAA", FIELDS(F(IP6, "address"))),
	ROW(29, "LOC", FIELDS(F(LOC, "location"))),
	ROW(30, "NXT", FIELDS(F(NAME, "next name"), F(TYPES_OLD, "types"))),
	ROW(31, "EID", FIELDS(F(HEX, "identifier"))),
	ROW(32, "NIMLOC", FIELDS(F(HEX, "locator"))),
	ROW(33, "SRV", FIELDS(F(U16, "priority"), F(U16, "weight"), F(U16, "port"), F(NAME, "target"))),
	ROW(34, "ATMA", FIELDS(F(ATMA, "address"))),
	ROW(35, "NAPTR", FIELDS(F(U16, "order"), F(U16, "preference"), F(STRING, "flags"),
				F(STRING, "services"), F(STRING, "regexp"), F(NAME, "replacement"))),
	ROW(36, "KX", PREFERENCE("exchanger")),
	ROW(37, "CERT", FIELDS(F(CERTIFICATE, "type"), F(U16, "key tag"), F(ALGORITHM, "algorithm"),
			       F(BASE64, "certificate"))),
	ROW(38, "A6", FIELDS(F(A6, "prefix and address"))),
	ROW(39, "DNAME", ONE_NAME("target")),
	ROW(40, "SINK", FIELDS(F(U8, "meaning"), F(U8, "coding"), F(U8, "subcoding"),
			       F(BASE64_OPTIONAL, "data"))),
	ROW(41, "OPT"),
	ROW(42, "APL", FIELDS(F(APL, "address prefix"))),
	ROW(43, "DS", DELEGATION),
	ROW(44, "SSHFP", FIELDS(F(U8, "algorithm"), F(U8, "fingerprint type"), F(HEX, "fingerprint")),
	    .check = check_sshfp),
	ROW(45, "IPSECKEY", FIELDS(F(U8, "precedence"), F(GATEWAY, "gateway"),
				   F(BASE64_OPTIONAL, "public key")), .check = check_ipseckey),
	ROW(46, "RRSIG", SIGNATURE(TIME), .check = check_rrsig),
	ROW(47, "NSEC", FIELDS(F(NAME_EXACT, "next name"), F(TYPES, "types"))),
	ROW(48, "DNSKEY", PUBLIC_KEY(KEY_FLAGS, check_dnskey)),
	ROW(49, "DHCID", BLOB("digest")),
	ROW(50, "NSEC3", FIELDS(F(HASHING, "hash algorithm"), F(U8, "flags"), F(U16, "iterations"),
				F(SALT, "salt"), F(HASH, "next hashed owner"),
				F(TYPES_OPTIONAL, "types"))),
	ROW(51, "NSEC3PARAM", FIELDS(F(HASHING, "hash algorithm"), F(U8, "flags"),
				     F(U16, "iterations"), F(SALT, "salt"))),
	ROW(52, "TLSA", CERTIFICATE),
	ROW(53, "SMIMEA", CERTIFICATE),
	ROW(55, "HIP", FIELDS(F(HIP, "rendezvous server"))),
	ROW(56, "NINFO", TEXTS),
	ROW(57, "RKEY", PUBLIC_KEY(KEY_FLAGS, check_rkey)),
	ROW(58, "TALINK", FIELDS(F(NAME_EXACT, "start or previous name"), F(NAME_EXACT, "end or next name"))),
	ROW(59, "CDS", DELEGATION),
	ROW(60, "CDNSKEY", PUBLIC_KEY(KEY_FLAGS, check_dnskey)),
	ROW(61, "OPENPGPKEY", BLOB("public key")),
	ROW(62, "CSYNC", FIELDS(F(U32, "serial"), F(U16, "flags"), F(TYPES_OPTIONAL, "types"))),
	ROW(63, "ZONEMD", FIELDS(F(U32, "serial"), F(U8, "scheme"), F(U8, "hash algorithm"),
				 F(HEX, "digest")), .check = check_zonemd),
	ROW(64, "SVCB", SERVICE),
	ROW(65, "HTTPS", SERVICE),
	ROW(66, "DSYNC", FIELDS(F(TYPE, "type"), F(SCHEME, "scheme"), F(U16, "port"), F(NAME_EXACT, "target"))),
	ROW(67, "HHIT", BLOB("data")),
	ROW(68, "BRID", BLOB("data")),
	ROW(99, "SPF", TEXTS),
	ROW(100, "UINFO"),
	ROW(101, "UID"),
	ROW(102, "GID"),
	ROW(103, "UNSPEC"),
	ROW(104, "NID", FIELDS(F(U16, "preference"), F(GROUPS, "node id"))),
	ROW(105, "L32", FIELDS(F(U16, "preference"), F(IP4, "locator"))),
	ROW(106, "L64", FIELDS(F(U16, "preference"), F(GROUPS, "locator"))),
	ROW(107, "LP", FIELDS(F(U16, "preference"), F(NAME_EXACT, "name of L32 or L64"))),
	ROW(108, "EUI48", FIELDS(F(EUI48, "address"))),
	ROW(109, "EUI64", FIELDS(F(EUI64, "address"))),
	ROW(249, "TKEY"),
	ROW(250, "TSIG"),
	ROW(251, "IXFR"),
	ROW(252, "AXFR"),
	ROW(253, "MAILB"),
	ROW(254, "MAILA"),
	ROW(255, "ANY"),
	ROW(256, "URI", FIELDS(F(U16, "priority"), F(U16, "weight"), F(TEXT, "target"))),
	ROW(257, "CAA", FIELDS(F(U8, "flags"), F(TAG, "tag"), F(TEXT, "value"))),
	ROW(258, "AVC", TEXTS),
	ROW(259, "DOA", FIELDS(F(U32, "enterprise"), F(U32, "type"), F(U8, "location"),
			       F(STRING, "media type"), F(BASE64_OR_DASH, "data"))),
	ROW(260, "AMTRELAY", FIELDS(F(U8, "precedence"), F(RELAY, "relay"))),
	ROW(261, "RESINFO", TEXTS),
	ROW(262, "WALLET", TEXTS),
	ROW(32768, "TA", DELEGATION),
	ROW(32769, "DLV", DELEGATION),
};
/* clang-format on */

#define TYPES (sizeof(types) / sizeof(*types))

static int compare_number(const void *key, const void *row)
{
	return *(const __u16 *)key - ((const struct zone_type *)row)->number;
}

const struct zone_type *zone_type_find(__u16 number)
{
	if (number && number <= 53) /* no gaps up to there */
		return &types[number - 1];
	return bsearch(&number, types, TYPES, sizeof(*types), compare_number);
}

int zone_type_parse(const char *at, size_t len, __u16 *type)
{
	const struct zone_type *row;
	__u64 number;

	for (row = types; row < types + TYPES; row++) {
		if (row->name_len != len || !zone_text_is(at, len, row->name))
			continue;
		*type = row->number;
		return 0;
	}
	if (len <= 4 || !zone_text_is(at, 4, "TYPE") ||
	    zone_text_number(at + 4, len - 4, 0xffff, &number))
		return -EINVAL;
	*type = number;
	return 0;
}

const char *zone_type_name(__u16 type, char text[ZONE_TYPE_TEXT])
{
	const struct zone_type *row = zone_type_find(type);

	if (row)
		snprintf(text, ZONE_TYPE_TEXT, "%s", row->name);
	else
		snprintf(text, ZONE_TYPE_TEXT, "TYPE%u", type);
	return text;
}

const char *zone_type_nearest(const struct zone_word *word)
{
	char typed[ZONE_TYPE_TEXT] = "";
	struct nearest nearest = { .word = typed };
	size_t i;

	for (i = 0; i < word->len && i < sizeof(typed) - 1; i++)
		typed[i] = toupper((unsigned char)word->at[i]);
	for (i = 0; i < TYPES; i++)
		nearest_offer(&nearest, types[i].name);
	return nearest.best;
}

bool zone_type_is_meta(__u16 type)
{
	return !type || type == DNS_T_OPT || (type >= 128 && type <= DNS_T_ANY);
}
