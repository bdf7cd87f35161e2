// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_dns_patch.c: an image of which only some zones were compiled again says the same, byte by
 * byte, as one that is compiled as a whole. Zones and their changes are random.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/log.h"
#include "user/dns/dns_home.h"
#include "zone_fixture.h"

#define ROUNDS	  120
#define TEXT_ROOM 32768
#define SIG_DATA  "13 %u 60 20400101000000 20200101000000 59506 %s c2lnbmF0dXJl"

static struct dns_work *work;
static __u64 keys[2 * AD_DNS_NAME_WORDS];
static const struct dns_image_options options = { .udp_size = 1232, .keys = keys };

/* Some lie in others. The last one is much larger than all of them together. */
static const struct place {
	const char *name;
	const char *signed_name; /* NULL: not signed */
	unsigned int names;
} places[] = {
	{ "example.", NULL, 12 },
	{ "b.example.", NULL, 12 },
	{ "c.b.example.", NULL, 8 },
	{ "deep.in.example.", NULL, 6 },
	{ "signed.", "signed.", 8 },
	{ "kid.signed.", NULL, 6 },
	{ "son.signed.", "son.signed.", 8 },
	{ "big.", NULL, 900 },
};
#define NR (sizeof(places) / sizeof(*places))

/* In canonical order. Some are names of zones, some lie below others. */
static const char *const labels[] = { "*", "b", "c", "in", "kid", "q", "son", "w", "x", "y" };
#define NR_LABELS (sizeof(labels) / sizeof(*labels))

static unsigned int draw(unsigned int below)
{
	return random() % below;
}

/* --- zones ------------------------------------------------------------------------------------ */

static size_t put_sig(char *to, const char *owner, const char *type, const char *apex)
{
	unsigned int nr = *apex != '.';
	const char *at;

	for (at = apex; *at; at++)
		nr += *at == '.' && at[1];
	if (strcmp(owner, "@") && strcmp(owner, "*"))
		nr++;
	return sprintf(to, "%s RRSIG %s " SIG_DATA "\n", owner, type, nr, apex);
}

/* One name of a zone that is not signed, with data that changes from draw to draw. */
static size_t put_plain(char *to, const char *owner)
{
	switch (draw(8)) {
	case 0:
		return sprintf(to, "%s CNAME %s\n", owner, labels[1 + draw(NR_LABELS - 1)]);
	case 1:
		return sprintf(to, "%s NS ns.%s\nns.%s A 192.0.2.%u\n", owner, owner, owner,
			       draw(256));
	case 2:
		return sprintf(to, "%s MX 10 %s\n%s AAAA 2001:db8::%u\n", owner,
			       labels[1 + draw(NR_LABELS - 1)], owner, draw(10000));
	case 3:
		return sprintf(to, "*.%s TXT \"%u\"\n", owner, draw(10000));
	case 4:
		return sprintf(to, "x.y.%s TXT \"%u\"\n", owner, draw(10000));
	case 5:
		return sprintf(to, "%s DNAME %s.example.\n", owner, labels[1 + draw(3)]);
	default:
		return sprintf(to, "%s A 192.0.2.%u\n", owner, draw(256));
	}
}

static size_t put_signed(char *to, const char *owner, const char *next, const char *apex)
{
	bool is_cut = !strcmp(owner, "kid") || !strcmp(owner, "son");
	size_t at = 0;

	if (is_cut) {
		at += sprintf(to, "%s NS ns.%s\nns.%s A 192.0.2.9\n", owner, owner, owner);
		if (draw(2)) {
			at += sprintf(to + at, "%s DS 1 13 2 %064u\n", owner, draw(10000));
			at += put_sig(to + at, owner, "DS", apex);
		}
	} else {
		at += sprintf(to + at, "%s TXT \"%u\"\n", owner, draw(10000));
		at += put_sig(to + at, owner, "TXT", apex);
	}
	at += sprintf(to + at, "%s NSEC %s TXT\n", owner, next);
	return at + put_sig(to + at, owner, "NSEC", apex);
}

static size_t put_apex(char *to, const char *apex)
{
	size_t at = sprintf(to, "$TTL 60\n@ SOA w host %u 1 1 1 60\n@ NS w\n", draw(100000));

	if (!apex)
		return at;
	at += put_sig(to + at, "@", "SOA", apex);
	at += put_sig(to + at, "@", "NS", apex);
	at += sprintf(to + at, "@ DNSKEY 256 3 13 a2V5\n");
	return at + put_sig(to + at, "@", "DNSKEY", apex);
}

static size_t put_chain(char *to, const char *apex)
{
	const char *owner = "@";
	size_t i, at = 0;

	for (i = 0; i <= NR_LABELS; i++) {
		const char *next = i < NR_LABELS ? labels[i] : "@";

		if (i < NR_LABELS && !draw(4))
			continue;
		if (strcmp(owner, "@")) {
			at += put_signed(to + at, owner, next, apex);
		} else {
			at += sprintf(to + at, "@ NSEC %s SOA\n", next);
			at += put_sig(to + at, "@", "NSEC", apex);
		}
		owner = next;
	}
	return at;
}

static struct zone *try_zone(const struct place *place)
{
	static char text[TEXT_ROOM * 4];
	struct config_errors errors = { 0 };
	struct zone *zone = NULL;
	size_t at = put_apex(text, place->signed_name);
	unsigned int i;
	char owner[32];

	if (place->signed_name)
		at += put_chain(text + at, place->signed_name);
	for (i = 0; !place->signed_name && i < place->names; i++) {
		if (i < 12)
			snprintf(owner, sizeof(owner), "%s", labels[1 + draw(NR_LABELS - 1)]);
		else
			snprintf(owner, sizeof(owner), "n%u", draw(2 * place->names));
		at += i < 12 ? put_plain(text + at, owner)
			     : (size_t)sprintf(text + at, "%s A 192.0.2.7\n", owner);
	}
	zone_parse(place->name, "z", text, at, &zone, &errors);
	config_errors_free(&errors);
	return zone;
}

/* What a draw puts together is not always a zone. Now and then one cannot be read. */
static struct zone *draw_zone(const struct place *place)
{
	struct zone *zone = draw(20) ? NULL : zone_new_broken(place->name, "z");

	while (!zone)
		zone = try_zone(place);
	return zone;
}

/* --- comparing -------------------------------------------------------------------------------- */

static void ask(const struct dns_image *image, const __u8 *wire, __u16 type, bool dnssec)
{
	__u32 at = DNS_HEADER + name_len(wire);

	memset(work->msg, 0, 2048);
	work->msg[5] = 1;
	memcpy(work->msg + DNS_HEADER, wire, name_len(wire));
	dns_put16(work, at, type);
	dns_put16(work, at + 2, DNS_CLASS_IN);
	at += 4;
	if (dnssec) {
		dns_put16(work, at + 1, DNS_T_OPT);
		dns_put16(work, at + 3, 1232);
		dns_put16(work, at + 7, DNS_DO << 8);
		dns_put8(work, 11, 1);
		at += DNS_OPT_BYTES;
	}
	work->len = at;
	work->home = image;
	srandom(1);
	dns_respond(work, dns_image(work));
}

static bool same_answer(const struct dns_image *a, const struct dns_image *b, const char *name,
			__u16 type, bool dnssec)
{
	static __u8 first[65536];
	__u8 wire[256];
	__u32 len;

	name_parse(name, wire);
	ask(a, wire, type, dnssec);
	len = work->len;
	memcpy(first, work->msg, len);
	ask(b, wire, type, dnssec);
	if (len == work->len && !memcmp(first, work->msg, len))
		return true;
	diag("%s type %u%s: %u bytes, rcode %u; and %u bytes, rcode %u", name, type,
	     dnssec ? " with DO" : "", len, first[3] & 15, work->len, work->msg[3] & 15);
	return false;
}

/* All names that the zones can have, and some that none has. */
static bool same_answers(const struct dns_image *a, const struct dns_image *b)
{
	static const __u16 types[] = { DNS_T_A,	 DNS_T_AAAA, DNS_T_NS,	DNS_T_MX,
				       DNS_T_DS, DNS_T_TXT,  DNS_T_SOA, DNS_T_CNAME };
	static const char *const fronts[] = { "", "zz.", "x.y.", "y.", "ns.", "no.zz.x.y." };
	size_t zone, label, front, type;
	bool same = true;
	char name[128];

	for (zone = 0; zone < NR && same; zone++)
		for (label = 0; label <= NR_LABELS && same; label++)
			for (front = 0; front < 6 && same; front++) {
				snprintf(name, sizeof(name), "%s%s%s%s", fronts[front],
					 label < NR_LABELS ? labels[label] : "",
					 label < NR_LABELS ? "." : "", places[zone].name);
				for (type = 0; type < 8 && same; type++)
					same = same_answer(a, b, name, types[type], false) &&
					       same_answer(a, b, name, types[type], true);
			}
	for (label = 0; label < 2 * places[NR - 1].names && same; label++) {
		snprintf(name, sizeof(name), "n%zu.big.", label);
		same = same_answer(a, b, name, DNS_T_A, false);
	}
	return same;
}

/* --- the test --------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	struct zone *x = draw_zone(a), *y = draw_zone(b);
	int order = zone_compare(&x, &y);

	zone_free(x);
	zone_free(y);
	return order;
}

static struct place sorted[NR];

/* How many must be compiled, as the zones lie: one that changed, and those directly below it. */
static size_t must_compile(const bool *changed)
{
	static const char *const above[][2] = { { "b.example.", "example." },
						{ "c.b.example.", "b.example." },
						{ "deep.in.example.", "example." },
						{ "kid.signed.", "signed." },
						{ "son.signed.", "signed." } };
	size_t i, k, n, nr = 0;

	for (i = 0; i < NR; i++) {
		bool must = changed[i];

		for (k = 0; k < sizeof(above) / sizeof(*above); k++)
			for (n = 0; n < NR; n++)
				must = must ||
				       (changed[n] && !strcmp(above[k][0], sorted[i].name) &&
					!strcmp(above[k][1], sorted[n].name));
		nr += must;
	}
	return nr;
}

struct tally {
	unsigned int patched, whole, wrong, miscounted;
};

/* Some zones change; the image follows. */
static void change(struct zone **zones, struct dns_image **image, struct tally *tally)
{
	struct zone *now[NR], *was[NR];
	struct dns_image *patched = NULL, *whole = NULL;
	bool changed[NR] = { false };
	size_t i, nr = 0;
	int err;

	memcpy(was, zones, sizeof(was));
	memcpy(now, zones, sizeof(now));
	for (i = 0; i < NR; i++) {
		changed[i] = !draw(4) && (strcmp(sorted[i].name, "big.") || !draw(8));
		if (changed[i])
			now[i] = draw_zone(&sorted[i]);
	}
	err = dns_image_patch(*image, was, now, NR, &options, &patched, &nr);
	if (!err)
		tally->miscounted += nr != must_compile(changed);
	if (dns_image_build(now, NR, &options, &whole))
		tally->wrong++;
	if (!err)
		tally->wrong += !same_answers(patched, whole);
	tally->patched += !err;
	tally->whole += err == -EAGAIN;
	dns_image_free(*image);
	*image = err ? whole : patched;
	if (!err)
		dns_image_free(whole);
	for (i = 0; i < NR; i++)
		if (changed[i])
			zone_free(was[i]);
	memcpy(zones, now, sizeof(now));
}

static void test_patch_says_what_a_whole_image_says(void)
{
	struct dns_image *image = NULL;
	struct tally tally = { 0 };
	struct zone *zones[NR];
	int i;

	for (i = 0; i < (int)NR; i++)
		zones[i] = draw_zone(&sorted[i]);
	dns_image_build(zones, NR, &options, &image);
	for (i = 0; i < ROUNDS && !tally.wrong; i++) {
		srandom(i + 2);
		change(zones, &image, &tally);
	}
	is_int(tally.wrong, 0, "%d changes, each answered alike", i);
	is_int(tally.miscounted, 0, "only what changed is compiled, and what lies directly below");
	ok(tally.patched > ROUNDS / 2, "so it was %u times", tally.patched);
	ok(tally.whole > 0, "and all at once %u times, as there was much waste or much change",
	   tally.whole);
	dns_image_free(image);
	for (i = 0; i < (int)NR; i++)
		zone_free(zones[i]);
}

#define ALIASES 250
#define GROWN	300

/* Aliases and what they lead to: the latter may not move, as the former know where it is. */
static struct zone *zone_of_aliases(void)
{
	static char text[TEXT_ROOM];
	size_t at = sprintf(text, HEAD);
	int i;

	for (i = 0; i < ALIASES; i++)
		at += sprintf(text + at, "a%d CNAME t%d\nt%d A 192.0.2.%d\n", i, i, i, i % 256);
	return parse_good("aliases.", text);
}

static struct zone *zone_of_names(int nr)
{
	static char text[TEXT_ROOM];
	size_t at = sprintf(text, HEAD);
	int i;

	for (i = 0; i < nr; i++)
		at += sprintf(text + at, "n%d A 192.0.2.%d\n", i, i % 256);
	sprintf(text + at, "%.*sdeep NS ns\n", nr / 10, "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.");
	return parse_good("names.", text);
}

static bool same_for_all(const struct dns_image *a, const struct dns_image *b, int nr)
{
	char name[64];
	bool same = true;
	int i;

	for (i = 0; i < ALIASES && same; i++) {
		snprintf(name, sizeof(name), "a%d.aliases.", i);
		same = same_answer(a, b, name, DNS_T_A, false);
	}
	for (i = 0; i < nr && same; i++) {
		snprintf(name, sizeof(name), "n%d.names.", i);
		same = same_answer(a, b, name, DNS_T_A, false);
	}
	snprintf(name, sizeof(name), "x.%.*sdeep.names.", nr / 10,
		 "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.");
	return same && same_answer(a, b, name, DNS_T_A, false);
}

static void test_patch_fills_the_name_table(void)
{
	struct zone *was[2] = { zone_of_aliases(), zone_of_names(0) }, *now[2];
	struct dns_image *image = NULL, *patched, *whole;
	size_t nr_compiled, cells;
	int nr = 0, err = 0;
	bool same = true;

	dns_image_build(was, 2, &options, &image);
	cells = dns_image_cells(image);
	while (same && !err && nr < GROWN) {
		nr += 2;
		now[0] = was[0];
		now[1] = zone_of_names(nr);
		err = dns_image_patch(image, was, now, 2, &options, &patched, &nr_compiled);
		if (!err) {
			dns_image_build(now, 2, &options, &whole);
			same = same_for_all(patched, whole, nr);
			dns_image_free(whole);
			dns_image_free(image);
			image = patched;
		}
		zone_free(was[1]);
		was[1] = now[1];
	}
	ok(same, "a zone that grows by two names at a time is answered alike, to %d names", nr);
	is_int(dns_image_cells(image), cells, "in the same name table");
	ok(image->nr_names * 5 > cells * 3, "of which more than three fifths are used: %u",
	   image->nr_names);
	dns_image_free(image);
	zone_free(was[0]);
	zone_free(was[1]);
}

static void test_patch_of_other_zones_is_refused(void)
{
	struct zone *was[2] = { parse_good("a.", HEAD), parse_good("b.", HEAD) };
	struct zone *now[2] = { was[0], parse_good("c.", HEAD) };
	struct dns_image *image = NULL, *patched = NULL;
	size_t nr;

	dns_image_build(was, 2, &options, &image);
	is_int(dns_image_patch(image, was, now, 2, &options, &patched, &nr), -EAGAIN,
	       "a zone of another name: all must be compiled");
	ok(!patched, "and there is no image");
	dns_image_free(image);
	zone_free(was[0]);
	zone_free(was[1]);
	zone_free(now[1]);
}

int main(void)
{
	size_t i;

	log_set_level(LOG_ERR_);
	work = calloc(1, sizeof(*work));
	for (i = 0; i < 2 * AD_DNS_NAME_WORDS; i++)
		keys[i] = random() * 0x9e3779b97f4a7c15ull ^ random();
	memcpy(sorted, places, sizeof(sorted));
	qsort(sorted, NR, sizeof(*sorted), by_name);
	test_patch_says_what_a_whole_image_says();
	test_patch_fills_the_name_table();
	test_patch_of_other_zones_is_refused();
	free(work);
	return done_testing();
}
