// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_watch.c: a run of changes to interfaces is told once, soon after it began.
 */
#include <event2/event.h>
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/daemon/watch.h"

static int told;

static void changed(void *arg)
{
	told++;
}

/* Lets events come for a while; how often something was told in it. */
static int count_for(struct event_base *base, int ms)
{
	struct timeval while_ = { .tv_usec = ms * 1000 };

	told = 0;
	event_base_loopexit(base, &while_);
	event_base_dispatch(base);
	return told;
}

/* Changes go on by themselves for a while: addresses settle, a carrier is told late. */
static void wait_for_quiet(struct event_base *base)
{
	for (int i = 0; i < 50 && count_for(base, 200); i++)
		;
}

int main(void)
{
	struct event_base *base = event_base_new();
	struct watch *watch = NULL;

	if (!netns_enter())
		return skip_all("needs root");
	is_int(watch_new(base, changed, NULL, &watch), 0, "watching");
	is_int(count_for(base, 100), 0, "nothing changes, nothing is told");
	ok(netns_add_veth(), "interfaces are made");
	ok(count_for(base, 300) >= 1, "which is told");
	wait_for_quiet(base);
	ok(netns_run("for i in 1 2 3 4 5; do ip link set v0 alias $i; done"), "five changes");
	is_int(count_for(base, 300), 1, "told once");
	ok(netns_run("tc qdisc add dev v0 clsact"), "a qdisc");
	is_int(count_for(base, 300), 1, "told");
	watch_free(watch);
	ok(netns_run("ip link set v0 alias 6"), "another change");
	is_int(count_for(base, 100), 0, "not told any more");
	watch_free(NULL);
	event_base_free(base);
	return done_testing();
}
