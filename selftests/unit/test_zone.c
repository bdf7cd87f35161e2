// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_zone.c: names and their keys; zone files that must be refused, and where they say so.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "maps/dns_proto.h"
#include "output_fixture.h"
#include "zone_fixture.h"

#define SHA256 "0000000000000000000000000000000000000000000000000000000000000000"

static void test_name_parse_and_format_are_inverse(void)
{
	static const char *const names[] = { ".",     "example.com.", "a\\.b.c.", "\\000\\255x.y.",
					     "\\\\.", "*._tcp.UPPER." };
	__u8 wire[256], again[256];
	char text[NAME_TEXT];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		ok(!name_parse(names[i], wire), "%s is a name", names[i]);
		is_str(name_format(wire, text), names[i], "and is written as it was");
		ok(!name_parse(text, again) && !memcmp(wire, again, name_len(wire)),
		   "and read back");
	}
}

static void test_name_parse_refuses_what_is_no_name(void)
{
	static const char label[] =
		"0123456789012345678901234567890123456789012345678901234567890123.";
	char text[1024] = "";
	__u8 wire[256];
	int i;

	ok(name_parse("", wire), "nothing");
	ok(name_parse("a..b", wire), "an empty label");
	ok(name_parse("..", wire), "two dots");
	ok(name_parse("a\\", wire), "an escape of nothing");
	ok(name_parse("a\\25", wire), "half a number");
	ok(name_parse("a\\256", wire), "a number beyond a byte");
	ok(name_parse(label, wire), "a label of 64 bytes");
	ok(!name_parse(label + 1, wire), "but not of 63");
	for (i = 0; i < 127; i++)
		strcat(text, "a.");
	ok(!name_parse(text, wire) && name_len(wire) == 255, "127 labels are 255 bytes");
	strcat(text, "a.");
	ok(name_parse(text, wire), "128 are too many");
}

/* The example of RFC 4034, 6.1. */
static void test_name_key_sorts_canonically(void)
{
	static const char *const sorted[] = {
		"example.",	    "a.example.",      "yljkjljk.a.example.",
		"Z.a.example.",	    "zABC.a.EXAMPLE.", "z.example.",
		"\\001.z.example.", "*.z.example.",    "\\200.z.example.",
	};
	__u8 wire[2][256], bytes[2][NAME_KEY_MAX];
	struct name_key key[2];
	size_t i;

	for (i = 1; i < sizeof(sorted) / sizeof(*sorted); i++) {
		name_parse(sorted[i - 1], wire[0]);
		name_parse(sorted[i], wire[1]);
		name_to_key(wire[0], bytes[0], &key[0]);
		name_to_key(wire[1], bytes[1], &key[1]);
		ok(name_key_compare(&key[0], &key[1]) < 0, "%s comes before %s", sorted[i - 1],
		   sorted[i]);
	}
}

/* A zero byte within a label is not the end of one. */
static void test_name_key_within_is_not_fooled_by_bytes(void)
{
	__u8 wire[2][256], bytes[2][NAME_KEY_MAX];
	struct name_key above, below, cut;

	name_parse("a.example.", wire[0]);
	name_to_key(wire[0], bytes[0], &above);
	name_parse("x.a.example.", wire[1]);
	name_to_key(wire[1], bytes[1], &below);
	ok(name_key_within(&below, &above) && !name_key_within(&above, &below), "x.a is below a");
	cut = name_key_ancestor(&below, 2);
	ok(!name_key_compare(&cut, &above), "its ancestor with two labels is a");
	name_parse("a\\000x.example.", wire[1]);
	name_to_key(wire[1], bytes[1], &below);
	ok(!name_key_within(&below, &above), "a\\000x is not");
	name_parse("ab.example.", wire[1]);
	name_to_key(wire[1], bytes[1], &below);
	ok(!name_key_within(&below, &above), "ab is not");
}

static void test_zone_good_gives_sorted_records(void)
{
	struct zone *zone = parse_good("example.com.", HEAD "b A 192.0.2.3\na A 192.0.2.2\n"
							    "a A 192.0.2.2\n");
	char text[NAME_TEXT];

	if (!ok(zone, "a good zone is read"))
		return;
	is_int(zone->nr_rrs, 5, "a record that is there twice counts once");
	is_int(zone->serial, 1, "its serial");
	is_str(name_format(zone->rrs[0].owner_name, text), "example.com.", "apex first");
	is_str(name_format(zone->rrs[2].owner_name, text), "a.example.com.", "then a, before b");
	zone_free(zone);
}

static void test_zone_ttls_of_a_set_become_the_lowest(void)
{
	struct zone *zone = parse_good("example.com.", HEAD "a 60 A 192.0.2.2\na 30 A 192.0.2.3\n"
							    "a 90 TXT x\n");

	ok(zone && zone->rrs[2].ttl == 30 && zone->rrs[3].ttl == 30, "30 for both addresses");
	ok(zone && zone->rrs[4].ttl == 90, "but not for another type");
	zone_free(zone);
}

/* RFC 2181, 8. */
static void test_zone_ttl_beyond_31_bits_is_zero(void)
{
	struct zone *zone = parse_good("example.com.", HEAD "a 2147483647 A 192.0.2.2\n"
							    "b 2147483648 A 192.0.2.3\n");

	ok(zone && zone->rrs[2].ttl == 2147483647 && !zone->rrs[3].ttl,
	   "the last that is one, and 0");
	zone_free(zone);
}

struct refusal {
	const char *text, *error, *what;
};

static void test_zone_bad_is_refused_where_it_is_bad(void)
{
	static const struct refusal refusals[] = {
		{ "", "z: no records\n", "nothing" },
		{ "$TTL 1\n@ NS ns\n", "z:2: no SOA record at the zone's apex\n", "no SOA" },
		{ "$TTL 1\na A 192.0.2.1\n", "z: no SOA record at the zone's apex\n", "no apex" },
		{ "$TTL 1\n@ SOA a b 1 2 3 4 5\n", "z:2: no NS record at the zone's apex\n",
		  "no NS" },
		{ HEAD "@ SOA a b 2 2 3 4 5\n", "z:5: example.com. SOA: more than one SOA\n",
		  "two SOA" },
		{ HEAD "a SOA a b 2 2 3 4 5\n",
		  "z:5: a.example.com. SOA: SOA is not at the zone's apex\n", "SOA below" },
		{ HEAD "a CNAME b\na A 192.0.2.1\n",
		  "z:6: a.example.com. A: CNAME and other data\n", "CNAME and A" },
		{ HEAD "a CNAME b\na CNAME c\n",
		  "z:6: a.example.com. CNAME: more than one CNAME of one name\n", "two CNAME" },
		{ HEAD "@ CNAME b\n", "z:3: example.com. NS: CNAME and other data\n",
		  "CNAME at apex" },
		{ HEAD "a DNAME b\na DNAME c\n",
		  "z:6: a.example.com. DNAME: more than one DNAME of one name\n", "two DNAME" },
		{ HEAD "*.w NS ns\n",
		  "z:5: *.w.example.com. NS: a wildcard cannot be delegated; name what is\n",
		  "wildcard NS" },
		{ HEAD "@ DS 1 8 2 " SHA256 "\n",
		  "z:5: example.com. DS: DS at the apex: it belongs to the parent zone\n",
		  "DS at apex" },
		{ HEAD "a A 192.0.2.300\n",
		  "z:5: a.example.com. A: address: \"192.0.2.300\" is not an IPv4 address\n",
		  "no address" },
		{ "$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS ns.d\nd DNAME x\n",
		  "z:3: example.com. NS: this name server is below a DNAME of this zone: it has "
		  "no address\n",
		  "a name server below a DNAME" },
		{ HEAD "a TYPE5 \\# 3 010203\n",
		  "z:5: a.example.com. CNAME: target: no domain name\n",
		  "a name that does not end" },
		{ HEAD "a TYPE1 \\# 3 010203\n",
		  "z:5: a.example.com. A: address: missing or cut off\n",
		  "an address of three bytes" },
		{ HEAD "a TYPE15 \\# 4 00010100\n",
		  "z:5: a.example.com. MX: mail server: no domain name\n",
		  "a name with a byte too few" },
		{ HEAD "a TYPE2 \\# 2 c00c\n",
		  "z:5: a.example.com. NS: name server: no domain name\n",
		  "a name that is a pointer" },
		{ HEAD "a TYPE1 \\# 5 0102030405\n",
		  "z:5: a.example.com. A: 1 bytes too many behind its last field\n",
		  "an address of five bytes" },
		{ HEAD "a TYPE128 \\# 0\n", "z:5: TYPE128: a type that no zone can hold\n",
		  "a meta type" },
		{ HEAD "a TYPE0 \\# 0\n", "z:5: TYPE0: a type that no zone can hold\n", "type 0" },
		{ HEAD "a CH A 192.0.2.1\n",
		  "z:5: class CH: zones here are of class IN; leave it out\n", "another class" },
		{ HEAD "a 99999999999 A 192.0.2.1\n",
		  "z:5: \"99999999999\" is neither a TTL of 32 bits nor a record type\n",
		  "a TTL beyond 32 bits" },
		{ HEAD "$GENERATE 3-1 h$ A 192.0.2.$\n",
		  "z:5: $GENERATE: \"3-1\" is no range like 1-254 or 0-100/10 of at most 1000000\n",
		  "a range that goes back" },
		{ HEAD "a A 192.0.2\nb BOGUS x\nc A 192.0.2.1\nd MX x\n", NULL, "three at once" },
	};
	struct config_errors errors;
	struct zone *zone;
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		zone = parse(refusals[i].text, &errors);
		ok(!zone, "%s is refused", refusals[i].what);
		if (refusals[i].error)
			is_str(error_text(&errors), refusals[i].error, "and this is said");
		else
			ok(errors.nr == 3 && strstr(errors.list[2].text, "z:8:"), "all are said");
		config_errors_free(&errors);
	}
}

static void test_zone_doubtful_is_loaded_and_told_of(void)
{
	static const struct refusal doubtful[] = {
		{ HEAD "cut NS ns\nx.cut TXT x\ncut TXT y\nh.cut A 192.0.2.1\n",
		  "warning: z:6: x.cut.example.com.: below a delegation or a DNAME: never "
		  "answered; "
		  "and 1 more\n",
		  "data below a delegation" },
		{ HEAD "d DNAME x\nd TXT seen\nx.d A 192.0.2.1\nda A 192.0.2.1\n",
		  "warning: z:7: x.d.example.com.: below a delegation or a DNAME: never answered\n",
		  "data below a DNAME" },
		{ HEAD "d DS 1 8 2 " SHA256 "\n",
		  "warning: z:5: d.example.com.: DS without NS: no delegation\n", "DS alone" },
		{ HEAD "a CNAME ns\n@ MX 10 a\n",
		  "warning: z:6: example.com.: its target is an alias (RFC 2181, 10.3)\n",
		  "mail to an alias" },
		{ HEAD "a.example.org. A 192.0.2.1\n  MX 0 .\nb.test. A 192.0.2.1\n",
		  "warning: z:5: outside of the zone: ignored; and 2 more\n",
		  "records of other zones" },
		{ HEAD "a 2147483648 A 192.0.2.2\n",
		  "warning: z:5: a TTL of more than 2147483647 counts as 0 (RFC 2181, 8)\n",
		  "a TTL with the highest bit" },
		{ "@ SOA ns host 1 2 3 4 300\n@ NS ns\nns A 192.0.2.1\n",
		  "warning: z:1: no TTL and no $TTL: the SOA's minimum, 300, is used\n",
		  "no TTL anywhere" },
		{ HEAD "a NS ns\na DNAME b\n",
		  "warning: z:6: a.example.com.: below a delegation or a DNAME: never answered\n",
		  "DNAME at a delegation" },
		{ HEAD "cut NS a.cut\n@ NS b\n@ NS elsewhere.test.\n",
		  "warning: z:5: cut.example.com.: its name server is in this zone and has no "
		  "address; "
		  "and 1 more\n",
		  "name servers without an address" },
		{ HEAD "a 60 A 192.0.2.2\na 30 A 192.0.2.3\n",
		  "warning: z:6: a.example.com. A: TTLs differ within the set; 30 is used for "
		  "all\n",
		  "TTLs that differ (RFC 2181, 5.2)" },
		{ HEAD "cut NS ns.cut\nns.cut A 192.0.2.1\ncut DS 1 8 2 " SHA256
		       "\nother DNAME cut\n",
		  "", "nothing doubtful" },
	};
	struct zone *zone;
	size_t i;

	for (i = 0; i < sizeof(doubtful) / sizeof(*doubtful); i++) {
		catch_output(stderr);
		zone = parse_good("example.com.", doubtful[i].text);
		is_str(release_output(), doubtful[i].error, "%s", doubtful[i].what);
		ok(zone, "is loaded");
		zone_free(zone);
	}
}

static void test_zone_many_errors_are_bounded(void)
{
	static char text[1 << 16] = HEAD;
	struct config_errors errors;
	int i;

	for (i = 0; i < 1000; i++)
		strcat(text, "x A y\n");
	ok(!parse(text, &errors), "a thousand errors");
	ok(errors.nr == 51, "fifty are told, and how many more there are");
	ok(strstr(errors.list[50].text, "950 errors more"), "namely 950");
	config_errors_free(&errors);
}

static void test_zone_set_beyond_any_message_is_refused(void)
{
	static char text[1 << 18] = HEAD;
	size_t at = strlen(text), left = 65535 - 12 - 21, len; /* header, question */
	struct config_errors errors;
	struct zone *zone;
	int i;

	for (i = 0; left; i++, left -= len) {
		len = left > 450 ? 216 : left > 260 ? 150 : left;
		at += sprintf(text + at, "big TXT %03d%0*d\n", i, (int)len - 16, 0);
	}
	zone = parse(text, &errors);
	ok(zone && !errors.nr, "a set that fills a message");
	zone_free(zone);
	config_errors_free(&errors);
	sprintf(text + at, "big TXT \"\"\n");
	ok(!parse(text, &errors), "one more string");
	ok(errors.nr == 1 && strstr(errors.list[0].text, "65535 is all that DNS has"), "and why");
	config_errors_free(&errors);
}

static void test_zone_include_and_origin_name_the_right_file(void)
{
	char dir[] = "/tmp/zone-test.XXXXXX", path[64], other[64];
	struct config_errors errors = { 0 };
	struct zone *zone = NULL;
	FILE *f;

	ok(mkdtemp(dir) != NULL, "a directory");
	snprintf(path, sizeof(path), "%s/zone", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	f = fopen(path, "w");
	fputs(HEAD "$ORIGIN sub.example.com.\na A 192.0.2.2\n$INCLUDE other\n", f);
	fclose(f);
	f = fopen(other, "w");
	fputs("b A 192.0.2.3\nc A nonsense\n", f);
	fclose(f);
	ok(zone_load("example.com.", path, NULL, &zone, &errors), "an error in an included file");
	ok(errors.nr == 1 && !strncmp(errors.list[0].text, other, strlen(other)) &&
		   strstr(errors.list[0].text, ":2: "),
	   "names that file and its line");
	config_errors_free(&errors);
	unlink(path);
	unlink(other);
	rmdir(dir);
	memset(&errors, 0, sizeof(errors));
	ok(zone_load("example.com.", path, NULL, &zone, &errors) && errors.nr == 1,
	   "a file that is not there is an error");
	config_errors_free(&errors);
}

int main(void)
{
	test_name_parse_and_format_are_inverse();
	test_name_parse_refuses_what_is_no_name();
	test_name_key_sorts_canonically();
	test_name_key_within_is_not_fooled_by_bytes();
	test_zone_good_gives_sorted_records();
	test_zone_ttls_of_a_set_become_the_lowest();
	test_zone_ttl_beyond_31_bits_is_zero();
	test_zone_bad_is_refused_where_it_is_bad();
	test_zone_doubtful_is_loaded_and_told_of();
	test_zone_many_errors_are_bounded();
	test_zone_set_beyond_any_message_is_refused();
	test_zone_include_and_origin_name_the_right_file();
	return done_testing();
}
