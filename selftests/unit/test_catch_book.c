// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_catch_book.c: prefixes to regions and ASes, window after window, and the view of each.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/catchment/catch_book.h"
#include "user/catchment/catch_keep.h"

#define IP4(a, b, c) AD_PREFIX_OF_IP4((__u32)((a) | (b) << 8 | (c) << 16))

static const struct catch_rules rules = { .samples = 10, .memory_s = 1000 };

/* 10.0.0.0/8 is home and AS 64500, 2001::/16 is far; of AS numbers only IPv4 is known. */
static char *regions[] = { (char *)PLACES_NOWHERE, (char *)"home", (char *)"far" };
static struct steer_range region4[] = { { 0x09ffffff, 0 }, { 0x0affffff, 1 }, { 0xffffffff, 0 } };
static struct steer_range region6[] = { { (0x2001ull << 48) - 1, 0 },
					{ (0x2002ull << 48) - 1, 2 },
					{ ~0ull, 0 } };
static struct steer_range asn4[] = { { 0x09ffffff, 0 }, { 0x0affffff, 64500 }, { 0xffffffff, 0 } };
static struct steer_range asn6[] = { { ~0ull, 0 } };
static const struct places places = {
	.regions = regions,
	.nr_regions = 3,
	.region4 = { region4, 3, 3 },
	.region6 = { region6, 3, 3 },
	.asn4 = { { asn4, 3, 3 } },
	.asn6 = { { asn6, 1, 1 } },
	.nr_asns = 1,
};

static unsigned int nr_told;

static void hear(enum catch_by by, const struct catch_change *change, void *arg)
{
	nr_told++;
}

static const struct catch_line *line_of(const struct catch_view *view, enum catch_by by,
					const char *name)
{
	size_t i;

	for (i = 0; i < view->nr[by]; i++)
		if (!strcmp(view->lines[by][i].name, name))
			return &view->lines[by][i];
	return NULL;
}

static __u64 prefix_of(const char *text)
{
	struct ad_addr addr;

	addr_parse(text, &addr);
	return addr_is_ip4(&addr) ? AD_PREFIX_OF_IP4(addr.w[3]) : AD_PREFIX_OF_IP6(addr.q[0]);
}

static void test_book_adds_up(void)
{
	const struct catch_line *home, *far, *asn, *prefix;
	struct catch_view *view = NULL;
	struct catch_book book;
	struct ad_addr client;

	ok(!catch_book_init(&book, 100), "a book");
	catch_book_add(&book, &places, CATCH_CONNECTIONS, prefix_of("10.1.2.3"), 30);
	catch_book_add(&book, &places, CATCH_CONNECTIONS, prefix_of("10.1.3.3"), 20);
	catch_book_add(&book, &places, CATCH_CONNECTIONS, prefix_of("2001:db8:7:8::1"), 50);
	catch_book_add(&book, &places, CATCH_QUERIES, prefix_of("10.1.2.3"), 640);
	addr_parse("10.1.2.77", &client);
	catch_book_time(&book, &places, &client, 3000);
	catch_book_time(&book, &places, &client, 5000);
	catch_book_close(&book, &places, &rules, 110, false, &view, hear, NULL);
	home = line_of(view, CATCH_BY_REGION, "home");
	far = line_of(view, CATCH_BY_REGION, "far");
	asn = line_of(view, CATCH_BY_ASN, "AS64500");
	prefix = line_of(view, CATCH_BY_PREFIX, "10.1.2.0/24");
	ok(home && home->rate[CATCH_CONNECTIONS] == 5 && home->share[CATCH_CONNECTIONS] == 0.5,
	   "half of the connections");
	ok(home && home->rate[CATCH_QUERIES] == 64 && home->share[CATCH_QUERIES] == 1,
	   "all of the queries");
	ok(home && home->sockets == 2 && home->rtt_us == 4000 && home->rtt_least_us == 3000,
	   "mean and least time of its sockets");
	ok(far && far->rate[CATCH_CONNECTIONS] == 5, "IPv6");
	ok(asn && asn->rate[CATCH_CONNECTIONS] == 5, "the AS");
	ok(prefix && prefix->asn == 64500 && !strcmp(prefix->region, "home") &&
		   prefix->rate[CATCH_CONNECTIONS] == 3,
	   "a prefix, with what it is in");
	ok(line_of(view, CATCH_BY_PREFIX, "2001:db8:7::/48"), "a prefix of IPv6");
	ok(line_of(view, CATCH_BY_REGION, PLACES_NOWHERE), "a region without any has a line");
	is_int(view->nr[CATCH_BY_REGION], 3, "each region once");
	catch_view_drop(view);
	view = catch_book_look(&book, &places, 111);
	ok(!view->is_whole && !view->rate[CATCH_CONNECTIONS],
	   "the next window begins with nothing");
	catch_view_drop(view);
	catch_book_free(&book);
}

/* One window in which so many come from each of two regions. */
static struct catch_view *window(struct catch_book *book, double *now_s, __u64 home, __u64 far)
{
	struct catch_view *view;

	catch_book_add(book, &places, CATCH_CONNECTIONS, IP4(10, 1, 2), home);
	if (far)
		catch_book_add(book, &places, CATCH_CONNECTIONS, prefix_of("2001:db8::"), far);
	*now_s += 10;
	catch_book_close(book, &places, &rules, *now_s, false, &view, hear, NULL);
	return view;
}

static void test_book_tells_what_moves(void)
{
	const struct catch_line *far;
	struct catch_view *view;
	struct catch_book book;
	double now_s = 0;
	int i;

	nr_told = 0;
	catch_book_init(&book, now_s);
	for (i = 0; i < 10; i++)
		catch_view_drop(window(&book, &now_s, 100, 50));
	is_int(nr_told, 0, "nothing moves");
	view = window(&book, &now_s, 100, 0);
	far = line_of(view, CATCH_BY_REGION, "far");
	ok(far && far->is_moved[CATCH_CONNECTIONS] && far->share[CATCH_CONNECTIONS] == 0 &&
		   far->before[CATCH_CONNECTIONS] > 0.3,
	   "what has gone has a line, with what it was");
	ok(nr_told == 2, "the region and its AS, which is not known");
	ok(view->is_known, "there was enough to compare with");
	catch_view_drop(view);
	catch_book_restart(&book, now_s + 5);
	view = catch_book_look(&book, &places, now_s + 6);
	ok(!line_of(view, CATCH_BY_REGION, "far")->is_moved[CATCH_CONNECTIONS] && !view->is_known,
	   "other regions: nothing is known of before");
	catch_view_drop(view);
	catch_book_free(&book);
}

/* What a daemon leaves to the next one, who then sees at once what has moved, and what is back. */
static void test_book_is_kept(void)
{
	struct catch_book book, next;
	double now_s = 0;
	json_t *kept;
	int i;

	catch_book_init(&book, now_s);
	for (i = 0; i < 10; i++)
		catch_view_drop(window(&book, &now_s, 100, 50));
	kept = catch_keep_write(&book, 77, 5000);
	catch_book_init(&next, 0);
	is_int(catch_keep_read(kept, 78, 5010, &rules, &next), -ESTALE, "of other places");
	is_int(catch_keep_read(kept, 77, 6001, &rules, &next), -ESTALE, "too old");
	is_int(catch_keep_read(kept, 77, 4999, &rules, &next), -ESTALE, "of the future");
	is_int(catch_keep_read(NULL, 77, 5000, &rules, &next), -ESTALE, "nothing");
	is_int(next.watches[CATCH_BY_REGION].nr, 0, "none of that is taken");
	is_int(catch_keep_read(kept, 77, 5010, &rules, &next), 0, "what is ours is");
	json_decref(kept);
	nr_told = 0;
	now_s = 0;
	catch_view_drop(window(&next, &now_s, 100, 50));
	is_int(nr_told, 0, "the first window is as it was before");
	catch_view_drop(window(&next, &now_s, 100, 0));
	is_int(nr_told, 2, "and the next one is not");
	kept = catch_keep_write(&next, 77, 5000);
	catch_book_free(&book);
	catch_book_init(&book, 0);
	is_int(catch_keep_read(kept, 77, 5000, &rules, &book), 0, "what has moved is kept");
	json_decref(kept);
	nr_told = 0;
	now_s = 0;
	catch_view_drop(window(&book, &now_s, 100, 0));
	is_int(nr_told, 0, "so it is not told twice");
	catch_view_drop(window(&book, &now_s, 100, 50));
	is_int(nr_told, 2, "and that it is back is");
	catch_book_free(&book);
	catch_book_free(&next);
}

/* Each number, name and list of a good file by something else. */
static void test_book_refuses_rubbish(void)
{
	static const char *const groups[] = {
		"null",
		"[1]",
		"[{}]",
		"[{\"name\": \"\", \"connections\": [0.1, 2, -1], \"queries\": [0.1, 2, -1]}]",
		"[{\"name\": \"far\", \"connections\": [0.1, 2, -1]}]",
		"[{\"name\": \"far\", \"connections\": [1.5, 2, -1], \"queries\": [0.1, 2, -1]}]",
		"[{\"name\": \"far\", \"connections\": [0.1, -2, 5], \"queries\": [0.1, 2, -1]}]",
		"[{\"name\": \"far\", \"connections\": [0.1, 2, \"x\"], \"queries\": [0.1, 2, "
		"-1]}]",
		"[{\"name\": \"b\", \"connections\": [0, 0, -1], \"queries\": [0, 0, -1]},"
		" {\"name\": \"a\", \"connections\": [0, 0, -1], \"queries\": [0, 0, -1]}]",
	};
	struct catch_book book;
	json_t *kept, *region;
	size_t i;

	catch_book_init(&book, 0);
	for (i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		kept = catch_keep_write(&book, 77, 5000);
		region = json_object_get(kept, "region");
		json_object_set_new(region, "groups", json_loads(groups[i], JSON_DECODE_ANY, NULL));
		is_int(catch_keep_read(kept, 77, 5000, &rules, &book), -EINVAL, "groups: %s",
		       groups[i]);
		json_decref(kept);
	}
	kept = catch_keep_write(&book, 77, 5000);
	json_object_set_new(json_object_get(kept, "asn"), "windows", json_pack("[i, i]", -1, 3));
	is_int(catch_keep_read(kept, 77, 5000, &rules, &book), -EINVAL, "fewer windows than none");
	json_decref(kept);
	is_int(book.watches[CATCH_BY_REGION].nr, 0, "nothing is taken of it");
	catch_book_free(&book);
}

static void test_book_is_bounded(void)
{
	struct catch_view *view;
	struct catch_book book;
	__u64 i, nr = CATCH_PREFIXES_MAX + 1000;

	catch_book_init(&book, 0);
	for (i = 0; i < nr; i++)
		catch_book_add(&book, &places, CATCH_QUERIES, AD_PREFIX_OF_IP6(i << 8 | 0x30), 1);
	view = catch_book_look(&book, &places, 1);
	is_int(view->nr[CATCH_BY_PREFIX], CATCH_LINES_MAX, "so many prefixes at most");
	ok(line_of(view, CATCH_BY_REGION, PLACES_NOWHERE)->rate[CATCH_QUERIES] == nr,
	   "but all of them count for their region");
	catch_view_drop(view);
	catch_book_free(&book);
}

/* Nothing is known of where an address is. */
static void test_book_without_places(void)
{
	struct catch_view *view;
	struct catch_book book;

	catch_book_init(&book, 0);
	catch_book_add(&book, NULL, CATCH_CONNECTIONS, IP4(192, 0, 2), 1);
	view = catch_book_look(&book, NULL, 1);
	is_int(view->nr[CATCH_BY_REGION], 1, "one region");
	is_str(view->lines[CATCH_BY_REGION][0].name, PLACES_NOWHERE, "which is none");
	is_int(view->nr[CATCH_BY_ASN], 0, "no AS");
	is_str(view->lines[CATCH_BY_PREFIX][0].name, "192.0.2.0/24", "and a prefix");
	catch_view_drop(view);
	catch_book_free(&book);
}

static void test_view_as_json(void)
{
	struct catch_line lines[] = {
		{ .name = "10.1.2.0/24", .region = "home", .asn = 64500, .rate = { 2 } },
		{ .name = "10.1.3.0/24", .region = "none", .sockets = 1, .rtt_us = 1500 },
	};
	struct catch_view view = { .seconds = 300,
				   .is_whole = true,
				   .lines = { [CATCH_BY_PREFIX] = lines },
				   .nr = { [CATCH_BY_PREFIX] = 2 } };
	json_t *json = catch_view_json(&view, CATCH_BY_PREFIX, 2), *rows, *row;

	rows = json_object_get(json, "rows");
	row = json_array_get(rows, 0);
	is_int(json_integer_value(json_object_get(row, "asn")), 64500, "its AS number");
	ok(json_is_null(json_object_get(row, "rtt_ms")), "no socket, no time");
	ok(!json_object_get(row, "connections_share_before"), "no before of a prefix");
	row = json_array_get(rows, 1);
	ok(json_is_null(json_object_get(row, "asn")), "an AS number that nobody knows");
	ok(json_real_value(json_object_get(row, "rtt_ms")) == 1.5, "its time");
	json_decref(json);
	json = catch_view_json(&view, CATCH_BY_PREFIX, 1);
	is_int(json_array_size(json_object_get(json, "rows")), 1, "no more than asked for");
	is_int(json_integer_value(json_object_get(json, "total_rows")), 2, "of how many");
	json_decref(json);
}

int main(void)
{
	test_book_adds_up();
	test_book_tells_what_moves();
	test_book_is_kept();
	test_book_refuses_rubbish();
	test_book_is_bounded();
	test_book_without_places();
	test_view_as_json();
	return done_testing();
}
