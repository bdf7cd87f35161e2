// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_dns_extra.c: additional data, set by set: glue that must be there (RFC 9471, 3.1), and what
 * may (3.2; RFC 4035, 3.1.1), at every size of message.
 */
#include "dns_fixture.h"

#define HOSTS	   13
#define BIG	   129	/* addresses: more than two kilobytes of them */
#define GIANT	   1700 /* three of them are more than any message has room for */
#define TEXT_BYTES (1 << 19)

/* The parts of a reply's additional section. */
struct parts {
	int a, aaaa, rrsig;
	int in_domain; /* A or AAAA of a name below the cut that was asked for */
	int twice;     /* records that stand there for the second time */
};

static bool is_same(const knot_rrset_t *x, const knot_rrset_t *y)
{
	return x->type == y->type && knot_dname_is_equal(x->owner, y->owner) &&
	       knot_rdataset_eq(&x->rrs, &y->rrs);
}

static void count(const knot_pktsection_t *section, const char *cut, struct parts *parts)
{
	__u8 below[256];
	__u16 i, k;

	name_parse(cut, below);
	for (i = 0; i < section->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(section, i);
		bool address = rr->type == DNS_T_A || rr->type == DNS_T_AAAA;

		parts->a += rr->type == DNS_T_A;
		parts->aaaa += rr->type == DNS_T_AAAA;
		parts->rrsig += rr->type == DNS_T_RRSIG;
		parts->in_domain += address && knot_dname_in_bailiwick(rr->owner, below) >= 0;
		for (k = 0; k < i; k++)
			parts->twice += is_same(rr, knot_pkt_rr(section, k));
	}
}

/* Asks, and takes the reply's additional section apart. False: it cannot be read. */
static bool take(const struct ask *question, const char *cut, struct parts *parts)
{
	knot_pkt_t *pkt;
	bool good;

	memset(parts, 0, sizeof(*parts));
	if (ask(question) != DNS_SEND)
		return false;
	pkt = knot_pkt_new(work->msg, work->len, NULL);
	good = pkt && !knot_pkt_parse(pkt, 0);
	if (good)
		count(knot_pkt_section(pkt, KNOT_ADDITIONAL), cut, parts);
	knot_pkt_free(pkt);
	return good;
}

static void test_extra_glue_is_whole_by_tcp(void)
{
	struct ask question = { .name = "x.big.example.com.", .type = DNS_T_A, .payload = 1232 };
	struct parts parts;

	ok(take(&question, "big.example.com.", &parts), "%d addresses, by UDP", BIG);
	said("NOERROR tc");
	ok(work->len <= 1232 && work->count[DNS_AUTHORITY] == 1,
	   "  NS with TC, as there is no room");
	question.tcp = true;
	ok(take(&question, "big.example.com.", &parts), "by TCP");
	said("NOERROR");
	is_int(parts.a, BIG, "  all of them");
	question.name = "x.giant.example.com.";
	ok(take(&question, "giant.example.com.", &parts), "more than a message holds, by TCP");
	said("NOERROR tc");
	is_int(work->count[DNS_AUTHORITY], 3, "  NS, and TC");
}

/* What need not be there is no reason for TC. */
static void test_extra_glue_goes_before_what_may_be_left_out(void)
{
	struct ask question = { .name = "x.both.example.com.", .type = DNS_T_A, .payload = 512 };
	struct parts parts;

	ok(take(&question, "both.example.com.", &parts), "glue, and a name server beside");
	said("NOERROR");
	is_int(parts.in_domain, 2, "  both its addresses");
	is_int(parts.a + parts.aaaa, 2, "  and nothing of what does not fit");
	question.tcp = true;
	ok(take(&question, "both.example.com.", &parts), "by TCP");
	is_int(parts.a, 1 + BIG, "  all of the other's too");
	question.name = "x.wide.example.com.";
	question.tcp = false;
	ok(take(&question, "wide.example.com.", &parts), "glue that itself does not fit");
	said("NOERROR tc");
}

/* A referral like the root's, to hosts of another zone: some are better than none. */
static void test_extra_sets_come_while_they_fit(void)
{
	struct ask question = { .name = "x.top.example.com.", .type = DNS_T_A };
	struct parts parts, before = { 0 };
	int size, wrong = 0, shrunk = 0, truncated = 0;

	ok(take(&question, "top.example.com.", &parts), "without EDNS");
	said("NOERROR");
	ok(parts.a >= 5 && parts.aaaa >= 5, "  %d and %d addresses in 512 bytes", parts.a,
	   parts.aaaa);
	for (size = 512; size < 1232; size++) {
		question.payload = size;
		wrong += !take(&question, "top.example.com.", &parts) || work->len > (__u32)size;
		truncated += work->tc;
		shrunk += parts.a < before.a || parts.aaaa < before.aaaa;
		before = parts;
	}
	ok(!wrong && !shrunk && !truncated, "at all sizes, the more the larger");
	ok(parts.a == HOSTS && parts.aaaa == HOSTS, "in the end all");
	question.name = "mail.example.com.";
	question.type = DNS_T_MX;
	question.payload = 512;
	ok(take(&question, "mail.example.com.", &parts), "MX of 13 hosts");
	said("NOERROR aa");
	ok(parts.a >= 4 && parts.a < HOSTS, "  %d of their addresses", parts.a);
}

/* Sets of a hundred records each: either all of them are there or none. */
static void test_extra_sets_are_whole(void)
{
	struct ask question = { .name = "fat.example.com.", .type = DNS_T_MX };
	struct parts parts;
	int size, broken = 0;

	for (size = 512; size < 1232; size += 3) {
		question.payload = size;
		broken += !take(&question, "fat.example.com.", &parts) || parts.a % 20;
	}
	is_int(broken, 0, "never a part of a set");
	ok(parts.a == 60, "%d addresses in the end", parts.a);
}

static void test_extra_names_one_host_once(void)
{
	struct ask question = { .name = "twice.example.com.", .type = DNS_T_MX, .payload = 1232 };
	struct parts parts;

	ok(take(&question, "twice.example.com.", &parts), "two MX to one host");
	ok(parts.a == 1 && parts.aaaa == 1 && !parts.twice, "its addresses come once");
	question.name = "svc.example.com.";
	question.type = DNS_T_HTTPS;
	ok(take(&question, "svc.example.com.", &parts), "two HTTPS at their own name");
	ok(parts.a == 1 && !parts.twice, "its address comes once");
}

/* --- set-up ----------------------------------------------------------------------------------- */

static size_t put_addresses(char *to, const char *name, int nr)
{
	size_t at = 0;
	int i;

	for (i = 0; i < nr; i++)
		at += sprintf(to + at, "%s A 10.%d.%d.1\n", name, i / 256, i % 256);
	return at;
}

static struct dns_image *build(void)
{
	static char text[TEXT_BYTES];
	size_t at = sprintf(text, HEAD);
	struct zone *zone;
	char host[16];
	int i;

	at += sprintf(text + at, "big NS ns.big\n");
	at += put_addresses(text + at, "ns.big", BIG);
	for (i = 0; i < 3; i++) {
		snprintf(host, sizeof(host), "ns%d.giant", i);
		at += sprintf(text + at, "giant NS %s\n", host);
		at += put_addresses(text + at, host, GIANT);
	}
	at += sprintf(text + at, "both NS aside\nboth NS ns.both\nns.both A 192.0.2.2\n"
				 "ns.both AAAA 2001:db8::2\n");
	at += put_addresses(text + at, "aside", BIG);
	at += sprintf(text + at, "wide NS ns.wide\nwide NS ns\n");
	at += put_addresses(text + at, "ns.wide", 60);
	for (i = 0; i < HOSTS; i++)
		at += sprintf(text + at,
			      "top NS %c\nmail MX %d %c\n%c A 192.0.2.%d\n"
			      "%c AAAA 2001:db8::%d\n",
			      'a' + i, i, 'a' + i, 'a' + i, i, 'a' + i, i);
	for (i = 0; i < 3; i++) {
		snprintf(host, sizeof(host), "fat%d", i);
		at += sprintf(text + at, "fat MX %d %s\n", i, host);
		at += put_addresses(text + at, host, 20);
	}
	at += sprintf(text + at, "twice MX 10 a\ntwice MX 20 a\n"
				 "svc HTTPS 1 . alpn=h2\nsvc HTTPS 2 .\nsvc A 192.0.2.9\n");
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
	test_extra_glue_is_whole_by_tcp();
	test_extra_glue_goes_before_what_may_be_left_out();
	test_extra_sets_come_while_they_fit();
	test_extra_sets_are_whole();
	test_extra_names_one_host_once();
	dns_image_free(image);
	free(work);
	return done_testing();
}
