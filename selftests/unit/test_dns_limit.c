// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_dns_limit.c: who is answered how often, with a clock that only we move.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/addr.h"
#include "user/dns/dns_home.h"
#include "zone_fixture.h"

#define RATE	 10
#define WINDOW_S 5
#define LINES	 1024

static struct dns_work *work;
static struct dns_limiter *limiter;

static void reset(void)
{
	int i;

	memset(limiter->lines, 0, LINES * sizeof(*limiter->lines));
	memset(&limiter->rules, 0, sizeof(limiter->rules));
	for (i = 0; i < AD_DNS_CLASSES; i++)
		limiter->rules.costs[i] = AD_DNS_TICKS_A_SECOND / RATE;
	limiter->mask = LINES - 1;
	limiter->rules.debt_max = AD_DNS_TICKS_A_SECOND * (WINDOW_S + 1);
	limiter->rules.ip4_mask = htonl(0xffffff00);
	limiter->rules.ip6_mask = htobe64(0xffffffffffffff00ull);
	limiter->rules.cookies = AD_DNS_COOKIES_ON;
	limiter->rules.nr_secrets = 1;
	limiter->rules.cookies_exempt = 1;
	work->fixed_ns = 1000000000000;
	addr_parse("192.0.2.1", &work->client);
	work->tcp = 0;
}

static void from(const char *client)
{
	addr_parse(client, &work->client);
}

static void pass_ms(unsigned int ms)
{
	work->fixed_ns += ms * 1000000ull;
}

/* --- asking ----------------------------------------------------------------------------------- */

static __u64 cookie[3]; /* of the last reply that had one */

static void put_cookie(__u32 len)
{
	__u32 opt = work->len, i;

	dns_put8(work, 11, 1);
	dns_put8(work, opt, 0);
	dns_put16(work, opt + 1, DNS_T_OPT);
	dns_put16(work, opt + 3, 1232);
	dns_put16(work, opt + 5, 0);
	dns_put16(work, opt + 7, 0);
	dns_put16(work, opt + 9, 4 + len);
	dns_put16(work, opt + 11, DNS_OPTION_COOKIE);
	dns_put16(work, opt + 13, len);
	for (i = 0; i < 3; i++)
		dns_put64(work, opt + 15 + 8 * i, cookie[i]);
	work->len = opt + 15 + len;
}

static int ask_with(const char *name, __u16 type, __u32 cookie_len)
{
	__u8 wire[256];
	int verdict;

	name_parse(name, wire);
	memset(work->msg, 0, 512);
	work->msg[5] = 1;
	memcpy(work->msg + DNS_HEADER, wire, name_len(wire));
	work->len = DNS_HEADER + name_len(wire) + 4;
	dns_put16(work, work->len - 4, type);
	dns_put16(work, work->len - 2, DNS_CLASS_IN);
	if (cookie_len)
		put_cookie(cookie_len);
	verdict = dns_respond(work, dns_image(work));
	if (verdict == DNS_SEND && work->cookie_len)
		memcpy(cookie, work->cookie, sizeof(cookie));
	return verdict;
}

static int ask(const char *name)
{
	return ask_with(name, DNS_T_A, 0);
}

/* How many of so many answers were given. */
static int given(const char *name, int nr)
{
	int answered = 0;

	while (nr--)
		answered += ask(name) == DNS_SEND;
	return answered;
}

/* --- the rate --------------------------------------------------------------------------------- */

static void test_limit_is_a_second_s_worth(void)
{
	reset();
	is_int(given("ns.example.com.", 100), RATE, "of 100 at once, as many as a second has");
	is_int(work->limited, AD_DNS_LIMITED_DROPPED, "the others are dropped");
	is_int(work->limited_class, AD_DNS_CLASS_ANSWER, "as answers");
}

static void test_limit_lets_the_rate_through(void)
{
	int i, answered = 0;

	reset();
	for (i = 0; i < 1000; i++) {
		answered += ask("ns.example.com.") == DNS_SEND;
		pass_ms(1000 / RATE);
	}
	is_int(answered, 1000, "at the rate, for 100 s: all");
	for (i = 0; i < 1000; i++) {
		answered += ask("ns.example.com.") == DNS_SEND;
		pass_ms(1000 / RATE / 2);
	}
	ok(answered < 1000 + 3 * RATE, "at twice the rate hardly any: %d", answered - 1000);
}

static void test_limit_ends_after_the_window(void)
{
	reset();
	given("ns.example.com.", 1000);
	pass_ms(WINDOW_S * 1000 - 100);
	is_int(given("ns.example.com.", 1), 0, "shortly before the window ends: none");
	pass_ms(400);
	is_int(given("ns.example.com.", 1), 1, "then again");
	reset();
	given("ns.example.com.", RATE + 1);
	pass_ms(200);
	is_int(given("ns.example.com.", 1), 1, "who was over it once waits no longer than it owes");
}

/* --- what counts together --------------------------------------------------------------------- */

static void test_limit_is_for_a_network(void)
{
	reset();
	given("ns.example.com.", 100);
	from("192.0.2.255");
	is_int(given("ns.example.com.", 1), 0, "IPv4: the same /24");
	from("192.0.3.1");
	is_int(given("ns.example.com.", 1), 1, "another one");
	from("2001:db8:0:1200::1");
	is_int(given("ns.example.com.", 100), RATE, "IPv6");
	from("2001:db8:0:12ff:1::1");
	is_int(given("ns.example.com.", 1), 0, "the same /56");
	from("2001:db8:0:1300::1");
	is_int(given("ns.example.com.", 1), 1, "another one");
	from("c000:200::");
	is_int(given("ns.example.com.", 1), 1, "IPv6 with the bytes of an IPv4 network");
}

static void test_limit_is_for_a_name_or_a_zone(void)
{
	reset();
	given("ns.example.com.", 100);
	is_int(given("NS.example.com.", 1), 0, "any case of the name");
	is_int(given("other.example.com.", 1), 1, "another name");
	is_int(given("a.wild.example.com.", RATE), RATE, "a wildcard");
	is_int(given("b.wild.example.com.", 1), 0, "is one name, whatever it stands for");
	is_int(given("nx1.example.com.", RATE), RATE, "absent names");
	is_int(given("nx2.example.com.", 1), 0, "are one for a zone");
	is_int(work->limited_class, AD_DNS_CLASS_NXDOMAIN, "  of their class");
	is_int(given("nx2.kid.example.com.", 1), 1, "another zone");
	is_int(given("x.cut.example.com.", RATE), RATE, "referrals");
	is_int(given("y.cut2.example.com.", 1), 0, "are one for a zone");
	is_int(work->limited_class, AD_DNS_CLASS_REFERRAL, "  of their class");
	is_int(ask_with("ns.example.com.", DNS_T_MX, 0), DNS_SEND, "no data is another class");
	is_int(given("text.example.com.", 100), RATE - 1, "  and one for a zone");
	is_int(work->limited_class, AD_DNS_CLASS_NODATA, "  of its own");
	is_int(given("example.org.", 100), RATE, "refusals");
	is_int(given("example.net.", 1), 0, "are all one");
	is_int(work->limited_class, AD_DNS_CLASS_ERROR, "  of their class");
}

static void test_limit_of_an_alias_is_the_alias_s_own(void)
{
	reset();
	is_int(given("alias1.example.com.", 100), RATE, "an alias");
	is_int(given("alias2.example.com.", 1), 1, "another one to the same name");
	is_int(given("other.example.com.", 1), 1, "that name itself");
	is_int(given("alias3.wild2.example.com.", RATE), RATE, "a wildcard alias");
	is_int(given("alias4.wild2.example.com.", 1), 0, "is one");
}

static void test_limit_counts_what_is_rejected_too(void)
{
	int i, answered = 0;

	reset();
	for (i = 0; i < 100; i++) {
		memset(work->msg, 0, DNS_HEADER);
		work->len = DNS_HEADER;
		answered += dns_respond(work, dns_image(work)) == DNS_SEND;
	}
	is_int(answered, RATE, "bare FORMERR");
}

static void test_limit_of_a_class_may_be_none(void)
{
	reset();
	limiter->rules.costs[AD_DNS_CLASS_ANSWER] = 0;
	is_int(given("ns.example.com.", 100), 100, "answers are not limited");
	is_int(given("nx.example.com.", 100), RATE, "denials are");
}

/* --- who is spared ---------------------------------------------------------------------------- */

static void test_limit_spares_who_is_really_there(void)
{
	int i, answered = 0;

	reset();
	ask_with("ns.example.com.", DNS_T_A, DNS_COOKIE_CLIENT);
	for (i = 0; i < 100; i++)
		answered += ask_with("ns.example.com.", DNS_T_A, DNS_COOKIE_BYTES) == DNS_SEND;
	is_int(answered, 100, "a valid cookie is never limited");
	is_int(work->cookie_state, AD_DNS_COOKIE_GOOD, "  it is valid");
	is_int(given("ns.example.com.", 100), RATE - 1, "and costs its network nothing");
	limiter->rules.cookies_exempt = 0;
	is_int(ask_with("ns.example.com.", DNS_T_A, DNS_COOKIE_BYTES), DNS_DROP,
	       "unless they are limited like others");
	work->tcp = 1;
	is_int(given("ns.example.com.", 100), 100, "TCP never is");
}

static void spare(struct ad_dns_prefix *prefix, const char *text, unsigned int bits)
{
	struct ad_addr addr;

	addr_parse(text, &addr);
	memcpy(prefix->address, &addr, sizeof(prefix->address));
	prefix->bits = bits;
}

static void test_limit_spares_the_exempt(void)
{
	reset();
	limiter->rules.nr_exempt = 2;
	spare(&limiter->exempt[0], "192.0.2.0", 96 + 23);
	spare(&limiter->exempt[1], "2001:db8::7", 128);
	is_int(given("ns.example.com.", 100), 100, "in an exempt /23");
	from("192.0.3.255");
	is_int(given("ns.example.com.", 100), 100, "at its end");
	from("192.0.4.0");
	is_int(given("ns.example.com.", 100), RATE, "behind it");
	from("2001:db8::7");
	is_int(given("ns.example.com.", 100), 100, "one exempt address");
	from("2001:db8::6");
	is_int(given("ns.example.com.", 100), RATE, "its neighbour");
}

static void test_limit_log_only_drops_nothing(void)
{
	reset();
	limiter->rules.log_only = 1;
	is_int(given("ns.example.com.", 100), 100, "all are answered");
	is_int(work->limited, AD_DNS_LIMITED_SPARED, "and noted");
	ok(work->count[DNS_ANSWER] && !work->tc, "in full");
}

/* --- slip ------------------------------------------------------------------------------------- */

static void test_slip_says_to_use_tcp(void)
{
	reset();
	limiter->rules.slip = 1;
	is_int(given("ns.example.com.", 100), 100, "slip 1: nobody is left without a word");
	is_int(work->limited, AD_DNS_LIMITED_SLIPPED, "over the limit");
	ok(work->msg[2] & DNS_TC && !dns_get16(work, 6) && !dns_get16(work, 8),
	   "TC and no records");
	is_int(work->len, DNS_HEADER + 16 + 4, "no longer than the query");
	ask("nx.example.com.");
	ok(!work->tc, "what is under it is whole");
}

static void test_slip_asks_for_a_cookie_of_who_knows_them(void)
{
	reset();
	limiter->rules.slip = 1;
	given("ns.example.com.", 100);
	ask_with("ns.example.com.", DNS_T_A, DNS_COOKIE_CLIENT);
	is_int(work->rcode, DNS_BADCOOKIE, "BADCOOKIE");
	ok(!work->tc && !work->aa && !dns_get16(work, 6) && dns_get16(work, 10) == 1,
	   "no records but OPT");
	is_int(ask_with("ns.example.com.", DNS_T_A, DNS_COOKIE_BYTES), DNS_SEND, "with it");
	ok(work->rcode == DNS_NOERROR && dns_get16(work, 6), "comes the answer");
}

static void test_slip_is_one_in_so_many(void)
{
	int answered;

	reset();
	limiter->rules.slip = 4;
	answered = given("ns.example.com.", 4000);
	ok(answered > 800 && answered < 1200, "slip 4: %d of 4000", answered);
	limiter->rules.slip = 0;
	is_int(given("ns.example.com.", 1000), 0, "slip 0: none");
}

/* --- the table -------------------------------------------------------------------------------- */

static void test_table_keeps_who_owes_most(void)
{
	char client[32];
	int i;

	reset();
	limiter->mask = 0; /* one line for all */
	given("ns.example.com.", 100);
	for (i = 0; i < 1000; i++) {
		snprintf(client, sizeof(client), "10.%d.%d.1", i / 256, i % 256);
		from(client);
		ask("ns.example.com.");
		pass_ms(2);
	}
	from("192.0.2.1");
	is_int(given("ns.example.com.", 1), 0, "a thousand others do not push it out");
}

static void test_table_clock_may_wrap(void)
{
	reset();
	work->fixed_ns = (1ull << 32 << AD_DNS_TICK_SHIFT) - 1000000;
	given("ns.example.com.", 100);
	pass_ms(10);
	is_int(given("ns.example.com.", 1), 0, "what is owed is owed after the wrap");
	pass_ms((WINDOW_S + 1) * 1000);
	is_int(given("ns.example.com.", 1), 1, "and paid");
	pass_ms(60 * 60 * 1000); /* now its end looks like the future */
	is_int(given("ns.example.com.", RATE), RATE, "an account of an hour ago owes nothing");
}

static void test_table_is_chosen_by_a_key(void)
{
	struct ad_dns_accounts before[LINES];
	__u32 i, same = 0;

	reset();
	ask("ns.example.com.");
	memcpy(before, limiter->lines, sizeof(before));
	reset();
	limiter->rules.account_key[1] = 1;
	ask("ns.example.com.");
	for (i = 0; i < LINES; i++)
		same += memcmp(&before[i], &limiter->lines[i], sizeof(before[i])) == 0;
	is_int(same, LINES - 2, "another key, another account");
}

/* --- set-up ----------------------------------------------------------------------------------- */

static struct dns_image *build(void)
{
	struct zone *zones[2];

	zones[0] = parse_good("example.com.", HEAD "other A 192.0.2.2\n"
						   "text TXT text\n"
						   "*.wild A 192.0.2.3\n"
						   "*.wild2 CNAME other\n"
						   "alias1 CNAME other\n"
						   "alias2 CNAME other\n"
						   "cut NS ns.example.org.\n"
						   "cut2 NS ns.example.org.\n"
						   "kid NS ns.example.org.\n");
	zones[1] = parse_good("kid.example.com.", HEAD);
	return compile(zones, 2);
}

int main(void)
{
	struct dns_image *image = build();

	work = calloc(1, sizeof(*work));
	limiter = calloc(1, sizeof(*limiter) + 2 * sizeof(*limiter->exempt));
	limiter->lines = calloc(LINES, sizeof(*limiter->lines));
	if (!ok(image != NULL, "zones are compiled"))
		return done_testing();
	work->home = image;
	work->limiter = limiter;
	test_limit_is_a_second_s_worth();
	test_limit_lets_the_rate_through();
	test_limit_ends_after_the_window();
	test_limit_is_for_a_network();
	test_limit_is_for_a_name_or_a_zone();
	test_limit_of_an_alias_is_the_alias_s_own();
	test_limit_counts_what_is_rejected_too();
	test_limit_of_a_class_may_be_none();
	test_limit_spares_who_is_really_there();
	test_limit_spares_the_exempt();
	test_limit_log_only_drops_nothing();
	test_slip_says_to_use_tcp();
	test_slip_asks_for_a_cookie_of_who_knows_them();
	test_slip_is_one_in_so_many();
	test_table_keeps_who_owes_most();
	test_table_clock_may_wrap();
	test_table_is_chosen_by_a_key();
	dns_image_free(image);
	free(limiter->lines);
	free(limiter);
	free(work);
	return done_testing();
}
