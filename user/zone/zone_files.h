/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone_files.h: which files a zone is made of: its own, and what $INCLUDE names. For those who
 * watch them, or must know whose an error in one is, also while the zone cannot be loaded.
 */
#ifndef AD_ZONE_FILES_H
#define AD_ZONE_FILES_H

#include <stddef.h>

struct zone_files {
	char **names; /* as errors name them; the zone's own first */
	size_t nr;
};

/*
 * Adds @file and what it includes, each once, and of a link also what it leads to; what cannot be
 * read, or must not be (zone_input.h), includes nothing. @include_dir as zone_load() takes it.
 */
void zone_files_add(struct zone_files *files, const char *file, const char *include_dir);

/* Adds this name if it is not there: it as the list keeps it, or NULL without memory. */
const char *zone_files_note(struct zone_files *files, const char *name);

void zone_files_free(struct zone_files *files);

#endif
