// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_carry.c: counters are taken along into maps of another size, and the flow table under the
 * hash that the data path looks it up by.
 */
#include "bpf/base/siphash.h"
#include "selftests/tap.h"
#include "selftests/unit/instance_fixture.h"
#include "user/flows/carry.h"
#include "user/flows/carry_flows.h"
#include "user/state/bpffs.h"

static const struct ad_keys keys = { .stamp = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };

static struct fixture from;
static struct fixture to; /* only its flow table */

static void to_new(size_t nr_buckets)
{
	to = (struct fixture){ .nr_buckets = nr_buckets };
	snprintf(to.pins.dir, sizeof(to.pins.dir), "%s/to", from.bpffs);
	mkdir(to.pins.dir, 0755);
	to.buckets = fixture_mmap(fixture_map(&to, BPF_MAP_TYPE_ARRAY, "flow_tags", 4,
					      sizeof(*to.buckets), nr_buckets),
				  nr_buckets * sizeof(*to.buckets));
	to.entries = fixture_mmap(fixture_map(&to, BPF_MAP_TYPE_ARRAY, "flows", 4,
					      sizeof(*to.entries), nr_buckets * AD_FLOW_SLOTS),
				  nr_buckets * AD_FLOW_SLOTS * sizeof(*to.entries));
}

static void to_free(void)
{
	char path[sizeof(to.pins.dir) + 16];

	snprintf(path, sizeof(path), "%s/flow_tags", to.pins.dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/flows", to.pins.dir);
	unlink(path);
	rmdir(to.pins.dir);
	munmap(to.buckets, to.nr_buckets * sizeof(*to.buckets));
	munmap(to.entries, to.nr_buckets * AD_FLOW_SLOTS * sizeof(*to.entries));
}

/* As bpf/flow/prf.h has it, with the data path's own SipHash. */
static __u64 prf(const struct ad_flow *flow, const char *vip_text)
{
	struct siphash s;
	struct ad_addr vip;
	__u64 ports = (__u64)flow->vip_port << 16 | flow->client_port;

	addr_parse(vip_text, &vip);
	siphash_start(&s, keys.stamp[0], keys.stamp[1]);
	if (addr_is_ip4(&vip)) {
		siphash_word(&s, (__u64)vip.w[3] << 32 | flow->client.w[3]);
		return siphash_end(&s, ports, 12);
	}
	siphash_word(&s, flow->client.q[0]);
	siphash_word(&s, flow->client.q[1]);
	siphash_word(&s, vip.q[0]);
	siphash_word(&s, vip.q[1]);
	return siphash_end(&s, ports, 36);
}

/* Where the data path would find it in `to`; NULL if it would not. */
static const struct ad_flow *find(const struct ad_flow *flow, const char *vip)
{
	__u64 hash = prf(flow, vip);
	size_t bucket = hash >> 32 & (to.nr_buckets - 1);

	for (size_t i = 0; i < AD_FLOW_SLOTS; i++)
		if (to.buckets[bucket].slots[i].tag == (__u32)hash &&
		    to.buckets[bucket].slots[i].kind == flow->kind)
			return &to.entries[bucket * AD_FLOW_SLOTS + i];
	return NULL;
}

static void test_carry_finds_every_flow_of_both_families_in_a_larger_table(void)
{
	size_t found = 0, nr = 20;

	to_new(64);
	for (size_t i = 0; i < nr; i++) {
		struct ad_flow *flow = fixture_flow(&from, i, AD_FLOW_OURS, 1);

		flow->vip = i % 2;
		if (flow->vip)
			addr_parse("2001:db8::77", &flow->client);
	}
	is_int(carry_flows(&from.pins, to.pins.dir, &keys), 0, "carried");
	for (size_t i = 0; i < nr; i++) {
		const struct ad_flow *flow = &from.entries[i];
		const struct ad_flow *there = find(flow, i % 2 ? "2001:db8::1" : "192.0.2.1");

		found += there && !memcmp(there, flow, sizeof(*flow));
	}
	is_int(found, nr, "each is found where its hash says, with its counters");
	to_free();
}

static void test_carry_into_a_smaller_table_keeps_what_is_worth_most(void)
{
	size_t ours = 0, i;

	to_new(1);
	for (i = 0; i < 12; i++)
		fixture_flow(&from, i, AD_FLOW_TRANSIT, 2)->vip = 0;
	for (; i < 20; i++)
		fixture_flow(&from, i, AD_FLOW_OURS, 1)->vip = 0;
	is_int(carry_flows(&from.pins, to.pins.dir, &keys), 0, "carried");
	for (i = 0; i < AD_FLOW_SLOTS; i++)
		ours += to.buckets[0].slots[i].kind == AD_FLOW_OURS;
	is_int(ours, AD_FLOW_SLOTS, "ours, not what only passed through");
	to_free();
}

static void put(struct fixture *fixture, const char *name, __u32 key, __u64 packets)
{
	struct ad_count count = { .packets = packets };

	fixture_put_percpu(fixture, name, key, 1, &count, sizeof(count));
}

static __u64 get(struct fixture *fixture, const char *name, __u32 key)
{
	struct ad_count counts[fixture->pins.ncpus];
	int fd = pins_map(&fixture->pins, name, false);
	__u64 sum = 0;

	memset(counts, 0, sizeof(counts));
	bpf_map_lookup_elem(fd, &key, counts);
	close(fd);
	for (int i = 0; i < fixture->pins.ncpus; i++)
		sum += counts[i].packets;
	return sum;
}

/* Is anything in the first value of this map of longer values? */
static bool has_counts(struct fixture *fixture, const char *name)
{
	char values[64 * fixture->pins.ncpus];
	int fd = pins_map(&fixture->pins, name, false);
	bool has = false;
	__u32 key = 0;

	memset(values, 0, sizeof(values));
	bpf_map_lookup_elem(fd, &key, values);
	close(fd);
	for (size_t i = 0; i < sizeof(values); i++)
		has |= values[i];
	return has;
}

static void test_carry_over_counters_of_both_versions(void)
{
	static const char *const maps[] = { "reasons", "wider", "new", "locals" };
	struct config_errors errors = {};

	to_new(64);
	to.pins.ncpus = from.pins.ncpus;
	fixture_percpu(&from, "wider", sizeof(struct ad_count), 1);
	fixture_percpu(&from, "old", sizeof(struct ad_count), 1);
	fixture_percpu(&to, "reasons", sizeof(struct ad_count), AD_REASON_MAX + 8);
	fixture_percpu(&to, "wider", sizeof(struct ad_count) + 8, 1);
	fixture_percpu(&to, "new", sizeof(struct ad_count), 1);
	close(fixture_map(&to, BPF_MAP_TYPE_HASH, "locals", sizeof(struct ad_addr),
			  sizeof(struct ad_local), 16));
	put(&from, "reasons", AD_REASON_MAX - 1, 7);
	put(&from, "wider", 0, 8);
	is_int(carry_over(&from.pins, to.pins.dir, NULL, &errors), 0, "carried");
	is_int(get(&to, "reasons", AD_REASON_MAX - 1), 7, "the last counter that both have");
	is_int(get(&to, "reasons", AD_REASON_MAX), 0, "one that is new is 0");
	ok(!has_counts(&to, "wider"), "values of another size are not carried");
	is_int(errors.nr, 0, "and are no error");
	is_int(pins_map(&to.pins, "old", false), -ENOENT, "what only the old one has stays there");
	is_int(to.buckets[0].slots[0].kind, AD_FLOW_FREE, "no flows without their keys");
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		bpffs_unpin(to.pins.dir, maps[i]);
	bpffs_unpin(from.pins.dir, "wider");
	bpffs_unpin(from.pins.dir, "old");
	to_free();
}

static void test_carry_over_flows_with_their_keys(void)
{
	struct config_errors errors = {};
	struct ad_flow *flow = fixture_flow(&from, 3, AD_FLOW_OURS, 1);

	to_new(64);
	flow->vip = 0;
	is_int(carry_over(&from.pins, to.pins.dir, &keys, &errors), 0, "carried");
	ok(find(flow, "192.0.2.1") != NULL, "a flow");
	is_int(errors.nr, 0, "without an error");
	to_free();
}

static void test_carry_no_flows_empties_the_table(void)
{
	struct pins_occupancy occupancy;

	is_int(carry_no_flows(from.pins.dir), 0, "cleared");
	is_int(pins_read_occupancy(&from.pins, 600, &occupancy), 0, "read");
	is_int(occupancy.by_kind[AD_FLOW_OURS], 0, "nothing is left");
}

int main(void)
{
	if (!fixture_new(&from, 4))
		return skip_all("needs root and a bpffs");
	fixture_vip(&from, "192.0.2.1", 0);
	fixture_vip(&from, "2001:db8::1", 1);
	test_carry_finds_every_flow_of_both_families_in_a_larger_table();
	test_carry_into_a_smaller_table_keeps_what_is_worth_most();
	test_carry_over_counters_of_both_versions();
	test_carry_over_flows_with_their_keys();
	test_carry_no_flows_empties_the_table();
	fixture_free(&from);
	return done_testing();
}
