/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * epoch.h: the epoch of the tunnel's keys that operators set by the bus, as an instance keeps it:
 * beside the drain in state.keep or, without that, in the run directory until the host is started
 * again. The higher of it and keys.epoch counts, so that a file of before does no harm.
 */
#ifndef AD_EPOCH_H
#define AD_EPOCH_H

#include <jansson.h>
#include "user/config/config.h"

#define EPOCH_MAX      255
#define EPOCH_PATH_MAX 300

/* False: the path is too long. */
bool epoch_path(const struct config *config, const char *instance, char path[EPOCH_PATH_MAX]);
/* {"epoch", "goal", "seq", ...}, of which these are numbers as they should be; NULL: none. */
json_t *epoch_read(const char *path);
/* Whether @word has these numbers. */
bool epoch_is_good(const json_t *word);
/* config->key_epoch becomes what counts; @word may be NULL. */
void epoch_count(struct config *config, const json_t *word);
/* The same by what @instance keeps. */
void epoch_count_kept(struct config *config, const char *instance);

#endif
