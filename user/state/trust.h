/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trust.h: could other users decide what is at a path of ours?
 */
#ifndef AD_TRUST_H
#define AD_TRUST_H

#include <sys/stat.h>
#include "user/config/config.h"

#define TRUST_TEXT 384

/*
 * Checks that every directory on the way to @path, and @path itself if it exists, belongs to root
 * or to us, and that nobody else can write there. A directory on the way may be sticky, as /tmp is:
 * files of root stay there. What does not exist yet we make ourselves. 0, or -EPERM and @why, which
 * names the directory and what to do.
 */
int trust_path(const char *path, char why[TRUST_TEXT]);
/* The same, with @why as a line in @errors. */
int trust_or_tell(const char *path, struct config_errors *errors);
/* For an open file: does it belong to root or to us, and may nobody else write to it? */
bool trust_is_ours(const struct stat *st);

#endif
