// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_zone_sign.c: what is said of a signed zone that validators will not like, or not for long,
 * and when. Signatures are only weighed here: selftests/net/dnssec.t has validators verify them.
 */
#include <time.h>
#include "output_fixture.h"
#include "user/dns/dns_service.h"
#include "user/dns/dns_stats.h"
#include "user/dns/dns_zones.h"
#include "user/base/log.h"
#include "user/zone/zone_chain.h"
#include "maps/dns_proto.h"
#include "zone_fixture.h"

#define TEXT_ROOM 8192
#define DAY	  86400
#define HOUR	  3600
#define KEY	  59506 /* tag of the key below */
#define OTHER_KEY 11

struct set {
	const char *owner_name, *type, *data;
	int labels;
};

static const struct set nsec_sets[] = {
	{ "@", "SOA", "ns host 1 2 3 4 300", 2 },
	{ "@", "NS", "ns", 2 },
	{ "@", "DNSKEY", "256 3 13 a2V5", 2 },
	{ "@", "NSEC", "ns SOA NS DNSKEY RRSIG NSEC", 2 },
	{ "ns", "A", "192.0.2.1", 3 },
	{ "ns", "NSEC", "@ A RRSIG NSEC", 3 },
};
#define NR_SETS (sizeof(nsec_sets) / sizeof(*nsec_sets))
#define SET_A	4

/* A signature: from when to when, seconds from now, and the key's tag. */
struct sig {
	long begins, ends;
	int tag;
};

static const struct sig usual = { -DAY, 29 * DAY, KEY };

static const char *sig_time(long at, char text[32])
{
	time_t then = time(NULL) + at;
	struct tm tm;

	strftime(text, 32, "%Y%m%d%H%M%S", gmtime_r(&then, &tm));
	return text;
}

static size_t put_sig(char *to, const struct set *set, const struct sig *sig)
{
	char begins[32], ends[32];

	return sprintf(to, "%s RRSIG %s 13 %d 300 %s %s %d example.com. c2ln\n", set->owner_name,
		       set->type, set->labels, sig_time(sig->ends, ends),
		       sig_time(sig->begins, begins), sig->tag);
}

/* The set's record and its signature, two lines. */
static size_t put_set(char *to, const struct set *set, const struct sig *sig)
{
	size_t n = sprintf(to, "%s %s %s\n", set->owner_name, set->type, set->data);

	return n + put_sig(to + n, set, sig);
}

/* Signed as usual, but for the set @odd. Set i stands in line 2 * i + 2, its signature behind it.
 */
static const char *zone_text(size_t odd, const struct sig *sig)
{
	static char text[TEXT_ROOM];
	size_t i, at = sprintf(text, "$TTL 300\n");

	for (i = 0; i < NR_SETS; i++)
		at += put_set(text + at, &nsec_sets[i], i == odd ? sig : &usual);
	return text;
}

/* Loads it; gives what was said. */
static const char *told(const char *text, struct zone **zone)
{
	catch_output(stderr);
	*zone = parse_good("example.com.", text);
	return release_output();
}

static const char *minute(long at, char text[32])
{
	time_t then = time(NULL) + at;
	struct tm tm;

	strftime(text, 32, "%Y-%m-%d %H:%M UTC", gmtime_r(&then, &tm));
	return text;
}

/* --- at load ---------------------------------------------------------------------------------- */

/*
 * Set SET_A is signed by @sig alone: what is said begins and ends like this, with the signature's
 * own end between if @more is not NULL, and the zone is loaded.
 */
static void expect(const char *what, const struct sig *sig, const char *start, const char *more)
{
	char expected[512], before[32], after[32];
	const char *said;
	struct zone *zone;

	minute(sig->ends, before);
	said = told(zone_text(SET_A, sig), &zone);
	minute(sig->ends, after);
	ok(zone, "%s: is loaded", what);
	zone_free(zone);
	snprintf(expected, sizeof(expected), "%s%s%s", start, more ? before : "", more ?: "");
	if (more && strcmp(said, expected)) /* the minute may have ended meanwhile */
		snprintf(expected, sizeof(expected), "%s%s%s", start, after, more);
	is_str(said, expected, "%s: is said", what);
}

static void test_sign_flaws_are_told_where_they_are(void)
{
	expect("good for weeks", &usual, "", NULL);
	expect("no longer good", &(struct sig){ -9 * DAY, -HOUR, KEY },
	       "warning: z:11: ns.example.com. A: its signature has expired (",
	       "), one of 1: validators will find them bogus; sign the zone again\n");
	expect("the last tenth of its life", &(struct sig){ -9 * DAY, DAY - HOUR, KEY },
	       "warning: z:11: ns.example.com. A: its signature expires on ",
	       ", the first of the zone's to do so: sign it again\n");
	expect("the last tenth but one", &(struct sig){ -9 * DAY, DAY + HOUR, KEY }, "", NULL);
	expect("short, but young", &(struct sig){ -HOUR, 2 * HOUR, KEY }, "", NULL);
	expect("not yet good", &(struct sig){ DAY, 29 * DAY, KEY },
	       "warning: z:11: ns.example.com.: its signatures are not valid yet, 1 of the "
	       "zone's: validators will find it bogus\n",
	       NULL);
	expect("of a stranger's key", &(struct sig){ -DAY, 29 * DAY, OTHER_KEY },
	       "warning: z:11: ns.example.com.: signed with a key that is no DNSKEY of the zone, 1 "
	       "of the zone's: validators will find it bogus\n",
	       NULL);
}

/* While keys are rolled there are two: the better one counts. */
static void test_sign_second_signature_makes_good(void)
{
	const struct sig old = { -30 * DAY, -HOUR, OTHER_KEY };
	static char text[TEXT_ROOM];
	struct zone *zone;
	size_t at;

	at = sprintf(text, "%s", zone_text(SET_A, &old));
	put_sig(text + at, &nsec_sets[SET_A], &usual);
	is_str(told(text, &zone), "", "one of two signatures is good");
	ok(zone && zone->signed_until_s > (__u64)time(NULL) + 28 * DAY, "and the zone as long");
	zone_free(zone);
}

static void test_sign_zone_knows_its_first_end(void)
{
	const struct sig sig = { -10 * DAY, 10 * DAY, KEY };
	__u64 now = time(NULL);
	struct zone *zone;

	told(zone_text(SET_A, &sig), &zone);
	ok(zone->signed_until_s - (now + 10 * DAY) < 5, "when the first signature ends");
	ok(zone->resign_by_s - (now + 8 * DAY) < 5, "by when it ought to be renewed");
	is_int(zone->chain.type, DNS_T_NSEC, "and what denies");
	zone_free(zone);
	zone = parse_good("example.com.", HEAD);
	ok(!zone->signed_until_s && !zone->resign_by_s, "an unsigned zone never ends");
	zone_free(zone);
	is_str(told(HEAD "ns RRSIG A 13 3 300 20400101000000 20200101000000 1 example.com. c2ln\n",
		    &zone),
	       "warning: z:5: signatures, but none of the SOA: the zone is not taken for signed\n",
	       "scraps of a signed zone are told of");
	ok(zone && !zone->signed_until_s, "and make no signed zone");
	zone_free(zone);
}

/* --- NSEC3 ------------------------------------------------------------------------------------ */

/* The hash as an owner name (RFC 4648, 7). */
static void hash_text(const char *name, unsigned int iterations, char text[33])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	struct zone_chain chain = { .iterations = iterations };
	__u8 wire[256], hash[NSEC3_HASH_BYTES];
	int i, bit;

	name_parse(name, wire);
	nsec3_hash(&chain, wire, hash);
	for (i = 0; i < 32; i++) {
		text[i] = 0;
		for (bit = 5 * i; bit < 5 * i + 5; bit++)
			text[i] = text[i] << 1 | (hash[bit / 8] >> (7 - bit % 8) & 1);
		text[i] = digits[(int)text[i]];
	}
	text[32] = '\0';
}

static size_t put_nsec3(char *to, unsigned int iterations, const char *from, const char *next)
{
	struct set set = { from, "NSEC3", NULL, 3 };
	char data[128];

	snprintf(data, sizeof(data), "1 0 %u - %s A", iterations, next);
	set.data = data;
	return put_set(to, &set, &usual);
}

static const char *nsec3_text(unsigned int iterations)
{
	const struct set param = { "@", "NSEC3PARAM", NULL, 2 };
	static char text[TEXT_ROOM];
	size_t i, at = sprintf(text, "$TTL 300\n");
	char apex[33], ns[33], data[32];
	struct set set = param;

	hash_text("example.com.", iterations, apex);
	hash_text("ns.example.com.", iterations, ns);
	snprintf(data, sizeof(data), "1 0 %u -", iterations);
	set.data = data;
	at += put_set(text + at, &set, &usual);
	for (i = 0; i < NR_SETS; i++)
		if (strcmp(nsec_sets[i].type, "NSEC"))
			at += put_set(text + at, &nsec_sets[i], &usual);
	at += put_nsec3(text + at, iterations, apex, ns);
	put_nsec3(text + at, iterations, ns, apex);
	return text;
}

static void test_sign_iterations_are_told_of(void)
{
	struct config_errors errors;
	struct zone *zone;

	is_str(told(nsec3_text(0), &zone), "", "NSEC3 without iterations is right");
	is_int(zone ? zone->chain.type : 0, DNS_T_NSEC3, "and is what denies");
	zone_free(zone);
	is_str(told(nsec3_text(7), &zone),
	       "warning: z:2: 7 NSEC3 iterations: every one costs servers and resolvers, and "
	       "resolvers may take the zone for unsigned; 0 is right (RFC 9276, 3.1)\n",
	       "others are told of");
	ok(zone, "and loaded");
	zone_free(zone);
	ok(!parse(nsec3_text(151), &errors), "more than 150 are refused");
	is_str(error_text(&errors),
	       "z:2: NSEC3 with 151 iterations and 0 bytes of salt is more work than 150 "
	       "iterations without; sign with 0 and no salt (RFC 9276, 3.1)\n",
	       "where they stand");
	config_errors_free(&errors);
}

/* --- later ------------------------------------------------------------------------------------ */

#define RENEW 1000000
#define END   (RENEW + 3 * DAY)

static const char *expiry_told(__u64 since, __u64 now)
{
	struct ad_dns_zone_info list[] = {
		{ .name = "plain.test." },
		{ .name = "a.test.", .denial = 47, .resign_by_s = RENEW, .signed_until_s = END },
	};
	struct dns_zones zones = { .list = list, .nr = 2 };

	catch_output(stderr);
	dns_zones_tell_expiry(&zones, since, now);
	return release_output();
}

static void test_expiry_is_told_once_a_day(void)
{
	static const char expired[] = "error: zone a.test.: signatures have expired: validators "
				      "find it bogus; sign it again\n";

	is_str(expiry_told(RENEW - 60, RENEW - 1), "", "nothing is due");
	is_str(expiry_told(RENEW - 1, RENEW),
	       "warning: zone a.test.: signatures expire in 3d00h, and nobody has renewed them\n",
	       "the day that it is due");
	is_str(expiry_told(RENEW, RENEW + 60), "", "not every minute");
	is_str(expiry_told(RENEW + DAY - 1, RENEW + DAY + 59),
	       "warning: zone a.test.: signatures expire in 1d23h, and nobody has renewed them\n",
	       "but every day");
	is_str(expiry_told(END - 30, END + 30), expired, "when the first one expires");
	is_str(expiry_told(END + 30, END + 90), "", "again not every minute");
	is_str(expiry_told(END + 2 * DAY - 1, END + 2 * DAY), expired, "but every day");
	is_str(expiry_told(RENEW - 60, END + 60), expired, "a clock that jumps tells of the worse");
}

static void test_signing_has_four_states(void)
{
	is_int(dns_zone_signing(0, 0, RENEW), DNS_UNSIGNED, "unsigned");
	is_int(dns_zone_signing(END, RENEW, RENEW - 1), DNS_SIGNED, "signed");
	is_int(dns_zone_signing(END, RENEW, RENEW), DNS_RESIGN, "to be signed again");
	is_int(dns_zone_signing(END, RENEW, END - 1), DNS_RESIGN, "up to the last second");
	is_int(dns_zone_signing(END, RENEW, END), DNS_EXPIRED, "expired");
}

int main(void)
{
	log_set_level(LOG_INFO_);
	test_sign_flaws_are_told_where_they_are();
	test_sign_second_signature_makes_good();
	test_sign_zone_knows_its_first_end();
	test_sign_iterations_are_told_of();
	test_expiry_is_told_once_a_day();
	test_signing_has_four_states();
	return done_testing();
}
