// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * country.c FILE: a real country database, a region for each country: how long the plan takes, and
 * whether a hundred thousand addresses are where libmaxminddb finds them when it is asked for each.
 * And how many answers a resolver must keep for a million clients, by the scopes that it is told.
 */
#include <maxminddb.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/config/config.h"
#include "user/config/country.h"
#include "user/steer/policy.h"

#define QUESTIONS 100000
#define SECONDS	  5.0
#define CLIENTS	  1000000
#define TOLD_BITS 24 /* what resolvers tell of an IPv4 address (RFC 7871, 11.1) */

static char path[64];

static FILE *config_start(const char *database)
{
	FILE *out;

	strcpy(path, "/tmp/anydoor-country-XXXXXX");
	out = fdopen(mkstemp(path), "w");
	fprintf(out,
		"node: fra1\ninterfaces: [eth0]\nvips: [{address: 192.0.2.53}]\n"
		"pops: [{name: fra}, {name: nyc}, {name: sin}]\n"
		"nodes: [{name: fra1, id: 1, pop: fra, tunnel: 198.51.100.1}]\n"
		"keys: {file: /etc/hostname}\n"
		"geo: {databases: [{name: country, file: %s}]}\n",
		database);
	return out;
}

/* Each country gets a weight of its own, which tells it from the others. */
static size_t write_config(const char *database, char codes[][3])
{
	FILE *out = config_start(database);
	char code[3] = "";
	size_t nr = 0, i;

	fprintf(out, "regions:\n");
	for (i = 0; i < 26 * 26; i++) {
		code[0] = 'A' + i / 26;
		code[1] = 'A' + i % 26;
		if (!country_find(code))
			continue;
		memcpy(codes[nr++], code, sizeof(code));
		fprintf(out, "- {name: r%s, countries: [%s]}\n", code, code);
	}
	fprintf(out, "policies:\n- name: p\n  default: [nyc]\n  rules:\n");
	for (i = 0; i < nr; i++)
		fprintf(out, "    r%s: {fra: %zu, nyc: 1000}\n", codes[i], i + 1);
	fclose(out);
	return nr;
}

static struct ad_addr random_addr(bool is_ip4)
{
	struct ad_addr addr = { 0 };
	size_t i;

	for (i = is_ip4 ? 12 : 0; i < 16; i++)
		addr.b[i] = random() >> 8;
	if (is_ip4) {
		addr.b[10] = addr.b[11] = 0xff;
		return addr;
	}
	addr.b[0] = 0x20 + random() % 16; /* where addresses have been given out */
	addr.b[1] = random() % 16;
	if (addr.b[0] == 0x20 && addr.b[1] == 2) /* 6to4: not every database has those */
		addr.b[1] = 3;
	addr.b[4] = addr.b[5] = random() % 4 ? 0 : addr.b[5];
	return addr;
}

/* What libmaxminddb says; "" for nothing. */
static void ask(const MMDB_s *mmdb, const struct ad_addr *addr, char code[3])
{
	struct sockaddr_storage sa;
	MMDB_lookup_result_s found;
	MMDB_entry_data_s data;
	int err;

	*code = '\0';
	addr_to_sockaddr(addr, 0, &sa);
	found = MMDB_lookup_sockaddr(mmdb, (struct sockaddr *)&sa, &err);
	if (err || !found.found_entry)
		return;
	if (MMDB_get_value(&found.entry, &data, "country_code", NULL) &&
	    MMDB_get_value(&found.entry, &data, "country", "iso_code", NULL))
		return;
	if (data.has_data && data.data_size == 2)
		snprintf(code, 3, "%.2s", data.utf8_string);
}

static size_t compare(const MMDB_s *mmdb, const struct steer_plan *plan, char codes[][3],
		      bool is_ip4, size_t *known)
{
	size_t i, wrong = 0;

	for (i = 0; i < QUESTIONS; i++) {
		struct ad_addr addr = random_addr(is_ip4);
		const struct steer_rule *rule;
		char code[3], text[ADDR_TEXT];
		const char *ours;
		__u16 location;
		__u8 scope;

		ask(mmdb, &addr, code);
		steer_map_locate(&plan->map, &addr, 128, &location, &scope);
		rule = &plan->policies[0].rules[location];
		ours = rule->nr == 2 ? codes[rule->choices[0].weight - 1] : "";
		*known += *code != '\0';
		if (country_find(code) ? !strcmp(code, ours) : !*ours)
			continue;
		if (!wrong++)
			diag("%s: \"%s\", not \"%s\"", addr_format(&addr, text), ours, code);
	}
	return wrong;
}

static void test_country_is_where_the_library_finds_it(const char *file,
						       const struct steer_plan *plan,
						       char codes[][3])
{
	size_t known4 = 0, known6 = 0;
	MMDB_s mmdb;

	if (!is_int(MMDB_open(file, MMDB_MODE_MMAP, &mmdb), MMDB_SUCCESS, "the library opens it"))
		return;
	is_int(compare(&mmdb, plan, codes, true, &known4), 0, "IPv4 addresses that differ");
	is_int(compare(&mmdb, plan, codes, false, &known6), 0, "IPv6 addresses that differ");
	ok(known4 > QUESTIONS / 2 && known6 > QUESTIONS / 100,
	   "of %d each, %zu of IPv4 and %zu of IPv6 are known", QUESTIONS, known4, known6);
	MMDB_close(&mmdb);
}

/* --- what a resolver keeps -------------------------------------------------------------------- */

static struct steer_plan *plan_of(const char *file, void (*write)(const char *file))
{
	struct config_errors errors = { 0 };
	struct steer_plan *plan = NULL;
	struct config *config;

	write(file);
	if (config_load(path, &config, &errors) || steer_plan_build(config, &errors, &plan))
		config_errors_log(&errors);
	unlink(path);
	config_errors_free(&errors);
	config_free(config);
	return plan;
}

/* The example of deploy/doc/steering.md. */
static void write_continents(const char *database)
{
	FILE *out = config_start(database);

	fprintf(out,
		"regions:\n"
		"- {name: europe, continents: [EU, AF], countries: [TR]}\n"
		"- {name: asia, continents: [AS, OC]}\n"
		"policies:\n"
		"- {name: p, rules: {europe: [fra, nyc], asia: [sin, fra]}, default: [nyc]}\n");
	fclose(out);
}

static void write_countries(const char *database)
{
	static char codes[26 * 26][3];

	write_config(database, codes);
}

static int by_number(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

static size_t count_different(__u64 *list, size_t nr)
{
	size_t i, different = 0;

	qsort(list, nr, sizeof(*list), by_number);
	for (i = 0; i < nr; i++)
		different += !i || list[i] != list[i - 1];
	return different;
}

/* A client at random that the database knows. */
static __u32 random_client(const MMDB_s *mmdb)
{
	struct ad_addr addr;
	char code[3];

	do {
		addr = random_addr(true);
		ask(mmdb, &addr, code);
	} while (!*code);
	return __builtin_bswap32(addr.w[3]);
}

/*
 * Each client's /24 is told, and the answer kept for its scope, or for the /24 if that is shorter
 * (RFC 7871, 7.3.1). Before it is asked, a cache would look; who is kept does not depend on that,
 * for no two scopes overlap.
 */
static void test_resolver_keeps_few_answers(const char *file, const char *what,
					    void (*write)(const char *file), double least)
{
	struct steer_plan *plan = plan_of(file, write);
	static __u64 ours[CLIENTS], all[CLIENTS];
	size_t i, nr_ours, nr_all;
	MMDB_s mmdb;

	if (!plan || MMDB_open(file, MMDB_MODE_MMAP, &mmdb)) {
		ok(false, "%s: a plan", what);
		return;
	}
	for (i = 0; i < CLIENTS; i++) {
		struct ad_addr addr = { .w = { 0, 0, __builtin_bswap32(0xffff) } };
		__u32 client = random_client(&mmdb) & 0xffffff00;
		__u16 location;
		__u8 scope;

		addr.w[3] = __builtin_bswap32(client);
		steer_map_locate(&plan->map, &addr, 96 + TOLD_BITS, &location, &scope);
		scope = scope < 97 ? 1 : scope > 96 + TOLD_BITS ? TOLD_BITS : scope - 96;
		all[i] = client;
		ours[i] = (__u64)(client & ~(0xffffffffu >> scope)) << 8 | scope;
	}
	nr_ours = count_different(ours, CLIENTS);
	nr_all = count_different(all, CLIENTS);
	ok((double)nr_all / nr_ours > least,
	   "%s: a resolver keeps %zu answers for %d clients, %zu with /24: 1 to %.1f", what,
	   nr_ours, CLIENTS, nr_all, (double)nr_all / nr_ours);
	MMDB_close(&mmdb);
	steer_plan_free(plan);
}

int main(int argc, char **argv)
{
	static char codes[26 * 26][3];
	struct timespec began, ended;
	struct config_errors errors;
	struct steer_plan *plan = NULL;
	struct config *config;
	double seconds;

	write_config(argv[1], codes);
	if (config_load(path, &config, &errors)) {
		config_errors_log(&errors);
		return 1;
	}
	unlink(path);
	clock_gettime(CLOCK_MONOTONIC, &began);
	if (!is_int(steer_plan_build(config, &errors, &plan), 0, "a plan")) {
		config_errors_log(&errors);
		return done_testing();
	}
	clock_gettime(CLOCK_MONOTONIC, &ended);
	seconds = ended.tv_sec - began.tv_sec + (ended.tv_nsec - began.tv_nsec) / 1e9;
	ok(seconds < SECONDS, "in %.2f s: %u locations, %u ranges of IPv4, %u of IPv6, %.1f MB",
	   seconds, plan->map.nr_locations, plan->map.nr_ranges4, plan->map.nr_ranges6,
	   plan->map.nr_lines * (double)AD_STEER_LINE / 1e6);
	ok(plan->map.nr_ranges4 > 100000, "it is a database of the whole world");
	test_country_is_where_the_library_finds_it(argv[1], plan, codes);
	test_resolver_keeps_few_answers(argv[1], "by continent", write_continents, 10);
	test_resolver_keeps_few_answers(argv[1], "by country", write_countries, 6);
	steer_plan_free(plan);
	config_free(config);
	return done_testing();
}
