/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * changes.h: what differs between two configurations and their zones, in words. Knows no libbpf.
 */
#ifndef AD_CHANGES_H
#define AD_CHANGES_H

#include <jansson.h>
#include "user/config/config.h"
#include "user/dns/dns_zones.h"

/* A list of lines such as "node nyc1: up -> draining"; to json_decref(). */
json_t *changes_list(const struct config *old, const struct config *new);
/*
 * Adds a line for each zone that both sets have and that was read with other contents, to @warnings
 * one for each whose serial did not rise with them.
 */
void changes_add_zones(json_t *list, json_t *warnings, const struct dns_zones *old,
		       const struct dns_zones *new);

#endif
