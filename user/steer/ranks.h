/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ranks.h: in which order the POPs of a rule stand that draws by measured round-trip time, where
 * that is another order than the configuration's. By names, so that it holds for a plan that is
 * made later, of a configuration with other POPs and regions. Pure.
 */
#ifndef AD_STEER_RANKS_H
#define AD_STEER_RANKS_H

#include "maps/steer_rows.h"
#include "policy.h"
#include "user/config/config.h"

struct arena;

struct steer_ranked {
	char policy[AD_STEER_NAME];
	char region[AD_STEER_NAME]; /* empty: `default` */
	size_t nr;
	char (*pops)[AD_STEER_NAME]; /* the first one first */
};
struct steer_ranks {
	struct steer_ranked *list; /* sorted by policy and region */
	size_t nr;
};

/*
 * Adds a POP behind those of the same rule, which must have been added right before. 0 or -ENOMEM.
 */
int steer_ranks_add(struct steer_ranks *ranks, const char *policy, const char *region,
		    const char *pop);
void steer_ranks_sort(struct steer_ranks *ranks);
void steer_ranks_free(struct steer_ranks *ranks);
/* Equal ones have the same; NULL, as nothing in it: 0. */
__u64 steer_ranks_fingerprint(const struct steer_ranks *ranks);

/* The name of the region of a share of a policy; "" for `default`. */
const char *steer_share_region(const struct config *config, const struct config_policy *policy,
			       size_t share);

/*
 * The rules of a plan's policies, those that are ranked in their order. What is borrowed from the
 * plan must outlive it. steer_ranking_free() in any case.
 */
struct steer_ranking {
	struct steer_policy *policies; /* as many as the plan has */
	size_t nr;
	struct arena *arena; /* what is not borrowed */
};
/* @ranks may be NULL. 0 or -ENOMEM. */
int steer_ranking_make(const struct steer_plan *plan, const struct config *config,
		       const struct steer_ranks *ranks, struct steer_ranking *ranking);
void steer_ranking_free(struct steer_ranking *ranking);

#endif
