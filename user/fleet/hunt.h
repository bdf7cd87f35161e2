/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hunt.h: what the data path is told for its hunts. Knows no libbpf.
 */
#ifndef AD_USER_HUNT_H
#define AD_USER_HUNT_H

#include "user/config/config.h"

/*
 * Budgets, ages, and whom to ask, the likeliest first: those of the configuration; without any, the
 * other nodes of our POP, then one of each other POP, the nearest first, then a second one of each,
 * and so on, until the list is full. With a directory the first of each POP comes before all that.
 */
void hunt_plan(const struct config *config, struct ad_hunt *plan);
/* What the configuration, the metrics and the JSON call a budget and whom it bounds. */
extern const char *const budget_names[AD_BUDGET_CLASSES];
extern const char *const budget_scopes[AD_BUDGET_SCOPES];

/* Does the data of known flows have a budget? The data path asks only then. */
bool hunt_meters_data(const struct ad_hunt *plan);

#endif
