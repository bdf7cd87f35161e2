/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_files.h: which files a zone is read from: its own, and those that $INCLUDE names. Also known
 * while the zone cannot be loaded: to watch its files, and to tell which zone an error in a file
 * belongs to.
 */
#ifndef AD_ZONE_FILES_H
#define AD_ZONE_FILES_H

#include <stddef.h>

struct zone_files {
	char **names; /* as errors name them; the zone's own first */
	size_t nr;
};

/*
 * Adds @file and the files that it includes, each once; of a symbolic link also its target. A file
 * that cannot be read, or must not be (zone_input.h), includes nothing. @include_dir as zone_load()
 * takes it.
 */
void zone_files_add(struct zone_files *files, const char *file, const char *include_dir);

/*
 * Adds this name if it is not in the list. Returns the list's copy of it, or NULL without memory.
 */
const char *zone_files_note(struct zone_files *files, const char *name);

void zone_files_free(struct zone_files *files);

#endif
