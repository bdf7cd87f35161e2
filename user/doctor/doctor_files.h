/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doctor_files.h: the first source of what `anydoor doctor` finds.
 */
#ifndef AD_DOCTOR_FILES_H
#define AD_DOCTOR_FILES_H

#include "user/config/config.h"
#include "user/host/findings.h"

/* The configuration, to config_free(); NULL if it is wrong, or may not be read, which is said. */
struct config *doctor_files(const char *path, struct findings *findings);

#endif
