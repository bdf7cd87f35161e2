/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * match.h: in which regions an address is, and how exactly each of them names it.
 */
#ifndef AD_MATCH_H
#define AD_MATCH_H

#include "geo_file.h"
#include "intern.h"
#include "networks.h"

/* How exactly: the larger, the more. By network, its length is added. */
enum match_level {
	MATCH_NONE = 0,
	MATCH_CONTINENT,
	MATCH_COUNTRY,
	MATCH_SUBDIVISION,
	MATCH_ASN,
	MATCH_NETWORK = 256
};

/* One word of one region's list, such as DE. */
struct match_word {
	__u64 key;
	__u16 region;
	__u8 level;
	bool is_seen; /* some address has it */
};

struct matcher {
	const struct config *config;
	struct match_word *words; /* sorted by level and key */
	size_t nr_words;
	__u32 *levels; /* by region: of the address at hand */
	__u32 *touched;
	size_t nr_touched;
	bool by_place;	/* some policy goes by distance */
	bool has_place; /* some address has coordinates */
};

/* 0 or -ENOMEM. */
int matcher_open(struct matcher *matcher, const struct config *config);
void matcher_close(struct matcher *matcher);
/*
 * The regions of an address with @record, in network number @network of @networks: a list of
 * (region, level) pairs, sorted by region; behind the last region, its cell (distance.h) if some
 * policy goes by distance. Its number in @classes. 0 or -ENOMEM.
 */
int matcher_classify(struct matcher *matcher, const struct geo_record *record,
		     const struct networks *networks, __u32 network, struct intern *classes,
		     __u32 *number);
/*
 * Which rule of @policy names a client most exactly, @levels being those of its regions, by region;
 * the number of rules: none does, so `default`.
 */
size_t match_rule(const struct config_policy *policy, const __u32 *levels);

#endif
