// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_repin.c: pins that somebody removed are made again, with what they held.
 */
#include "instance_fixture.h"
#include "selftests/tap.h"
#include "user/state/bpffs.h"
#include "user/state/repin.h"

static void remove_pin(struct fixture *fixture, const char *name)
{
	bpffs_unpin(fixture->pins.dir, name);
}

static void test_find_lost_names_what_is_gone(struct fixture *fixture, struct repin *held)
{
	is_int(repin_hold(held, fixture->pins.dir), 0, "held");
	is_int(held->nr, sizeof(fixture_maps) / sizeof(fixture_maps[0]), "all of them");
	ok(!repin_find_lost(held, fixture->pins.dir), "nothing is lost");
	remove_pin(fixture, "keeper");
	is_str(repin_find_lost(held, fixture->pins.dir), "keeper", "one is");
	fixture_array(fixture, "keeper", sizeof(struct ad_keeper), 1);
	is_str(repin_find_lost(held, fixture->pins.dir), "keeper", "another in its place is none");
	remove_pin(fixture, "keeper");
}

static void test_all_are_pinned_again(struct fixture *fixture, struct repin *held)
{
	struct ad_state state = { .unstamped = 7 }, read;
	__u32 key = 0;

	fixture_put(fixture, "state", &key, &state);
	is_int(bpffs_remove(fixture->pins.dir), 0, "the directory is removed");
	is_int(mkdir(fixture->pins.dir, 0755), 0, "and made again");
	is_str(repin_find_lost(held, fixture->pins.dir), held->list[0].name, "all is lost");
	is_int(repin_all(held, fixture->pins.dir, 0), 0, "pinned again");
	is_int(pins_read_state(&fixture->pins, &read), 0, "and read");
	is_int(read.unstamped, 7, "with what was in it");
	is_int(repin_all(held, fixture->pins.dir, 0), -EEXIST, "nothing is replaced");
}

static void test_hold_again_forgets_what_was_held(struct fixture *fixture, struct repin *held)
{
	is_int(repin_hold(held, fixture->pins.dir), 0, "held again");
	is_int(held->nr, sizeof(fixture_maps) / sizeof(fixture_maps[0]), "all of them");
	ok(!repin_find_lost(held, fixture->pins.dir), "as they lie there now");
	repin_release(held);
	is_int(held->nr, 0, "released");
	is_int(repin_hold(held, "/sys/fs/bpf/no-such-directory"), -ENOENT, "no directory");
	is_int(held->nr, 0, "nothing held");
}

int main(void)
{
	static struct repin held;
	struct fixture fixture;

	if (!fixture_new(&fixture, 16))
		return skip_all("needs root and a bpffs");
	test_find_lost_names_what_is_gone(&fixture, &held);
	test_all_are_pinned_again(&fixture, &held);
	test_hold_again_forgets_what_was_held(&fixture, &held);
	fixture_free(&fixture);
	return done_testing();
}
