// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_status.c: what is warned of, and what makes a node unfit to serve.
 */
#include <stdlib.h>
#include <time.h>
#include "fleet_fixture.h"
#include "selftests/tap.h"
#include "user/base/clock.h"
#include "user/status/status.h"

static struct view view = { .meta.version = VERSION };
static struct dns_zone_stats zones[WARNINGS_MAX + 10];
static struct peer peers[1] = { { .id = 2, .node.flags = AD_NODE_KNOWN } };

/* An instance of which there is nothing to say. */
static void all_is_well(struct status *status)
{
	memset(status, 0, sizeof(*status));
	clock_choose(&status->state);
	status->state.flags = AD_STATE_ARMED;
	status->has_daemon = true;
	status->nr_interfaces = 1;
	strcpy(status->interfaces[0].record.name, "eth0");
	status->peers = peers;
	status->nr_peers = 1;
	status->dns.zones = zones;
}

/* Judges, and expects one warning with @expected in it, or none; @unfit: what that means. */
static void says(struct status *status, const char *expected, bool unfit)
{
	status_judge(&view, status);
	is_int(status->nr_warnings, expected ? 1 : 0, "%s", expected ?: "all is well");
	if (expected && status->nr_warnings)
		ok(strstr(status->warnings[0], expected), "  %s", status->warnings[0]);
	is_int(status->unfit, unfit ? 1 : 0, unfit ? "  unfit" : "  fit to serve");
	for (size_t i = 0; i < status->nr_warnings; i++)
		free(status->warnings[i]);
}

static void test_judge_state(struct status *status)
{
	all_is_well(status);
	says(status, NULL, false);
	all_is_well(status);
	status->state.flags = 0;
	says(status, "not armed", true);
	all_is_well(status);
	status->has_daemon = false;
	says(status, "no daemon tends it", false);
	all_is_well(status);
	status->silent_s = 10;
	says(status, "no sign of life for 10s", false);
	all_is_well(status);
	status->state.unstamped = AD_UNSTAMPED_MAX;
	says(status, "the unstamped list is full", false);
	all_is_well(status);
	status->state.refused_s = clock_mono_s() - 5;
	says(status, "raise flows.max", false);
	all_is_well(status);
	strcpy(status->lost, "prog_dns");
	says(status, "prog_dns is not pinned", true);
}

static void test_judge_interfaces(struct status *status)
{
	all_is_well(status);
	status->interfaces[0].missing = AD_ATTACHED_XDP;
	says(status, "eth0: the XDP program is not attached", true);
	all_is_well(status);
	status->interfaces[0].missing = AD_ATTACHED_TC;
	says(status, "eth0: the egress filter is not attached", true);
	all_is_well(status);
	status->interfaces[0].record.flags = AD_ATTACHED_GENERIC;
	says(status, "generic mode", false);
}

static void test_judge_clocks(struct status *status)
{
	all_is_well(status);
	status->state.real_minus_mono_ns += 5000000000ll;
	says(status, "the tunnel's clock is 5s off", false);
	all_is_well(status);
	status->state.real_minus_mono_ns += 1000 * 1000000000ll;
	says(status, "the tunnel's clock is 1000s off", true);
}

static void test_judge_peers(struct status *status)
{
	all_is_well(status);
	peers[0].node.flags |= AD_NODE_SILENT;
	says(status, "#2 does not answer through the tunnel", false);
	peers[0].node.flags = AD_NODE_KNOWN;
}

static void test_judge_zones(struct status *status)
{
	char more[64];

	all_is_well(status);
	status->dns.nr_zones = 1;
	strcpy(zones[0].name, "example.com.");
	says(status, NULL, false);
	all_is_well(status);
	status->dns.nr_zones = 1;
	strcpy(zones[0].error, "z:1: no");
	says(status, "zone example.com. is answered with SERVFAIL: z:1: no", false);
	all_is_well(status);
	status->dns.nr_zones = 1;
	zones[0].error[0] = '\0';
	zones[0].signed_until_s = time(NULL) - 60;
	says(status, "signatures expired", false);
	memset(zones, 0, sizeof(zones));

	all_is_well(status);
	status->dns.nr_zones = WARNINGS_MAX + 10;
	for (size_t i = 0; i < status->dns.nr_zones; i++)
		strcpy(zones[i].error, "no");
	status_judge(&view, status);
	is_int(status->nr_warnings, WARNINGS_MAX, "no more than there is room for");
	snprintf(more, sizeof(more), "and %d zones more", 11);
	ok(strstr(status->warnings[WARNINGS_MAX - 1], more), "the last says how many more");
	for (size_t i = 0; i < status->nr_warnings; i++)
		free(status->warnings[i]);
	memset(zones, 0, sizeof(zones));
}

/* The kernel lets an interface be called by any bytes but a few. */
static void test_judge_names_are_made_printable(struct status *status)
{
	all_is_well(status);
	strcpy(status->interfaces[0].record.name, "e\xff\x1b");
	status->interfaces[0].missing = AD_ATTACHED_XDP;
	says(status, "e\\xff\\x1b: the XDP program", true);
}

static void test_judge_rotation(struct status *status)
{
	struct ad_bus_seen *bus = &status->bus.self;

	all_is_well(status);
	bus->state = AD_BUS_FRESH;
	bus->key_epoch = 5;
	bus->key_goal = 6;
	bus->step_real_s = time(NULL) - AD_BUS_STEP_S / 2;
	strcpy(bus->who, "alice@fra-1");
	says(status, NULL, false);
	all_is_well(status);
	bus->state = AD_BUS_FRESH;
	bus->key_epoch = 5;
	bus->key_goal = 6;
	bus->step_real_s = time(NULL) - AD_BUS_STEP_S;
	strcpy(bus->who, "alice@fra-1");
	says(status, "a rotation of the keys to epoch 6 is at epoch 5 since 5m00s, by alice@fra-1",
	     false);
}

static void test_judge_another_version(struct status *status)
{
	all_is_well(status);
	strcpy(view.meta.version, "0.0.1");
	says(status, "loaded by version 0.0.1", false);
	strcpy(view.meta.version, VERSION);
}

int main(void)
{
	static struct status status;

	test_judge_state(&status);
	test_judge_interfaces(&status);
	test_judge_clocks(&status);
	test_judge_peers(&status);
	test_judge_zones(&status);
	test_judge_names_are_made_printable(&status);
	test_judge_another_version(&status);
	test_judge_rotation(&status);
	return done_testing();
}
