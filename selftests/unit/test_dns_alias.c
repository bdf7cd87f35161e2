// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_dns_alias.c: chains of CNAME and DNAME: what a resolver can use of those that lead in a
 * circle, and of those that end in more than a message holds. The zones are in selftests/dns/zones;
 * what is right was measured with BIND, Knot and NSD.
 */
#include "dns_fixture.h"

#define BELOW_LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 65536);

	if (f && fread(text, 1, 65535, f) && !fclose(f))
		return text;
	free(text);
	return NULL;
}

#define C_D  "c.d.dn.test. 77 DNAME f.d.dn.test.\n"
#define SOA_ "dn.test. 60 SOA ns.dn.test. hostmaster.dn.test. 1 10800 600 86400 60\n"

static void test_alias_by_dname_is_followed(void)
{
	answer("a.c.d.dn.test.", DNS_T_CNAME, "NOERROR aa",
	       C_D "a.c.d.dn.test. 77 CNAME a.f.d.dn.test.\n", "");
	answer("a.c.d.dn.test.", DNS_T_A, "NXDOMAIN aa",
	       C_D "a.c.d.dn.test. 77 CNAME a.f.d.dn.test.\n", SOA_);
	answer("foo.c.d.dn.test.", DNS_T_CNAME, "NOERROR aa",
	       C_D "foo.c.d.dn.test. 77 CNAME foo.f.d.dn.test.\n", "");
	answer("FoO.C.d.Dn.TesT.", DNS_T_A, "NOERROR aa",
	       "c.d.dn.test. 77 DNAME f.d.dn.test.\n"
	       "foo.c.d.dn.test. 77 CNAME foo.f.d.dn.test.\n"
	       "foo.f.d.dn.test. 300 CNAME done.dn.test.\ndone.dn.test. 300 A 192.0.2.80\n",
	       "");
	answer("c.d.dn.test.", DNS_T_DNAME, "NOERROR aa", C_D, "");
	answer("c.d.dn.test.", DNS_T_A, "NOERROR aa", "", SOA_);
	answer("c.d.dn.test.", DNS_T_CNAME, "NOERROR aa", "", SOA_);
	answer("a.c.d.dn.test.", DNS_T_DNAME, "NXDOMAIN aa",
	       C_D "a.c.d.dn.test. 77 CNAME a.f.d.dn.test.\n", SOA_);
	answer("q.one.dn.test.", DNS_T_A, "NOERROR aa",
	       "one.dn.test. 300 DNAME x.two.dn.test.\nq.one.dn.test. 300 CNAME q.x.two.dn.test.\n"
	       "two.dn.test. 300 DNAME three.other.test.\n"
	       "q.x.two.dn.test. 300 CNAME q.x.three.other.test.\n",
	       "");
	answer("n.wild.dn.test.", DNS_T_A, "NOERROR aa",
	       "wild.dn.test. 300 DNAME w.dn.test.\nn.wild.dn.test. 300 CNAME n.w.dn.test.\n"
	       "n.w.dn.test. 300 A 192.0.2.82\n",
	       "");
	answer("n.tocut.dn.test.", DNS_T_A, "NOERROR aa",
	       "tocut.dn.test. 300 DNAME cut.dn.test.\nn.tocut.dn.test. 300 CNAME n.cut.dn.test.\n",
	       "cut.dn.test. 300 NS ns.example.net.\n");
	answer("beside.dn.test.", DNS_T_TXT, "NOERROR aa", "beside.dn.test. 300 TXT \"beside\"\n",
	       "");
	answer("x.beside.dn.test.", DNS_T_TXT, "NXDOMAIN aa",
	       "beside.dn.test. 300 DNAME f.d.dn.test.\n"
	       "x.beside.dn.test. 300 CNAME x.f.d.dn.test.\n",
	       SOA_);
	is_int(ask(&(struct ask){ .name = BELOW_LONG ".long.dn.test.", .type = DNS_T_A }), DNS_SEND,
	       "a name that grows too long");
	said("YXDOMAIN aa");
}

static void test_alias_by_dname_at_the_apex_is_followed(void)
{
	answer("dn2.test.", DNS_T_TXT, "NOERROR aa", "dn2.test. 300 TXT \"apex\"\n", "");
	answer("done.dn2.test.", DNS_T_A, "NOERROR aa",
	       "dn2.test. 300 DNAME dn.test.\ndone.dn2.test. 300 CNAME done.dn.test.\n", "");
}

/* What stands below a DNAME is loaded and never answered. */
static void test_alias_hides_what_is_below_a_dname(void)
{
	answer("a.occ.dn3.test.", DNS_T_A, "NOERROR aa",
	       "occ.dn3.test. 300 DNAME target.dn3.test.\n"
	       "a.occ.dn3.test. 300 CNAME a.target.dn3.test.\n"
	       "a.target.dn3.test. 300 A 192.0.2.82\n",
	       "");
}

static void test_alias_in_a_circle_ends_where_it_repeats(void)
{
	answer("q.me.dn.test.", DNS_T_A, "NOERROR aa",
	       "me.dn.test. 300 DNAME me.dn.test.\nq.me.dn.test. 300 CNAME q.me.dn.test.\n", "");
	answer("q.ping.dn.test.", DNS_T_A, "NOERROR aa",
	       "ping.dn.test. 300 DNAME pong.dn.test.\nq.ping.dn.test. 300 CNAME q.pong.dn.test.\n"
	       "pong.dn.test. 300 DNAME ping.dn.test.\nq.pong.dn.test. 300 CNAME q.ping.dn.test.\n",
	       "");
	answer("q.grow.dn.test.", DNS_T_A, "NOERROR aa",
	       "grow.dn.test. 300 DNAME y.grow.dn.test.\n"
	       "q.grow.dn.test. 300 CNAME q.y.grow.dn.test.\n",
	       "");
}

/* No record twice, whatever kinds of alias the circle is made of (RFC 2181, 5). */
static void test_alias_in_a_mixed_circle_ends_where_it_repeats(void)
{
	answer("start.mix.test.", DNS_T_A, "NOERROR aa",
	       "start.mix.test. 3600 CNAME x.from.mix.test.\n"
	       "from.mix.test. 3600 DNAME to.mix.test.\n"
	       "x.from.mix.test. 3600 CNAME x.to.mix.test.\n"
	       "x.to.mix.test. 3600 CNAME start.mix.test.\n",
	       "");
	answer("x.from.mix.test.", DNS_T_A, "NOERROR aa",
	       "from.mix.test. 3600 DNAME to.mix.test.\n"
	       "x.from.mix.test. 3600 CNAME x.to.mix.test.\n"
	       "x.to.mix.test. 3600 CNAME start.mix.test.\n"
	       "start.mix.test. 3600 CNAME x.from.mix.test.\n",
	       "");
	answer("inme.mix.test.", DNS_T_A, "NOERROR aa",
	       "inme.mix.test. 3600 CNAME y.me.mix.test.\nme.mix.test. 3600 DNAME me.mix.test.\n"
	       "y.me.mix.test. 3600 CNAME y.me.mix.test.\n",
	       "");
}

static void test_alias_by_a_dname_passed_twice_has_it_once(void)
{
	struct ask deep = { .name = "loop.loop.loop.loop.loop.loop.loop.loop.d.mix.test.",
			    .type = DNS_T_A };

	answer("loop.loop.loop.d.mix.test.", DNS_T_A, "NOERROR aa",
	       "loop.d.mix.test. 3600 DNAME d.mix.test.\n"
	       "loop.loop.loop.d.mix.test. 3600 CNAME loop.loop.d.mix.test.\n"
	       "loop.loop.d.mix.test. 3600 CNAME loop.d.mix.test.\n"
	       "loop.d.mix.test. 3600 A 192.0.2.4\n",
	       "");
	is_int(ask(&deep), DNS_SEND, "seven levels");
	ok(!work->tc && work->count[DNS_ANSWER] == 9 && work->len < 350,
	   "fit 512 bytes: they are %u", work->len);
}

/* By TCP there is no more room to be had: the aliases go, and the client asks for their end. */
static void test_alias_before_a_set_without_room_is_answered(void)
{
	struct ask question = { .name = "huge.mix.test.", .type = DNS_T_TXT, .tcp = true };

	is_int(ask(&question), DNS_SEND, "a set of nearly 64 kB");
	ok(!work->tc && work->len == 65535, "goes out whole: %u bytes with all", work->len);
	question.name = "tohuge.mix.test.";
	expect(&question, "NOERROR aa", "tohuge.mix.test. 3600 CNAME huge.mix.test.\n", "", "");
	question.name = "x.tomix.mix.test.";
	ask(&question);
	ok(!work->tc && work->count[DNS_ANSWER] == 3, "the same behind a DNAME");
	question.name = "huge.mix.test.";
	question.payload = 1232;
	expect(&question, "NOERROR aa tc", "", "", "");
}

/* --- set-up ----------------------------------------------------------------------------------- */

static struct zone *mixed_zone(void)
{
	static char text[1 << 18];
	size_t at, left = 65535 - 12 - 19; /* header, question */
	int i;

	at = sprintf(text, HEAD "start CNAME x.from\nfrom DNAME to\nx.to CNAME start\n"
				"me DNAME me\ninme CNAME y.me\nloop.d DNAME d\nloop.d A 192.0.2.4\n"
				"tohuge CNAME huge\ntomix DNAME huger\nx.huger CNAME huge\n");
	for (i = 0; left; i++) {
		size_t len = left < 500 ? left - 13 : 200;

		if (len > 255)
			len = 200;
		at += sprintf(text + at, "huge TXT %03d%0*d\n", i, (int)len - 3, 0);
		left -= 13 + len;
	}
	return parse_good("mix.test.", text);
}

static struct zone *file_zone(const char *name, const char *path)
{
	char *text = read_file(path);
	struct zone *zone = text ? parse_good(name, text) : NULL;

	free(text);
	return zone;
}

int main(void)
{
	struct zone *zones[] = {
		file_zone("dn.test.", "selftests/dns/zones/dn.test.zone"),
		file_zone("dn2.test.", "selftests/dns/zones/dn2.test.zone"),
		file_zone("dn3.test.", "selftests/dns/zones/dn3.test.zone"),
		mixed_zone(),
	};
	struct dns_image *image = compile(zones, sizeof(zones) / sizeof(*zones));

	work = calloc(1, sizeof(*work));
	if (!ok(image && work, "zones are compiled"))
		return done_testing();
	work->home = image;
	test_alias_by_dname_is_followed();
	test_alias_by_dname_at_the_apex_is_followed();
	test_alias_hides_what_is_below_a_dname();
	test_alias_in_a_circle_ends_where_it_repeats();
	test_alias_in_a_mixed_circle_ends_where_it_repeats();
	test_alias_by_a_dname_passed_twice_has_it_once();
	test_alias_before_a_set_without_room_is_answered();
	dns_image_free(image);
	free(work);
	return done_testing();
}
