/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seen.h: how the directory of an instance does, as its daemon wrote it.
 */
#ifndef AD_DIRECTORY_SEEN_H
#define AD_DIRECTORY_SEEN_H

#include <jansson.h>
#include "maps/directory.h"
#include "user/state/pins.h"

/* 0 or -errno; zeros if what was loaded has no such map. */
int directory_seen_read(const struct pins *pins, struct ad_directory_seen *seen);
int directory_seen_write(const struct pins *pins, const struct ad_directory_seen *seen);
/* "off", "hears", "lists", "mute" */
const char *directory_state_word(__u32 state);
json_t *directory_seen_json(const struct ad_directory_seen *seen);

#endif
