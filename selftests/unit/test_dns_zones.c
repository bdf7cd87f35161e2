// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_dns_zones.c: of many zones only those are read again whose files changed; and how long that
 * takes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "output_fixture.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/config/config.h"
#include "user/dns/dns_service.h"
#include "user/dns/dns_zones.h"

#define ZONES 10000

static char dir[] = "/tmp/dns-zones.XXXXXX";
static struct config_zone zones[ZONES];
static struct config config = {
	.path = "test", .zones = zones, .nr_zones = ZONES, .dns_udp_size = 1232
};

static const char *at(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *path, unsigned int serial, const char *more)
{
	FILE *file = fopen(path, "w");

	fprintf(file, "$TTL 60\n@ SOA ns host %u 1 1 1 1\n@ NS ns\nns A 192.0.2.1\n%s\n", serial,
		more);
	fclose(file);
}

static void write_include(const char *text)
{
	FILE *file = fopen(at("included"), "w");

	fprintf(file, "%s\n", text);
	fclose(file);
}

/* A file that changed just now may change once more at the same moment, and is not trusted. */
static void grow_old(void)
{
	usleep(1100000);
}

static void write_all(void)
{
	char text[96];
	int i;

	for (i = 0; i < ZONES; i++) {
		snprintf(text, sizeof(text), "z%d.example.", i);
		zones[i].name = strdup(text);
		zones[i].file = strdup(at(text));
		write_file(zones[i].file, 1, i == 7 ? "$INCLUDE included" : "");
	}
	write_include("www A 192.0.2.1");
	grow_old();
}

/* How many zones are read for the set that comes after *@set, which it replaces. */
static int reads(struct dns_zones **set, double *ms)
{
	struct config_errors errors = {};
	struct dns_zones *next = NULL;
	__u64 began_us = clock_mono_us();
	int nr = -1;

	if (!dns_zones_refresh(&config, *set, NULL, &next, &errors))
		nr = next->nr - next->nr_kept;
	*ms = (clock_mono_us() - began_us) / 1000.0;
	config_errors_free(&errors);
	dns_zones_free(*set);
	*set = next;
	return nr;
}

static __u32 serial_of(const struct dns_zones *set, const char *name)
{
	size_t i;

	for (i = 0; i < set->nr; i++)
		if (!strcmp(set->list[i].name, name))
			return set->list[i].serial;
	return 0;
}

static void test_refresh_reads_what_changed(struct dns_zones **set)
{
	double all_ms, one_ms;

	is_int(reads(set, &all_ms), ZONES, "without a set before, all are read");
	is_int((*set)->nr_compiled, ZONES, "and compiled");
	is_int(reads(set, &one_ms), 0, "then none");
	is_int((*set)->nr_compiled, 0, "and none is compiled");
	write_file(zones[4711].file, 2, "");
	is_int(reads(set, &one_ms), 1, "one that is written");
	is_int((*set)->nr_compiled, 1, "which alone is compiled");
	is_int(serial_of(*set, "z4711.example."), 2, "and it is served");
	ok(one_ms < all_ms, "that takes less: %.0f ms, all take %.0f ms", one_ms, all_ms);
}

static void test_refresh_knows_more_than_times(struct dns_zones **set)
{
	double ms;

	is_int(reads(set, &ms), 1, "a file that was young when it was read is read once more");
	grow_old();
	reads(set, &ms);
	is_int(reads(set, &ms), 0, "and then no more");
	write_include("www A 192.0.2.2");
	is_int(reads(set, &ms), 1, "an included file that is written");
	write_file(at("other"), 3, "");
	rename(at("other"), zones[5].file);
	is_int(reads(set, &ms), 2, "another file of that name, and the young one");
	is_int(serial_of(*set, "z5.example."), 3, "and it is served");
	unlink(zones[9].file);
	catch_output(stderr);
	is_int(reads(set, &ms), 3, "a file that is gone, and two that are young");
	release_output();
	is_int(serial_of(*set, "z9.example."), 1, "the zone stays as it was");
	is_int((*set)->nr_broken, 1, "and is known to be broken");
	write_file(zones[9].file, 4, "");
	reads(set, &ms);
	is_int(serial_of(*set, "z9.example."), 4, "until its file is there again");
}

int main(void)
{
	struct dns_zones *set = NULL;
	int i;

	if (!ok(mkdtemp(dir) != NULL, "a directory"))
		return done_testing();
	log_set_level(LOG_WARN_);
	write_all();
	test_refresh_reads_what_changed(&set);
	test_refresh_knows_more_than_times(&set);
	dns_zones_free(set);
	for (i = 0; i < ZONES; i++) {
		unlink(zones[i].file);
		free(zones[i].file);
		free(zones[i].name);
	}
	unlink(at("included"));
	rmdir(dir);
	return done_testing();
}
