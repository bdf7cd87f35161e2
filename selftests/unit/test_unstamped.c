// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_unstamped.c: the list of sockets that must not be touched is counted right, and forgets
 * only what is dead and silent.
 */
#include <errno.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/flows/unstamped.h"

#define LIST_MAX 4

static struct ad_state state;
static struct datapath dp;

static void list_new(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);

	datapath_init(&dp);
	state = (struct ad_state){};
	dp.state_at = &state;
	dp.unstamped = bpf_map_create(BPF_MAP_TYPE_HASH, "unstamped", sizeof(struct ad_tuple),
				      sizeof(__u32), LIST_MAX, &opts);
}

static void list_free(void)
{
	close(dp.unstamped);
}

static struct ad_tuple tuple(const char *client, __u16 port)
{
	struct ad_tuple made = { .client_port = htons(port), .vip_port = htons(80) };

	addr_parse(client, &made.client);
	addr_parse("192.0.2.1", &made.vip);
	return made;
}

static void add_heard(__u16 port, __u32 ago_s)
{
	struct ad_tuple key = tuple("198.51.100.7", port);
	__u32 last = clock_mono_s() - ago_s;

	unstamped_add(&dp, &key);
	bpf_map_update_elem(dp.unstamped, &key, &last, BPF_ANY);
}

static void test_add_counts_each_tuple_once(void)
{
	struct ad_tuple one = tuple("198.51.100.7", 1), two = tuple("2001:db8::7", 1);

	list_new();
	is_int(unstamped_add(&dp, &one), 1, "a new one");
	is_int(unstamped_add(&dp, &one), 0, "the same again");
	is_int(unstamped_add(&dp, &two), 1, "another family");
	is_int(state.unstamped, 2, "two are counted");
	ok(unstamped_has(&dp, &two), "and found");
	list_free();
}

static void test_add_to_a_full_list_fails_loudly(void)
{
	struct ad_tuple more = tuple("198.51.100.7", 99);

	list_new();
	for (__u16 port = 1; port <= LIST_MAX; port++)
		add_heard(port, 0);
	is_int(unstamped_add(&dp, &more), -E2BIG, "no room");
	is_int(state.unstamped, LIST_MAX, "the count did not move");
	list_free();
}

static void test_age_forgets_only_the_dead_and_silent(void)
{
	struct vip_set vips = { .nr = 1 };
	struct ad_tuple fresh = tuple("198.51.100.7", 2);

	addr_parse("192.0.2.1", &vips.list[0]);
	list_new();
	add_heard(1, 1000);
	add_heard(2, 10);
	add_heard(3, 61);
	is_int(unstamped_age(&dp, &vips), 2, "two without a socket have been silent for a minute");
	is_int(state.unstamped, 1, "one is left");
	ok(unstamped_has(&dp, &fresh), "the one that egress saw lately");
	is_int(unstamped_age(&dp, &vips), 0, "and stays");
	list_free();
}

int main(void)
{
	list_new();
	if (dp.unstamped < 0)
		return skip_all("needs root");
	list_free();
	test_add_counts_each_tuple_once();
	test_add_to_a_full_list_fails_loudly();
	test_age_forgets_only_the_dead_and_silent();
	return done_testing();
}
