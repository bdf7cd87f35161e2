// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_steer.c: steered names in compiled zones: what each client is answered, and what the client
 * subnet option (RFC 7871) says of it. Each rule of the RFC that an authoritative server must keep
 * is a test that names its section; libknot reads the replies.
 */
#include "dns_fixture.h"
#include "steer_fixture.h"
#include "user/base/addr.h"

enum {
	FRA,
	NYC,
	SIN,
	POPS
};

#define TEXT                                                                                       \
	"\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"  \
	"\" "
#define ZONE                                                                                       \
	HEAD "www TXT \"all\"\n"                                                                   \
	     "www.fra A 192.0.2.10\nwww.fra AAAA 2001:db8::10\nwww.fra MX 1 ns\n"                  \
	     "www.nyc A 192.0.2.20\nwww.nyc AAAA 2001:db8::20\n"                                   \
	     "www.sin A 192.0.2.30\nwww.sin A 192.0.2.31\n"                                        \
	     "@ MX 5 ns\nfra A 192.0.2.11\nnyc A 192.0.2.21\nsin A 192.0.2.31\n"                   \
	     "cdn.fra CNAME ns\ncdn.nyc CNAME www\ncdn.sin CNAME elsewhere.test.\n"                \
	     "alias CNAME www\nplain A 192.0.2.99\n"                                               \
	     "more A 192.0.2.98\nsub NS ns.sub\nns.sub A 192.0.2.97\n"                             \
	     "both CNAME alias\nlong TXT " TEXT TEXT TEXT "\n"

static struct dns_steered names[4];
static __u8 members[4][POPS][256];

/* --- where clients are ------------------------------------------------------------------------ */

/* 198.51.100.0/24 is location 1; 203.0.113.0/24 is 2, but for 203.0.113.128/26, which is 3. */
static const struct {
	__u32 end;
	__u16 location;
} ranges4[] = { { 0xc63363ff, 0 }, { 0xc63364ff, 1 }, { 0xcb0070ff, 0 }, { 0xcb00717f, 2 },
		{ 0xcb0071bf, 3 }, { 0xcb0071ff, 2 }, { 0xffffffff, 0 } };
/* 2001:db8:1::/48 is location 1, 2001:db8:2::/48 is 2. */
static const struct {
	__u64 end;
	__u16 location;
} ranges6[] = { { 0x20010db80000ffff, 0 },
		{ 0x20010db80001ffff, 1 },
		{ 0x20010db80002ffff, 2 },
		{ ~0ull, 0 } };
#define LOCATIONS 4

static struct ad_steer_line lines[AD_STEER_PAGE_LINES];
#define TREES (AD_STEER_STARTS + AD_STEER_START_LINES)

/* Two trees of one leaf each, where every address starts. */
static void draw_map(void)
{
	struct ad_steer_head *head = &lines[0].head;
	size_t i;

	memset(lines, 0xff, sizeof(lines));
	*head = (struct ad_steer_head){ .format = AD_STEER_FORMAT,
					.nr_lines = TREES + 2,
					.nr_locations = LOCATIONS,
					.depth4 = 1,
					.depth6 = 1,
					.levels4 = { TREES },
					.levels6 = { TREES + 1 } };
	memset(&lines[AD_STEER_STARTS], 0, AD_STEER_START_LINES * sizeof(*lines));
	for (i = 0; i < sizeof(ranges4) / sizeof(ranges4[0]); i++) {
		lines[TREES].leaf4.ends[i] = ranges4[i].end;
		lines[TREES].leaf4.locations[i] = ranges4[i].location;
	}
	for (i = 0; i < sizeof(ranges6) / sizeof(ranges6[0]); i++) {
		lines[TREES + 1].leaf6.ends[i] = ranges6[i].end;
		lines[TREES + 1].leaf6.locations[i] = ranges6[i].location;
	}
	steering.lines = lines;
	steering.nr_lines = AD_STEER_PAGE_LINES;
}

/* --- asking ----------------------------------------------------------------------------------- */

/* A query, with a subnet option of these bytes; the reply, read by libknot, stays until the next.
 */
static knot_pkt_t *reply;
static struct ask how = { .payload = 1232 }; /* the name and the type are of the query */

static int query(const char *name, __u16 type, const void *subnet, size_t len)
{
	__u8 wire[256];
	__u32 at;

	knot_pkt_free(reply);
	reply = NULL;
	name_parse(name, wire);
	memset(work->msg, 0, 1024);
	dns_put16(work, 0, 0x1234);
	dns_put8(work, 5, 1);
	memcpy(work->msg + DNS_HEADER, wire, name_len(wire));
	at = DNS_HEADER + name_len(wire);
	dns_put16(work, at, type);
	dns_put16(work, at + 2, DNS_CLASS_IN);
	put_opt(&how, at + 4);
	if (subnet) {
		at = work->len;
		dns_put16(work, at - 2, len + 4);
		dns_put16(work, at, DNS_OPTION_SUBNET);
		dns_put16(work, at + 2, len);
		memcpy(work->msg + at + 4, subnet, len);
		work->len = at + 4 + len;
	}
	work->tcp = how.tcp;
	if (dns_respond(work, dns_image(work)) != DNS_SEND)
		return -1;
	reply = knot_pkt_new(work->msg, work->len, NULL);
	if (knot_pkt_parse(reply, 0))
		return -1;
	return work->rcode;
}

/* The option's data for "ADDRESS/BITS". */
static size_t subnet_of(const char *text, __u8 data[20])
{
	unsigned int bits = atoi(strchr(text, '/') + 1);
	struct ad_addr address;
	char host[64];

	snprintf(host, sizeof(host), "%.*s", (int)strcspn(text, "/"), text);
	addr_parse(host, &address);
	memset(data, 0, 20);
	data[1] = addr_is_ip4(&address) ? 1 : 2;
	data[2] = bits;
	memcpy(data + 4, address.b + (addr_is_ip4(&address) ? 12 : 0), (bits + 7) / 8);
	return 4 + (bits + 7) / 8;
}

static int query_for(const char *name, __u16 type, const char *subnet)
{
	__u8 data[20];

	return query(name, type, subnet ? data : NULL, subnet ? subnet_of(subnet, data) : 0);
}

/* The reply's subnet option as "ADDRESS/SOURCE/SCOPE"; "" if there is none. */
static const char *subnet_said(void)
{
	static char text[128];
	const __u8 *option = NULL;
	knot_edns_client_subnet_t ecs = { 0 };
	struct sockaddr_storage from = { 0 };
	struct ad_addr address;
	__u16 port;

	text[0] = '\0';
	if (reply && reply->opt_rr)
		option = knot_edns_get_option(reply->opt_rr, KNOT_EDNS_OPTION_CLIENT_SUBNET, NULL);
	if (!option ||
	    knot_edns_client_subnet_parse(&ecs, knot_edns_opt_get_data((__u8 *)option),
					  knot_edns_opt_get_length(option)) ||
	    knot_edns_client_subnet_get_addr(&from, &ecs))
		return text;
	addr_from_sockaddr((struct sockaddr *)&from, &address, &port);
	addr_format(&address, text);
	snprintf(text + strlen(text), 32, "/%u/%u", ecs.source_len, ecs.scope_len);
	return text;
}

/* A section of the reply in one line. */
static const char *section(knot_section_t id)
{
	static char text[3][4096];
	char *c;

	snprintf(text[id], sizeof(text[id]), "%s", reply ? records(reply, id) : "");
	for (c = text[id]; *c; c++)
		if (*c == '\n')
			*c = ' ';
	return text[id];
}

static void answers(const char *name, __u16 type, const char *subnet, const char *records_expected,
		    const char *subnet_expected)
{
	is_int(query_for(name, type, subnet), DNS_NOERROR, "%s %u for %s", name, type,
	       subnet ?: "who asks");
	is_str(section(KNOT_ANSWER), records_expected, "  is answered");
	is_str(subnet_said(), subnet_expected, "  and says so");
}

static void from(const char *address)
{
	addr_parse(address, &work->client);
}

/* --- what is steered -------------------------------------------------------------------------- */

static const struct steer_choice by_place[LOCATIONS][3] = {
	{ { NYC, 0, 1 }, { FRA, 1, 1 }, { SIN, 2, 1 } }, /* nowhere known */
	{ { FRA, 0, 1 }, { NYC, 1, 1 }, { SIN, 2, 1 } },
	{ { SIN, 0, 1 }, { NYC, 1, 1 }, { FRA, 2, 1 } },
	{ { FRA, 0, 1 }, { NYC, 0, 1 }, { SIN, 0, 2 } },
};
static struct steer_rule rules[LOCATIONS];

static void use_policy(enum steer_draw draw, enum steer_out out, size_t nr_last)
{
	static struct steer_policy policy;
	size_t i;

	for (i = 0; i < LOCATIONS; i++)
		rules[i] = (struct steer_rule){ by_place[i], 3 };
	policy = (struct steer_policy){
		.draw = draw, .out = out, .last_resort = { by_place[0], nr_last }, .rules = rules
	};
	steer_use(&policy, 1, LOCATIONS);
}

static void name_it(size_t i, const char *name, const char *pattern, __u8 out)
{
	static const char *const pops[] = { "fra", "nyc", "sin" };
	char text[128];
	size_t pop;

	names[i] = (struct dns_steered){ .members = members[i],
					 .nr_pops = POPS,
					 .out = out,
					 .flags = AD_DNS_STEER_ECS | AD_DNS_STEER_DOUBT,
					 .ip4_bits = 24,
					 .ip6_bits = 56,
					 .ttl = 60,
					 .doubt_ttl = 10,
					 .file = "conf",
					 .line = 7 };
	name_parse(name, names[i].name);
	memset(members[i], 0, sizeof(members[i]));
	for (pop = 0; pop < POPS; pop++) {
		snprintf(text, sizeof(text), pattern, pops[pop]);
		name_parse(text, members[i][pop]);
	}
}

static bool use_zone(const char *text, size_t nr_names)
{
	struct dns_image_options options = {
		.nsid = "pop.node", .udp_size = 1232, .steered = names, .nr_steered = nr_names
	};
	struct zone *zone = parse_good("example.com.", text);
	static struct dns_image *image;
	struct config_errors errors = { 0 };
	bool good = zone && !dns_steered_check(&zone, 1, names, nr_names, &errors);

	if (!good)
		diag("%s", error_text(&errors));
	config_errors_free(&errors);
	dns_image_free(image);
	image = NULL;
	good = good && !dns_image_build(&zone, 1, &options, &image);
	zone_free(zone);
	work->home = image;
	return good;
}

static void set_up(__u8 out)
{
	steer_all_up();
	use_policy(STEER_ORDER, (enum steer_out)out, out == AD_DNS_STEER_LAST ? 3 : 0);
	name_it(0, "www.example.com.", "www.%s.example.com.", out);
	name_it(1, "example.com.", "%s.example.com.", out);
	name_it(2, "cdn.example.com.", "cdn.%s.example.com.", out);
	memset(members[2][SIN], 0, 256); /* never sent there */
	ok(use_zone(ZONE, 3), "a zone with three steered names");
	from("10.0.0.1");
}

static void test_name_is_answered_by_where_the_client_is(void)
{
	set_up(0);
	answers("www.example.com.", DNS_T_A, NULL, "www.example.com. 60 A 192.0.2.20 ", "");
	from("198.51.100.9");
	answers("www.example.com.", DNS_T_A, NULL, "www.example.com. 60 A 192.0.2.10 ", "");
	answers("WWW.example.COM.", DNS_T_AAAA, NULL, "www.example.com. 60 AAAA 2001:db8::10 ", "");
	answers("www.example.com.", DNS_T_MX, NULL, "www.example.com. 60 MX 1 ns.example.com. ",
		"");
	is_str(section(KNOT_ADDITIONAL), "ns.example.com. 3600 A 192.0.2.1 ",
	       "  with what belongs to it");
	from("203.0.113.9");
	answers("www.example.com.", DNS_T_A, NULL,
		"www.example.com. 60 A 192.0.2.30 www.example.com. 60 A 192.0.2.31 ", "");
	from("2001:db8:1::9");
	answers("www.example.com.", DNS_T_A, NULL, "www.example.com. 60 A 192.0.2.10 ", "");
}

static void test_other_types_and_names_are_as_ever(void)
{
	set_up(0);
	from("203.0.113.9");
	answers("www.example.com.", DNS_T_TXT, NULL, "www.example.com. 3600 TXT \"all\" ", "");
	is_int(query_for("www.example.com.", DNS_T_AAAA, NULL), DNS_NOERROR,
	       "a type that this POP lacks");
	is_str(section(KNOT_ANSWER), "", "  is no data");
	ok(strstr(section(KNOT_AUTHORITY), "example.com. 300 SOA"), "  with SOA");
	is_int(query_for("below.www.example.com.", DNS_T_A, NULL), DNS_NXDOMAIN,
	       "below it there is nothing");
	answers("www.nyc.example.com.", DNS_T_A, NULL, "www.nyc.example.com. 3600 A 192.0.2.20 ",
		"");
	answers("plain.example.com.", DNS_T_A, "198.51.100.0/24",
		"plain.example.com. 3600 A 192.0.2.99 ", "198.51.100.0/24/0");
}

static void test_apex_is_steered_beside_its_own_records(void)
{
	set_up(0);
	from("198.51.100.9");
	answers("example.com.", DNS_T_A, NULL, "example.com. 60 A 192.0.2.11 ", "");
	answers("example.com.", DNS_T_NS, NULL, "example.com. 3600 NS ns.example.com. ", "");
	answers("example.com.", DNS_T_SOA, NULL,
		"example.com. 3600 SOA ns.example.com. host.example.com. 1 2 3 4 300 ", "");
	answers("example.com.", DNS_T_MX, NULL, "example.com. 3600 MX 5 ns.example.com. ", "");
	is_int(query_for("nothing.example.com.", DNS_T_A, NULL), DNS_NXDOMAIN, "and below it");
}

static void test_aliases_lead_to_and_from_steered_names(void)
{
	set_up(0);
	answers("alias.example.com.", DNS_T_A, "198.51.100.0/24",
		"alias.example.com. 3600 CNAME www.example.com. www.example.com. 60 A 192.0.2.10 ",
		"198.51.100.0/24/24");
	answers("cdn.example.com.", DNS_T_A, "198.51.100.0/24",
		"cdn.example.com. 60 CNAME ns.example.com. ns.example.com. 3600 A 192.0.2.1 ",
		"198.51.100.0/24/24");
	answers("cdn.example.com.", DNS_T_A, NULL,
		"cdn.example.com. 60 CNAME www.example.com. www.example.com. 60 A 192.0.2.20 ", "");
	is_int(query_for("cdn.example.com.", DNS_T_A, "203.0.113.0/25"), DNS_SERVFAIL,
	       "a POP that has no member is no answer, whoever let it be drawn");
}

static void test_states_are_obeyed_by_the_next_answer(void)
{
	set_up(AD_DNS_STEER_LAST);
	from("198.51.100.9");
	steer_bank[FRA].word = AD_STEER_OUT;
	answers("www.example.com.", DNS_T_A, NULL, "www.example.com. 10 A 192.0.2.20 ", "");
	steer_bank[NYC].word = AD_STEER_OUT;
	answers("www.example.com.", DNS_T_A, NULL,
		"www.example.com. 10 A 192.0.2.30 www.example.com. 10 A 192.0.2.31 ", "");
	steer_bank[SIN].word = AD_STEER_OUT;
	answers("www.example.com.", DNS_T_A, NULL, "www.example.com. 10 A 192.0.2.20 ", "");
	steer_all_up();
	steer_bank[FRA].word = AD_STEER_DOUBT;
	answers("www.example.com.", DNS_T_A, NULL, "www.example.com. 10 A 192.0.2.10 ", "");
	from("203.0.113.9");
	answers("www.example.com.", DNS_T_AAAA, NULL, "", "");
	answers("www.example.com.", DNS_T_A, NULL,
		"www.example.com. 60 A 192.0.2.30 www.example.com. 60 A 192.0.2.31 ", "");
}

static void all_out(void)
{
	for (int i = 0; i < POPS; i++)
		steer_bank[i].word = AD_STEER_OUT;
}

static void test_all_out_is_what_was_configured(void)
{
	set_up(AD_DNS_STEER_SERVFAIL);
	all_out();
	is_int(query_for("www.example.com.", DNS_T_A, "198.51.100.0/24"), DNS_SERVFAIL,
	       "all are out: SERVFAIL");
	ok(!(work->msg[2] & DNS_AA), "  which is nobody's word");
	is_str(subnet_said(), "198.51.100.0/24/0", "  scope 0");
	set_up(AD_DNS_STEER_NODATA);
	all_out();
	is_int(query_for("www.example.com.", DNS_T_A, "198.51.100.0/24"), DNS_NOERROR,
	       "or no data");
	is_str(section(KNOT_ANSWER), "", "  nothing");
	ok(strstr(section(KNOT_AUTHORITY), "SOA"), "  but SOA");
}

/* One draw for a name and a client, whatever the type. */
static void test_types_are_of_one_pop(void)
{
	char a[256], address[32];
	int i, mixed = 0, seen = 0;

	set_up(0);
	use_policy(STEER_WEIGHTED, 0, 3);
	for (i = 0; i < 500; i++) {
		snprintf(address, sizeof(address), "10.1.%d.7", i % 256);
		from(address);
		query_for("www.example.com.", DNS_T_A, NULL);
		snprintf(a, sizeof(a), "%s", section(KNOT_ANSWER));
		query_for("www.example.com.", DNS_T_AAAA, NULL);
		seen |= 1 << (strstr(a, ".10 ") ? 0 : strstr(a, ".20 ") ? 1 : 2);
		mixed +=
			!!strstr(a, "192.0.2.10") != !!strstr(section(KNOT_ANSWER), "2001:db8::10");
	}
	is_int(seen, 7, "all POPs are drawn");
	is_int(mixed, 0, "nobody gets A of one and AAAA of another");
}

/* --- several answers at once ------------------------------------------------------------------ */

static void set_up_several(unsigned int nr)
{
	set_up(0);
	names[0].answers = nr;
	ok(use_zone(ZONE, 3), "www has up to %u answers", nr);
}

/* Which POPs the answer names: a bit for each. Their first one goes to *@first. */
static int told_pops(int *first)
{
	static const char *const addresses[POPS] = { "192.0.2.10", "192.0.2.20", "192.0.2.30" };
	const char *text = section(KNOT_ANSWER), *at, *best = NULL;
	int pop, told = 0;

	for (pop = 0; pop < POPS; pop++) {
		at = strstr(text, addresses[pop]);
		if (!at)
			continue;
		told |= 1 << pop;
		if (!best || at < best) {
			best = at;
			*first = pop;
		}
	}
	return told;
}

static void test_several_are_of_the_rank_of_the_first(void)
{
	set_up_several(3);
	answers("www.example.com.", DNS_T_A, NULL, "www.example.com. 60 A 192.0.2.20 ", "");
	steer_bank[NYC].word = AD_STEER_OUT;
	answers("www.example.com.", DNS_T_A, NULL, "www.example.com. 10 A 192.0.2.10 ", "");
}

/* What client number @i is told of @type; the POP that is named first goes to *@first. */
static int told_to(int i, __u16 type, int *first)
{
	char address[32];

	snprintf(address, sizeof(address), "10.1.%d.7", i);
	from(address);
	query_for("www.example.com.", type, NULL);
	*first = -1;
	return told_pops(first);
}

static void test_several_begin_with_the_one_that_is_drawn(void)
{
	int i, first, told, alone[256] = { 0 }, wrong = 0, changed = 0, seen = 0;
	unsigned int nr;

	for (nr = 1; nr <= AD_DNS_STEER_ANSWERS; nr++) {
		set_up_several(nr);
		use_policy(STEER_WEIGHTED, 0, 3);
		for (i = 0; i < 256; i++) {
			told = told_to(i, DNS_T_A, &first);
			wrong += __builtin_popcount(told) != (int)(nr < POPS ? nr : POPS);
			if (nr == 1)
				alone[i] = first;
			changed += first != alone[i];
			seen |= nr == 2 ? 1 << told : 0;
		}
	}
	is_int(wrong, 0, "as many POPs as there shall be, or as there are");
	is_int(changed, 0, "the first of them is the one that would be told alone");
	is_int(seen, 1 << 3 | 1 << 5 | 1 << 6, "of two all pairs are told to somebody");
}

static void test_several_obey_the_states(void)
{
	int i, first, told, named = 0, shed = 0;

	set_up_several(2);
	use_policy(STEER_WEIGHTED, 0, 3);
	steer_bank[FRA].word = AD_STEER_OUT;
	steer_bank[NYC].word = 32 << AD_STEER_SHED_SHIFT;
	for (i = 0; i < 256; i++) {
		told = told_to(i, DNS_T_A, &first);
		named += told & 1 << FRA;
		shed += told == 1 << SIN;
	}
	is_int(named, 0, "a POP that is out is not named");
	ok(shed > 64 && shed < 192, "one that sheds half is named to half: %d of 256", 256 - shed);
	steer_bank[NYC].word = AD_STEER_OUT;
	answers("www.example.com.", DNS_T_A, NULL,
		"www.example.com. 10 A 192.0.2.30 www.example.com. 10 A 192.0.2.31 ", "");
	steer_bank[SIN].word = AD_STEER_OUT;
	told = told_to(1, DNS_T_A, &first);
	is_int(told, 1 << NYC, "all are out: the last resort, alone");
}

static void test_several_have_the_types_that_any_of_them_has(void)
{
	int i, first, a, none = 0, others = 0;

	set_up_several(2);
	use_policy(STEER_WEIGHTED, 0, 3);
	for (i = 0; i < 256; i++) {
		a = told_to(i, DNS_T_A, &first);
		query_for("www.example.com.", DNS_T_AAAA, NULL);
		none += !strstr(section(KNOT_ANSWER), "AAAA");
		others += !!strstr(section(KNOT_ANSWER), "::10") != (a >> FRA & 1);
		query_for("www.example.com.", DNS_T_MX, NULL);
		others += !!strstr(section(KNOT_ANSWER), "MX") != (first == FRA);
	}
	is_int(none, 0, "two POPs: one has AAAA");
	is_int(others, 0, "AAAA of the POPs whose A is told; other types of the first alone");
}

/* RFC 2181, 5.2: one RRset, one TTL. */
static void test_several_have_one_ttl(void)
{
	set_up_several(2);
	names[0].ttl = DNS_STEERED_TTL;
	use_policy(STEER_WEIGHTED, 0, 3);
	ok(use_zone(HEAD "www.fra 90 A 192.0.2.10\nwww.nyc 70 A 192.0.2.20\n"
			 "www.sin 80 A 192.0.2.30\nfra A 192.0.2.11\n",
		    1),
	   "POPs with other TTLs");
	is_int(query_for("www.example.com.", DNS_T_A, NULL), DNS_NOERROR, "asked");
	is_int(knot_pkt_section(reply, KNOT_ANSWER)->count, 2, "  two POPs");
	is_int(knot_pkt_rr(knot_pkt_section(reply, KNOT_ANSWER), 0)->ttl, 70, "  the least TTL");
	is_int(knot_pkt_rr(knot_pkt_section(reply, KNOT_ANSWER), 1)->ttl, 70, "  of both");
}

static void test_several_that_do_not_fit_are_told_by_tcp(void)
{
	set_up_several(2);
	use_policy(STEER_WEIGHTED, 0, 3);
	ok(use_zone(HEAD "$GENERATE 1-20 www.fra A 192.0.2.$\n$GENERATE 21-40 www.nyc A "
			 "192.0.2.$\n$GENERATE 41-60 www.sin A 192.0.2.$\n",
		    1),
	   "POPs with twenty addresses");
	how.payload = 512;
	query_for("www.example.com.", DNS_T_A, NULL);
	ok(work->msg[2] & DNS_TC && !knot_pkt_section(reply, KNOT_ANSWER)->count,
	   "two of them are too long for 512 bytes");
	how.payload = 1232;
	query_for("www.example.com.", DNS_T_A, NULL);
	is_int(knot_pkt_section(reply, KNOT_ANSWER)->count, 40, "but not for 1232");
}

/* --- RFC 7871 --------------------------------------------------------------------------------- */

static void expect_formerr(const void *option, size_t len, const char *what)
{
	is_int(query("www.example.com.", DNS_T_A, option, len), DNS_FORMERR, "%s", what);
	is_str(subnet_said(), "", "  and no option goes back");
}

/* 6: "SCOPE PREFIX-LENGTH ... In queries, it MUST be set to 0." */
static void test_rfc7871_6_scope_in_a_query_is_malformed(void)
{
	set_up(0);
	expect_formerr("\0\1\30\30\306\63\144", 7, "6: a query with a scope");
}

/*
 * 6: ADDRESS "MUST be truncated to the number of bits indicated by the SOURCE PREFIX-LENGTH field,
 * padding with 0 bits to pad to the end of the last octet needed"; who sends more or less, or bits
 * behind it, gets FORMERR.
 */
static void test_rfc7871_6_address_is_as_long_as_its_source(void)
{
	set_up(0);
	expect_formerr("\0\1\30\0\306\63", 6, "6: too few bytes of address");
	expect_formerr("\0\1\30\0\306\63\144\1", 8, "6: too many");
	expect_formerr("\0\1\27\0\306\63\145", 7, "6: a bit behind the source");
	expect_formerr("\0\1\41\0\306\63\144\1\1", 9, "6: longer than an IPv4 address");
	expect_formerr("\0\3\10\0\306", 5, "6: a family that nobody knows");
	expect_formerr("\0\1", 2, "6: an option that is cut");
	expect_formerr("", 0, "6: an option of nothing");
	expect_formerr("\0\1\30\0", 4, "6: a source, and no address");
	expect_formerr("\0\1\0\0\306", 5, "6: an address, and no source");
	expect_formerr("\0\2\201\0\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\0\0", 21,
		       "6: longer than an IPv6 address");
	expect_formerr("\0\0\10\0\306", 5, "7.2.1: no family, and an address");
	is_int(query("www.example.com.", DNS_T_A, "\0\1\27\0\306\63\144", 7), DNS_NOERROR,
	       "6: 23 bits and a zero are right");
}

/* 7.2.1: FAMILY, SOURCE PREFIX-LENGTH and ADDRESS "MUST match those in the query". */
static void test_rfc7871_7_2_1_option_goes_back_as_it_came(void)
{
	static const char *const subnets[] = { "198.51.100.0/24",     "198.48.0.0/12",
					       "10.1.2.3/32",	      "2001:db8:1::/48",
					       "2001:db8:1:200::/56", "2001:db8:1:2:3:4:5:6/128" };
	char expected[64];

	set_up(0);
	for (size_t i = 0; i < sizeof(subnets) / sizeof(subnets[0]); i++) {
		is_int(query_for("www.example.com.", DNS_T_A, subnets[i]), DNS_NOERROR, "7.2.1: %s",
		       subnets[i]);
		snprintf(expected, sizeof(expected), "%s/", subnets[i]);
		ok(!strncmp(subnet_said(), expected, strlen(expected)), "  comes back: %s",
		   subnet_said());
	}
}

/* 7.2.1: who sends no option gets none; 7.2.1 also: no EDNS, no option. */
static void test_rfc7871_7_2_1_without_option_there_is_none(void)
{
	set_up(0);
	is_int(query("www.example.com.", DNS_T_A, NULL, 0), DNS_NOERROR, "7.2.1: without option");
	is_str(subnet_said(), "", "  none goes back");
}

/* 7.2.1: the scope covers all to whom the answer applies: the place's if all there get the same. */
static void test_rfc7871_7_2_1_scope_is_what_was_looked_at(void)
{
	set_up(0);
	answers("www.example.com.", DNS_T_A, "198.51.100.9/32", "www.example.com. 60 A 192.0.2.10 ",
		"198.51.100.9/32/24");
	answers("www.example.com.", DNS_T_A, "198.48.0.0/12", "www.example.com. 60 A 192.0.2.20 ",
		"198.48.0.0/12/15");
	answers("www.example.com.", DNS_T_A, "2001:db8:1::/48", "www.example.com. 60 A 192.0.2.10 ",
		"2001:db8:1::/48/48");
	is_int(query_for("www.example.com.", DNS_T_A, "203.0.113.128/26"), DNS_NOERROR,
	       "7.2.1: a place where a draw decides");
	is_str(subnet_said(), "203.0.113.128/26/26", "  the place is smaller than who draws alike");
	use_policy(STEER_WEIGHTED, 0, 3);
	query_for("www.example.com.", DNS_T_A, "198.48.0.0/12");
	is_str(subnet_said(), "198.48.0.0/12/24", "7.2.1: else who draws alike, longer than asked");
	query_for("www.example.com.", DNS_T_A, "2001:db8:1::/48");
	is_str(subnet_said(), "2001:db8:1::/48/56", "  in either family");
}

/* A state that lets a draw decide makes the scope that of the draw. */
static void test_rfc7871_7_2_1_scope_follows_the_state(void)
{
	set_up(0);
	steer_bank[NYC].word = 32 << AD_STEER_SHED_SHIFT;
	query_for("www.example.com.", DNS_T_A, "198.48.0.0/12");
	is_str(subnet_said(), "198.48.0.0/12/24", "7.2.1: half is shed: that is drawn");
	steer_bank[NYC].word = AD_STEER_OUT;
	query_for("www.example.com.", DNS_T_A, "198.48.0.0/12");
	is_str(subnet_said(), "198.48.0.0/12/15", "  all are gone: it is not");
}

/*
 * 7.1.2: with source 0 the server uses the address of who asks "in lieu of an option"; 7.2.1: the
 * scope of such an answer is 0.
 */
static void test_rfc7871_7_1_2_source_0_is_answered_by_who_asks(void)
{
	set_up(0);
	from("198.51.100.9");
	answers("www.example.com.", DNS_T_A, "0.0.0.0/0", "www.example.com. 60 A 192.0.2.10 ",
		"0.0.0.0/0/0");
	answers("www.example.com.", DNS_T_A, "::/0", "www.example.com. 60 A 192.0.2.10 ", "::/0/0");
}

/* 7.5: "a query MUST NOT be refused solely because it provides 0 address bits", of any family. */
static void test_rfc7871_7_5_no_bits_are_no_reason_to_refuse(void)
{
	static const char *const options[] = { "\0\1\0\0", "\0\2\0\0", "\0\0\0\0" };

	set_up(0);
	for (size_t i = 0; i < 3; i++) {
		is_int(query("www.example.com.", DNS_T_A, options[i], 4), DNS_NOERROR,
		       "7.5: family %d, no bits", options[i][1]);
		is_str(section(KNOT_ANSWER), "www.example.com. 60 A 192.0.2.20 ", "  is answered");
	}
}

/*
 * 7.2.1: "the longest relevant PREFIX-LENGTH of any RRset in the answer". We answer with the whole
 * chain of aliases, though the RFC would rather have the first alone: one scope is right for all of
 * it.
 */
static void test_rfc7871_7_2_1_scope_of_a_chain_is_the_longest(void)
{
	set_up(0);
	answers("both.example.com.", DNS_T_A, "198.51.100.0/24",
		"both.example.com. 3600 CNAME alias.example.com. "
		"alias.example.com. 3600 CNAME www.example.com. www.example.com. 60 A 192.0.2.10 ",
		"198.51.100.0/24/24");
	use_policy(STEER_WEIGHTED, 0, 3);
	query_for("both.example.com.", DNS_T_A, "198.48.0.0/12");
	is_str(subnet_said(), "198.48.0.0/12/24", "7.2.1: a chain that ends in a draw");
}

static void expect_scope_0(const char *name, __u16 type, int rcode, const char *what)
{
	is_int(query_for(name, type, "198.51.100.0/24"), rcode, "12.1: %s", what);
	is_str(subnet_said(), "198.51.100.0/24/0", "  has the option, with scope 0");
}

/*
 * 7.2.1 and 12.1: who uses ECS for one zone "MUST indicate support for the option in all of its
 * responses to ECS queries", and where it was not used, "SCOPE PREFIX-LENGTH MUST be set to 0".
 * 7.4: delegations have scope 0.
 */
static void test_rfc7871_12_1_every_response_has_the_option(void)
{
	set_up(AD_DNS_STEER_SERVFAIL);
	expect_scope_0("plain.example.com.", DNS_T_A, DNS_NOERROR, "a name that is not steered");
	expect_scope_0("more.example.com.", DNS_T_AAAA, DNS_NOERROR, "no data");
	expect_scope_0("none.example.com.", DNS_T_A, DNS_NXDOMAIN, "no such name");
	expect_scope_0("x.sub.example.com.", DNS_T_A, DNS_NOERROR, "a delegation");
	ok(strstr(section(KNOT_AUTHORITY), "sub.example.com. 3600 NS"), "  which it is");
	expect_scope_0("www.example.net.", DNS_T_A, DNS_REFUSED, "a zone of others");
	how.version = 1;
	expect_scope_0("www.example.com.", DNS_T_A, DNS_BADVERS, "a version nobody knows");
	how = (struct ask){ .payload = 512 };
	expect_scope_0("long.example.com.", DNS_T_TXT, DNS_NOERROR, "room for it was kept");
	how = (struct ask){ .payload = 1232, .tcp = true };
	answers("www.example.com.", DNS_T_A, "198.51.100.0/24", "www.example.com. 60 A 192.0.2.10 ",
		"198.51.100.0/24/24");
	expect_scope_0("none.example.com.", DNS_T_A, DNS_NXDOMAIN, "no such name, by TCP");
	how.tcp = false;
	all_out();
	expect_scope_0("www.example.com.", DNS_T_A, DNS_SERVFAIL, "all POPs are out");
}

/* 7.4: negative answers are taken for everybody's, so their scope SHOULD be 0. */
static void test_rfc7871_7_4_negative_answers_have_scope_0(void)
{
	set_up(0);
	is_int(query_for("www.example.com.", DNS_T_AAAA, "203.0.113.0/25"), DNS_NOERROR,
	       "7.4: no data");
	is_str(subnet_said(), "203.0.113.0/25/0", "  scope 0");
	is_int(query_for("x.www.example.com.", DNS_T_A, "203.0.113.0/25"), DNS_NXDOMAIN,
	       "7.4: no name");
	is_str(subnet_said(), "203.0.113.0/25/0", "  scope 0");
}

/* 7.2.1: an option of a name that goes by who asks changes nothing: scope 0. */
static void test_rfc7871_7_2_1_names_without_ecs_have_scope_0(void)
{
	set_up(0);
	names[0].flags &= ~AD_DNS_STEER_ECS;
	use_zone(ZONE, 3);
	from("198.51.100.9");
	answers("www.example.com.", DNS_T_A, "203.0.113.0/25", "www.example.com. 60 A 192.0.2.10 ",
		"203.0.113.0/25/0");
}

/*
 * 10 and 11.3: private and special addresses are no error. The RFC would have them looked up by who
 * asks; here they are where a region's networks say, or nowhere known, which is the policy's
 * default: a resolver and its clients behind one NAT can be named so. 10: the scope covers all of
 * the private space.
 */
static void test_rfc7871_private_addresses_are_nowhere_known(void)
{
	set_up(0);
	answers("www.example.com.", DNS_T_A, "10.0.0.0/8", "www.example.com. 60 A 192.0.2.20 ",
		"10.0.0.0/8/1");
	answers("www.example.com.", DNS_T_A, "127.0.0.0/8", "www.example.com. 60 A 192.0.2.20 ",
		"127.0.0.0/8/1");
	answers("www.example.com.", DNS_T_A, "fe80::/64", "www.example.com. 60 A 192.0.2.20 ",
		"fe80::/64/1");
	answers("www.example.com.", DNS_T_A, "10.1.2.0/24", "www.example.com. 60 A 192.0.2.20 ",
		"10.1.2.0/24/1");
	answers("www.example.com.", DNS_T_A, "fd00:1:2::/56", "www.example.com. 60 A 192.0.2.20 ",
		"fd00:1:2::/56/1");
}

/* One and the same address, asking itself or by way of a resolver. */
static void test_same_answer_with_and_without_the_option(void)
{
	char text[64], direct[512];
	int i, different = 0;

	set_up(0);
	for (i = 0; i < 3000; i++) {
		use_policy(i % 3, 0, 3);
		steer_bank[i / 3 % POPS].word = i % 7 == 0 ? AD_STEER_OUT : (__u32)(i % 65) << 8;
		snprintf(text, sizeof(text), i % 2 ? "%d.51.%d.%d" : "2001:db8:%x:%x::%x",
			 i % 4 == 1 ? 198 : 203, i % 256, i / 7 % 256);
		from(text);
		query_for("www.example.com.", DNS_T_A, NULL);
		snprintf(direct, sizeof(direct), "%s", section(KNOT_ANSWER));
		strcat(text, i % 2 ? "/32" : "/128");
		from("192.0.2.77");
		query_for("www.example.com.", DNS_T_A, text);
		different += strcmp(direct, section(KNOT_ANSWER)) != 0;
	}
	is_int(different, 0, "3,000 clients are told the same either way");
}

/* --- what is no steered name ------------------------------------------------------------------ */

static void refused_of(unsigned int answers, const char *text, const char *name,
		       const char *pattern, const char *why)
{
	struct config_errors errors = { 0 };
	struct zone *zone = parse_good("example.com.", text);

	name_it(0, name, pattern, 0);
	names[0].answers = answers;
	is_int(dns_steered_check(&zone, 1, names, 1, &errors), -EINVAL, "refused");
	is_str(error_text(&errors), why, "  %s", why);
	config_errors_free(&errors);
	zone_free(zone);
}

static void refused(const char *text, const char *name, const char *pattern, const char *why)
{
	refused_of(1, text, name, pattern, why);
}

static void test_several_are_addresses_of_their_own(void)
{
	refused_of(2, HEAD "www.fra A 192.0.2.1\nwww.nyc A 192.0.2.2\nwww.sin A 192.0.2.1\n",
		   "www.example.com.", "www.%s.example.com.",
		   "z:7: steer: www.example.com.: with `answers: 2` each address must be of one "
		   "POP, and www.sin.example.com. and www.fra.example.com. share this one\n");
	refused_of(3, HEAD "www.fra A 192.0.2.1\nwww.nyc CNAME ns\nwww.sin A 192.0.2.3\n",
		   "www.example.com.", "www.%s.example.com.",
		   "z:6: steer: www.example.com.: with `answers: 3` members have addresses, and "
		   "www.nyc.example.com. is a CNAME\n");
}

static void test_mistakes_are_told_with_their_place(void)
{
	refused(HEAD "www.fra A 192.0.2.1\nwww.nyc A 192.0.2.2\n", "www.example.com.",
		"www.%s.example.com.",
		"conf:7: steer: www.example.com.: its member www.sin.example.com. has no records "
		"in "
		"zone example.com.\n");
	refused(HEAD "fra.w A 192.0.2.1\nnyc.w A 192.0.2.2\nsin.w A 192.0.2.3\nw A 192.0.2.9\n",
		"w.example.com.", "%s.w.example.com.",
		"conf:7: steer: w.example.com.: z:8: it has A itself, and so has its member "
		"fra.w.example.com.: take one away\n"
		"conf:7: steer: w.example.com.: z:8: it has A itself, and so has its member "
		"nyc.w.example.com.: take one away\n"
		"conf:7: steer: w.example.com.: z:8: it has A itself, and so has its member "
		"sin.w.example.com.: take one away\n");
	refused(HEAD, "www.example.net.", "%s.example.com.",
		"conf:7: steer: www.example.net.: it is in none of the zones\n");
	refused(HEAD "sub NS ns\nfra A 192.0.2.1\nnyc A 192.0.2.2\nsin A 192.0.2.3\n",
		"sub.example.com.", "%s.example.com.",
		"conf:7: steer: sub.example.com.: it lies at or below a delegation or a DNAME of "
		"zone example.com.\n");
}

int main(void)
{
	work = calloc(1, sizeof(*work));
	draw_map();
	work->steering = &steering;
	steer_name_pops(0);
	test_name_is_answered_by_where_the_client_is();
	test_other_types_and_names_are_as_ever();
	test_apex_is_steered_beside_its_own_records();
	test_aliases_lead_to_and_from_steered_names();
	test_states_are_obeyed_by_the_next_answer();
	test_all_out_is_what_was_configured();
	test_types_are_of_one_pop();
	test_several_are_of_the_rank_of_the_first();
	test_several_begin_with_the_one_that_is_drawn();
	test_several_obey_the_states();
	test_several_have_the_types_that_any_of_them_has();
	test_several_have_one_ttl();
	test_several_that_do_not_fit_are_told_by_tcp();
	test_rfc7871_6_scope_in_a_query_is_malformed();
	test_rfc7871_6_address_is_as_long_as_its_source();
	test_rfc7871_7_2_1_option_goes_back_as_it_came();
	test_rfc7871_7_2_1_without_option_there_is_none();
	test_rfc7871_7_2_1_scope_is_what_was_looked_at();
	test_rfc7871_7_2_1_scope_follows_the_state();
	test_rfc7871_7_1_2_source_0_is_answered_by_who_asks();
	test_rfc7871_7_5_no_bits_are_no_reason_to_refuse();
	test_rfc7871_7_2_1_scope_of_a_chain_is_the_longest();
	test_rfc7871_12_1_every_response_has_the_option();
	test_rfc7871_7_4_negative_answers_have_scope_0();
	test_rfc7871_7_2_1_names_without_ecs_have_scope_0();
	test_rfc7871_private_addresses_are_nowhere_known();
	test_same_answer_with_and_without_the_option();
	test_several_are_addresses_of_their_own();
	test_mistakes_are_told_with_their_place();
	knot_pkt_free(reply);
	free(work);
	return done_testing();
}
