/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * health_section.h: how POPs stand by a node's health checks, as the node tells it to others: an
 * object of those that do not stand well. Of thousands only so many are named as fit into the
 * node's record; how many others there are is counted under a name that no POP has.
 */
#ifndef AD_HEALTH_SECTION_H
#define AD_HEALTH_SECTION_H

#include <jansson.h>
#include "user/steer/pops.h"

#define HEALTH_SECTION_MAX 8192 /* bytes, of half a node's record */

/* {"fra": "out", ..., "": 17} */
json_t *health_section_write(const struct pop_seen *pops, size_t nr);
/* The POPs of one that anybody may have written: "fra nyc +17", as many as fit. */
void health_section_text(const json_t *section, char *text, size_t size);

#endif
