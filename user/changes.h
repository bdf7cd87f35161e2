/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * changes.h: what differs between two configurations, in words. Knows no libbpf.
 */
#ifndef AD_CHANGES_H
#define AD_CHANGES_H

#include <jansson.h>
#include "config.h"
#include "dns_stats.h"

/* A list of lines such as "node nyc1: up -> draining"; to json_decref(). */
json_t *changes_list(const struct config *old, const struct config *new);
/* Adds a line for each zone that both have, with another serial. Both are sorted by name. */
void changes_add_serials(json_t *list, const struct dns_stats *old, const struct dns_stats *new);

#endif
