// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_datapath.c: the maps that the loader writes are opened all or none, and flags of the state
 * change one by one.
 */
#include "instance_fixture.h"
#include "selftests/tap.h"
#include "user/state/bpffs.h"
#include "user/state/datapath.h"

static const char *const more[] = { "keys", "peer_ids", "hunt", "links" };

static void make(struct fixture *fixture, const char *name, __u32 size, __u32 flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(__u32), size, 1, &opts);

	ok(fd >= 0 && !bpffs_pin(fd, fixture->pins.dir, name, 0), "map %s", name);
	close(fd);
}

static void fill(struct fixture *fixture)
{
	make(fixture, "keys", sizeof(struct ad_keys), 0);
	make(fixture, "peer_ids", sizeof(__u32), 0);
	make(fixture, "hunt", sizeof(struct ad_hunt), 0);
	make(fixture, "links", sizeof(struct ad_vlan_device), 0);
	bpffs_unpin(fixture->pins.dir, "state");
	make(fixture, "state", sizeof(struct ad_state), BPF_F_MMAPABLE);
}

static void test_open_whole_instance(struct fixture *fixture)
{
	struct ad_meta meta = { .node_id = 7 }, read;
	struct config_errors errors = {};
	struct ad_count count = { 3, 300 };
	struct ad_state state;
	struct datapath dp;

	is_int(datapath_open(&dp, fixture->pins.dir, &errors), 0, "opened");
	is_int(datapath_write_meta(&dp, &meta) ?: datapath_read_meta(&dp, &read), 0, "meta");
	is_int(read.node_id, 7, "is read as it was written");
	fixture_put_percpu(fixture, "reasons", AD_R_NOBODY, 1, &count, sizeof(count));
	is_int(datapath_reason(&dp, AD_R_NOBODY), 3, "packets of a reason");
	state_set_flag(dp.state_at, AD_STATE_DRAINING);
	is_int(pins_read_state(&fixture->pins, &state), 0, "the state");
	is_int(state.flags, AD_STATE_DRAINING, "is changed in place");
	datapath_close(&dp);
	datapath_close(&dp);
	ok(!dp.state_at && dp.keys == -1, "closed, twice");
}

static void test_open_missing_or_other_map_is_an_error(struct fixture *fixture)
{
	struct config_errors errors = {};
	struct datapath dp;

	bpffs_unpin(fixture->pins.dir, "hunt");
	is_int(datapath_open(&dp, fixture->pins.dir, &errors), -ENOENT, "a map is missing");
	ok(errors.nr == 1 && strstr(errors.list[0].text, "map hunt"), "which is told");
	ok(dp.state == -1 && !dp.state_at, "nothing is open");
	make(fixture, "hunt", sizeof(struct ad_hunt) + 8, 0);
	is_int(datapath_open(&dp, fixture->pins.dir, &errors), -EPROTO, "one of another size");
	config_errors_free(&errors);
}

static void test_state_flags_one_by_one(void)
{
	struct ad_state state = { .flags = AD_STATE_ARMED };

	state_set_flag(&state, AD_STATE_DRAINING);
	ok(state_has_flag(&state, AD_STATE_ARMED) && state_has_flag(&state, AD_STATE_DRAINING),
	   "both");
	state_clear_flag(&state, AD_STATE_ARMED);
	ok(!state_has_flag(&state, AD_STATE_ARMED), "one is cleared");
	ok(state_has_flag(&state, AD_STATE_DRAINING), "the other stays");
}

static void test_state_successors_no_more_than_fit(void)
{
	__u16 ids[AD_SUCCESSOR_MAX + 2];
	struct ad_state state = {};

	for (size_t i = 0; i < AD_SUCCESSOR_MAX + 2; i++)
		ids[i] = 10 + i;
	state_set_successors(&state, ids, AD_SUCCESSOR_MAX + 2);
	is_int(state.nr_successors, AD_SUCCESSOR_MAX, "as many as fit");
	is_int(state.successors[AD_SUCCESSOR_MAX - 1], 10 + AD_SUCCESSOR_MAX - 1, "to the last");
	is_int(state.kept, 0, "and what stands behind them is as it was");
	state_set_successors(&state, ids, 1);
	is_int(state.nr_successors, 1, "fewer");
}

int main(void)
{
	struct fixture fixture;

	if (!fixture_new(&fixture, 16))
		return skip_all("needs root and a bpffs");
	fill(&fixture);
	test_open_whole_instance(&fixture);
	test_open_missing_or_other_map_is_an_error(&fixture);
	test_state_flags_one_by_one();
	test_state_successors_no_more_than_fit();
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		bpffs_unpin(fixture.pins.dir, more[i]);
	fixture_free(&fixture);
	return done_testing();
}
