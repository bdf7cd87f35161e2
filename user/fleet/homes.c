// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * homes.c: which node of a POP is told of which flows (homes.h).
 */
#include <string.h>
#include "homes.h"

/* The finalizer of splitmix64. */
static __u64 mix(__u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static __u16 home_of(__u32 part, const __u16 *ids, size_t nr)
{
	__u64 best = 0, score;
	__u16 home = 0;

	for (size_t i = 0; i < nr; i++) {
		score = mix(((__u64)ids[i] << 32 | part) + 0x9e3779b97f4a7c15ull);
		if (!home || score > best || (score == best && ids[i] < home)) {
			best = score;
			home = ids[i];
		}
	}
	return home;
}

void homes_fill(struct ad_homes *homes, const __u16 *ids, size_t nr)
{
	for (__u32 part = 0; part < AD_HOME_PARTS; part++)
		homes->node[part] = home_of(part, ids, nr);
}
