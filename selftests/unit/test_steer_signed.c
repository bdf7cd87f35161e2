// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_steer_signed.c: steered names of signed zones: what is answered with DO, and which variants
 * are refused. Signatures are only carried here: selftests/net/steer_signed.t has validators judge
 * them.
 */
#include "dns_fixture.h"
#include "steer_fixture.h"

enum {
	FRA,
	NYC,
	SIN,
	POPS
};

#define ROOM   16384
#define LABELS "example.com. "
#define SIG    "RRSIG %s 13 %u %u 20400101000000 20200101000000 59506 example.com. %s\n"

/* In canonical order. */
struct set {
	const char *owner, *type, *data;
	unsigned int ttl;
};

static const struct set base[] = {
	{ "@", "SOA", "ns host 1 2 3 4 300", 300 },
	{ "@", "NS", "ns", 300 },
	{ "@", "MX", "10 w", 300 },
	{ "@", "DNSKEY", "256 3 13 a2V5", 300 },
	{ "fra-w", "A", "192.0.2.10", 300 },
	{ "fra-w", "MX", "5 ns", 300 },
	{ "ns", "A", "192.0.2.1", 300 },
	{ "nyc-w", "A", "192.0.2.20", 300 },
	{ "nyc-w", "MX", "6 ns", 300 },
	{ "sin-w", "A", "192.0.2.30", 300 },
	{ "sin-w", "MX", "7 ns", 300 },
	{ "w", "A", "192.0.2.99", 60 },
	{ "w", "MX", "9 ns", 60 },
	{ "w", "TXT", "own", 300 },
	{ NULL, NULL, NULL, 0 },
};

static const struct set variants[POPS][7] = {
#define VARIANT(a, mx)                                                                             \
	{                                                                                          \
		{ "@", "SOA", "ns host 1 2 3 4 300", 300 }, { "@", "NS", "ns", 300 },              \
			{ "@", "DNSKEY", "256 3 13 a2V5", 300 }, { "ns", "A", "192.0.2.1", 300 },  \
			{ "w", "A", (a), 60 }, { "w", "MX", (mx), 60 }, { NULL, NULL, NULL, 0 },   \
	}
	VARIANT("192.0.2.10", "5 ns"),
	VARIANT("192.0.2.20", "6 ns"),
	VARIANT("192.0.2.30", "7 ns"),
};
static const char *const pops[POPS] = { "fra", "nyc", "sin" };
/* Signatures of the zone's file, and of those of the POPs. */
static const char *const by[POPS + 1] = { "ZnJh", "bnlj", "c2lu", "YmFz" };

/* --- files ------------------------------------------------------------------------------------ */

static size_t put_sig(char *to, const struct set *set, const char *type, const char *sig)
{
	unsigned int labels = strcmp(set->owner, "@") ? 3 : 2;

	return sprintf(to, "%s %u " SIG, set->owner, set->ttl, type, labels, set->ttl, sig);
}

/* The sets with their signatures, and a chain of NSEC. */
static const char *signed_text(const struct set *sets, const char *sig)
{
	static char text[ROOM];
	char types[128] = "";
	size_t at = 0;

	for (const struct set *set = sets; set->owner; set++) {
		at += sprintf(text + at, "%s %u %s %s\n", set->owner, set->ttl, set->type,
			      set->data);
		at += put_sig(text + at, set, set->type, sig);
		sprintf(types + strlen(types), "%s ", set->type);
		if (set[1].owner && !strcmp(set[1].owner, set->owner))
			continue;
		at += sprintf(text + at, "%s %u NSEC %s %sRRSIG NSEC\n", set->owner, set->ttl,
			      set[1].owner ?: "@", types);
		at += put_sig(text + at, set, "NSEC", sig);
		types[0] = '\0';
	}
	return text;
}

/* An edit of a file: the first @from becomes @to; NULL: none. */
struct edit {
	const char *from, *to;
};

static struct zone *parse_edited(const char *file, const char *text, const struct edit *edit)
{
	char edited[ROOM];
	const char *at = edit->from ? strstr(text, edit->from) : NULL;
	struct config_errors errors = { 0 };
	struct zone *zone = NULL;

	snprintf(edited, sizeof(edited), "%s", text);
	if (at)
		snprintf(edited + (at - text), sizeof(edited) - (at - text), "%s%s", edit->to,
			 at + strlen(edit->from));
	if (edit->from && !at)
		diag("no '%s' in %s", edit->from, file);
	if (zone_parse("example.com.", file, edited, strlen(edited), &zone, &errors))
		diag("%s: %s", file, error_text(&errors));
	config_errors_free(&errors);
	return zone;
}

/* --- a name ----------------------------------------------------------------------------------- */

static __u8 members[POPS][256];
static struct zone *zone, *signed_for[POPS];
static struct dns_steered name;

static void name_it(void)
{
	char text[64];
	int pop;

	name = (struct dns_steered){ .members = members,
				     .nr_pops = POPS,
				     .flags = AD_DNS_STEER_HERE | AD_DNS_STEER_DOUBT,
				     .ttl = 60,
				     .doubt_ttl = 10,
				     .variants = signed_for,
				     .file = "conf",
				     .line = 7 };
	name_parse("w.example.com.", name.name);
	for (pop = 0; pop < POPS; pop++) {
		snprintf(text, sizeof(text), "%s-w.example.com.", pops[pop]);
		name_parse(text, members[pop]);
	}
}

static void free_all(void)
{
	int pop;

	zone_free(zone);
	for (pop = 0; pop < POPS; pop++)
		zone_free(signed_for[pop]);
}

/* All files, but that one of them (POPS: the zone's) is edited. */
static void read_all(int which, const struct edit *edit)
{
	static const struct edit none;
	int pop;

	name_it();
	zone = parse_edited("z", signed_text(base, by[POPS]), which == POPS ? edit : &none);
	for (pop = 0; pop < POPS; pop++)
		signed_for[pop] = parse_edited(pops[pop], signed_text(variants[pop], by[pop]),
					       which == pop ? edit : &none);
}

static bool build(void)
{
	struct dns_image_options options = { .udp_size = 1232, .steered = &name, .nr_steered = 1 };
	static struct dns_image *image;
	struct config_errors errors = { 0 };
	bool good = !dns_steered_check(&zone, 1, &name, 1, &errors);

	if (!good)
		diag("%s", error_text(&errors));
	config_errors_free(&errors);
	dns_image_free(image);
	image = NULL;
	good = good && !dns_image_build(&zone, 1, &options, &image);
	work->home = image;
	work->steering = &steering;
	return good;
}

static void only(unsigned int pop)
{
	const struct steer_choice choice = { pop, 0, 1 };

	steer_all_up();
	steer_use_one(STEER_ORDER, &choice, 1, STEER_OUT_LAST_RESORT, &choice, 1);
}

/* --- answers ---------------------------------------------------------------------------------- */

#define SIGNED(ttl, type, labels, original, sig)                                                   \
#ttl " RRSIG " type " 13 " #labels " " #original                                           \
	     " 20400101000000 20200101000000 59506 example.com. " sig "\n"

static void test_each_pop_has_its_own_signatures(void)
{
	static const struct ask a = { "w.example.com.", DNS_T_A, .payload = 1232, .dnssec = true };
	static const struct ask mx = { "w.example.com.", DNS_T_MX, .payload = 1232,
				       .dnssec = true };
	static const struct ask plain = { "w.example.com.", DNS_T_A, .payload = 1232 };

	only(FRA);
	expect(&a, "NOERROR aa",
	       "w.example.com. 60 A 192.0.2.10\n"
	       "w.example.com. " SIGNED(60, "A", 3, 60, "ZnJh"),
	       "", "");
	expect(&mx, "NOERROR aa",
	       "w.example.com. 60 MX 5 ns.example.com.\n"
	       "w.example.com. " SIGNED(60, "MX", 3, 60, "ZnJh"),
	       "",
	       "ns.example.com. 300 A 192.0.2.1\n"
	       "ns.example.com. " SIGNED(300, "A", 3, 300, "YmFz"));
	only(SIN);
	expect(&a, "NOERROR aa",
	       "w.example.com. 60 A 192.0.2.30\n"
	       "w.example.com. " SIGNED(60, "A", 3, 60, "c2lu"),
	       "", "");
	expect(&plain, "NOERROR aa", "w.example.com. 60 A 192.0.2.30\n", "", "");
}

static void test_in_doubt_the_ttl_is_lower_and_the_signed_one_is_not(void)
{
	static const struct ask a = { "w.example.com.", DNS_T_A, .payload = 1232, .dnssec = true };
	static const struct ask sigs = { "w.example.com.", DNS_T_RRSIG, .payload = 1232 };

	only(NYC);
	steer_bank[NYC].word = AD_STEER_DOUBT;
	expect(&a, "NOERROR aa",
	       "w.example.com. 10 A 192.0.2.20\n"
	       "w.example.com. " SIGNED(10, "A", 3, 60, "bnlj"),
	       "", "");
	expect(&sigs, "NOERROR aa",
	       "w.example.com. " SIGNED(10, "A", 3, 60, "bnlj") "w.example.com. " SIGNED(
		       10, "MX", 3, 60,
		       "bnlj") "w.example.com. " SIGNED(300, "TXT", 3, 300,
							"YmFz") "w.example.com. " SIGNED(300,
											 "NSEC", 3,
											 300,
											 "YmFz"),
	       "", "");
}

static void test_the_rest_is_the_zone_s_own(void)
{
	static const struct ask txt = { "w.example.com.", DNS_T_TXT, .payload = 1232,
					.dnssec = true };
	static const struct ask aaaa = { "w.example.com.", DNS_T_AAAA, .payload = 1232,
					 .dnssec = true };
	static const struct ask below = { "x.w.example.com.", DNS_T_A, .payload = 1232,
					  .dnssec = true };
	static const char soa[] =
		"example.com. 300 SOA ns.example.com. host.example.com. 1 2 3 4 300\n"
		"example.com. " SIGNED(300, "SOA", 2, 300, "YmFz");
	static const char nsec[] = "w.example.com. 300 NSEC example.com. A MX TXT RRSIG NSEC\n"
				   "w.example.com. " SIGNED(300, "NSEC", 3, 300, "YmFz");
	char both[4096];

	only(FRA);
	expect(&txt, "NOERROR aa",
	       "w.example.com. 300 TXT \"own\"\n"
	       "w.example.com. " SIGNED(300, "TXT", 3, 300, "YmFz"),
	       "", "");
	snprintf(both, sizeof(both), "%s%s", soa, nsec);
	expect(&aaaa, "NOERROR aa", "", both, "");
	is_int(ask(&below), DNS_SEND, "a name below is denied");
	said("NXDOMAIN aa");
}

/* What the zone has at a steered name is a mere witness for NSEC. */
static void test_the_zone_s_own_addresses_are_no_additional_data(void)
{
	static const struct ask mx = { "example.com.", DNS_T_MX, .payload = 1232, .dnssec = true };
	static const struct ask plain = { "example.com.", DNS_T_MX, .payload = 1232 };

	only(FRA);
	expect(&mx, "NOERROR aa",
	       "example.com. 300 MX 10 w.example.com.\n"
	       "example.com. " SIGNED(300, "MX", 2, 300, "YmFz"),
	       "", "");
	expect(&plain, "NOERROR aa", "example.com. 300 MX 10 w.example.com.\n", "", "");
}

/* --- what is refused -------------------------------------------------------------------------- */

static void refused(int which, const char *from, const char *to, const char *why)
{
	const struct edit edit = { from, to };
	struct config_errors errors = { 0 };

	read_all(which, &edit);
	is_int(dns_steered_check(&zone, 1, &name, 1, &errors), -EINVAL, "refused");
	is_str(error_text(&errors), why, "  %s", why);
	config_errors_free(&errors);
	free_all();
}

static void test_variants_that_do_not_fit_are_told_with_their_place(void)
{
	refused(NYC, "192.0.2.20", "192.0.2.21",
		"nyc:13: steer: w.example.com.: its A is not what its member nyc-w.example.com. "
		"has "
		"(z:21): write the variants again, and sign them\n");
	refused(NYC, "w 60 MX 6 ns\n", "w 60 MX 6 ns\nw 60 MX 8 ns\n",
		"nyc:15: steer: w.example.com.: its MX is not what its member nyc-w.example.com. "
		"has (z:23): write the variants again, and sign them\n");
	refused(SIN, "13 3 60 20400101000000 20200101000000 59506",
		"13 3 60 20400101000000 20200101000000 59507",
		"sin:14: steer: w.example.com.: signed with a key that is no DNSKEY of zone "
		"example.com. (z)\n");
	refused(SIN, "RRSIG A 13 3 60", "RRSIG A 13 3 59",
		"sin:14: steer: w.example.com.: it was signed with a TTL of 59, and is answered "
		"with 60: write the variants again, and sign them\n");
	refused(FRA, "w 60 A 192.0.2.10\n",
		"w 60 A 192.0.2.10\nw 60 SRV 0 0 1 ns\n"
		"w RRSIG SRV 13 3 60 20400101000000 20200101000000 59506 example.com. ZnJh\n",
		"fra:14: steer: w.example.com.: it has SRV, and its member has none: write the "
		"variants again, and sign them\n");
}

static void test_a_zone_that_cannot_prove_it_is_told_with_its_place(void)
{
	refused(POPS, "NSEC @ A MX TXT", "NSEC @ A TXT",
		"z:39: steer: w.example.com.: its NSEC says that there is no MX, and its members "
		"have that: give the name such a record in this zone, and sign it again\n");
	refused(POPS, "sin-w 300 A 192.0.2.30\nsin-w 300 RRSIG A",
		"sin-w 300 SPF x\nsin-w 300 RRSIG SPF",
		"conf:7: steer: w.example.com.: its member sin-w.example.com. has no A, and "
		"fra-w.example.com. has: in a signed zone all members must have the same types\n"
		"conf:7: steer: w.example.com.: its member sin-w.example.com. has SPF, and "
		"fra-w.example.com. has none: in a signed zone all members must have the same "
		"types\n"
		"conf:7: steer: w.example.com.: sin has no SPF of it, and its member "
		"sin-w.example.com. has: write the variants again, and sign them\n");
}

static void test_the_configuration_must_fit_the_zone(void)
{
	static const struct edit none;
	struct config_errors errors = { 0 };

	read_all(POPS, &none);
	name.variants = NULL;
	is_int(dns_steered_check(&zone, 1, &name, 1, &errors), -EINVAL, "no variants");
	is_str(error_text(&errors),
	       "conf:7: steer: w.example.com.: zone example.com. is signed: give it `variants`, "
	       "the "
	       "same records signed for each POP (`anydoor variants example.com.` writes what is "
	       "to be signed), or a `sign_key`\n",
	       "  is told");
	config_errors_free(&errors);
	name.variants = signed_for;
	name.out = AD_DNS_STEER_NODATA;
	is_int(dns_steered_check(&zone, 1, &name, 1, &errors), -EINVAL, "no data when all are out");
	is_str(error_text(&errors),
	       "conf:7: steer: w.example.com.: zone example.com. is signed, so that `all_out: "
	       "nodata` would be found bogus: use last_resort or servfail\n",
	       "  is told");
	config_errors_free(&errors);
	free_all();
}

int main(void)
{
	static const struct edit none;

	work = calloc(1, sizeof(*work));
	steer_name_pops(0);
	read_all(POPS, &none);
	if (ok(build(), "a signed zone with a steered name")) {
		test_each_pop_has_its_own_signatures();
		test_in_doubt_the_ttl_is_lower_and_the_signed_one_is_not();
		test_the_rest_is_the_zone_s_own();
		test_the_zone_s_own_addresses_are_no_additional_data();
	}
	free_all();
	test_variants_that_do_not_fit_are_told_with_their_place();
	test_a_zone_that_cannot_prove_it_is_told_with_its_place();
	test_the_configuration_must_fit_the_zone();
	free(work);
	return done_testing();
}
