// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_zone_reader.c: what the text of a zone file means: words, directives, files. The data of
 * each type is test_zone_rdata's.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "user/zone/zone_files.h"
#include "zone_fixture.h"

/* The record of this owner name (and type) as "ttl type hex", or "none". */
static const char *record(const struct zone *zone, const char *owner_name, __u16 type)
{
	static char text[600];
	__u8 wire[256], bytes[NAME_KEY_MAX];
	const struct zone_rr *rr;
	struct name_key key;
	size_t nr, i;
	int at;

	if (!zone || name_parse(owner_name, wire))
		return "no zone";
	name_to_key(wire, bytes, &key);
	rr = zone_find(zone, &key, type, &nr);
	if (!nr)
		return "none";
	at = sprintf(text, "%u %u ", rr->ttl, rr->type);
	for (i = 0; i < rr->rdlen && i < 256; i++)
		at += sprintf(text + at, "%02x", rr->rdata[i]);
	return text;
}

struct reading {
	const char *text, *owner_name, *record, *what;
};

/* Text behind HEAD, a name below example.com, and what is there. */
static const struct reading readings[] = {
	{ "a TXT ( v=spf1 -all)\n", "a", "3600 16 06763d73706631042d616c6c",
	  "a parenthesis that touches a word" },
	{ "a TXT x(y)z\n", "a", "3600 16 01780179017a", "parentheses between words" },
	{ "a TXT ( x ( y ) )\n", "a", "3600 16 01780179", "nested parentheses" },
	{ "a TXT ( x ; not ) here\n y )\n", "a", "3600 16 01780179", "a comment in parentheses" },
	{ "a EUI48 0-0-5e-0-53-2A\n", "a", "3600 108 00005e00532a", "groups of one digit" },
	{ "a LOC 1 N 1 E +1m 90000000.01m\n", "a", "3600 29 009916138036ee808036ee80009896e4",
	  "a plus, and centimetres that are not kept" },
	{ "a TYPE260 \\# 4 0a84abcd\n", "a", "3600 260 0a84abcd", "a relay of another type" },
	{ "a DNSKEY 49152 3 8 AQID\n", "a", "3600 48 c0000308010203", "flags of another type" },
	{ "a SVCB 1 . ech\n", "a", "3600 64 00010000050000", "ech without a value" },
	{ "a DS 1 8 3 00\n", "a", "3600 43 0001080300", "a digest that few know" },
	{ "a HINFO (i386 linux)\n", "a", "3600 13 0469333836056c696e7578", "HINFO, the same" },
	{ "a CAA (0 issue x)\n", "a", "3600 257 0005697373756578", "CAA, the same" },
	{ "a SVCB (1 . alpn=h2)\n", "a", "3600 64 00010000010003026832", "SVCB, the same" },
	{ "a TXT x;y\n", "a", "3600 16 0178", "a comment that touches a word" },
	{ "a TXT \"x;y(z)\"\n", "a", "3600 16 06783b79287a29", "nothing of it inside of quotes" },
	{ "a TXT \"x\"y\n", "a", "3600 16 01780179", "a word that touches a quote" },
	{ "a TXT x\"y\"\n", "a", "3600 16 01780179", "a quote that touches a word" },
	{ "a TXT \"\"\n", "a", "3600 16 00", "an empty text" },
	{ "a TXT \"\\\"\\\\\\065\"\n", "a", "3600 16 03225c41", "escapes" },
	{ "a TXT x\\ y\n", "a", "3600 16 03782079", "an escaped blank" },
	{ "a TXT caf\xc3\xa9 \xe9\n", "a", "3600 16 05636166c3a901e9", "UTF-8 and Latin-1" },
	{ "a\xe9 A 192.0.2.2\n", "a\\233", "3600 1 c0000202", "a name in Latin-1" },
	{ "a TXT \"x\ry\"\n", "a", "3600 16 03780d79", "CR inside of quotes" },
	{ "a TXT x\r\nb TXT y\r\n", "b", "3600 16 0179", "lines with CR LF" },
	{ "a TXT x\rb TXT y\r", "b", "3600 16 0179", "lines with CR" },
	{ "a TXT x ; y\rb TXT z\nc TXT w ; v\r\n", "a", "3600 16 0178", "CR in a comment" },
	{ "; x\rb TXT z\nb TXT w\n", "b", "3600 16 0177", "and what is behind it there" },
	{ "a TXT \"x\"\r\n", "a", "3600 16 0178", "a quote before CR LF" },
	{ "\"a\" A 192.0.2.2\n", "a", "3600 1 c0000202", "an owner in quotes" },
	{ "a!b A 192.0.2.2\n", "a!b", "3600 1 c0000202", "an exclamation mark in a name" },
	{ "a CNAME b$c@d\n", "a",
	  "3600 5 0562246340"
	  "64076578616d706c6503636f6d00",
	  "dollar and at in a name" },
	{ "\\@ A 192.0.2.2\n", "\\@", "3600 1 c0000202", "an escaped at" },
	{ "\\$x A 192.0.2.2\n", "\\$x", "3600 1 c0000202", "an escaped dollar" },
	{ "a 60 IN A 192.0.2.2\n", "a", "60 1 c0000202", "TTL and class" },
	{ "a IN 1h A 192.0.2.2\n", "a", "3600 1 c0000202", "class and TTL" },
	{ "a CLASS1 TYPE1 \\# 4 c0 00 0202\n", "a", "3600 1 c0000202", "numbers for both" },
	{ "a TYPE65280 \\# 4 c 0000202\n", "a", "3600 65280 c0000202", "digits split anywhere" },
	{ "a TYPE65280 \\# 0\n", "a", "3600 65280 ", "no data at all" },
	{ "a TXT \\#\n", "a", "3600 16 0123", "a number sign as text" },
	{ "a 1W2d3h4M5s A 192.0.2.2\n", "a", "788645 1 c0000202", "a TTL with units" },
	{ "a 30 A 192.0.2.2\nb A 192.0.2.3\n", "b", "3600 1 c0000203", "$TTL beats the last TTL" },
	{ "$TTL 5m\na A 192.0.2.2\n", "a", "300 1 c0000202", "$TTL once more" },
	{ "$ORIGIN sub\na A 192.0.2.2\n", "a.sub", "3600 1 c0000202", "a relative origin" },
	{ "$ORIGIN sub\n$ORIGIN deep\na A 192.0.2.2\n", "a.deep.sub", "3600 1 c0000202", "two" },
	{ "$ORIGIN @\na A 192.0.2.2\n", "a", "3600 1 c0000202", "an origin of @" },
	{ "a A 192.0.2.2\n\n ; nothing\n  TXT x\n", "a", "3600 16 0178",
	  "an owner that is inherited over empty lines" },
	{ "a A 192.0.2.2\na A 192.0.2.2\n", "a", "3600 1 c0000202", "a record twice" },
	{ "a CNAME b\na NSEC3 2 0 0 - 00 A\n", "a", "3600 50 02000000000100000140",
	  "NSEC3 of a hash that is an alias's name" },
	{ "$DATE 20261127235959 ; rndc dumpdb\na A 192.0.2.2\n", "a", "3600 1 c0000202",
	  "$DATE, which says when BIND wrote the file" },
	{ "$GENERATE 1-3 h$ A 192.0.2.$\n", "h3", "3600 1 c0000203", "$GENERATE" },
	{ "$GENERATE 0-9/3 h${1,3,d} 60 IN A 192.0.2.${-0}\n", "h010", "60 1 c0000209",
	  "with steps, formats, TTL and class" },
	{ "$GENERATE 10-11 h${0,2,X} TXT \"x $$ $\"\n", "h0B",
	  "3600 16 017801240231"
	  "31",
	  "in base 16; a single quoted word is the text inside" },
	{ "$GENERATE 18-18 ${0,3,n} PTR a\n", "2.1", "3600 12 0161076578616d706c6503636f6d00",
	  "in nibbles" },
	{ "$GENERATE 1-1 g MX 10 m$\n", "g", "3600 15 000a026d31076578616d706c6503636f6d00",
	  "with data of several words" },
	{ "a TXT x ; no newline at the end", "a", "3600 16 0178", "a last line without newline" },
	{ "mx MX 10 a\nin A 192.0.2.2\n300 A 192.0.2.3\n", "300", "3600 1 c0000203",
	  "owners that are called like types, classes and TTLs" },
};

static void test_zone_reader_text_means_what_rfc_1035_says(void)
{
	char text[2048], owner_name[300];
	struct zone *zone;
	size_t i;

	for (i = 0; i < sizeof(readings) / sizeof(*readings); i++) {
		snprintf(text, sizeof(text), HEAD "%s", readings[i].text);
		snprintf(owner_name, sizeof(owner_name), "%s.example.com.", readings[i].owner_name);
		zone = parse_good("example.com.", text);
		is_str(record(zone, owner_name,
			      atoi(strchr(readings[i].record, ' ')) /* the type */),
		       readings[i].record, "%s", readings[i].what);
		zone_free(zone);
	}
}

static void test_zone_reader_byte_order_mark_is_passed(void)
{
	struct zone *zone = parse_good("example.com.", "\xef\xbb\xbf" HEAD "a A 192.0.2.2\n");

	is_str(record(zone, "a.example.com.", 1), "3600 1 c0000202", "a byte order mark");
	zone_free(zone);
}

/* RFC 1035, 5.1, and the text of no-ttl-directive's cases. */
static void test_zone_reader_omitted_ttl_is_the_last_stated(void)
{
	struct zone *zone = parse_good("example.com.", "@ 7200 SOA ns h 1 2 3 4 300\n NS ns\n"
						       "ns A 192.0.2.1\nw 60 A 192.0.2.2\n"
						       "m A 192.0.2.3\n");

	is_str(record(zone, "ns.example.com.", 1), "7200 1 c0000201", "the SOA's");
	is_str(record(zone, "m.example.com.", 1), "60 1 c0000203", "the one of the line above");
	zone_free(zone);
	zone = parse_good("example.com.", "@ SOA ns h 1 2 3 4 300\n@ NS ns\nns A 192.0.2.1\n");
	is_str(record(zone, "ns.example.com.", 1), "300 1 c0000201", "none: the SOA's minimum");
	zone_free(zone);
}

/* As editors wrote them before they wrote LF; a CR ends comments here, too. */
static void test_zone_reader_lines_of_cr_alone(void)
{
	struct zone *zone = parse_good("example.com.", "; zone\r$TTL 60\r@ SOA ns h ( 1 ; serial\r"
						       "2 3 4 5 )\r@ NS ns\rns A 192.0.2.1");

	is_str(record(zone, "ns.example.com.", 1), "60 1 c0000201", "a file of CR alone");
	zone_free(zone);
}

static void test_zone_reader_duplicates_differ_in_case(void)
{
	struct zone *zone = parse_good("example.com.", HEAD "a CNAME ns\na CNAME NS\n"
							    "b MX 65 ns\nb MX 97 ns\n");

	is_int(zone ? zone->nr_rrs : 0, 6, "names in another case are one record, numbers are not");
	zone_free(zone);
}

struct mistake {
	const char *text, *error;
};

static const struct mistake mistakes[] = {
	{ "a TXT \"x\n", "z:5: a quote is not closed on its line\n" },
	{ "a TXT ( x\nb A 192.0.2.2\n", "z:5: \"(\" is not closed\n" },
	{ "a TXT ( x\n 1 ; y\n\t2\nb A 1\nc TXT (\nd A 2",
	  "z:5: \"(\" is not closed\n"
	  "z:8: b.example.com. A: address: \"1\" is not an IPv4 address\n"
	  "z:9: \"(\" is not closed\n" },
	{ "a TXT ( x\nb A 1\nc TXT \"x\nd A 2\n",
	  "z:5: \"(\" is not closed\n"
	  "z:6: b.example.com. A: address: \"1\" is not an IPv4 address\n"
	  "z:7: a quote is not closed on its line\n"
	  "z:8: d.example.com. A: address: \"2\" is not an IPv4 address\n" },
	{ "a TXT ( x\n  \"y\n  z )\n", "z:6: a quote is not closed on its line\n"
				       "z:7: \")\" without \"(\" before it\n" },
	{ "$DATE 20261127\n", "z:5: \"20261127\" is no time like 20270131235959\n" },
	{ "a TXT x )\n", "z:5: \")\" without \"(\" before it\n" },
	{ "a..b A 192.0.2.2\n", "z:5: \"a..b\" is no domain name\n" },
	{ "a\\300b A 192.0.2.2\n", "z:5: \"a\\300b\" is no domain name\n" },
	{ "a TXT \\300\n", "z:5: a.example.com. TXT: text: \"\\300\" is not a text of 255 bytes at "
			   "most with right escapes; write a longer one as several in quotes\n" },
	{ "a\n", "z:5: a record without a type: it wants OWNER TTL TYPE DATA\n" },
	{ "a AAA ::1\n", "z:5: \"AAA\" is no record type; AAAA?\n" },
	{ "a CH TXT x\n", "z:5: class CH: zones here are of class IN; leave it out\n" },
	{ "a IN IN A 192.0.2.2\n",
	  "z:5: \"IN\" is no record type; write one that is not known here as TYPE65280\n" },
	{ "a 4294967296 A 192.0.2.2\n",
	  "z:5: \"4294967296\" is neither a TTL of 32 bits nor a record type\n" },
	{ "a ANY \\# 0\n", "z:5: class ANY: zones here are of class IN; leave it out\n" },
	{ "a AXFR \\# 0\n", "z:5: AXFR: a type that no zone can hold\n" },
	{ "a NULL x\n",
	  "z:5: a.example.com. NULL: data of this type is written as \\# LENGTH HEX (RFC 3597)\n" },
	{ "a A 192.0.2.2 x\n", "z:5: a.example.com. A: \"x\" is one word too many\n" },
	{ "a MX 10\n", "z:5: a.example.com. MX: mail server: missing\n" },
	{ "a CAA 0 iss\\117e x\n",
	  "z:5: a.example.com. CAA: tag: \"iss\\117e\" is not letters and digits as they are\n" },
	{ "a SIG A 8 2 1 1900000000 0 1 @ AQID\n",
	  "z:5: a.example.com. SIG: signature expiration: \"1900000000\" is not a time like "
	  "20270131235959\n" },
	{ "a RRSIG A 8 1 1 1900000000 0 1 @ AQID\n",
	  "z:5: a.example.com. RRSIG: labels: fewer than the signer's name has\n" },
	{ "a KEY 49152 3 8 AQID\n",
	  "z:5: a.example.com. KEY: public key: its flags say that there is none\n" },
	{ "a DOA 1 2 3 x\n", "z:5: a.example.com. DOA: data: missing\n" },
	{ "a RKEY 1 3 8 AQID\n", "z:5: a.example.com. RKEY: flags: must be 0\n" },
	{ "a TYPE34 \\# 3 013141\n",
	  "z:5: a.example.com. ATMA: address: E.164 has digits alone\n" },
	{ "a DNSKEY 256 3 8 AQID\"\"\n",
	  "z:5: a.example.com. DNSKEY: public key: \"\" is not base64 (RFC 4648, 4)\n" },
	{ "a TLSA 3 1 0 00 \"\"\n",
	  "z:5: a.example.com. TLSA: certificate association data: \"\" is "
	  "not hexadecimal digits\n" },
	{ "x.example.net. A 1\n",
	  "z:5: x.example.net. A: address: \"1\" is not an IPv4 address\n" },
	{ "$TTL \"300\"\n", "z:5: \"300\" is no TTL like 3600 or 1h\n" },
	{ "a TYPE65280 \\# 3 c0000202\n",
	  "z:5: a.example.com. TYPE65280: \\# says 3 bytes, and 4 follow\n" },
	{ "$TTL\n", "z:5: it wants $TTL SECONDS\n" },
	{ "$TTL x", "z:5: \"x\" is no TTL like 3600 or 1h\n" },
	{ "$ORIGIN a..b\n", "z:5: \"a..b\" is no domain name\n" },
	{ "$INCLUDE", "z:5: it wants $INCLUDE FILE [ORIGIN]\n" },
	{ "$INCLUDE x\n", "z:5: $INCLUDE a text that is no file includes nothing\n" },
	{ "$BOGUS x\n", "z:5: \"$BOGUS\" is no directive; a name that begins with a dollar is "
			"written \\$BOGUS\n" },
	{ "$GENERATE 1-3 h$ A 192.0.2.${0,1,q}\n", "z:5: $GENERATE: no data comes of it for 1\n" },
	{ "$GENERATE 255-300 h$ A 192.0.2.$\n",
	  "z:5: h256.example.com. A: address: \"192.0.2.256\" is not an IPv4 address\n" },
	{ "$GENERATE 0-2000000000 h$ A 192.0.2.1\n",
	  "z:5: $GENERATE: \"0-2000000000\" is no range "
	  "like 1-254 or 0-100/10 of at most 1000000\n" },
	{ "$GENERATE 1-600000 x$ A 192.0.2.1\n$GENERATE 1-600000 y$ A 192.0.2.1\n",
	  "z:6: $GENERATE: more than 1000000 records of one zone\n" },
	{ "$GENERATE 1-2 ..$ A 192.0.2.1\n", "z:5: $GENERATE: no domain name comes of it for 1\n" },
	/* All in one pass: words, data, and what only the whole zone shows. */
	{ "$TTL x\na A 1\n\"\nb BOGUS x\nc CNAME d\nc TXT x\n",
	  "z:5: \"x\" is no TTL like 3600 or 1h\n"
	  "z:6: a.example.com. A: address: \"1\" is not an IPv4 address\n"
	  "z:7: a quote is not closed on its line\n"
	  "z:8: \"BOGUS\" is no record type; write one that is not known here as TYPE65280\n"
	  "z:10: c.example.com. TXT: CNAME and other data\n" },
};

static void test_zone_reader_mistakes_are_told_with_their_place(void)
{
	struct config_errors errors;
	char text[2048];
	size_t i;

	for (i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		snprintf(text, sizeof(text), HEAD "%s", mistakes[i].text);
		zone_free(parse(text, &errors));
		is_str(error_text(&errors), mistakes[i].error, "mistake %zu", i);
		config_errors_free(&errors);
	}
}

static void test_zone_reader_no_soa_is_not_said_of_a_soa_that_is_wrong(void)
{
	struct config_errors errors;

	ok(!parse("$TTL 1\n@ SOA ns h x 2 3 4 5\n@ NS ns\n", &errors), "a SOA with a wrong serial");
	is_str(error_text(&errors),
	       "z:2: example.com. SOA: serial: \"x\" is not a number from 0 to 4294967295\n",
	       "is told as such alone");
	config_errors_free(&errors);
}

/* Data of \# whose name does not end within it was believed, and written beyond a buffer. */
static void test_zone_reader_generic_data_is_checked_before_it_is_used(void)
{
	static char text[4096] = HEAD "x SVCB \\# 600 0001";
	struct config_errors errors;
	size_t at = strlen(text);
	int i;

	for (i = 0; i < 598; i++)
		at += sprintf(text + at, "3f");
	ok(!parse(text, &errors), "598 labels' worth of one name");
	is_str(error_text(&errors), "z:5: x.example.com. SVCB: target: no domain name\n",
	       "is told");
	config_errors_free(&errors);
}

/* Not in one word, but in none that the entry ends with either. */
static void test_zone_reader_endless_entry_is_bounded(void)
{
	size_t size = 3 << 20;
	char *text = malloc(size + 1);
	struct config_errors errors;

	memset(text, ' ', size);
	text[size] = '\0';
	memcpy(text, HEAD "a TXT (", strlen(HEAD "a TXT ("));
	ok(!parse(text, &errors), "3 MiB of blanks in parentheses");
	is_str(error_text(&errors), "z:5: an entry of more than 1 MiB\n", "are told");
	config_errors_free(&errors);
	free(text);
}

/* --- files ------------------------------------------------------------------------------------ */

static char dir[] = "/tmp/zone-reader.XXXXXX";

static void __attribute__((format(printf, 2, 3))) put(const char *name, const char *format, ...)
{
	char path[300];
	va_list args;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	fclose(f);
}

static struct zone *load(const char *name, const char *include_dir, struct config_errors *errors)
{
	struct zone *zone = NULL;
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	memset(errors, 0, sizeof(*errors));
	zone_load("example.com.", path, include_dir, &zone, errors);
	return zone;
}

static bool all_errors(const struct config_errors *errors, size_t nr, const char *part)
{
	size_t i;

	for (i = 0; i < errors->nr; i++)
		if (!strstr(errors->list[i].text, part))
			return false;
	return errors->nr == nr;
}

static void test_zone_include_ttl_stays_owner_and_origin_do_not(void)
{
	struct config_errors errors;
	struct zone *zone;

	put("header", "$TTL 60\n TXT inherited\n$ORIGIN other\nx A 192.0.2.9\n");
	put("main", HEAD "a A 192.0.2.2\n$INCLUDE header\n TXT mine\nb A 192.0.2.3\n"
			 "$INCLUDE \"part\" part ; and a comment\n$INCLUDE last");
	put("part", "y A 192.0.2.4\n");
	put("last", "z A 192.0.2.5");
	zone = load("main", NULL, &errors);
	is_str(record(zone, "b.example.com.", 1), "60 1 c0000203", "$TTL of an included file");
	is_str(record(zone, "x.other.example.com.", 1), "60 1 c0000209", "its own origin");
	is_str(record(zone, "y.part.example.com.", 1), "60 1 c0000204", "a relative origin");
	is_str(record(zone, "z.example.com.", 1), "60 1 c0000205",
	       "a directive in a last line without newline");
	ok(zone && zone->nr_rrs == 10, "two TXT of a: one from there, one from behind it");
	zone_free(zone);
	config_errors_free(&errors);
}

static void test_zone_include_errors_do_not_hide_each_other(void)
{
	struct config_errors errors;

	put("main", HEAD "$INCLUDE missing\na A x\n$INCLUDE missing2");
	ok(!load("main", NULL, &errors) && errors.nr == 3, "two files and an address");
	ok(errors.nr == 3 && strstr(errors.list[2].text, "main:7: $INCLUDE ") &&
		   strstr(errors.list[2].text, "missing2: No such file or directory"),
	   "the last of them with its line");
	config_errors_free(&errors);
}

static void test_zone_include_cycles_are_bounded(void)
{
	struct config_errors errors;
	char name[16], next[16];
	struct zone *zone;
	int i;

	put("main", HEAD "$INCLUDE main\n");
	ok(!load("main", NULL, &errors) && all_errors(&errors, 1, "main:5: $INCLUDE"),
	   "a file that includes itself");
	config_errors_free(&errors);
	put("ping", "$INCLUDE pong\n");
	put("pong", "$INCLUDE ping\n");
	put("main", HEAD "$INCLUDE ping\n");
	ok(!load("main", NULL, &errors) && all_errors(&errors, 1, "pong:1: "), "two, each other");
	config_errors_free(&errors);
	for (i = 0; i < 900; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		snprintf(next, sizeof(next), "c%d", i + 1);
		put(name, "$INCLUDE %s\n", next);
	}
	put("main", HEAD "$INCLUDE c0\n");
	ok(!load("main", NULL, &errors) && all_errors(&errors, 1, "more than 20 files deep"),
	   "a chain of 900");
	config_errors_free(&errors);
	put("c18", "deep A 192.0.2.8\n");
	zone = load("main", NULL, &errors);
	is_str(record(zone, "deep.example.com.", 1), "3600 1 c0000208", "one of 20 is read");
	zone_free(zone);
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "b%d", i);
		put(name, "$INCLUDE b%d\n$INCLUDE b%d\n", i + 1, i + 1);
	}
	put("main", HEAD "$INCLUDE b1\n$INCLUDE b1\n");
	ok(!load("main", NULL, &errors) && errors.nr == 51, "a million files by twenty");
	config_errors_free(&errors);
}

/* Nothing here is read, and nobody waits for it. */
static void test_zone_include_takes_regular_files_of_its_own_directory(void)
{
	struct config_errors errors;
	char path[300], outside[] = "/tmp/zone-outside.XXXXXX";
	struct zone *zone;

	close(mkstemp(outside));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	mkfifo(path, 0600);
	snprintf(path, sizeof(path), "%s/link", dir);
	ok(!symlink(outside, path), "a link that leads out");
	put("main",
	    HEAD "$INCLUDE fifo\n$INCLUDE .\n$INCLUDE /dev/zero\n$INCLUDE %s\n"
		 "$INCLUDE link\n$INCLUDE ../../etc/shadow\n$INCLUDE \"a\\010b\"\n",
	    outside);
	ok(!load("main", NULL, &errors) && errors.nr == 7, "seven that are refused");
	ok(errors.nr == 7 && strstr(errors.list[0].text, "not a regular file"), "a pipe");
	ok(errors.nr == 7 && strstr(errors.list[5].text, "reaches only files below"),
	   "a file elsewhere, unopened");
	ok(errors.nr == 7 && !strchr(errors.list[6].text, '\n'), "a name with a newline");
	config_errors_free(&errors);
	ok(!load("fifo", NULL, &errors) && all_errors(&errors, 1, "fifo: not a regular file"),
	   "a zone that is a pipe");
	config_errors_free(&errors);

	put("main", HEAD "$INCLUDE %s\n", outside);
	zone = load("main", "/tmp", &errors);
	ok(zone, "what is below the configured directory is read");
	zone_free(zone);
	config_errors_free(&errors);
	unlink(outside);
}

static void test_zone_files_are_found_within_the_same_bounds(void)
{
	struct zone_files files = { 0 };
	char path[300];

	snprintf(path, sizeof(path), "%s/main", dir);
	put("main", HEAD "$INCLUDE \"sp ace\"\n$INCLUDE c0\n$INCLUDE main\n$INCLUDE fifo\n");
	put("sp ace", "x A 192.0.2.2\n");
	put("c18", "$INCLUDE c19\n");
	zone_files_add(&files, path, NULL);
	is_int(files.nr, 1 + 1 + 19 + 1, "main, one in quotes, 19 of a chain of 900, a pipe");
	zone_files_free(&files);
}

static void remove_all(void)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	ok(!system(command), "the directory is gone");
}

int main(void)
{
	test_zone_reader_text_means_what_rfc_1035_says();
	test_zone_reader_byte_order_mark_is_passed();
	test_zone_reader_omitted_ttl_is_the_last_stated();
	test_zone_reader_lines_of_cr_alone();
	test_zone_reader_duplicates_differ_in_case();
	test_zone_reader_mistakes_are_told_with_their_place();
	test_zone_reader_no_soa_is_not_said_of_a_soa_that_is_wrong();
	test_zone_reader_generic_data_is_checked_before_it_is_used();
	test_zone_reader_endless_entry_is_bounded();
	ok(mkdtemp(dir) != NULL, "a directory");
	test_zone_include_ttl_stays_owner_and_origin_do_not();
	test_zone_include_errors_do_not_hide_each_other();
	test_zone_include_cycles_are_bounded();
	test_zone_include_takes_regular_files_of_its_own_directory();
	test_zone_files_are_found_within_the_same_bounds();
	remove_all();
	return done_testing();
}
