/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * changes.h: what differs between two configurations, in words. Knows no libbpf.
 */
#ifndef AD_CHANGES_H
#define AD_CHANGES_H

#include <jansson.h>
#include "config.h"

/* A list of lines such as "node nyc1: up -> draining"; to json_decref(). */
json_t *changes_list(const struct config *old, const struct config *new);

#endif
