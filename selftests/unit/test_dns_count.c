// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_dns_count.c: what the daemon counts is in the pinned maps at once, or in memory of its own.
 */
#include "instance_fixture.h"
#include "selftests/tap.h"
#include "user/dns/dns_count.h"

static const struct {
	const char *name;
	__u32 size, entries;
} maps[] = {
	{ "dns_daemon", sizeof(struct ad_dns_daemon), 1 },
	{ "dns_zone_daemon", sizeof(__u64), AD_DNS_ZONE_MAX },
	{ "dns_guarded_daemon", sizeof(struct ad_dns_rule_counts), 1 },
};

static void unpin(struct fixture *fixture, const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", fixture->pins.dir, name);
	unlink(path);
}

/* As the loader makes them: so that they can be mapped. */
static void make(struct fixture *fixture, int i)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	char path[300];
	int fd;

	unpin(fixture, maps[i].name);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, maps[i].name, sizeof(__u32), maps[i].size,
			    maps[i].entries, &opts);
	snprintf(path, sizeof(path), "%s/%s", fixture->pins.dir, maps[i].name);
	ok(fd >= 0 && !bpf_obj_pin(fd, path), "map %s", maps[i].name);
	close(fd);
}

static __u64 read_first(struct fixture *fixture, const char *name, __u32 key)
{
	char value[sizeof(struct ad_dns_daemon)];
	int fd = pins_map(&fixture->pins, name, false);
	__u64 first = ~0ull;

	if (!bpf_map_lookup_elem(fd, &key, value))
		memcpy(&first, value, sizeof(first));
	close(fd);
	return first;
}

static void test_open_without_an_instance_is_private(void)
{
	struct dns_tally one = {}, two = {};

	is_int(dns_tally_open(&one, NULL), 0, "opened");
	is_int(dns_tally_open(&two, NULL), 0, "opened once more");
	one.zones[AD_DNS_ZONE_MAX - 1] = 5;
	*(__u64 *)one.daemon = 6;
	*(__u64 *)one.rule_counts = 7;
	is_int(two.zones[AD_DNS_ZONE_MAX - 1], 0, "zones are not shared");
	is_int(*(__u64 *)two.daemon + *(__u64 *)two.rule_counts, 0, "nor is anything else");
	dns_tally_close(&one);
	dns_tally_close(&two);
	dns_tally_close(&two);
	ok(!two.daemon && !two.zones && !two.rule_counts, "closed, twice");
}

static void test_open_pinned_is_what_readers_see(struct fixture *fixture)
{
	struct dns_tally tally = {}, again = {};

	is_int(dns_tally_open(&tally, &fixture->pins), 0, "opened");
	*(__u64 *)tally.daemon = 6;
	*(__u64 *)tally.rule_counts = 7;
	tally.zones[AD_DNS_ZONE_MAX - 1] = 8;
	is_int(read_first(fixture, "dns_daemon", 0), 6, "the daemon's counters");
	is_int(read_first(fixture, "dns_guarded_daemon", 0), 7, "those of limits and cookies");
	is_int(read_first(fixture, "dns_zone_daemon", AD_DNS_ZONE_MAX - 1), 8, "the last zone's");
	dns_tally_close(&tally);
	is_int(dns_tally_open(&again, &fixture->pins), 0, "another daemon");
	is_int(again.zones[AD_DNS_ZONE_MAX - 1], 8, "goes on from there");
	dns_tally_close(&again);
}

static void test_open_missing_map_is_an_error(struct fixture *fixture)
{
	struct dns_tally tally = {};

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		unpin(fixture, maps[i].name);
		is_int(dns_tally_open(&tally, &fixture->pins), -ENOENT, "%s is missing",
		       maps[i].name);
		ok(!tally.daemon && !tally.zones && !tally.rule_counts, "nothing is open");
		make(fixture, i);
	}
}

int main(void)
{
	struct fixture fixture;

	if (!fixture_new(&fixture, 16))
		return skip_all("needs root and a bpffs");
	test_open_without_an_instance_is_private();
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		make(&fixture, i);
	test_open_pinned_is_what_readers_see(&fixture);
	test_open_missing_map_is_an_error(&fixture);
	fixture_free(&fixture);
	return done_testing();
}
