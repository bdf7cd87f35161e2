// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_dns_image.c: images of many pages and many zones: everything is found, nothing else is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/dns/dns_home.h"
#include "zone_fixture.h"

#define NAMES 60000
#define ZONES 300

static struct dns_work *work;

/* Asks for A; the one address it got, or 0. */
static __u32 address_of(const char *name)
{
	__u8 wire[256];
	__u32 len, a = 0;

	name_parse(name, wire);
	len = name_len(wire);
	memset(work->msg, 0, 512);
	work->msg[5] = 1;
	memcpy(work->msg + DNS_HEADER, wire, len);
	dns_put16(work, DNS_HEADER + len, DNS_T_A);
	dns_put16(work, DNS_HEADER + len + 2, DNS_CLASS_IN);
	work->len = DNS_HEADER + len + 4;
	if (dns_respond(work, dns_image(work)) != DNS_SEND || work->count[DNS_ANSWER] != 1)
		return 0;
	memcpy(&a, work->msg + work->len - 4, 4);
	return __builtin_bswap32(a);
}

static struct dns_image *build(struct zone **zones, size_t nr)
{
	struct dns_image_options options = { .udp_size = 1232 };
	struct dns_image *image = NULL;

	if (nr)
		qsort(zones, nr, sizeof(*zones), zone_compare);
	dns_image_build(zones, nr, &options, &image);
	work->home = image;
	return image;
}

static void test_image_of_many_names_finds_each(void)
{
	char *text = malloc(64 * NAMES), name[64];
	struct dns_image *image;
	struct zone *zone;
	size_t at = sprintf(text, HEAD);
	int i, found = 0, absent = 0;

	for (i = 0; i < NAMES; i++)
		at += sprintf(text + at, "n%d A 10.%d.%d.%d\n", i, i >> 16, i >> 8 & 255, i & 255);
	zone = parse_good("example.com.", text);
	free(text);
	image = zone ? build(&zone, 1) : NULL;
	if (!ok(image, "%d names", NAMES))
		return;
	ok(image->nr_pages > 3, "lie in %u pages", image->nr_pages);
	is_int(zone->names, NAMES + 2, "and are counted");
	for (i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "n%d.example.com.", i);
		found += address_of(name) == (10u << 24) + i;
		snprintf(name, sizeof(name), "n%d.example.com.", i + NAMES);
		absent += !address_of(name) && work->rcode == DNS_NXDOMAIN;
	}
	is_int(found, NAMES, "each has its address");
	is_int(absent, NAMES, "as many others do not exist");
	dns_image_free(image);
	zone_free(zone);
}

static void test_image_of_many_zones_keeps_them_apart(void)
{
	struct zone *zones[ZONES];
	struct dns_image *image;
	char name[64], text[256];
	int i, found = 0, refused = 0, counted = 0;

	for (i = 0; i < ZONES; i++) {
		snprintf(name, sizeof(name), "z%d.%s", i, i % 3 ? "test." : "z1.test.");
		snprintf(text, sizeof(text),
			 "$TTL 1\n@ SOA a b %d 2 3 4 5\n@ NS a\na A 10.0.%d.%d\n", i, i >> 8,
			 i & 255);
		zones[i] = parse_good(name, text);
	}
	image = build(zones, ZONES);
	if (!ok(image, "%d zones, some below others", ZONES))
		return;
	for (i = 0; i < ZONES; i++) {
		snprintf(name, sizeof(name), "a.z%d.%s", i, i % 3 ? "test." : "z1.test.");
		found += address_of(name) == (10u << 24) + i;
		counted += dns_zone(dns_image(work), work->zone)->serial == (__u32)i;
		snprintf(name, sizeof(name), "a.y%d.test.", i);
		refused += !address_of(name) && work->rcode == DNS_REFUSED;
	}
	is_int(found, ZONES, "each answers");
	is_int(counted, ZONES, "and is known by its number");
	is_int(refused, ZONES, "others are refused");
	dns_image_free(image);
	for (i = 0; i < ZONES; i++)
		zone_free(zones[i]);
}

static void test_image_without_zones_refuses(void)
{
	struct dns_image *image = build(NULL, 0);

	if (!ok(image, "no zones"))
		return;
	ok(!address_of("example.com.") && work->rcode == DNS_REFUSED, "a name is refused");
	ok(!address_of(".") && work->rcode == DNS_REFUSED, "and so is the root");
	dns_image_free(image);
}

static void test_image_of_the_root_zone_answers_everything(void)
{
	struct zone *zones[1] = { parse_good(".", "$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\n"
						  "a A 10.0.0.1\nx.y A 10.0.0.2\n") };
	struct dns_image *image = build(zones, 1);

	if (!ok(image, "the root"))
		return;
	ok(address_of("a.") == (10u << 24) + 1 && address_of("x.y.") == (10u << 24) + 2, "names");
	ok(!address_of("y.") && work->rcode == DNS_NOERROR, "an empty non-terminal");
	ok(!address_of("z.x.y.") && work->rcode == DNS_NXDOMAIN, "no such name");
	ok(!address_of(".") && work->rcode == DNS_NOERROR, "the root has no address");
	dns_image_free(image);
	zone_free(zones[0]);
}

static void test_image_of_another_format_is_none(void)
{
	struct dns_image *image = build(NULL, 0);

	if (!ok(image, "an image"))
		return;
	ok(dns_image(work), "of our format is read");
	((struct ad_dns_image *)image->pages[0])->format = AD_DNS_FORMAT + 1;
	ok(!dns_image(work), "of the next one is not");
	((struct ad_dns_image *)image->pages[0])->format = 0;
	ok(!dns_image(work), "nor of none");
	dns_image_free(image);
}

int main(void)
{
	work = calloc(1, sizeof(*work));
	test_image_of_many_names_finds_each();
	test_image_of_many_zones_keeps_them_apart();
	test_image_without_zones_refuses();
	test_image_of_the_root_zone_answers_everything();
	test_image_of_another_format_is_none();
	free(work);
	return done_testing();
}
