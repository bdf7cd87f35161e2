// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * country.c FILE: a real country database, a region for each country: how long the plan takes, and
 * whether a hundred thousand addresses are where libmaxminddb finds them when it is asked for each.
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

static char path[] = "/tmp/anydoor-country-XXXXXX";

/* Each country gets a weight of its own, which tells it from the others. */
static size_t write_config(const char *database, char codes[][3])
{
	FILE *out = fdopen(mkstemp(path), "w");
	char code[3] = "";
	size_t nr = 0, i;

	fprintf(out,
		"node: fra1\ninterfaces: [eth0]\nvips: [{address: 192.0.2.53}]\n"
		"pops: [{name: fra}, {name: nyc}]\n"
		"nodes: [{name: fra1, id: 1, pop: fra, tunnel: 198.51.100.1}]\n"
		"keys: {file: /etc/hostname}\n"
		"geo: {databases: [{name: country, file: %s}]}\nregions:\n",
		database);
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
	steer_plan_free(plan);
	config_free(config);
	return done_testing();
}
