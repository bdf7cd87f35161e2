// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_dns.c: the engine, question by question. Replies are read by libknot; what is expected is
 * what RFCs say, and what Knot answers for the same zone (selftests/net/dns_diff.t has more).
 */
#include "dns_fixture.h"

#define NO_EDNS 0
#define SOA_	"example.com. 300 SOA ns.example.com. host.example.com. 1 2 3 4 300\n"

static const char zone_text[] =
	HEAD "www CNAME web\n"
	     "web 60 A 192.0.2.80\n"
	     "web 60 A 192.0.2.81\n"
	     "web AAAA 2001:db8::80\n"
	     "web TXT hello\n"
	     "mx MX 10 web\n"
	     "far CNAME www.example.org.\n"
	     "lost CNAME nothing\n"
	     "*.w A 192.0.2.33\n"
	     "x.w TXT here\n"
	     "towild CNAME a.b.w\n"
	     "a.b.c TXT deep\n"
	     "cut NS ns.cut\n"
	     "cut NS ns.example.org.\n"
	     "ns.cut A 192.0.2.53\n"
	     "cut DS 1 8 2 "
	     "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF\n"
	     "tocut CNAME www.cut\n"
	     "circle1 CNAME circle2\n"
	     "circle2 CNAME circle1\n"
	     "d DNAME web\n"
	     "d TXT at\n"
	     "*.wd DNAME web\n"
	     "cutd NS ns\n"
	     "cutd DNAME web\n"
	     "below.d A 192.0.2.9\n"
	     "x.web A 192.0.2.10\n"
	     "svc SVCB 1 web port=443\n"
	     "*.here HTTPS 1 . alpn=h3\n"
	     "*.here A 192.0.2.44\n"
	     "alias SVCB 0 .\n"
	     "tosvc SVCB 0 svc\n"
	     "tohttps HTTPS 0 front\n"
	     "front HTTPS 1 . alpn=h2\n"
	     "front A 192.0.2.45\n"
	     "hidden HTTPS 0 x.cut\n"
	     "x.cut HTTPS 1 .\n"
	     "hidden2 HTTPS 0 y.d\n"
	     "y.d HTTPS 1 .\n"
	     "x.cut A 192.0.2.46\n"
	     "many TXT 0\n";
static const char kid_text[] = "$TTL 60\n@ SOA ns host 7 2 3 4 5\n@ NS ns\nns A 192.0.2.77\n";

/* --- names ------------------------------------------------------------------------------------ */

static void test_dns_addresses_come_with_their_ttl(void)
{
	answer("web.example.com.", DNS_T_A, "NOERROR aa",
	       "web.example.com. 60 A 192.0.2.80\nweb.example.com. 60 A 192.0.2.81\n", "");
	answer("web.example.com.", DNS_T_AAAA, "NOERROR aa",
	       "web.example.com. 3600 AAAA 2001:db8::80\n", "");
	answer("web.example.com.", DNS_T_TXT, "NOERROR aa", "web.example.com. 3600 TXT \"hello\"\n",
	       "");
}

static void test_dns_case_of_the_question_is_kept(void)
{
	static const char name[] = "\3wEB\7eXaMpLe\3cOM";

	answer("wEB.eXaMpLe.cOM.", DNS_T_A, "NOERROR aa", NULL, "");
	is_mem(work->msg + DNS_HEADER, name, sizeof(name), "0x20");
}

static void test_dns_absent_types_and_names_are_told_apart(void)
{
	answer("web.example.com.", DNS_T_SRV, "NOERROR aa", "", SOA_);
	answer("nothing.example.com.", DNS_T_A, "NXDOMAIN aa", "", SOA_);
	answer("a.web.example.com.", DNS_T_A, "NXDOMAIN aa", "", SOA_);
	answer("b.c.example.com.", DNS_T_A, "NOERROR aa", "", SOA_);
	answer("c.example.com.", DNS_T_TXT, "NOERROR aa", "", SOA_);
	answer("x.c.example.com.", DNS_T_TXT, "NXDOMAIN aa", "", SOA_);
}

static void test_dns_aliases_are_followed_inside_the_zone(void)
{
	answer("www.example.com.", DNS_T_AAAA, "NOERROR aa",
	       "www.example.com. 3600 CNAME web.example.com.\n"
	       "web.example.com. 3600 AAAA 2001:db8::80\n",
	       "");
	answer("www.example.com.", DNS_T_CNAME, "NOERROR aa",
	       "www.example.com. 3600 CNAME web.example.com.\n", "");
	answer("www.example.com.", DNS_T_MX, "NOERROR aa",
	       "www.example.com. 3600 CNAME web.example.com.\n", SOA_);
	answer("lost.example.com.", DNS_T_A, "NXDOMAIN aa",
	       "lost.example.com. 3600 CNAME nothing.example.com.\n", SOA_);
	answer("far.example.com.", DNS_T_A, "NOERROR aa",
	       "far.example.com. 3600 CNAME www.example.org.\n", "");
	answer("circle1.example.com.", DNS_T_A, "NOERROR aa",
	       "circle1.example.com. 3600 CNAME circle2.example.com.\n"
	       "circle2.example.com. 3600 CNAME circle1.example.com.\n",
	       "");
}

static void test_dns_wildcards_cover_what_does_not_exist(void)
{
	answer("a.w.example.com.", DNS_T_A, "NOERROR aa", "a.w.example.com. 3600 A 192.0.2.33\n",
	       "");
	answer("a.b.w.example.com.", DNS_T_A, "NOERROR aa",
	       "a.b.w.example.com. 3600 A 192.0.2.33\n", "");
	answer("a.w.example.com.", DNS_T_TXT, "NOERROR aa", "", SOA_);
	answer("x.w.example.com.", DNS_T_A, "NOERROR aa", "", SOA_);
	answer("a.x.w.example.com.", DNS_T_A, "NXDOMAIN aa", "", SOA_);
	answer("w.example.com.", DNS_T_A, "NOERROR aa", "", SOA_);
	answer("*.w.example.com.", DNS_T_A, "NOERROR aa", "*.w.example.com. 3600 A 192.0.2.33\n",
	       "");
	answer("towild.example.com.", DNS_T_A, "NOERROR aa",
	       "towild.example.com. 3600 CNAME a.b.w.example.com.\n"
	       "a.b.w.example.com. 3600 A 192.0.2.33\n",
	       "");
}

#define CUT_NS                                                                                     \
	"cut.example.com. 3600 NS ns.cut.example.com.\ncut.example.com. 3600 NS ns.example.org.\n"

static void test_dns_cuts_refer(void)
{
	struct ask below = { .name = "a.b.cut.example.com.", .type = DNS_T_A };

	expect(&below, "NOERROR", "", CUT_NS, "ns.cut.example.com. 3600 A 192.0.2.53\n");
	answer("cut.example.com.", DNS_T_NS, "NOERROR", "", CUT_NS);
	answer("ns.cut.example.com.", DNS_T_A, "NOERROR", "", CUT_NS);
	answer("tocut.example.com.", DNS_T_A, "NOERROR aa",
	       "tocut.example.com. 3600 CNAME www.cut.example.com.\n", CUT_NS);
	answer("cut.example.com.", DNS_T_DS, "NOERROR aa",
	       "cut.example.com. 3600 DS 1 8 2 "
	       "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF\n",
	       "");
	answer("a.cut.example.com.", DNS_T_DS, "NOERROR", "", CUT_NS);
}

/* As BIND has it: RFC 4592, 4.4, leaves it open. What a wildcard makes is data, no redirection. */
static void test_dns_dname_of_a_wildcard_redirects_below_itself_alone(void)
{
	answer("x.wd.example.com.", DNS_T_DNAME, "NOERROR aa",
	       "x.wd.example.com. 3600 DNAME web.example.com.\n", "");
	answer("x.wd.example.com.", DNS_T_A, "NOERROR aa", "", SOA_);
	answer("x.y.wd.example.com.", DNS_T_A, "NOERROR aa", "", SOA_);
	answer("x.*.wd.example.com.", DNS_T_A, "NOERROR aa",
	       "*.wd.example.com. 3600 DNAME web.example.com.\n"
	       "x.*.wd.example.com. 3600 CNAME x.web.example.com.\n"
	       "x.web.example.com. 3600 A 192.0.2.10\n",
	       "");
}

static void test_dns_dname_at_a_cut_is_hidden_by_it(void)
{
	answer("x.cutd.example.com.", DNS_T_A, "NOERROR", "",
	       "cutd.example.com. 3600 NS ns.example.com.\n");
	answer("cutd.example.com.", DNS_T_DNAME, "NOERROR", "",
	       "cutd.example.com. 3600 NS ns.example.com.\n");
}

static void test_dns_below_a_dname_is_redirected(void)
{
	answer("x.d.example.com.", DNS_T_A, "NOERROR aa",
	       "d.example.com. 3600 DNAME web.example.com.\n"
	       "x.d.example.com. 3600 CNAME x.web.example.com.\n"
	       "x.web.example.com. 3600 A 192.0.2.10\n",
	       "");
	answer("below.d.example.com.", DNS_T_A, "NXDOMAIN aa",
	       "d.example.com. 3600 DNAME web.example.com.\n"
	       "below.d.example.com. 3600 CNAME below.web.example.com.\n",
	       SOA_);
	answer("x.d.example.com.", DNS_T_CNAME, "NOERROR aa",
	       "d.example.com. 3600 DNAME web.example.com.\n"
	       "x.d.example.com. 3600 CNAME x.web.example.com.\n",
	       "");
	answer("d.example.com.", DNS_T_TXT, "NOERROR aa", "d.example.com. 3600 TXT \"at\"\n", "");
}

static void test_dns_the_deepest_zone_answers(void)
{
	static const char kid_soa[] = "kid.x.example.com. 5 SOA ns.kid.x.example.com. "
				      "host.kid.x.example.com. 7 2 3 4 5\n";

	answer("ns.kid.x.example.com.", DNS_T_A, "NOERROR aa",
	       "ns.kid.x.example.com. 60 A 192.0.2.77\n", "");
	answer("no.kid.x.example.com.", DNS_T_A, "NXDOMAIN aa", "", kid_soa);
	answer("x.example.com.", DNS_T_A, "NOERROR aa", "", SOA_);
	answer("y.x.example.com.", DNS_T_A, "NXDOMAIN aa", "", SOA_);
	answer("kid.x.example.com.", DNS_T_DS, "NOERROR aa", "", SOA_);
	answer("kid.x.example.com.", DNS_T_A, "NOERROR aa", "", kid_soa);
}

/* RFC 9460, 4.1; without a target of its own, a service is where its owner is. */
static void test_dns_services_come_with_addresses(void)
{
	struct ask target = { .name = "svc.example.com.", .type = DNS_T_SVCB };
	struct ask owner = { .name = "a.here.example.com.", .type = DNS_T_HTTPS };
	struct ask alias = { .name = "alias.example.com.", .type = DNS_T_SVCB };
	struct ask next = { .name = "tohttps.example.com.", .type = DNS_T_HTTPS };
	struct ask bare = { .name = "tosvc.example.com.", .type = DNS_T_SVCB };
	struct ask hidden = { .name = "hidden.example.com.", .type = DNS_T_HTTPS };

	expect(&target, "NOERROR aa", NULL, "",
	       "web.example.com. 60 A 192.0.2.80\nweb.example.com. 60 A 192.0.2.81\n"
	       "web.example.com. 3600 AAAA 2001:db8::80\n");
	expect(&owner, "NOERROR aa", NULL, "", "a.here.example.com. 3600 A 192.0.2.44\n");
	expect(&alias, "NOERROR aa", NULL, "", "");
	expect(&next, "NOERROR aa", NULL, "",
	       "front.example.com. 3600 A 192.0.2.45\n"
	       "front.example.com. 3600 HTTPS 1 . alpn=h2\n");
	expect(&bare, "NOERROR aa", NULL, "",
	       "svc.example.com. 3600 SVCB 1 web.example.com. port=443\n");
	expect(&hidden, "NOERROR aa", NULL, "", "x.cut.example.com. 3600 A 192.0.2.46\n");
	hidden.name = "hidden2.example.com.";
	expect(&hidden, "NOERROR aa", NULL, "", "");
}

static void test_dns_other_names_are_refused(void)
{
	answer("example.org.", DNS_T_A, "REFUSED", "", "");
	answer("com.", DNS_T_A, "REFUSED", "", "");
	answer(".", DNS_T_NS, "REFUSED", "", "");
	answer("notexample.com.", DNS_T_A, "REFUSED", "", "");
}

static void test_dns_any_is_one_set(void)
{
	answer("web.example.com.", DNS_T_ANY, "NOERROR aa",
	       "web.example.com. 60 A 192.0.2.80\nweb.example.com. 60 A 192.0.2.81\n", "");
	answer("mx.example.com.", DNS_T_ANY, "NOERROR aa",
	       "mx.example.com. 3600 MX 10 web.example.com.\n", "");
	answer("c.example.com.", DNS_T_ANY, "NOERROR aa", "", SOA_);
	answer("www.example.com.", DNS_T_ANY, "NOERROR aa",
	       "www.example.com. 3600 CNAME web.example.com.\n", "");
}

static void test_dns_chaos_says_who_answers(void)
{
	struct ask id = { .name = "ID.server.", .type = DNS_T_TXT, .class = DNS_CLASS_CH };

	is_int(ask(&id), DNS_SEND, "id.server");
	said("NOERROR aa");
	ok(work->count[DNS_ANSWER] == 1 && memmem(work->msg, work->len, "\10pop.node", 9),
	   "the node's name");
	id.name = "version.bind.";
	expect(&id, "REFUSED", "", "", "");
	id.name = "web.example.com.";
	expect(&id, "REFUSED", "", "", "");
}

/* --- EDNS and sizes --------------------------------------------------------------------------- */

static void test_dns_opt_comes_only_to_who_sent_one(void)
{
	struct ask question = { .name = "web.example.com.", .type = DNS_T_A };

	ask(&question);
	ok(!work->count[DNS_ADDITIONAL], "none without EDNS");
	question.payload = 1232;
	ask(&question);
	is_int(work->count[DNS_ADDITIONAL], 1, "one with it");
	ok(!memmem(work->msg, work->len, "pop.node", 8), "without NSID");
	question.nsid = true;
	ask(&question);
	ok(memmem(work->msg, work->len, "\0\3\0\10pop.node", 12), "with NSID to who asked");
}

static void test_dns_unknown_version_is_badvers(void)
{
	struct ask question = {
		.name = "web.example.com.", .type = DNS_T_A, .payload = 1232, .version = 1
	};

	expect(&question, "BADVERS", "", "", "");
	is_int(work->msg[3] & 15, 0, "its low bits stand in the header");
}

static void test_dns_too_big_is_truncated(void)
{
	struct ask question = { .name = "many.example.com.", .type = DNS_T_TXT };

	expect(&question, "NOERROR aa tc", "", "", "");
	question.payload = 4096;
	expect(&question, "NOERROR aa tc", "", "", "");
	ok(work->len <= 1232, "dns.udp_size is the limit for who takes more");
	question.tcp = true;
	is_int(ask(&question), DNS_SEND, "by TCP");
	ok(work->len > 1232 && !work->tc, "all of it");
}

static void test_dns_size_limit_is_exact(void)
{
	struct ask question = { .name = "web.example.com.", .type = DNS_T_A };
	__u32 whole;

	question.payload = 4096;
	question.name = "edge.example.com.";
	question.type = DNS_T_TXT;
	ask(&question);
	whole = work->len;
	ok(!work->tc && whole > DNS_UDP_MIN, "%u bytes", whole);
	question.payload = whole;
	ask(&question);
	ok(!work->tc && work->len == whole, "fit into as many");
	question.payload = whole - 1;
	ask(&question);
	ok(work->tc && work->len < whole, "and not into one less");
}

/* The end of the longest replies must not fold back onto their beginning. */
static void test_dns_longest_replies_are_whole(void)
{
	struct ask question = { .type = DNS_T_TXT, .payload = 1232, .tcp = true, .nsid = true };
	char name[32];
	int i;

	for (i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "huge%d.example.com.", i);
		question.name = name;
		is_int(ask(&question), DNS_SEND, "%s: %u bytes", name, work->len);
		ok(work->len > 59000 && work->msg[0] == 0x12 && work->msg[1] == 0x34 &&
			   dns_get16(work, 6) == work->count[DNS_ANSWER],
		   "  with its header");
	}
}

/* RFC 6891, 6.1.1 and 7: who sent OPT gets it back, with the question if that is one. */
#define OPT_DO "\0\0\51\4\xd0\0\0\x80\0\0\0"
#define QUERY_ "\2ns\7example\3com\0\0\1\0\1"

static void odd(int verdict, __u32 rcode, int questions, const char *what)
{
	knot_pkt_t *pkt;

	ok(verdict == DNS_SEND && work->rcode == rcode && (work->msg[3] & 15) == (rcode & 15),
	   "%s: rcode %u", what, rcode);
	pkt = knot_pkt_new(work->msg, work->len, NULL);
	ok(pkt && !knot_pkt_parse(pkt, 0) && knot_pkt_has_dnssec(pkt), "  with OPT and its DO");
	is_int(dns_get16(work, 4), questions, "  and so many questions");
	knot_pkt_free(pkt);
}

static int raw(const char *bytes, size_t len);
#define RAW(bytes) raw(bytes, sizeof(bytes) - 1)

static void test_dns_errors_carry_opt(void)
{
	odd(RAW("\0\1\x10\0\0\1\0\0\0\0\0\1" QUERY_ OPT_DO), DNS_NOTIMP, 1, "STATUS");
	is_int(work->msg[2] & DNS_OPCODE, 0x10, "the opcode is kept");
	odd(RAW("\0\1\x78\0\0\1\0\0\0\0\0\1" QUERY_ OPT_DO), DNS_NOTIMP, 1, "opcode 15");
	odd(RAW("\0\1\x28\0\0\1\0\1\0\0\0\1" QUERY_ "\xc0\x0c\0\1\0\1\0\0\0\0\0\4\1\2\3\4" OPT_DO),
	    DNS_NOTIMP, 1, "UPDATE");
	odd(RAW("\0\1\0\0\0\2\0\0\0\0\0\1" QUERY_ QUERY_ OPT_DO), DNS_FORMERR, 0, "two questions");
	odd(RAW("\0\1\0\0\0\0\0\0\0\0\0\1" OPT_DO), DNS_FORMERR, 0, "no question");
	odd(RAW("\0\1\x10\0\0\1\0\0\0\0\0\1" QUERY_ "\0\0\51\4\xd0\0\1\x80\0\0\0"), DNS_BADVERS, 1,
	    "STATUS with another version of EDNS");
}

/* Names beyond the reach of a pointer are not pointed to. */
static void test_dns_endless_chains_end(void)
{
	struct ask question = { .type = DNS_T_A, .tcp = true };
	char name[256];
	knot_pkt_t *pkt;

	snprintf(name, sizeof(name), "chain0.%060d.%060d.%060d.example.com.", 0, 0, 0);
	question.name = name;
	is_int(ask(&question), DNS_SEND, "a chain of 200 long aliases is answered");
	pkt = knot_pkt_new(work->msg, work->len, NULL);
	ok(work->count[DNS_ANSWER] > 30 && pkt && !knot_pkt_parse(pkt, 0),
	   "and libknot can read them");
	knot_pkt_free(pkt);
}

/* --- what is odd ------------------------------------------------------------------------------ */

static int raw(const char *bytes, size_t len)
{
	memset(work->msg, 0, 1024);
	memcpy(work->msg, bytes, len);
	work->len = len;
	work->tcp = 0;
	return dns_respond(work, dns_image(work));
}

static void test_dns_what_must_not_be_answered_is_ignored(void)
{
	is_int(RAW(""), DNS_IGNORE, "nothing");
	is_int(RAW("\0\1\0\0\0\1\0\0\0\0\0"), DNS_IGNORE, "less than a header");
	is_int(RAW("\0\1\x80\0\0\1\0\0\0\0\0\0\0\0\1\0\1"), DNS_IGNORE, "a reply");
}

static void reject(int verdict, __u32 rcode, const char *what)
{
	ok(verdict == DNS_SEND && work->rcode == rcode && work->len == DNS_HEADER &&
		   work->msg[2] & DNS_QR && !work->msg[5],
	   "%s", what);
}

static void test_dns_what_cannot_be_read_is_formerr(void)
{
	reject(RAW("\0\1\0\0\0\0\0\0\0\0\0\0"), DNS_FORMERR, "no question");
	reject(RAW("\0\1\0\0\0\2\0\0\0\0\0\0\0\0\1\0\1\0\0\1\0\1"), DNS_FORMERR, "two questions");
	reject(RAW("\0\1\0\0\0\1\0\0\0\0\0\0\3ab"), DNS_FORMERR, "half a label");
	reject(RAW("\0\1\0\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1"), DNS_FORMERR, "a pointer");
	reject(RAW("\0\1\0\0\0\1\0\0\0\0\0\0\0\0\1\0"), DNS_FORMERR, "half a class");
	reject(RAW("\0\1\0\0\0\1\0\0\0\0\0\0\0\0\1\0\1x"), DNS_FORMERR, "something behind");
	reject(RAW("\0\1\0\0\0\1\0\1\0\0\0\0\0\0\1\0\1"), DNS_FORMERR,
	       "an answer that is not there");
	reject(RAW("\0\1\0\0\0\1\0\0\0\0\0\2\0\0\1\0\1\0\0\51\4\xd0\0\0\0\0\0\0"
		   "\0\0\51\4\xd0\0\0\0\0\0\0"),
	       DNS_FORMERR, "two OPT records");
	reject(RAW("\0\1\0\0\0\1\0\0\0\0\0\1\0\0\1\0\1\0\0\51\4\xd0\0\0\0\0\0\5\0\3\0\0"),
	       DNS_FORMERR, "OPT longer than the message");
	RAW("\0\1\0\0\0\1\0\0\0\0\0\1\0\0\1\0\1\0\0\51\4\xd0\0\0\0\0\0\4\0\3\0\1");
	ok(work->rcode == DNS_FORMERR && work->edns && !dns_get16(work, 6),
	   "an option longer than OPT, whose sender is told that EDNS is known");
}

static void test_dns_other_opcodes_are_not_implemented(void)
{
	reject(RAW("\0\1\x20\0\0\1\0\0\0\0\0\0\0\0\6\0\1"), DNS_NOTIMP, "NOTIFY");
	reject(RAW("\0\1\x28\0\0\1\0\0\0\0\0\0\0\0\6\0\1"), DNS_NOTIMP, "UPDATE");
	reject(RAW("\0\1\x28\0\0\1\0\0\0\0\0\1\0\0\6\0\1\0\0\51\4\xd0\0\0\0\0\0\7"), DNS_NOTIMP,
	       "UPDATE with an OPT that cannot be read");
	is_int(work->msg[2] & DNS_OPCODE, 0x28, "the opcode is kept");
}

static void test_dns_meta_types_are_no_data(void)
{
	answer("example.com.", DNS_T_OPT, "REFUSED", "", "");
	answer("web.example.com.", DNS_T_TKEY, "REFUSED", "", "");
}

static void test_dns_transfers_are_refused_for_our_zones_only(void)
{
	answer("example.com.", DNS_T_AXFR, "REFUSED", "", "");
	answer("EXAMPLE.com.", DNS_T_IXFR, "REFUSED", "", "");
	answer("web.example.com.", DNS_T_AXFR, "NOTAUTH", "", "");
	answer("example.org.", DNS_T_AXFR, "NOTAUTH", "", "");
}

/* A question for example.com. IXFR, or MX, and what comes behind it. */
#define HEAD_(an, ns, ar) "\0\1\0\0\0\1\0" an "\0" ns "\0" ar
#define QUESTION	  "\7example\3com\0\0"
#define ADDRESS		  "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4"
#define OPT_		  "\0\0\51\4\xd0\0\0\0\0\0\0"
#define TSIG_(len)                                                                                 \
	"\3key\0\0\xfa\0\xff\0\0\0\0\0" len "\4hmac\0\0\0\1\2\3\4\1\x2c\0\2mm\x99\x99\0\0\0\0"

static void test_dns_records_beside_the_question_mean_nothing(void)
{
	is_int(RAW(HEAD_("\0", "\1", "\0") QUESTION "\xfb\0\1" ADDRESS), DNS_SEND,
	       "IXFR with a record");
	said("REFUSED");
	is_int(RAW(HEAD_("\1", "\0", "\2") QUESTION "\6\0\1" ADDRESS ADDRESS OPT_), DNS_SEND,
	       "a SOA question with records around OPT");
	said("NOERROR aa");
	ok(work->edns && work->msg[7] == 1 && !work->msg[9] && work->msg[11] == 1,
	   "gets one answer, with OPT");
	reject(RAW(HEAD_("\0", "\1", "\0") QUESTION "\6\0\1" OPT_), DNS_FORMERR,
	       "OPT that is not additional");
}

static void test_dns_signed_queries_are_told_that_the_key_is_unknown(void)
{
	static const __u8 expected[] = TSIG_("\x16");
	const __u8 *tsig = work->msg + DNS_HEADER + 17;
	const size_t same = sizeof(expected) - 1 - 10; /* up to the length of the MAC */

	is_int(RAW(HEAD_("\0", "\0", "\1") QUESTION "\6\0\1" TSIG_("\x18")), DNS_SEND,
	       "a signature");
	said("NOTAUTH");
	is_int(work->len, DNS_HEADER + 17 + same + 8, "comes back without its MAC");
	ok(work->msg[5] == 1 && work->msg[11] == 1 && !memcmp(tsig, expected, same),
	   "under the same key and time");
	ok(!memcmp(tsig + same, "\0\0\0\1\0\x11\0\0", 8), "with the query's id and BADKEY");
	reject(RAW(HEAD_("\0", "\0", "\2") QUESTION "\6\0\1" TSIG_("\x18") OPT_), DNS_FORMERR,
	       "a signature that is not the last record");
	reject(RAW(HEAD_("\0", "\0", "\1") QUESTION "\6\0\1\0\0\xfa\0\xff\0\0\0\0\0\0"),
	       DNS_FORMERR, "a signature without anything");
}

/* RFC 7873, 5.4: where there are cookies there are messages without a question. */
static void test_dns_signatures_of_no_question_get_none_back(void)
{
	static const struct dns_limiter limiter = { .rules = { .cookies = AD_DNS_COOKIES_ON } };

	work->limiter = &limiter;
	is_int(RAW("\0\1\0\0\0\0\0\0\0\0\0\1" TSIG_("\x18")), DNS_SEND, "a signature alone");
	said("NOTAUTH");
	ok(!work->msg[5] && work->msg[11] == 1, "comes back alone");
	work->limiter = NULL;
}

/* RFC 8945, 4.2. What we sent back of these was no message. */
static void test_dns_signatures_that_are_none_are_refused(void)
{
	reject(RAW(HEAD_("\0", "\0", "\1") QUESTION "\6\0\1"
						    "\3key\0\0\xfa\0\xff\0\0\0\0\0\x14\xe7\1"
						    "\0\0\1\2\3\4\1\x2c\0\2mm\x99\x99\0\0\0\0"),
	       DNS_FORMERR, "an algorithm that is a pointer");
	reject(RAW(HEAD_("\0", "\0", "\1") QUESTION "\6\0\1"
						    "\1a\xc0\xff\0\xfa\0\xff\0\0\0\0\0\x18\4hmac\0"
						    "\0\0\1\2\3\4\1\x2c\0\2mm\x99\x99\0\0\0\0"),
	       DNS_FORMERR, "a key's name that ends in a pointer");
	reject(RAW(HEAD_("\0", "\0", "\1") QUESTION "\6\0\1"
						    "\3key\0\0\xfa\0\1\0\0\0\0\0\x18\4hmac\0"
						    "\0\0\1\2\3\4\1\x2c\0\2mm\x99\x99\0\0\0\0"),
	       DNS_FORMERR, "a class that is not ANY");
}

/* --- words ------------------------------------------------------------------------------------ */

static void test_dns_lower_is_tolower_of_each_byte(void)
{
	__u64 all = 0, expected = 0;
	int c, at, wrong = 0;

	for (c = 0; c < 256; c++)
		for (at = 0; at < 64; at += 8) {
			all = 0x4142435a5b40617aull & ~(0xffull << at);
			expected = 0x6162637a5b40617aull & ~(0xffull << at);
			all |= (__u64)c << at;
			expected |= (__u64)(c >= 'A' && c <= 'Z' ? c + 32 : c) << at;
			wrong += dns_lower(all) != expected;
		}
	is_int(wrong, 0, "all bytes in all places, beside letters and what borders on them");
}

/* A zone that could not be read, below one that could and above another. */
static void test_dns_broken_zone_is_servfail(void)
{
	struct zone *zones[] = { parse_good("example.com.", zone_text),
				 zone_new_broken("x.example.com.", "z"),
				 parse_good("kid.x.example.com.", kid_text) };
	struct ask edns = { .name = "x.example.com.", .type = DNS_T_A, .payload = 1232 };
	struct ask tcp = { .name = "y.x.example.com.", .type = DNS_T_A, .tcp = true };
	const struct dns_image *before = work->home;
	struct dns_image *image = compile(zones, 3);

	if (!ok(image, "a set with a zone that could not be read is compiled"))
		return;
	work->home = image;
	answer("x.example.com.", DNS_T_A, "SERVFAIL", "", "");
	answer("x.example.com.", DNS_T_SOA, "SERVFAIL", "", "");
	answer("a.b.x.example.com.", DNS_T_A, "SERVFAIL", "", "");
	answer("x.example.com.", DNS_T_ANY, "SERVFAIL", "", "");
	expect(&edns, "SERVFAIL", "", "", NULL);
	expect(&tcp, "SERVFAIL", "", "", NULL);
	answer("ns.kid.x.example.com.", DNS_T_A, "NOERROR aa",
	       "ns.kid.x.example.com. 60 A 192.0.2.77\n", "");
	answer("kid.x.example.com.", DNS_T_DS, "SERVFAIL", "", "");
	answer("y.example.com.", DNS_T_A, "NXDOMAIN aa", "", SOA_);
	answer("x.example.com.", DNS_T_DS, "NOERROR aa", "", SOA_);
	work->home = before;
	dns_image_free(image);
}

static void test_dns_broken_zone_needs_no_other(void)
{
	struct zone *zones[] = { zone_new_broken(".", "z") };
	const struct dns_image *before = work->home;
	struct dns_image *image = compile(zones, 1);

	if (!ok(image, "a broken root zone alone is compiled"))
		return;
	work->home = image;
	answer(".", DNS_T_NS, "SERVFAIL", "", "");
	answer("www.example.com.", DNS_T_A, "SERVFAIL", "", "");
	work->home = before;
	dns_image_free(image);
	ok(!zone_new_broken("a..b.", "z"), "what is no name is no zone");
}

/* --- set-up ----------------------------------------------------------------------------------- */

static struct dns_image *build(void)
{
	static char text[1 << 21];
	struct zone *zones[2];
	char far[200];
	size_t at;
	int i, j;

	snprintf(far, sizeof(far), "%060d.%060d.%060d", 0, 0, 0);

	at = sprintf(text, "%s", zone_text);
	for (i = 1; i < 60; i++)
		at += sprintf(text + at, "many TXT %0100d\n", i);
	for (i = 1; i < 7; i++)
		at += sprintf(text + at, "edge TXT %0100d\n", i);
	for (i = 0; i < 16; i++)
		for (j = 0; j < 279; j++)
			at += sprintf(text + at, "huge%d TXT %0199d%s\n", i, j, j < i ? "x" : "");
	for (i = 0; i < 200; i++)
		at += sprintf(text + at, "chain%d.%s CNAME chain%d.%s\n", i, far, i + 1, far);
	zones[0] = parse_good("example.com.", text);
	zones[1] = parse_good("kid.x.example.com.", kid_text);
	return compile(zones, 2);
}

int main(void)
{
	struct dns_image *image = build();

	work = calloc(1, sizeof(*work));
	if (!ok(image && work, "zones are compiled"))
		return done_testing();
	work->home = image;
	test_dns_addresses_come_with_their_ttl();
	test_dns_case_of_the_question_is_kept();
	test_dns_absent_types_and_names_are_told_apart();
	test_dns_aliases_are_followed_inside_the_zone();
	test_dns_wildcards_cover_what_does_not_exist();
	test_dns_cuts_refer();
	test_dns_below_a_dname_is_redirected();
	test_dns_dname_of_a_wildcard_redirects_below_itself_alone();
	test_dns_dname_at_a_cut_is_hidden_by_it();
	test_dns_the_deepest_zone_answers();
	test_dns_broken_zone_is_servfail();
	test_dns_broken_zone_needs_no_other();
	test_dns_services_come_with_addresses();
	test_dns_other_names_are_refused();
	test_dns_any_is_one_set();
	test_dns_chaos_says_who_answers();
	test_dns_opt_comes_only_to_who_sent_one();
	test_dns_unknown_version_is_badvers();
	test_dns_too_big_is_truncated();
	test_dns_size_limit_is_exact();
	test_dns_longest_replies_are_whole();
	test_dns_endless_chains_end();
	test_dns_what_must_not_be_answered_is_ignored();
	test_dns_what_cannot_be_read_is_formerr();
	test_dns_other_opcodes_are_not_implemented();
	test_dns_errors_carry_opt();
	test_dns_meta_types_are_no_data();
	test_dns_transfers_are_refused_for_our_zones_only();
	test_dns_records_beside_the_question_mean_nothing();
	test_dns_signed_queries_are_told_that_the_key_is_unknown();
	test_dns_signatures_of_no_question_get_none_back();
	test_dns_signatures_that_are_none_are_refused();
	test_dns_lower_is_tolower_of_each_byte();
	dns_image_free(image);
	free(work);
	return done_testing();
}
