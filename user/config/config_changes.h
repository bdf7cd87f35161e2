/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config_changes.h: the differences between two configurations as text, by the rows of the schema.
 * Knows no libbpf.
 */
#ifndef AD_CONFIG_CHANGES_H
#define AD_CONFIG_CHANGES_H

#include <jansson.h>
#include "config.h"

/*
 * A list of lines such as "node nyc1: state: up -> draining" or "flows.idle: 10m -> 5m", in the
 * order of the schema; what takes more than a reload says so. To json_decref(); NULL without
 * memory.
 */
json_t *config_changes(const struct config *old, const struct config *new);

#endif
