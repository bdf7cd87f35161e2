/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * targets.h: what a configuration asks to be checked: each address of each POP by each check.
 */
#ifndef AD_HEALTH_TARGETS_H
#define AD_HEALTH_TARGETS_H

#include "maps/health.h"
#include "user/config/config.h"

struct target {
	struct ad_health_key key; /* by which it is known over a reload; no two have the same */
	const struct config_check *check;
	__u16 pop; /* index into config.pops */
};

/* Sorted by key; free() it. 0, or -ENOMEM. */
int targets_list(const struct config *config, struct target **list, size_t *nr);
/* The one with @key in such a list, or NULL. */
struct target *targets_find(struct target *list, size_t nr, const struct ad_health_key *key);
int targets_compare(const struct ad_health_key *a, const struct ad_health_key *b);

#endif
