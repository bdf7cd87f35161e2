// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Reading an instance through its pins: sums over CPUs, the flow table in place, what fails how.
 */
#include <signal.h>
#include <sys/wait.h>
#include "selftests/tap.h"
#include "instance_fixture.h"

#define NOBODY 65534

#define BUCKETS 64

static void test_open_missing_instance_not_found(struct fixture *fixture)
{
	struct pins pins;

	is_int(pins_open(&pins, fixture->bpffs, "nosuch"), -ENOENT, "no such instance");
	is_int(pins_open(&pins, "/nosuch", "test"), -ENOENT, "no such bpffs");
	is_int(pins_open(&pins, fixture->bpffs, "test"), 0, "the instance that is there");
	ok(pins.ncpus > 0, "%d CPUs", pins.ncpus);
}

static void test_open_long_path_refused(struct fixture *fixture)
{
	char name[300];
	struct pins pins;

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	is_int(pins_open(&pins, fixture->bpffs, name), -ENAMETOOLONG, "a name without end");
}

static void test_map_readonly_refuses_writes(struct fixture *fixture)
{
	struct ad_state state = { .flags = AD_STATE_ARMED };
	int fd = pins_map(&fixture->pins, "state", false);
	__u32 key = 0;

	ok(fd >= 0, "opened for reading");
	is_int(bpf_map_update_elem(fd, &key, &state, BPF_ANY) ? -errno : 0, -EPERM,
	       "cannot be written");
	close(fd);
}

static void test_reasons_several_cpus_summed(struct fixture *fixture)
{
	struct ad_count counts[AD_REASON_MAX];
	int ncpus = fixture->pins.ncpus;
	struct ad_count *percpu = calloc(ncpus, sizeof(*percpu));
	__u32 key = AD_R_NOBODY;

	for (int i = 0; i < ncpus; i++)
		percpu[i] = (struct ad_count){ i + 1, 100 * (i + 1) };
	fixture_put(fixture, "reasons", &key, percpu);
	free(percpu);
	is_int(pins_read_reasons(&fixture->pins, counts), 0, "read");
	is_int(counts[AD_R_NOBODY].packets, ncpus * (ncpus + 1) / 2, "packets of all CPUs");
	is_int(counts[AD_R_NOBODY].bytes, 100 * ncpus * (ncpus + 1) / 2, "bytes of all CPUs");
	is_int(counts[AD_R_FOREIGN].packets, 0, "and no other row");
}

static void test_peer_out_of_range_not_found(struct fixture *fixture)
{
	struct ad_peer_count count = { { 1, 2 }, { 3, 4 } }, got;

	fixture_put_percpu(fixture, "peers", 3, 1, &count, sizeof(count));
	is_int(pins_read_peer(&fixture->pins, 3, &got), 0, "a peer");
	is_mem(&got, &count, sizeof(got), "both directions");
	is_int(pins_read_peer(&fixture->pins, FIXTURE_NODES, &got), -ENOENT, "behind the last");
}

static void test_fleet_read_at_once(struct fixture *fixture)
{
	struct ad_peer_count count = { { 1, 2 }, { 3, 4 } };
	struct ad_peer_count *counts = calloc(AD_NODE_ID_MAX + 1, sizeof(*counts));
	struct ad_node *nodes = calloc(AD_NODE_ID_MAX + 1, sizeof(*nodes));
	struct ad_node last = { .flags = AD_NODE_KNOWN, .pop = 7 };
	__u32 key = FIXTURE_NODES - 1, nr = 0;

	fixture_put(fixture, "nodes", &key, &last);
	fixture_put_percpu(fixture, "peers", key, fixture->pins.ncpus - 1, &count, sizeof(count));
	is_int(pins_read_fleet(&fixture->pins, nodes, counts, &nr), 0, "the fleet is read");
	is_int(nr, FIXTURE_NODES, "all of it");
	is_mem(&nodes[key], &last, sizeof(last), "the last node");
	is_mem(&counts[key], &count, sizeof(count), "and its counts, of whichever CPU");
	is_mem(&counts[3], &count, sizeof(count), "and those of another");
	is_int(nodes[3].flags, 0, "of which nothing else is known");
	free(counts);
	free(nodes);
}

static void test_vips_indexes_kept_tunnel_left_out(struct fixture *fixture)
{
	struct ad_local tunnel = { .flags = AD_LOCAL_TUNNEL };
	struct ad_addr vips[AD_VIP_MAX], addr;
	char text[ADDR_TEXT];
	size_t nr;

	addr_parse("10.0.0.1", &addr);
	fixture_put(fixture, "locals", &addr, &tunnel);
	fixture_vip(fixture, "192.0.2.1", 0);
	fixture_vip(fixture, "2001:db8::2", 2);
	is_int(pins_read_vips(&fixture->pins, vips, &nr), 0, "read");
	is_int(nr, 3, "one more than the highest index");
	is_str(addr_format(&vips[0], text), "192.0.2.1", "index 0 is the VIP, not the tunnel");
	is_str(addr_format(&vips[2], text), "2001:db8::2", "index 2");
}

static void test_read_other_geometry_refused(struct fixture *fixture)
{
	struct ad_state state;
	char path[300];

	snprintf(path, sizeof(path), "%s/state", fixture->pins.dir);
	unlink(path);
	fixture_array(fixture, "state", sizeof(struct ad_state) + 64, 1);
	is_int(pins_read_state(&fixture->pins, &state), -EPROTO, "longer values are not read");
	unlink(path);
	fixture_array(fixture, "state", sizeof(struct ad_state), 1);
	is_int(pins_read_state(&fixture->pins, &state), 0, "our own are");
}

static int count_flow(const struct ad_flow *flow, void *arg)
{
	++*(int *)arg;
	return 0;
}

static int stop_at_two(const struct ad_flow *flow, void *arg)
{
	return ++*(int *)arg == 2 ? 42 : 0;
}

static void test_walk_live_entries_found_once(struct fixture *fixture)
{
	struct pins_occupancy occupancy;
	int seen = 0;

	fixture_flow(fixture, 0, AD_FLOW_OURS, 1);
	fixture_flow(fixture, 7, AD_FLOW_TRANSIT, 2);
	fixture_flow(fixture, 8, AD_FLOW_PIN, 3);
	fixture_flow(fixture, BUCKETS * AD_FLOW_SLOTS - 1, AD_FLOW_OURS, 1);
	is_int(pins_each_flow(&fixture->pins, count_flow, &seen), 0, "walked to the end");
	is_int(seen, 4, "each live entry once");
	is_int(pins_read_occupancy(&fixture->pins, 600, &occupancy), 0, "occupancy");
	is_int(occupancy.slots, BUCKETS * AD_FLOW_SLOTS, "all slots");
	is_int(occupancy.by_kind[AD_FLOW_OURS], 2, "ours");
	is_int(occupancy.by_kind[AD_FLOW_PIN], 1, "pins");
	is_int(occupancy.by_kind[AD_FLOW_TRANSIT], 1, "transit");
	is_int(occupancy.by_kind[AD_FLOW_FREE], BUCKETS * AD_FLOW_SLOTS - 4, "free");
}

static void test_occupancy_long_silent_entries_are_idle(struct fixture *fixture)
{
	struct ad_flow_slot *slots = fixture->buckets->slots;
	struct pins_occupancy occupancy;

	slots[0].last_s -= 700;
	slots[7].last_s += 30; /* a packet since we looked at the clock */
	is_int(pins_read_occupancy(&fixture->pins, 600, &occupancy), 0, "read");
	is_int(occupancy.idle, 1, "one is idle");
	is_int(occupancy.by_kind[AD_FLOW_OURS], 1, "and not counted by kind");
	is_int(occupancy.by_kind[AD_FLOW_TRANSIT], 1, "one from the future is not");
}

static void test_walk_stopped_returns_the_reason(struct fixture *fixture)
{
	int seen = 0;

	is_int(pins_each_flow(&fixture->pins, stop_at_two, &seen), 42, "what the callback said");
	is_int(seen, 2, "and no call after it");
}

static void test_walk_busy_or_torn_entry_left_out(struct fixture *fixture)
{
	int seen = 0;

	fixture->buckets[0].slots[0].busy = 1;
	fixture->entries[7].kind = AD_FLOW_PIN; /* the slot says transit */
	is_int(pins_each_flow(&fixture->pins, count_flow, &seen), 0, "walked");
	is_int(seen, 2, "what is being written is not shown");
	fixture->buckets[0].slots[0].busy = 0;
	fixture->entries[7].kind = AD_FLOW_TRANSIT;
}

/* Writes one flow over another in a slot, as the data path does: busy first, ready last. */
static void write_flow(struct ad_flow_slot *at, struct ad_flow *entry, __u32 round)
{
	struct ad_flow_slot ready = { .tag = round, .kind = AD_FLOW_OURS }, busy = ready;
	__u64 word, *slot = (__u64 *)at;
	__u32 turn = round % 2;

	busy.busy = 1;
	memcpy(&word, &busy, sizeof(word));
	__atomic_exchange_n(slot, word, __ATOMIC_SEQ_CST);
	entry->client.q[0] = entry->client.q[1] = turn;
	entry->rx_bytes = entry->tx_bytes = turn;
	entry->rx_packets = entry->tx_packets = entry->first_s = turn;
	memcpy(&word, &ready, sizeof(word));
	__atomic_exchange_n(slot, word, __ATOMIC_SEQ_CST);
}

struct watch {
	int seen[2];
	int torn;
};

static int watch_flow(const struct ad_flow *flow, void *arg)
{
	struct watch *watch = arg;
	__u64 turn = flow->rx_bytes;

	if (flow->owner != 77)
		return 0;
	if (turn > 1 || flow->client.q[0] != turn || flow->client.q[1] != turn ||
	    flow->tx_bytes != turn || flow->tx_packets != turn || flow->first_s != turn)
		watch->torn++;
	else
		watch->seen[turn]++;
	return 0;
}

static void test_walk_entry_being_rewritten_never_torn(struct fixture *fixture)
{
	struct ad_flow *entry = fixture_flow(fixture, 100, AD_FLOW_OURS, 77);
	struct ad_flow_slot *slot =
		&fixture->buckets[100 / AD_FLOW_SLOTS].slots[100 % AD_FLOW_SLOTS];
	struct watch watch = { 0 };
	pid_t child = fork();

	for (__u32 round = 0; !child; round++)
		write_flow(slot, entry, round);
	usleep(50000);
	for (int i = 0; i < 5000; i++)
		pins_each_flow(&fixture->pins, watch_flow, &watch);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	is_int(watch.torn, 0, "no mixture of two flows");
	ok(watch.seen[0] && watch.seen[1], "seen %d and %d times", watch.seen[0], watch.seen[1]);
	slot->kind = AD_FLOW_FREE;
}

/* Whether the directories above would let anybody in: systemd mounts bpffs with mode 0700. */
static bool access_as_nobody(const char *dir)
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(setuid(NOBODY) || access(dir, X_OK));
	waitpid(child, &status, 0);
	return !status;
}

/* What a user without rights sees: flows found, or -errno. In a child, for the way back is barred.
 */
static int count_as_nobody(struct fixture *fixture)
{
	int status, seen = 0, err;
	pid_t child = fork();

	if (!child) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(255);
		err = pins_each_flow(&fixture->pins, count_flow, &seen);
		_exit(err ? -err : 100 + seen);
	}
	waitpid(child, &status, 0);
	status = WEXITSTATUS(status);
	return status >= 100 ? status - 100 : -status;
}

static void test_walk_without_rights_sees_the_same(struct fixture *fixture)
{
	is_int(count_as_nobody(fixture), -EACCES, "pins that are root's are not for nobody");
	fixture_chmod(fixture, 0644);
	if (access_as_nobody(fixture->pins.dir))
		is_int(count_as_nobody(fixture), 4, "copied where it cannot be mapped");
	else
		skip("bpffs is closed to others on this host");
	fixture_chmod(fixture, 0600);
}

int main(void)
{
	struct fixture fixture;

	if (!fixture_new(&fixture, BUCKETS))
		return skip_all("needs root and a bpffs");
	test_open_missing_instance_not_found(&fixture);
	test_open_long_path_refused(&fixture);
	test_map_readonly_refuses_writes(&fixture);
	test_reasons_several_cpus_summed(&fixture);
	test_peer_out_of_range_not_found(&fixture);
	test_fleet_read_at_once(&fixture);
	test_vips_indexes_kept_tunnel_left_out(&fixture);
	test_read_other_geometry_refused(&fixture);
	test_walk_live_entries_found_once(&fixture);
	test_occupancy_long_silent_entries_are_idle(&fixture);
	test_walk_stopped_returns_the_reason(&fixture);
	test_walk_without_rights_sees_the_same(&fixture);
	test_walk_busy_or_torn_entry_left_out(&fixture);
	test_walk_entry_being_rewritten_never_torn(&fixture);
	fixture_free(&fixture);
	return done_testing();
}
