/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trust.h: whether others could decide what lies at a path of ours.
 */
#ifndef AD_TRUST_H
#define AD_TRUST_H

#include <sys/stat.h>
#include "user/config/config.h"

#define TRUST_TEXT 384

/*
 * Every directory on the way to @path, and @path itself if it exists, belongs to root or to us, and
 * nobody else can write there; but in the way there may be one that is sticky, as /tmp is, where
 * what is root's stays. What does not exist yet we make ourselves. 0, or -EPERM and @why, which
 * names the directory and what to do.
 */
int trust_path(const char *path, char why[TRUST_TEXT]);
/* The same, with @why as a line in @errors. */
int trust_or_tell(const char *path, struct config_errors *errors);
/* Of what is open: whether it is root's or ours, and nobody else may write to it. */
bool trust_is_ours(const struct stat *st);

#endif
