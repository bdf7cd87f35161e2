// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_dns_options.c: cookies and client subnets. Cookies are those of RFC 9018, appendix A.
 */
#include <stdlib.h>
#include <string.h>
#include "user/base/addr.h"
#include "user/dns/dns_home.h"
#include "zone_fixture.h"

#define COOKIE(hex) 10, hex
#define SUBNET(hex) 8, hex
#define SECRET_A    "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define SECRET_OLD  "dd3bdf9344b678b185a6f5cb60fca715"
#define SECRET_NEW  "445536bcd2513298075a5d379663c962"
#define CLIENT_A    "2464c4abcf10c957"
#define GIVEN_A	    CLIENT_A "010000005cf79f111f8130c3eee29480"
#define AT_A	    1559731985ull
#define IP_A	    "198.51.100.100"

static struct dns_work *work;
static struct dns_limiter limiter;

/* --- asking ----------------------------------------------------------------------------------- */

static size_t unhex(__u8 *to, const char *hex)
{
	unsigned int byte;
	size_t len = 0;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		to[len++] = byte;
	return len;
}

static void put_option(__u16 code, const char *hex)
{
	size_t len = unhex(work->msg + work->len + 4, hex);

	dns_put16(work, work->len, code);
	dns_put16(work, work->len + 2, len);
	work->len += 4 + len;
}

static struct {
	const char *name;
	__u16 type;
	__u8 version;
	bool tcp;
	__u16 payload;
} about;

static void about_usual(void)
{
	about.name = "ns.example.com.";
	about.type = DNS_T_A;
	about.version = 0;
	about.tcp = false;
	about.payload = 1232;
}

/* What stands in `about`, with up to two options; the reply is in work->msg. */
static void ask(__u16 code, const char *hex, __u16 code2, const char *hex2)
{
	__u8 wire[256];
	__u32 at, opt;

	name_parse(about.name, wire);
	memset(work->msg, 0xee, 1024);
	memset(work->msg, 0, DNS_HEADER);
	work->msg[5] = work->msg[11] = 1;
	memcpy(work->msg + DNS_HEADER, wire, name_len(wire));
	at = DNS_HEADER + name_len(wire);
	dns_put16(work, at, about.type);
	dns_put16(work, at + 2, DNS_CLASS_IN);
	opt = at + 4;
	dns_put8(work, opt, 0);
	dns_put16(work, opt + 1, DNS_T_OPT);
	dns_put16(work, opt + 3, about.payload);
	dns_put16(work, opt + 5, about.version);
	dns_put16(work, opt + 7, 0);
	work->len = opt + DNS_OPT_BYTES;
	if (hex)
		put_option(code, hex);
	if (hex2)
		put_option(code2, hex2);
	dns_put16(work, opt + 9, work->len - opt - DNS_OPT_BYTES);
	work->tcp = about.tcp;
	if (dns_respond(work, dns_image(work)) != DNS_SEND)
		work->len = 0;
}

/* The reply's option as hex digits, "" if there is none. It has one record behind the others. */
static const char *option(__u16 wanted)
{
	static char text[2][512];
	static int turn;
	char *to = text[turn ^= 1];
	__u32 opt = work->len, at, i, len;

	*to = '\0';
	while (opt > DNS_HEADER && (dns_get8(work, opt) || dns_get16(work, opt + 1) != DNS_T_OPT ||
				    dns_get16(work, opt + 9) != work->len - opt - DNS_OPT_BYTES))
		opt--;
	for (at = opt + DNS_OPT_BYTES; at + 4 <= work->len; at += 4 + len) {
		len = dns_get16(work, at + 2);
		for (i = 0; dns_get16(work, at) == wanted && i < len; i++)
			sprintf(to + 2 * i, "%02x", work->msg[at + 4 + i]);
	}
	return to;
}

static void expect_rcode(__u32 rcode, const char *what)
{
	is_int(work->rcode, rcode, "%s", what);
	ok(work->edns && dns_get16(work, 10) == 1, "  with OPT");
	is_int(work->msg[3] & 15, rcode & 15, "  low bits of the rcode in the header");
}

static void set_secret(int i, const char *hex)
{
	unhex((__u8 *)limiter.rules.secrets[i], hex);
	limiter.rules.nr_secrets = i + 1;
}

static void as_client(const char *address, __u64 real_s)
{
	addr_parse(address, &work->client);
	work->fixed_ns = real_s * 1000000000;
}

/* --- cookies ---------------------------------------------------------------------------------- */

static void expect_cookie(const char *brought, enum ad_dns_cookie state, const char *given,
			  const char *what)
{
	ask(COOKIE(brought), 0, NULL);
	is_str(option(DNS_OPTION_COOKIE), given, "%s", what);
	is_int(work->cookie_state, state, "  held to be %d", state);
	is_int(work->rcode, DNS_NOERROR, "  and answered");
	ok(work->count[DNS_ANSWER], "  with data");
}

static void test_cookie_vectors_of_the_rfc(void)
{
	set_secret(0, SECRET_A);
	as_client(IP_A, AT_A);
	expect_cookie(CLIENT_A, AD_DNS_COOKIE_NEW, GIVEN_A, "A.1: a new cookie");
	as_client(IP_A, 1559734385);
	expect_cookie(GIVEN_A, AD_DNS_COOKIE_GOOD, CLIENT_A "010000005cf7a871d4a564a1442aca77",
		      "A.2: renewed after 40 minutes");
	as_client("203.0.113.203", 1559734700);
	expect_cookie("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", AD_DNS_COOKIE_BAD,
		      "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e",
		      "A.3: too old, whatever is reserved");
	as_client("203.0.113.203", 1559727985);
	expect_cookie("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", AD_DNS_COOKIE_GOOD,
		      "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
		      "the same while it is young: what is reserved is covered, not judged");
	set_secret(0, SECRET_NEW);
	set_secret(1, SECRET_OLD);
	as_client("2001:db8:220:1:59de:d0f4:8769:82b8", 1559741961);
	expect_cookie("22681ab97d52c298010000005cf7c57926556bd0934c72f8", AD_DNS_COOKIE_GOOD,
		      "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
		      "A.4: made with the secret before, replaced by one of the secret in use");
	set_secret(0, SECRET_A);
}

static void test_cookie_is_kept_while_young(void)
{
	static const struct {
		int age;
		enum ad_dns_cookie state;
		bool kept;
	} ages[] = {
		{ -301, AD_DNS_COOKIE_BAD, false },  { -300, AD_DNS_COOKIE_GOOD, true },
		{ 0, AD_DNS_COOKIE_GOOD, true },     { 1800, AD_DNS_COOKIE_GOOD, true },
		{ 1801, AD_DNS_COOKIE_GOOD, false }, { 3600, AD_DNS_COOKIE_GOOD, false },
		{ 3601, AD_DNS_COOKIE_BAD, false },
	};
	size_t i;

	for (i = 0; i < sizeof(ages) / sizeof(*ages); i++) {
		as_client(IP_A, AT_A + ages[i].age);
		ask(COOKIE(GIVEN_A), 0, NULL);
		is_int(work->cookie_state, ages[i].state, "after %d s", ages[i].age);
		is_int(!strcmp(option(DNS_OPTION_COOKIE), GIVEN_A), ages[i].kept, "  the same");
	}
	as_client(IP_A, AT_A);
}

static void test_cookie_of_another_is_none(void)
{
	char cookie[] = GIVEN_A;
	size_t i;
	int good = 0;

	for (i = 0; i < strlen(cookie); i++) {
		cookie[i] ^= 1; /* another digit */
		ask(COOKIE(cookie), 0, NULL);
		good += work->cookie_state == AD_DNS_COOKIE_GOOD;
		cookie[i] ^= 1;
	}
	is_int(good, 0, "no digit of it may differ");
	as_client("198.51.100.101", AT_A);
	ask(COOKIE(GIVEN_A), 0, NULL);
	is_int(work->cookie_state, AD_DNS_COOKIE_BAD, "nor the address");
	as_client(IP_A, AT_A);
	ask(COOKIE(GIVEN_A "00"), 0, NULL);
	is_int(work->cookie_state, AD_DNS_COOKIE_BAD, "longer than ours");
	is_str(option(DNS_OPTION_COOKIE), GIVEN_A, "is well-formed, and gets one of ours");
	set_secret(0, SECRET_OLD);
	set_secret(1, SECRET_NEW);
	ask(COOKIE(GIVEN_A), 0, NULL);
	is_int(work->cookie_state, AD_DNS_COOKIE_BAD, "of no secret of ours");
	set_secret(0, SECRET_A);
}

/* A place that has no secret must not be one whose secret is all zeroes. */
static void test_cookie_of_no_secret_is_none(void)
{
	char cookie[64];

	memset(limiter.rules.secrets, 0, sizeof(limiter.rules.secrets));
	ask(COOKIE(CLIENT_A), 0, NULL);
	snprintf(cookie, sizeof(cookie), "%s", option(DNS_OPTION_COOKIE));
	set_secret(0, SECRET_A);
	ask(COOKIE(cookie), 0, NULL);
	is_int(work->cookie_state, AD_DNS_COOKIE_BAD, "made with zeroes");
}

static void test_cookie_of_a_wrong_length_is_formerr(void)
{
	char cookie[2 * 48 + 1];
	int len, wrong = 0;

	for (len = 0; len <= 48; len++) {
		memset(cookie, 'a', sizeof(cookie));
		cookie[2 * len] = '\0';
		ask(COOKIE(cookie), 0, NULL);
		wrong += (work->rcode == DNS_NOERROR) != (len == 8 || (len >= 16 && len <= 40));
		wrong += work->rcode == DNS_FORMERR && *option(DNS_OPTION_COOKIE);
	}
	is_int(wrong, 0, "8 and 16 to 40 bytes are good, all else is not");
	ask(COOKIE(""), 0, NULL);
	expect_rcode(DNS_FORMERR, "an empty one");
	ok(!work->count[DNS_ANSWER], "  without data");
}

static void test_cookie_when_required_is_asked_for(void)
{
	limiter.rules.cookies = AD_DNS_COOKIES_REQUIRED;
	ask(COOKIE(CLIENT_A), 0, NULL);
	expect_rcode(DNS_BADCOOKIE, "none yet");
	is_str(option(DNS_OPTION_COOKIE), GIVEN_A, "  but here is one");
	ok(!work->count[DNS_ANSWER], "  and nothing else");
	ask(COOKIE(GIVEN_A), 0, NULL);
	is_int(work->rcode, DNS_NOERROR, "with it, all is well");
	ask(0, NULL, 0, NULL);
	is_int(work->rcode, DNS_NOERROR, "who knows no cookies is answered");
	about.tcp = true;
	ask(COOKIE(CLIENT_A), 0, NULL);
	is_int(work->rcode, DNS_NOERROR, "by TCP all are");
	is_str(option(DNS_OPTION_COOKIE), GIVEN_A, "  and given one");
	about_usual();
	about.version = 1;
	ask(COOKIE(CLIENT_A), 0, NULL);
	expect_rcode(DNS_BADVERS, "BADVERS goes before");
	is_str(option(DNS_OPTION_COOKIE), GIVEN_A, "  and has the cookie with it");
	about_usual();
	limiter.rules.cookies = AD_DNS_COOKIES_ON;
}

static void test_cookie_off_is_unknown(void)
{
	limiter.rules.cookies = AD_DNS_COOKIES_OFF;
	ask(COOKIE(CLIENT_A), 0, NULL);
	ok(work->rcode == DNS_NOERROR && !*option(DNS_OPTION_COOKIE), "not given");
	ask(COOKIE("aa"), 0, NULL);
	is_int(work->rcode, DNS_NOERROR, "nor looked at");
	limiter.rules.cookies = AD_DNS_COOKIES_ON;
}

static void test_cookie_of_two_the_first_counts(void)
{
	ask(COOKIE(CLIENT_A), COOKIE("aa"));
	is_str(option(DNS_OPTION_COOKIE), GIVEN_A, "whatever the second one is");
}

/* RFC 7873, 5.4. */
static void test_cookie_without_a_question(void)
{
	static const char query[] = "\0\1\0\0\0\0\0\0\0\0\0\1"
				    "\0\0\51\4\xd0\0\0\0\0\0\14\0\12\0\10\x24\x64\xc4\xab\xcf\x10"
				    "\xc9\x57";
	static const char nsid[] = "\0\1\0\0\0\0\0\0\0\0\0\1\0\0\51\4\xd0\0\0\x80\0\0\4\0\3\0\0";

	memcpy(work->msg, query, sizeof(query) - 1);
	work->len = sizeof(query) - 1;
	work->tcp = 0;
	is_int(dns_respond(work, dns_image(work)), DNS_SEND, "no question, a cookie");
	expect_rcode(DNS_NOERROR, "is answered");
	is_str(option(DNS_OPTION_COOKIE), GIVEN_A, "  with a cookie");
	is_int(dns_get16(work, 4), 0, "  and no question");
	memcpy(work->msg, nsid, sizeof(nsid) - 1);
	work->len = sizeof(nsid) - 1;
	dns_respond(work, dns_image(work));
	expect_rcode(DNS_FORMERR, "without a cookie it is nothing");
	ok(work->edns_do && *option(DNS_OPTION_NSID), "  but OPT is understood");
}

/* --- subnets ---------------------------------------------------------------------------------- */

static void test_subnet_is_repeated_with_scope_0(void)
{
	static const char *const good[] = {
		"00011800c00002", "00011900c0000280", "00012000c0000201",
		"00010000",	  "00011700c00002",   "0002380020010db8000000",
		"00020000",	  "0001010080",	      "0002800020010db8000000000000000000000001",
		"00000000",
	};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ask(SUBNET(good[i]), 0, NULL);
		is_str(option(DNS_OPTION_SUBNET), good[i], "%s", good[i]);
		ok(work->rcode == DNS_NOERROR && work->count[DNS_ANSWER], "  with data");
	}
}

static void test_subnet_malformed_is_formerr(void)
{
	static const struct {
		const char *hex, *what;
	} bad[] = {
		{ "", "nothing" },
		{ "000118", "shorter than its head" },
		{ "00031800c00002", "a family that there is not" },
		{ "00000100", "an address of no family" },
		{ "00012100c000020100", "longer than IPv4" },
		{ "0002810020010db800000000000000000000000100", "longer than IPv6" },
		{ "00011800c000", "a byte too few" },
		{ "00011800c0000200", "a byte too many" },
		{ "00011700c00003", "a bit behind the prefix" },
		{ "00010100c0", "a bit behind a short one" },
		{ "00011818c00002", "with a scope" },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ask(SUBNET(bad[i].hex), 0, NULL);
		expect_rcode(DNS_FORMERR, bad[i].what);
		ok(!*option(DNS_OPTION_SUBNET) && !work->count[DNS_ANSWER], "  and nothing else");
	}
}

static void test_subnet_is_in_every_kind_of_answer(void)
{
	static const char subnet[] = "00011800c00002";
	static const struct {
		const char *name;
		__u16 type;
		__u8 version;
		__u32 rcode;
	} kinds[] = {
		{ "no.example.com.", DNS_T_A, 0, DNS_NXDOMAIN },
		{ "ns.example.com.", DNS_T_MX, 0, DNS_NOERROR },
		{ "example.org.", DNS_T_A, 0, DNS_REFUSED },
		{ "x.cut.example.com.", DNS_T_A, 0, DNS_NOERROR },
		{ "ns.example.com.", DNS_T_A, 1, DNS_BADVERS },
		{ "example.com.", DNS_T_AXFR, 0, DNS_REFUSED },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		about.name = kinds[i].name;
		about.type = kinds[i].type;
		about.version = kinds[i].version;
		ask(SUBNET(subnet), COOKIE(CLIENT_A));
		is_int(work->rcode, kinds[i].rcode, "%s %u", about.name, about.type);
		is_str(option(DNS_OPTION_SUBNET), subnet, "  subnet");
		is_str(option(DNS_OPTION_COOKIE), GIVEN_A, "  cookie");
	}
	about_usual();
	about.version = 1;
	ask(SUBNET("ff"), 0, NULL);
	expect_rcode(DNS_BADVERS, "what another version's options are, we cannot judge");
	about_usual();
}

/* Room for the options is kept, to the byte. */
static void test_options_count_against_the_size(void)
{
	static const char subnet[] = "0002800020010db8000000000000000000000001";
	__u32 whole;

	about.name = "many.example.com.";
	about.type = DNS_T_TXT;
	ask(SUBNET(subnet), COOKIE(CLIENT_A));
	whole = work->len;
	ok(!work->tc && whole > DNS_UDP_MIN, "%u bytes", whole);
	about.payload = whole;
	ask(SUBNET(subnet), COOKIE(CLIENT_A));
	ok(!work->tc && work->len == whole, "fit into as many");
	about.payload = whole - 1;
	ask(SUBNET(subnet), COOKIE(CLIENT_A));
	ok(work->tc && work->len < whole, "and not into one less");
	is_str(option(DNS_OPTION_SUBNET), subnet, "  truncated, with the subnet");
	is_str(option(DNS_OPTION_COOKIE), GIVEN_A, "  and the cookie");
	about_usual();
}

/* --- set-up ----------------------------------------------------------------------------------- */

static struct dns_image *build(void)
{
	static char text[4096];
	struct zone *zone;
	size_t at = sprintf(text, "%scut NS ns.example.org.\n", HEAD);
	int i;

	for (i = 0; i < 6; i++)
		at += sprintf(text + at, "many TXT %0100d\n", i);
	zone = parse_good("example.com.", text);
	return compile(&zone, 1);
}

int main(void)
{
	struct dns_image *image = build();

	work = calloc(1, sizeof(*work));
	if (!ok(image && work, "a zone is compiled"))
		return done_testing();
	work->home = image;
	work->limiter = &limiter;
	limiter.rules.cookies = AD_DNS_COOKIES_ON;
	about_usual();
	test_cookie_vectors_of_the_rfc();
	as_client(IP_A, AT_A);
	test_cookie_is_kept_while_young();
	test_cookie_of_another_is_none();
	test_cookie_of_no_secret_is_none();
	test_cookie_of_a_wrong_length_is_formerr();
	test_cookie_when_required_is_asked_for();
	test_cookie_off_is_unknown();
	test_cookie_of_two_the_first_counts();
	test_cookie_without_a_question();
	test_subnet_is_repeated_with_scope_0();
	test_subnet_malformed_is_formerr();
	test_subnet_is_in_every_kind_of_answer();
	test_options_count_against_the_size();
	dns_image_free(image);
	free(work);
	return done_testing();
}
