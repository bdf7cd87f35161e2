// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bench.c: the real program in the kernel, in the world of the program tests, with the zones of
 * the DNS tests (packet.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "maps/types.h"
#include "packet.h"
#include "selftests/prog/rig.h"
#include "selftests/prog/world.h"
#include "selftests/prog/zones.h"
#include "selftests/fuzz/zones.h"

#define TIDY_EVERY 256 /* runs: flows that mutants have made go away */

static struct rig *rig;
static struct options *options;
static struct rig_result outcome;
static struct counts counts;
static const struct vector nothing = { .program = PROGRAM_PACKET };

static void use_zones(const char *dir)
{
	struct zone_plan *list = calloc(FUZZ_ZONES, sizeof(*list));
	size_t i;

	for (i = 0; i < FUZZ_ZONES; i++) {
		list[i].name = (char *)fuzz_zones[i].name;
		if (asprintf(&list[i].file, "%s/%s", dir, fuzz_zones[i].file) < 0)
			abort();
	}
	options->zones.list = list;
	options->zones.nr = FUZZ_ZONES;
	options->nsid = FUZZ_NSID;
}

void bench_raise(const char *vectors, const char *zones)
{
	struct plan *plan;

	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	if (plan_read(vectors, &plan) || world_enter(plan) || zones_mount())
		exit(1);
	options = plan->options.list[0];
	use_zones(zones);
	if (rig_open(options, &rig) || rig_prepare(rig, &nothing) || rig_counts(rig, &counts))
		exit(1);
}

/* The one reason that was counted. */
static uint32_t reason_counted(void)
{
	struct counts before = counts;
	uint32_t i, reason = 0, total = 0;

	demand(!rig_counts(rig, &counts));
	for (i = 1; i < AD_REASON_MAX; i++) {
		total += counts.packets[i] - before.packets[i];
		if (counts.packets[i] != before.packets[i])
			reason = i;
	}
	demand(total == 1);
	return reason;
}

void bench_run(const uint8_t *frame, size_t len, struct run *run)
{
	struct bytes in = { (uint8_t *)frame, len };
	static unsigned int runs;

	if (++runs % TIDY_EVERY == 0)
		demand(!rig_prepare(rig, &nothing));
	demand(!rig_run(rig, &nothing, false, &in, &outcome));
	run->in = frame;
	run->in_len = len;
	run->out = outcome.frame;
	run->out_len = outcome.len;
	run->action = outcome.retval;
	run->reason = reason_counted();
}

/* What `locals` was filled with: the flags of an address, or 0. */
static uint16_t local_flags(const uint8_t *address, bool ip6)
{
	uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff }, key[16];
	const struct entry *entry;
	struct ad_local local;
	size_t i;

	memcpy(key, mapped, sizeof(key));
	memcpy(key + (ip6 ? 0 : 12), address, ip6 ? 16 : 4);
	if (ip6 && !memcmp(key, mapped, 12)) /* such an address means nothing on a wire */
		return 0;
	for (i = 0; i < options->base.nr; i++) {
		entry = &options->base.list[i];
		if (strcmp(entry->map, "locals") || memcmp(entry->key.data, key, sizeof(key)))
			continue;
		memcpy(&local, entry->value.data, sizeof(local));
		return local.flags;
	}
	return 0;
}

/* What a map of one element was filled with. */
static const void *base_value(const char *map)
{
	size_t i;

	for (i = 0; i < options->base.nr; i++)
		if (!strcmp(options->base.list[i].map, map))
			return options->base.list[i].value.data;
	abort();
}

const struct ad_dns_rules *bench_rules(void)
{
	return base_value("dns_guard");
}

uint64_t bench_real_ns(void)
{
	const struct ad_state *state = base_value("state");

	return options->values.fixed_mono_ns + state->real_minus_mono_ns;
}

bool bench_is_ours(const uint8_t *address, bool ip6)
{
	return local_flags(address, ip6);
}

bool bench_is_dns_vip(const uint8_t *address, bool ip6)
{
	return local_flags(address, ip6) & AD_LOCAL_VIP_DNS;
}
