/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reloaded.h: the result of the last time that configuration and zones were read, as text.
 */
#ifndef AD_RELOADED_H
#define AD_RELOADED_H

#include <jansson.h>
#include "maps/types.h"

/* "ok", "partly", "refused"; "none" for numbers of another version. */
const char *reloaded_end(const struct ad_reload *reload);
/* Who or what started it: "SIGHUP", "anydoor reload (root)", ... Returns @text. */
#define RELOADED_BY_TEXT 64
const char *reloaded_by(const struct ad_reload *reload, char text[RELOADED_BY_TEXT]);
/* As in `status --json`; null if there was none. */
json_t *reloaded_json(const struct ad_reload *reload);

#endif
