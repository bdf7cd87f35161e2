// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_steer_plan.c: from databases, regions and policies to locations, beside the plainest way to
 * answer the same question for one address; and what is said of mistakes.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "mmdb_fixture.h"
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/config/config.h"
#include "user/config/country.h"
#include "user/dns/dns_service.h"
#include "user/dns/dns_zones.h"
#include "user/steer/places.h"
#include "user/steer/policy.h"

#define ROUNDS	  40
#define PREFIXES  60
#define QUESTIONS 150
#define REGIONS	  6
#define POLICIES  4

static char dir[] = "/tmp/anydoor-plan-XXXXXX";
static struct mmdb mmdb;
static __u64 seed = 88172645463325252ull;

static __u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static const char *in_dir(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", dir, name);
	return path;
}

static FILE *create(const char *name)
{
	char path[128];
	FILE *file = fopen(in_dir(name, path), "we");

	if (!file)
		abort();
	return file;
}

static void write_head(FILE *out)
{
	fputs("node: fra1\n"
	      "interfaces: [eth0]\n"
	      "vips: [{address: 192.0.2.53}]\n"
	      "pops: [{name: fra}, {name: nyc}, {name: sin}, {name: syd}]\n"
	      "nodes: [{name: fra1, id: 1, pop: fra, tunnel: 198.51.100.1}]\n"
	      "keys: {file: /etc/hostname}\n"
	      "dns: {zones: [{name: example.com, file: a.zone}]}\n",
	      out);
}

static struct config *load(void)
{
	struct config_errors errors;
	struct config *config;
	char path[128];

	if (config_load(in_dir("anydoor.yaml", path), &config, &errors)) {
		config_errors_log(&errors);
		abort();
	}
	return config;
}

static char *gather(struct config_errors *errors)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	for (i = 0; i < errors->nr; i++)
		fprintf(out, "%s%s", i ? "\n" : "",
			strncmp(errors->list[i].text, dir, strlen(dir))
				? errors->list[i].text
				: errors->list[i].text + strlen(dir) + 1);
	fclose(out);
	return text;
}

/* --- a random world --------------------------------------------------------------------------- */

struct prefix {
	struct ad_addr addr;
	unsigned int bits; /* of 128 */
	struct geo_record record;
};

struct world {
	struct prefix dbs[2][PREFIXES];
	size_t nr[2];
	struct config *config;
	struct steer_plan *plan;
};

static bool is_in(const struct ad_addr *addr, const struct ad_addr *prefix, unsigned int bits)
{
	unsigned int i;

	for (i = 0; i < bits; i++)
		if ((addr->b[i / 8] ^ prefix->b[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

static void set_bits(struct ad_addr *addr, unsigned int from, bool ones)
{
	unsigned int i;

	for (i = from; i < 128; i++) {
		__u8 bit = 1 << (7 - i % 8);

		addr->b[i / 8] = ones ? addr->b[i / 8] | bit : addr->b[i / 8] & ~bit;
	}
}

/* Few first bytes, so that networks meet. */
static struct ad_addr random_addr(bool is_ip4)
{
	struct ad_addr addr = { 0 };
	size_t i;

	for (i = is_ip4 ? 12 : 0; i < 16; i++)
		addr.b[i] = rnd() % 3 ? rnd() % 4 : rnd();
	if (is_ip4) {
		addr.b[10] = addr.b[11] = 0xff;
		addr.b[12] = 100 + rnd() % 3;
	} else {
		addr.b[0] = 0x26;
	}
	return addr;
}

static unsigned int random_bits(bool is_ip4)
{
	return is_ip4 ? 96 + 6 + rnd() % 27 : 6 + rnd() % 59;
}

static const char *const countries[] = { "DE", "FR", "US", "CA", "SG", "AU" };

static struct geo_record random_record(size_t db)
{
	struct geo_record record = { 0 };

	if (db == 0 || rnd() % 3 == 0)
		strcpy(record.country, countries[rnd() % 6]);
	if (*record.country && rnd() % 2)
		snprintf(record.subdivision, sizeof(record.subdivision), "%s-%c", record.country,
			 (char)('A' + rnd() % 2));
	if (db == 1 || rnd() % 4 == 0)
		record.asn = 64500 + rnd() % 4;
	return record;
}

/* What reading makes of a record: a country is on a continent. */
static void complete(struct geo_record *record)
{
	if (*record->country)
		strcpy(record->continent, country_find(record->country)->continent);
}

static void make_database(struct world *world, size_t db, const char *name)
{
	char path[128];
	size_t i;

	mmdb_start(&mmdb, 6);
	mmdb.is_flat = rnd() & 1;
	world->nr[db] = 1 + rnd() % PREFIXES;
	for (i = 0; i < world->nr[db]; i++) {
		struct prefix *prefix = &world->dbs[db][i];
		bool is_ip4 = rnd() & 1;

		prefix->addr = random_addr(is_ip4);
		prefix->bits = random_bits(is_ip4);
		set_bits(&prefix->addr, prefix->bits, false);
		prefix->record = random_record(db);
		mmdb_put(&mmdb, &prefix->addr, prefix->bits - (is_ip4 ? 96 : 0), &prefix->record);
		complete(&prefix->record);
	}
	mmdb_write(&mmdb, in_dir(name, path));
}

static void write_networks(FILE *out, const char *separator)
{
	char text[ADDR_TEXT];
	size_t i, nr = 1 + rnd() % 6;

	for (i = 0; i < nr; i++) {
		bool is_ip4 = rnd() & 1;
		struct ad_addr addr = random_addr(is_ip4);
		unsigned int bits = random_bits(is_ip4);

		set_bits(&addr, bits, false);
		fprintf(out, "%s\"%s/%u\"", i ? separator : "", addr_format(&addr, text),
			bits - (is_ip4 ? 96 : 0));
	}
}

static void write_regions(FILE *out)
{
	size_t i;

	fputs("regions:\n", out);
	for (i = 0; i < REGIONS; i++) {
		fprintf(out, "- name: r%zu\n", i);
		if (rnd() % 3 == 0)
			fprintf(out, "  continents: [%s]\n",
				country_find(countries[rnd() % 6])->continent);
		if (rnd() % 2)
			fprintf(out, "  countries: [%s, %s]\n", countries[rnd() % 3],
				countries[3 + rnd() % 3]);
		if (rnd() % 3 == 0)
			fprintf(out, "  subdivisions: [%s-A]\n", countries[rnd() % 6]);
		if (rnd() % 3 == 0)
			fprintf(out, "  asns: [%llu]\n", 64500 + rnd() % 4);
		fputs("  networks: [", out);
		write_networks(out, ", ");
		fputs("]\n", out);
	}
}

static void write_policies(FILE *out)
{
	static const char *const lists[] = { "fra",	     "[nyc, fra]",
					     "[[sin, syd]]", "[{fra: 3, nyc: 1}, sin]",
					     "[syd]",	     "[sin, nyc, fra]" };
	size_t i, j;

	fputs("policies:\n", out);
	for (i = 0; i < POLICIES; i++) {
		fprintf(out, "- name: p%zu\n  default: %s\n  rules:\n", i, lists[rnd() % 6]);
		for (j = 0; j < REGIONS; j++)
			if (!j || rnd() % 2)
				fprintf(out, "    r%zu: %s\n", j, lists[rnd() % 6]);
	}
}

static bool world_make(struct world *world)
{
	struct config_errors errors = { 0 };
	FILE *out = create("anydoor.yaml");
	int err;

	write_head(out);
	make_database(world, 0, "a.mmdb");
	make_database(world, 1, "b.mmdb");
	fputs("geo: {databases: [{name: a, file: a.mmdb}, {name: b, file: b.mmdb}]}\n", out);
	write_regions(out);
	write_policies(out);
	fclose(out);
	world->config = load();
	err = steer_plan_build(world->config, &errors, &world->plan);
	if (err)
		config_errors_log(&errors);
	config_errors_free(&errors);
	return !err;
}

static void world_end(struct world *world)
{
	steer_plan_free(world->plan);
	config_free(world->config);
}

/* --- the plainest way ------------------------------------------------------------------------- */

/* In a database what was put last is there, and an IPv4 address is no IPv6 address. */
static struct geo_record look_up(const struct world *world, size_t db, const struct ad_addr *addr)
{
	struct geo_record nothing = { 0 };
	size_t i;

	for (i = world->nr[db]; i--;)
		if (addr_is_ip4(addr) == addr_is_ip4(&world->dbs[db][i].addr) &&
		    is_in(addr, &world->dbs[db][i].addr, world->dbs[db][i].bits))
			return world->dbs[db][i].record;
	return nothing;
}

static struct geo_record know(const struct world *world, const struct ad_addr *addr)
{
	struct geo_record a = look_up(world, 0, addr), b = look_up(world, 1, addr);

	if (!*a.subdivision && (!*a.country || !strcmp(a.country, b.country)))
		strcpy(a.subdivision, b.subdivision);
	if (!*a.country)
		strcpy(a.country, b.country);
	if (!*a.continent)
		strcpy(a.continent, b.continent);
	if (!a.asn)
		a.asn = b.asn;
	return a;
}

static bool has_code(const struct config_codes *codes, const char *code)
{
	size_t i;

	for (i = 0; i < codes->nr; i++)
		if (!strcmp(codes->list[i].text, code))
			return true;
	return false;
}

static unsigned int exactness(const struct config_region *region, const struct geo_record *record,
			      const struct ad_addr *addr)
{
	unsigned int best = 0;
	size_t i;

	for (i = 0; i < region->networks.nr; i++) {
		const struct config_prefix *network = &region->networks.list[i];

		if (addr_is_ip4(addr) == addr_is_ip4(&network->address) &&
		    is_in(addr, &network->address, network->bits) && 1000 + network->bits > best)
			best = 1000 + network->bits;
	}
	if (best)
		return best;
	for (i = 0; i < region->asns.nr; i++)
		if (region->asns.list[i] == record->asn)
			return 4;
	if (has_code(&region->subdivisions, record->subdivision))
		return 3;
	if (has_code(&region->countries, record->country))
		return 2;
	return has_code(&region->continents, record->continent);
}

static const struct config_choices *choose(const struct world *world, size_t policy,
					   const struct ad_addr *addr)
{
	const struct config_policy *from = &world->config->policies[policy];
	const struct config_choices *best = &from->fallback;
	struct geo_record record = know(world, addr);
	unsigned int most = 0, level;
	size_t i;

	for (i = 0; i < from->rules.nr; i++) {
		level = exactness(&world->config->regions[from->rules.list[i].region], &record,
				  addr);
		if (level > most) {
			most = level;
			best = &from->rules.list[i].pops;
		}
	}
	return best;
}

static bool is_same(const struct config_choices *wanted, const struct steer_rule *got)
{
	size_t i;

	for (i = 0; i < wanted->nr && i < got->nr; i++)
		if (wanted->list[i].pop != got->choices[i].pop ||
		    wanted->list[i].rank != got->choices[i].rank ||
		    wanted->list[i].weight != got->choices[i].weight)
			return false;
	return wanted->nr == got->nr;
}

/* Whether all policies want for @addr what they have for @location. */
static bool agrees(const struct world *world, const struct ad_addr *addr, __u16 location)
{
	size_t i;

	for (i = 0; i < POLICIES; i++)
		if (!is_same(choose(world, i, addr), &world->plan->policies[i].rules[location]))
			return false;
	return true;
}

/* --- scopes ----------------------------------------------------------------------------------- */

/* An address at which something may begin or end, or any. */
static struct ad_addr interesting(const struct world *world, bool is_ip4)
{
	const struct config_region *region = &world->config->regions[rnd() % REGIONS];
	size_t db = rnd() % 2;
	const struct prefix *prefix = &world->dbs[db][rnd() % world->nr[db]];
	const struct config_prefix *network = &region->networks.list[rnd() % region->networks.nr];
	struct ad_addr addr = rnd() & 1 ? prefix->addr : network->address;

	if (rnd() % 4 == 0 || addr_is_ip4(&addr) != is_ip4)
		return random_addr(is_ip4);
	set_bits(&addr, 128 - rnd() % 24, rnd() & 1);
	if (rnd() & 1)
		set_bits(&addr, rnd() & 1 ? prefix->bits : network->bits, true);
	addr.b[is_ip4 ? 15 : 7] += rnd() % 3 - 1;
	return addr;
}

/* Whether somebody in @prefix is elsewhere: asked at every place where something begins. */
static bool has_others(const struct world *world, const struct ad_addr *prefix, unsigned int bits,
		       __u16 location)
{
	struct ad_addr addr = *prefix;
	size_t db, i, j;

	set_bits(&addr, bits, false);
	if (!agrees(world, &addr, location))
		return true;
	set_bits(&addr, bits, true);
	if (!agrees(world, &addr, location))
		return true;
#define TRY(candidate, length)                                                                     \
	do {                                                                                       \
		addr = (candidate);                                                                \
		if (is_in(&addr, prefix, bits) && !agrees(world, &addr, location))                 \
			return true;                                                               \
		set_bits(&addr, (length), true);                                                   \
		for (int at_ = 15; is_in(&addr, prefix, bits) && !++addr.b[at_]; at_--)            \
			;                                                                          \
		if (is_in(&addr, prefix, bits) && !agrees(world, &addr, location))                 \
			return true;                                                               \
	} while (0)
	for (db = 0; db < 2; db++)
		for (i = 0; i < world->nr[db]; i++)
			TRY(world->dbs[db][i].addr, world->dbs[db][i].bits);
	for (i = 0; i < REGIONS; i++)
		for (j = 0; j < world->config->regions[i].networks.nr; j++)
			TRY(world->config->regions[i].networks.list[j].address,
			    world->config->regions[i].networks.list[j].bits);
	return false;
#undef TRY
}

struct tally {
	size_t wrong, loose, narrow;
};

static void ask(const struct world *world, bool is_ip4, struct tally *tally)
{
	struct ad_addr addr = interesting(world, is_ip4), other;
	unsigned int least = is_ip4 ? 96 : 0;
	__u16 location;
	__u8 scope;

	if (addr_is_ip4(&addr) != is_ip4)
		return;
	steer_map_locate(&world->plan->map, &addr, 128, &location, &scope);
	tally->wrong += !agrees(world, &addr, location);
	tally->loose += has_others(world, &addr, scope, location);
	if (scope <= least)
		return;
	other = addr;
	other.b[(scope - 1) / 8] ^= 1 << (7 - (scope - 1) % 8);
	/* A sibling that is only for IPv4 inside is another place, too. */
	if (is_ip4 || other.b[0] >= 0x24)
		tally->narrow += !has_others(world, &other, scope, location);
}

static void test_plan_is_what_each_address_ought_to_get(void)
{
	static struct world world;
	struct tally tally = { 0 };
	size_t round, i, locations = 0;

	for (round = 0; round < ROUNDS; round++) {
		if (!ok(world_make(&world), "world %zu is read", round))
			return;
		for (i = 0; i < QUESTIONS; i++)
			ask(&world, rnd() & 1, &tally);
		locations += world.plan->map.nr_locations;
		world_end(&world);
	}
	ok(locations > 10 * ROUNDS, "%zu locations in %d worlds", locations, ROUNDS);
	is_int(tally.wrong, 0, "every address gets what its policies say");
	is_int(tally.loose, 0, "and so does every other one within the scope");
	is_int(tally.narrow, 0, "but not all of a scope one bit shorter");
}

/* --- databases that are none ------------------------------------------------------------------ */

static void write_plan(const char *regions, const char *policies)
{
	FILE *out = create("anydoor.yaml");

	write_head(out);
	fprintf(out, "geo: {databases: [{name: a, file: a.mmdb}]}\n%s\n%s\n", regions, policies);
	fclose(out);
}

static char *build_errors(int expected, const char *what)
{
	struct config_errors errors = { 0 };
	struct config *config = load();
	struct steer_plan *plan = NULL;
	char *said;

	is_int(steer_plan_build(config, &errors, &plan), expected, "%s: refused", what);
	said = gather(&errors);
	steer_plan_free(plan);
	config_errors_free(&errors);
	config_free(config);
	return said;
}

#define REGION "regions: [{name: de, countries: [DE]}]"
#define POLICY "policies: [{name: p, rules: {de: fra}, default: [nyc, sin, syd]}]"

static void good_database(void)
{
	struct geo_record record = { .country = "DE", .asn = 64500 };
	struct ad_addr addr;
	char path[128];

	mmdb_start(&mmdb, 6);
	addr_parse("100.64.0.0", &addr);
	mmdb_put(&mmdb, &addr, 10, &record);
	mmdb_write(&mmdb, in_dir("a.mmdb", path));
}

/* Where a catchment puts an address: a region, and an AS number. */
static void test_plan_places_name_region_and_as(void)
{
	static const struct {
		const char *address, *region;
		__u32 asn;
	} cases[] = {
		/* An AS number names an address more exactly than a country. */
		{ "100.64.0.0", "as", 64500 },
		{ "100.127.255.255", "as", 64500 },
		{ "100.128.0.0", PLACES_NOWHERE, 0 },
		{ "0.0.0.0", PLACES_NOWHERE, 0 },
		{ "100.64.9.8", "office", 64500 },
		{ "192.0.2.1", "office", 0 },
		{ "2001:db8:7::1", "office", 0 },
		{ "2001:db8:8::1", PLACES_NOWHERE, 0 },
		{ "2002:6440:1::1", "as", 64500 },
		{ "64:ff9b::100.64.9.1", "office", 64500 },
		{ "255.255.255.255", PLACES_NOWHERE, 0 },
	};
	struct config_errors errors = { 0 };
	struct steer_plan *plan = NULL, *again = NULL;
	struct config *config;
	struct ad_addr addr;
	__u32 region, asn;
	__u64 before;
	size_t i;

	good_database();
	write_plan("regions: [{name: de, countries: [DE]}, {name: as, asns: [64500]},"
		   " {name: office, networks: [100.64.9.0/24, 192.0.2.0/24, \"2001:db8:7::/48\"]}]",
		   "policies: [{name: p, rules: {de: fra}, default: [nyc, sin, syd]}]");
	config = load();
	ok(!steer_plan_build(config, &errors, &plan), "places: a plan");
	for (i = 0; plan && i < sizeof(cases) / sizeof(*cases); i++) {
		addr_parse(cases[i].address, &addr);
		places_find(plan->places, &addr, &region, &asn);
		is_str(plan->places->regions[region], cases[i].region, "%s: region",
		       cases[i].address);
		is_int(asn, cases[i].asn, "%s: AS number", cases[i].address);
	}
	before = plan->places->fingerprint;
	ok(!steer_plan_build(config, &errors, &again) &&
		   again->places->fingerprint == plan->places->fingerprint,
	   "read again they are the same");
	steer_plan_free(again);
	steer_plan_free(plan);
	config_errors_free(&errors);
	config_free(config);
	write_plan("regions: [{name: de, countries: [DE]}, {name: as, asns: [64500]},"
		   " {name: office, networks: [100.64.9.0/25, 192.0.2.0/24, \"2001:db8:7::/48\"]}]",
		   "policies: [{name: p, rules: {de: fra}, default: [nyc, sin, syd]}]");
	config = load();
	ok(!steer_plan_build(config, &errors, &again) && again->places->fingerprint != before,
	   "one network is another one");
	steer_plan_free(again);
	config_errors_free(&errors);
	config_free(config);
	addr_parse("192.0.2.1", &addr);
	places_find(NULL, &addr, &region, &asn);
	ok(!region && !asn, "without a plan nothing is known");
}

static size_t slurp(const char *name, __u8 *bytes, size_t room)
{
	char path[128];
	FILE *file = fopen(in_dir(name, path), "re");
	size_t nr = fread(bytes, 1, room, file);

	fclose(file);
	return nr;
}

static void spill(const char *name, const __u8 *bytes, size_t nr)
{
	FILE *file = create(name);

	fwrite(bytes, 1, nr, file);
	fclose(file);
}

static void spill_text(const char *name, const char *text)
{
	spill(name, (const __u8 *)text, strlen(text));
}

static void test_plan_database_that_is_none_is_refused(void)
{
	static __u8 bytes[1 << 16];
	char *said, path[128];
	size_t nr, at;

	write_plan(REGION, POLICY);
	unlink(in_dir("a.mmdb", path));
	said = build_errors(-EINVAL, "missing");
	ok(strstr(said, "anydoor.yaml:8: geo.databases[].file: ") &&
		   strstr(said, "a.mmdb: No such file or directory"),
	   "missing: %s", said);
	free(said);
	spill_text("a.mmdb", "no database");
	said = build_errors(-EINVAL, "text");
	ok(strstr(said, "is no whole database in MaxMind's format"), "text: %s", said);
	free(said);
	spill("a.mmdb", bytes, 0);
	said = build_errors(-EINVAL, "empty");
	ok(strstr(said, "is empty"), "empty: %s", said);
	free(said);
	good_database();
	nr = slurp("a.mmdb", bytes, sizeof(bytes));
	spill("a.mmdb", bytes, nr / 2);
	said = build_errors(-EINVAL, "cut short");
	ok(strstr(said, "is no whole database"), "cut short: %s", said);
	free(said);
	for (at = 0; at < 8 * 100; at += 4) /* all lead to the second node */
		memcpy(bytes + at, "\0\0\0\1", 4);
	spill("a.mmdb", bytes, nr);
	said = build_errors(-EINVAL, "a circle");
	ok(strstr(said, "leads back to itself"), "a circle: %s", said);
	free(said);
}

/* libmaxminddb 1.7.1 forgets 5 kB when the description at a file's end cannot be read. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

/* Bytes at random, and cut short: refused or read, and the sanitizers look on. */
static void test_plan_damaged_database_does_no_harm(void)
{
	static __u8 bytes[1 << 16], bad[1 << 16];
	struct config_errors errors = { 0 };
	struct steer_plan *plan;
	struct config *config;
	size_t nr, i, j, good = 0;

	good_database();
	write_plan(REGION, POLICY);
	config = load();
	nr = slurp("a.mmdb", bytes, sizeof(bytes));
	for (i = 0; i < 1500; i++) {
		memcpy(bad, bytes, nr);
		for (j = rnd() % 3 + 1; j; j--)
			bad[rnd() % 2 ? nr - 1 - rnd() % 250 : rnd() % nr] = rnd();
		spill("a.mmdb", bad, i % 7 ? nr : rnd() % nr);
		good += !steer_plan_build(config, &errors, &plan);
		steer_plan_free(plan);
		config_errors_free(&errors);
		memset(&errors, 0, sizeof(errors));
	}
	ok(good > 100 && good < 1400, "%zu of 1500 damaged databases are read", good);
	config_free(config);
}

/* --- doubts and networks ---------------------------------------------------------------------- */

static void expect_doubts(const char *what, const char *regions, const char *policies,
			  const char *expected)
{
	struct config_errors errors = { 0 };
	struct steer_plan *plan = NULL;
	struct config *config;
	char *said;

	write_plan(regions, policies);
	config = load();
	if (is_int(steer_plan_build(config, &errors, &plan), 0, "%s: a plan", what)) {
		said = gather(plan->doubts);
		is_str(said, expected, "%s: doubts", what);
		free(said);
	}
	steer_plan_free(plan);
	config_errors_free(&errors);
	config_free(config);
}

static void test_plan_doubts_have_their_line(void)
{
	good_database();
	expect_doubts("good", REGION, POLICY, "");
	expect_doubts(
		"AS number", "regions: [{name: de, countries: [DE], asns: [64500, 64501]}]", POLICY,
		"anydoor.yaml:9: regions[]: de: no network of the databases is in AS64501: is "
		"it spelled right, and do the databases tell such things?");
	expect_doubts("a region that nobody is in", "regions: [{name: de, countries: [FR]}]",
		      POLICY,
		      "anydoor.yaml:9: regions[]: de: no network of the databases is in FR: is it "
		      "spelled right, and do the databases tell such things?\n"
		      "anydoor.yaml:10: policies[].rules: p: de: decides on nobody: there are no "
		      "clients, or other rules name them more exactly\n"
		      "anydoor.yaml:9: regions[]: de: no address is in it");
	expect_doubts("a POP", REGION, "policies: [{name: p, rules: {de: fra}, default: [nyc]}]",
		      "anydoor.yaml:4: pops[]: sin: no policy sends anybody there\n"
		      "anydoor.yaml:4: pops[]: syd: no policy sends anybody there");
	expect_doubts("a region without a rule",
		      "regions: [{name: de, countries: [DE]}, {name: x, networks: [192.0.2.0/24]}]",
		      POLICY, "anydoor.yaml:9: regions[]: x: no policy has a rule for it");
	expect_doubts("a rule in the shade of another",
		      "regions: [{name: de, countries: [DE]}, {name: x, asns: [64500]}]",
		      "policies: [{name: p, rules: {de: fra, x: syd}, default: [nyc, sin]}]",
		      "anydoor.yaml:10: policies[].rules: p: de: decides on nobody: there are no "
		      "clients, or other rules name them more exactly");
}

static void test_plan_network_file_is_read_by_lines(void)
{
	struct config_errors errors = { 0 };
	struct ad_addr addr;
	struct steer_plan *plan = NULL;
	struct config *config;
	__u16 location;
	__u8 scope;
	char *said;

	good_database();
	spill_text("nets.txt", "# ours\n\n 192.0.2.0/24  # office\r\n2001:db8::/32");
	write_plan("regions: [{name: de, countries: [DE], network_file: nets.txt}]", POLICY);
	config = load();
	is_int(steer_plan_build(config, &errors, &plan), 0, "a good file");
	addr_parse("192.0.2.1", &addr);
	steer_map_locate(&plan->map, &addr, 128, &location, &scope);
	is_int(scope, 96 + 24, "its networks count");
	is_int(plan->policies[0].rules[location].choices[0].pop, 0, "as the region's");
	is_int(plan->policies[0].shares[0].nr4, (1 << 22) + 256, "addresses of the rule");
	is_int(plan->policies[0].shares[0].nr6, 1ll << 32, "and /64 networks");
	steer_plan_free(plan);
	spill_text("nets.txt", "192.0.2.0/24\n192.0.2.1/24\nx\n2002::/16\n");
	said = build_errors(-EINVAL, "bad lines");
	is_str(said,
	       "nets.txt:2: \"192.0.2.1/24\" has bits set behind its length\n"
	       "nets.txt:3: \"x\" is not a prefix, such as 192.0.2.0/24\n"
	       "nets.txt:4: \"2002::/16\" stands for IPv4 addresses: write their IPv4 network "
	       "instead",
	       "each bad line has its place");
	free(said);
	config_free(config);
}

static void test_plan_pop_policy_begins_with_its_own(void)
{
	struct config_errors errors = { 0 };
	struct steer_plan *plan = NULL;
	struct config *config;

	good_database();
	write_plan("", "policies: [{name: p, locate: pop, default: [nyc, fra, sin]}]");
	config = load();
	is_int(steer_plan_build(config, &errors, &plan), 0, "a plan");
	is_int(plan->policies[0].rules[0].nr, 3, "each POP once");
	is_int(plan->policies[0].rules[0].choices[0].pop, 0, "its own first");
	is_int(plan->policies[0].rules[0].choices[1].pop, 1, "then the default");
	is_int(plan->policies[0].rules[0].choices[1].rank, 1, "behind it");
	is_int(plan->map.nr_locations, 1, "and nobody is told apart");
	steer_plan_free(plan);
	config_free(config);
}

static struct dns_zones *follow(const struct config *config, struct dns_zones *before)
{
	struct config_errors errors = { 0 };
	struct dns_zones *zones = NULL;

	if (dns_zones_refresh(config, before, NULL, &zones, &errors))
		config_errors_log(&errors);
	config_errors_free(&errors);
	return zones;
}

static void write_zone(int serial)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "$TTL 60\n@ SOA ns host %d 1 1 1 1\n@ NS ns\nns A 192.0.2.1\n"
		 "www.fra A 192.0.2.2\nwww.nyc A 192.0.2.3\nwww.sin A 192.0.2.4\n",
		 serial);
	spill_text("a.zone", text);
}

static void test_plan_is_kept_until_its_files_change(void)
{
	struct dns_zones *first, *second, *third, *other;
	struct config *config, *same;
	char path[128];

	good_database();
	write_zone(1);
	spill_text("nets.txt", "192.0.2.0/24\n");
	write_plan("regions: [{name: de, countries: [DE], network_file: nets.txt}]",
		   "policies: [{name: p, rules: {de: fra}, default: [nyc, sin]}]\n"
		   "steer: [{name: www.example.com, policy: p}]");
	config = load();
	same = load();
	usleep(1100000); /* what changed just now is not trusted */
	first = follow(config, NULL);
	write_zone(2);
	second = follow(config, first);
	is_int(second->nr - second->nr_kept, 1, "a zone that changed is read");
	ok(second->plan == first->plan && second->steering == first->steering,
	   "no database is: the plan stays");
	usleep(1100000);
	dns_zones_free(first);
	third = follow(config, second);
	ok(third->plan == second->plan, "also when the set that it was made for is gone");
	other = follow(same, third);
	ok(other->plan != third->plan, "another configuration has another plan");
	dns_zones_free(other);
	spill_text("nets.txt", "192.0.3.0/24\n");
	other = follow(config, third);
	ok(other->plan != third->plan, "and so has another list of networks");
	is_int(other->nr_compiled, 1, "by which the zone's steered name is compiled");
	dns_zones_free(other);
	spill_text("nets.txt", "192.0.2.0/24\n");
	usleep(1100000);
	other = follow(config, third);
	dns_zones_free(third);
	third = follow(config, other);
	ok(third->plan == other->plan, "which stays then, ...");
	good_database();
	dns_zones_free(second);
	second = follow(config, third);
	ok(second->plan != third->plan, "until a database is written");
	dns_zones_free(second);
	dns_zones_free(third);
	dns_zones_free(other);
	unlink(in_dir("a.zone", path));
	config_free(config);
	config_free(same);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	test_plan_is_what_each_address_ought_to_get();
	test_plan_places_name_region_and_as();
	test_plan_database_that_is_none_is_refused();
	test_plan_damaged_database_does_no_harm();
	test_plan_doubts_have_their_line();
	test_plan_network_file_is_read_by_lines();
	test_plan_pop_policy_begins_with_its_own();
	test_plan_is_kept_until_its_files_change();
	for (size_t i = 0; i < 4; i++) {
		static const char *const names[] = { "a.mmdb", "b.mmdb", "nets.txt",
						     "anydoor.yaml" };
		char path[128];

		unlink(in_dir(names[i], path));
	}
	rmdir(dir);
	return done_testing();
}
