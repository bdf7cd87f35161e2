// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_dns_signed.c: which proofs go with which answer. Signatures are only weighed here, not
 * verified: selftests/net/dnssec.t has validators do that with zones that signers made.
 */
#include "dns_fixture.h"
#include "user/zone/zone_chain.h"

#define TEXT_ROOM 65536
#define SIG_DATA  "13 %u 300 20400101000000 20200101000000 59506 example.com. c2lnbmF0dXJl"
#define SOA_SIG	  "@ SOA, @ RRSIG SOA"

/* One record; @sign: of a set that has a signature, given with its last record. */
struct rr {
	const char *owner; /* relative */
	const char *type;
	const char *data;
	bool sign;
};

/* In canonical order, so that the chain of NSEC can be made from it. */
static const struct rr rrs[] = {
	{ "@", "SOA", "ns host 1 2 3 4 300", true },
	{ "@", "NS", "ns", true },
	{ "@", "MX", "10 web", true },
	{ "@", "DNSKEY", "256 3 13 a2V5", true },
	{ "cut", "NS", "h1", false },
	{ "cut", "NS", "h2", false },
	{ "cut", "NS", "h3", false },
	{ "cut", "NS", "ns.cut", false },
	{ "ns.cut", "A", "192.0.2.6", false },
	{ "d", "DNAME", "wild", true },
	{ "b.ent", "TXT", "deep", true },
	{ "h1", "A", "192.0.2.11", true },
	{ "h1", "AAAA", "2001:db8::11", true },
	{ "h2", "A", "192.0.2.12", true },
	{ "h2", "AAAA", "2001:db8::12", true },
	{ "h3", "A", "192.0.2.13", true },
	{ "h3", "AAAA", "2001:db8::13", true },
	{ "insecure", "NS", "ns.insecure", false },
	{ "ns.insecure", "A", "192.0.2.4", false },
	{ "ns", "A", "192.0.2.1", true },
	{ "secure", "NS", "ns.secure", false },
	{ "secure", "DS", "1 13 2 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF",
	  true },
	{ "ns.secure", "A", "192.0.2.5", false },
	{ "tonx", "CNAME", "no.where", true },
	{ "towild", "CNAME", "x.wild", true },
	{ "web", "A", "192.0.2.80", true },
	{ "*.wild", "A", "192.0.2.33", true },
	{ "www", "CNAME", "web", true },
};
#define NR_RRS (sizeof(rrs) / sizeof(rrs[0]))

static unsigned int labels(const char *owner)
{
	unsigned int n = strcmp(owner, "@") && strncmp(owner, "*", 1) ? 3 : 2;

	for (owner++; *owner; owner++)
		n += *owner == '.';
	return n;
}

static size_t put_sig(char *to, const char *owner, const char *type)
{
	return sprintf(to, "%s RRSIG %s " SIG_DATA "\n", owner, type, labels(owner));
}

static bool is_glue(const char *owner)
{
	return !strncmp(owner, "ns.", 3);
}

/* The last record of its owner. */
static bool is_last(size_t i)
{
	return i + 1 == NR_RRS || strcmp(rrs[i].owner, rrs[i + 1].owner);
}

static const char *next_owner(size_t i)
{
	size_t n = i + 1;

	while (n < NR_RRS && (!strcmp(rrs[n].owner, rrs[i].owner) || is_glue(rrs[n].owner)))
		n++;
	return rrs[n % NR_RRS].owner;
}

/* The records, their signatures, and a chain of NSEC; lines with @without in them are left out. */
static const char *signed_text(const char *without)
{
	static char text[TEXT_ROOM];
	char line[1024];
	size_t i, at = sprintf(text, "$TTL 300\n");

	for (i = 0; i < NR_RRS; i++) {
		size_t n = sprintf(line, "%s %s %s\n", rrs[i].owner, rrs[i].type, rrs[i].data);

		if (rrs[i].sign)
			n += put_sig(line + n, rrs[i].owner, rrs[i].type);
		if (!is_glue(rrs[i].owner) && is_last(i)) {
			n += sprintf(line + n, "%s NSEC %s A\n", rrs[i].owner, next_owner(i));
			put_sig(line + n, rrs[i].owner, "NSEC");
		}
		at += sprintf(text + at, "%s", line);
	}
	for (char *p = without ? strstr(text, without) : NULL; p; p = NULL)
		memset(p, ';', strcspn(p, "\n"));
	return text;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* A section as "owner type, ...", owners relative, signatures with what they cover. */
static const char *shape(knot_pkt_t *pkt, knot_section_t id)
{
	static char text[3][4096];
	const knot_pktsection_t *section = knot_pkt_section(pkt, id);
	char name[KNOT_DNAME_TXT_MAXLEN], type[32], *to = text[id];
	__u16 i;

	*to = '\0';
	for (i = 0; i < section->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(section, i);

		if (rr->type == KNOT_RRTYPE_OPT)
			continue;
		knot_dname_to_str(name, rr->owner, sizeof(name));
		name[strlen(name) - strlen("example.com.")] = '\0';
		if (*name)
			name[strlen(name) - 1] = '\0';
		knot_rrtype_to_string(rr->type, type, sizeof(type));
		to += sprintf(to, "%s%s %s", *text[id] ? ", " : "", *name ? name : "@", type);
		if (rr->type != KNOT_RRTYPE_RRSIG)
			continue;
		knot_rrtype_to_string(knot_rrsig_type_covered(rr->rrs.rdata), type, sizeof(type));
		to += sprintf(to, " %s", type);
	}
	return text[id];
}

static void expect_shape(const struct ask *question, const char *flags, const char *answer,
			 const char *authority, const char *additional)
{
	const char *expected[] = { answer, authority, additional };
	knot_pkt_t *pkt;
	int i;

	is_int(ask(question), DNS_SEND, "%s %u%s is answered", question->name, question->type,
	       question->dnssec ? " with DO" : "");
	said(flags);
	pkt = knot_pkt_new(work->msg, work->len, NULL);
	if (!ok(!knot_pkt_parse(pkt, 0), "  in a way that libknot can read"))
		return;
	for (i = 0; i < 3; i++)
		is_str(shape(pkt, i), expected[i], "  section %d", i);
	knot_pkt_free(pkt);
}

static void secure(const char *name, __u16 type, const char *flags, const char *answer,
		   const char *authority, const char *additional)
{
	struct ask question = { .name = name, .type = type, .payload = 1232, .dnssec = true };

	expect_shape(&question, flags, answer, authority, additional);
}

static void plain(const char *name, __u16 type, const char *flags, const char *answer,
		  const char *authority, const char *additional)
{
	struct ask question = { .name = name, .type = type, .payload = 1232 };

	expect_shape(&question, flags, answer, authority, additional);
}

static void test_signed_answers_come_with_signatures(void)
{
	secure("web.example.com.", DNS_T_A, "NOERROR aa", "web A, web RRSIG A", "", "");
	secure("example.com.", DNS_T_MX, "NOERROR aa", "@ MX, @ RRSIG MX", "",
	       "web A, web RRSIG A");
	secure("www.example.com.", DNS_T_A, "NOERROR aa",
	       "www CNAME, www RRSIG CNAME, web A, web RRSIG A", "", "");
	secure("example.com.", DNS_T_DNSKEY, "NOERROR aa", "@ DNSKEY, @ RRSIG DNSKEY", "", "");
}

static void test_signed_zone_is_plain_without_do(void)
{
	plain("web.example.com.", DNS_T_A, "NOERROR aa", "web A", "", "");
	plain("example.com.", DNS_T_MX, "NOERROR aa", "@ MX", "", "web A");
	plain("nope.example.com.", DNS_T_A, "NXDOMAIN aa", "", "@ SOA", "");
	plain("a.wild.example.com.", DNS_T_A, "NOERROR aa", "a.wild A", "", "");
	plain("secure.example.com.", DNS_T_A, "NOERROR", "", "secure NS", "ns.secure A");
	plain("web.example.com.", DNS_T_NSEC, "NOERROR aa", "web NSEC", "", "");
	plain("web.example.com.", DNS_T_RRSIG, "NOERROR aa", "web RRSIG A, web RRSIG NSEC", "", "");
}

static void test_signed_absence_is_proven(void)
{
	secure("nope.example.com.", DNS_T_A, "NXDOMAIN aa", "",
	       SOA_SIG ", @ NSEC, @ RRSIG NSEC, insecure NSEC, insecure RRSIG NSEC", "");
	secure("web.example.com.", DNS_T_AAAA, "NOERROR aa", "",
	       SOA_SIG ", web NSEC, web RRSIG NSEC", "");
	secure("ent.example.com.", DNS_T_A, "NOERROR aa", "", SOA_SIG ", d NSEC, d RRSIG NSEC", "");
	secure("a.ent.example.com.", DNS_T_A, "NXDOMAIN aa", "", SOA_SIG ", d NSEC, d RRSIG NSEC",
	       "");
	secure("tonx.example.com.", DNS_T_A, "NXDOMAIN aa", "tonx CNAME, tonx RRSIG CNAME",
	       SOA_SIG ", @ NSEC, @ RRSIG NSEC, web NSEC, web RRSIG NSEC", "");
}

static void test_signed_wildcards_are_proven(void)
{
	secure("a.b.wild.example.com.", DNS_T_A, "NOERROR aa", "a.b.wild A, a.b.wild RRSIG A",
	       "*.wild NSEC, *.wild RRSIG NSEC", "");
	secure("a.wild.example.com.", DNS_T_TXT, "NOERROR aa", "",
	       SOA_SIG ", *.wild NSEC, *.wild RRSIG NSEC", "");
	secure("towild.example.com.", DNS_T_A, "NOERROR aa",
	       "towild CNAME, towild RRSIG CNAME, x.wild A, x.wild RRSIG A",
	       "*.wild NSEC, *.wild RRSIG NSEC", "");
	secure("y.d.example.com.", DNS_T_A, "NOERROR aa",
	       "d DNAME, d RRSIG DNAME, y.d CNAME, y.wild A, y.wild RRSIG A",
	       "*.wild NSEC, *.wild RRSIG NSEC", "");
	secure("*.wild.example.com.", DNS_T_A, "NOERROR aa", "*.wild A, *.wild RRSIG A", "", "");
}

static void test_signed_cuts_say_whether_they_are_secure(void)
{
	secure("x.secure.example.com.", DNS_T_A, "NOERROR", "",
	       "secure NS, secure DS, secure RRSIG DS", "ns.secure A");
	secure("x.insecure.example.com.", DNS_T_A, "NOERROR", "",
	       "insecure NS, insecure NSEC, insecure RRSIG NSEC", "ns.insecure A");
	secure("secure.example.com.", DNS_T_DS, "NOERROR aa", "secure DS, secure RRSIG DS", "", "");
	secure("insecure.example.com.", DNS_T_DS, "NOERROR aa", "",
	       SOA_SIG ", insecure NSEC, insecure RRSIG NSEC", "");
}

/* RFC 9471, 3.1: glue first; RFC 4035, 3.1.1: signatures are what may be left out. */
static void test_signed_referral_without_room_loses_signatures_first(void)
{
	static const char cut[] = "cut NS, cut NS, cut NS, cut NS, cut NSEC, cut RRSIG NSEC";
#define ADDRESSES "ns.cut A, h1 A, h1 AAAA, h2 A, h2 AAAA, h3 A, h3 AAAA"
#define MOST	  ", h1 RRSIG A, h1 RRSIG AAAA, h2 RRSIG A, h2 RRSIG AAAA, h3 RRSIG A"
	struct ask question = {
		.name = "x.cut.example.com.", .type = DNS_T_A, .payload = 1232, .dnssec = true
	};
	__u32 whole, i;

	expect_shape(&question, "NOERROR", "", cut, ADDRESSES MOST ", h3 RRSIG AAAA");
	whole = work->len;
	question.payload = whole - 1;
	expect_shape(&question, "NOERROR", "", cut, ADDRESSES MOST);
	question.payload = 512;
	for (i = 0; i < 2; i++, question.nsid = true)
		ok(ask(&question) == DNS_SEND && !work->tc && work->len <= 512 &&
			   work->count[DNS_ADDITIONAL] > 4 + work->edns,
		   "512 of %u bytes: %d records, no TC", whole, work->count[DNS_ADDITIONAL]);
}

/* kid.plain is served too, unsigned, and so is what delegates it. */
static void test_signed_parent_speaks_for_an_unsigned_child(void)
{
	secure("insecure.example.com.", DNS_T_DS, "NOERROR aa", "",
	       SOA_SIG ", insecure NSEC, insecure RRSIG NSEC", "");
	secure("x.insecure.example.com.", DNS_T_A, "NXDOMAIN aa", "", "insecure SOA", "");
}

/* kid.plain cannot be read; what the zone above says of it stands. */
static void test_signed_parent_speaks_for_a_broken_child(void)
{
	secure("secure.example.com.", DNS_T_DS, "NOERROR aa", "secure DS, secure RRSIG DS", "", "");
	secure("secure.example.com.", DNS_T_A, "SERVFAIL", "", "", "");
	secure("x.secure.example.com.", DNS_T_A, "SERVFAIL", "", "", "");
	secure("web.example.com.", DNS_T_A, "NOERROR aa", "web A, web RRSIG A", "", "");
}

static void test_signed_any_is_one_set_with_its_signature(void)
{
	secure("web.example.com.", DNS_T_ANY, "NOERROR aa", "web A, web RRSIG A", "", "");
}

static void test_signed_answer_without_room_is_truncated_whole(void)
{
	struct ask question = { .name = "nope.example.com.",
				.type = DNS_T_A,
				.payload = 512,
				.dnssec = true,
				.nsid = true };

	expect_shape(&question, "NXDOMAIN aa", "",
		     SOA_SIG ", @ NSEC, @ RRSIG NSEC, insecure NSEC, insecure RRSIG NSEC", "");
	question.name = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi."
			"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi."
			"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi."
			"nopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdef.example.com.";
	expect_shape(&question, "NXDOMAIN aa tc", "", "", "");
	question.tcp = true;
	expect_shape(&question, "NXDOMAIN aa", "",
		     SOA_SIG ", @ NSEC, @ RRSIG NSEC, insecure NSEC, insecure RRSIG NSEC", "");
}

/* --- loading ---------------------------------------------------------------------------------- */

/* The zone without its first line that says @without, with @more: what is wrong with it? */
#define SALT_35 "0011223344556677889900112233445566778899001122334455667788990011223344"

static void refused(const char *without, const char *more, const char *why)
{
	static char text[TEXT_ROOM + 1024];
	struct config_errors errors;
	struct zone *zone;

	snprintf(text, sizeof(text), "%s%s", signed_text(without), more);
	zone = parse(text, &errors);
	ok(!zone && strstr(error_text(&errors), why), "refused: %s", why);
	if (zone || !strstr(error_text(&errors), why))
		diag("%s", error_text(&errors));
	zone_free(zone);
	config_errors_free(&errors);
}

static void test_signed_zone_that_is_not_whole_is_refused(void)
{
	refused("web RRSIG A", "", "web.example.com.: A without a signature in a signed zone");
	refused("web NSEC", "", "web.example.com.: signature of NSEC, which is not there");
	refused("web NSEC", "", "its NSEC does not lead to the next name of the zone");
	refused(NULL,
		"extra TXT x\nextra RRSIG TXT 13 3 300 20400101000000 20200101000000 11 "
		"example.com. c2ln\n",
		"extra.example.com.: no NSEC denies what is not there");
	refused("web RRSIG A",
		"web RRSIG A 13 3 300 20400101000000 20200101000000 59506 example.org. "
		"c2ln\n",
		"signed by another zone");
	refused("web RRSIG A",
		"web RRSIG A 13 5 300 20400101000000 20200101000000 59506 example.com. "
		"c2ln\n",
		"signature for 5 labels");
	refused("@ NSEC ", "", "signed, but with neither NSEC nor NSEC3PARAM at the apex");
	refused("@ NSEC ", "@ NSEC3PARAM 1 0 151 -\n",
		"NSEC3 with 151 iterations and 0 bytes of salt is more work than 150");
	refused("@ NSEC ", "@ NSEC3PARAM 1 0 150 " SALT_35 "\n",
		"the chain of NSEC3 is not closed");
	refused("@ NSEC ", "@ NSEC3PARAM 1 0 150 " SALT_35 "00\n",
		"NSEC3 with 150 iterations and 36 bytes of salt is more work than 150");
	refused("@ NSEC ", "@ NSEC3PARAM 1 0 65535 -\n", "65535 iterations");
	refused("@ NSEC ", "@ NSEC3PARAM 1 0 0 -\n", "the chain of NSEC3 is not closed");
}

/* RFC 5155, appendix A. */
static void test_signed_hashes_are_those_of_the_rfc(void)
{
	static const struct {
		const char *name, *hash;
	} known[] = {
		{ "example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom" },
		{ "a.example.", "35mthgpgcu1qg68fab165klnsnk3dpvl" },
		{ "ai.example.", "gjeqe526plbf1g8mklp59enfd789njgi" },
		{ "ns1.example.", "2t7b4g4vsa5smi47k61mv5bv1a22bojr" },
		{ "*.w.example.", "r53bq7cc2uvmubfu5ocmm6pers9tk9en" },
		{ "x.y.w.example.", "2vptu5timamqttgl4luu9kg21e0aor3s" },
		{ "xx.example.", "t644ebqk9bibcna874givr6joj62mlhv" },
	};
	struct zone_chain chain = {
		.iterations = 12,
		.salt_len = 4,
		.salt = (const __u8 *)"\xaa\xbb\xcc\xdd",
	};
	__u8 name[256], hash[NSEC3_HASH_BYTES], expected[NSEC3_HASH_BYTES], owner[256];
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		name_parse(known[i].name, name);
		name_parse(known[i].hash, owner);
		nsec3_hash(&chain, name, hash);
		ok(nsec3_owner_hash(owner, expected) && !memcmp(hash, expected, sizeof(hash)),
		   "hash of %s", known[i].name);
	}
}

/* --- set-up ----------------------------------------------------------------------------------- */

static struct dns_image *build(struct zone *kid)
{
	struct zone *zones[2] = { parse_good("example.com.", signed_text(NULL)), kid };
	struct dns_image *image;
	size_t nr = kid ? 2 : 1;

	image = compile(zones, nr);
	work->home = image;
	return image;
}

int main(void)
{
	struct dns_image *image;

	work = calloc(1, sizeof(*work));
	image = build(NULL);
	if (!ok(image, "a signed zone is compiled"))
		return done_testing();
	test_signed_answers_come_with_signatures();
	test_signed_zone_is_plain_without_do();
	test_signed_absence_is_proven();
	test_signed_wildcards_are_proven();
	test_signed_cuts_say_whether_they_are_secure();
	test_signed_referral_without_room_loses_signatures_first();
	test_signed_any_is_one_set_with_its_signature();
	test_signed_answer_without_room_is_truncated_whole();
	dns_image_free(image);
	image = build(parse_good("insecure.example.com.",
				 "@ SOA ns host 1 2 3 4 60\n@ NS ns\nns A 192.0.2.4\n"));
	test_signed_parent_speaks_for_an_unsigned_child();
	dns_image_free(image);
	image = build(zone_new_broken("secure.example.com.", "z"));
	test_signed_parent_speaks_for_a_broken_child();
	dns_image_free(image);
	test_signed_zone_that_is_not_whole_is_refused();
	test_signed_hashes_are_those_of_the_rfc();
	free(work);
	return done_testing();
}
