/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * failure.h: how a command reports a failure: as lines on stderr or, with --json, as one object on
 * stdout, {"ok": false, "instance": "...", "error": "...", "errors": ["...", ...], "code": N}. The
 * first of the lines is the error, and the code is the exit code.
 */
#ifndef AD_FAILURE_H
#define AD_FAILURE_H

#include <jansson.h>
#include "config.h"
#include "user/base/globals.h"

/* Each returns @code. */
int fail(const struct globals *globals, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int fail_errors(const struct globals *globals, int code, const struct config_errors *errors);
/* Takes the reference to @lines, a list of texts. */
int fail_lines(const struct globals *globals, int code, json_t *lines);

/* Warns that of a file with these @errors only @config's places were used. */
void places_only(const struct config *config, const struct config_errors *errors);

/* What is in @errors, as such a list. */
json_t *errors_json(const struct config_errors *errors);

#endif
