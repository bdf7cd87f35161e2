// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * catch_suspect.c: prefixes and ASes that are farther away than their region (catch_suspect.h).
 */
#include <stdbool.h>
#include <stdlib.h>
#include "catch_suspect.h"

struct finding {
	struct suspect *found;
	size_t nr;
	__u32 region_us;
	__u64 region_sockets;
};

static int compare_u32(__u32 a, __u32 b)
{
	return a < b ? -1 : a > b;
}

static int by_time(const void *a, const void *b)
{
	const struct suspect_seen *x = a, *y = b;

	return compare_u32(x->region, y->region) ?: compare_u32(x->rtt_least_us, y->rtt_least_us);
}

static int by_asn(const void *a, const void *b)
{
	const struct suspect_seen *x = a, *y = b;

	return compare_u32(x->asn, y->asn) ?: compare_u32(x->rtt_least_us, y->rtt_least_us);
}

/* Of one region, sorted by time. */
static void take_median(const struct suspect_seen *seen, size_t nr, struct finding *finding)
{
	__u64 below = 0;
	size_t i;

	finding->region_sockets = 0;
	for (i = 0; i < nr; i++)
		finding->region_sockets += seen[i].sockets;
	for (i = 0; i + 1 < nr && 2 * (below + seen[i].sockets) < finding->region_sockets; i++)
		below += seen[i].sockets;
	finding->region_us = seen[i].rtt_least_us;
}

static bool is_far(const struct finding *finding, __u64 sockets, __u32 least_us)
{
	return sockets >= SUSPECT_SOCKETS && least_us > (__u64)SUSPECT_FOLD * finding->region_us &&
	       least_us >= finding->region_us + SUSPECT_FARTHER_US;
}

static void add(struct finding *finding, const struct suspect_seen *seen, __u64 prefix,
		__u64 sockets)
{
	if (finding->nr < SUSPECTS_MAX)
		finding->found[finding->nr] = (struct suspect){
			.prefix = prefix,
			.region = seen->region,
			.asn = seen->asn,
			.sockets = sockets,
			.rtt_least_us = seen->rtt_least_us,
			.region_us = finding->region_us,
		};
	finding->nr++;
}

/* Prefixes of one AS in one region, the fastest first. */
static void find_in_asn(const struct suspect_seen *seen, size_t nr, struct finding *finding)
{
	__u64 sockets = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		sockets += seen[i].sockets;
	if (seen->asn && nr > 1 && is_far(finding, sockets, seen->rtt_least_us)) {
		add(finding, seen, 0, sockets);
		return;
	}
	for (i = 0; i < nr; i++)
		if (is_far(finding, seen[i].sockets, seen[i].rtt_least_us))
			add(finding, &seen[i], seen[i].prefix, seen[i].sockets);
}

static void find_in_region(struct suspect_seen *seen, size_t nr, struct finding *finding)
{
	size_t i = 0, first;

	take_median(seen, nr, finding);
	if (finding->region_sockets < SUSPECT_REGION)
		return;
	qsort(seen, nr, sizeof(*seen), by_asn);
	while (i < nr) {
		for (first = i; i < nr && seen[i].asn == seen[first].asn; i++)
			;
		find_in_asn(&seen[first], i - first, finding);
	}
}

size_t suspects_find(struct suspect_seen *seen, size_t nr, struct suspect *found)
{
	struct finding finding = { .found = found };
	size_t i = 0, first;

	if (nr)
		qsort(seen, nr, sizeof(*seen), by_time);
	while (i < nr) {
		for (first = i; i < nr && seen[i].region == seen[first].region; i++)
			;
		if (seen[first].region) /* nothing is said of who is in none */
			find_in_region(&seen[first], i - first, &finding);
	}
	return finding.nr;
}
