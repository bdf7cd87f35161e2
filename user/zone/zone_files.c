// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_files.c: looks for $INCLUDE in zone files (zone_files.h). Errors in the rest of a file do
 * not matter here.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "zone_files.h"
#include "zone_input.h"
#include "zone_word.h"

const char *zone_files_note(struct zone_files *files, const char *name)
{
	char **grown, *copy;
	size_t i;

	for (i = 0; i < files->nr; i++)
		if (!strcmp(files->names[i], name))
			return files->names[i];
	grown = reallocarray(files->names, files->nr + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	files->names = grown;
	copy = strdup(name);
	if (copy)
		grown[files->nr++] = copy;
	return copy;
}

/* A symbolic link leads to another name. The file can change under that name, too. */
static void note_both(struct zone_files *files, const char *name)
{
	char real[PATH_MAX];

	zone_files_note(files, name);
	if (realpath(name, real))
		zone_files_note(files, real);
}

static void follow(struct zone_input *input, const struct zone_entry *entry)
{
	char name[PATH_MAX];

	if (entry->indented || entry->nr < 2 || !zone_word_is(&entry->words[0], "$INCLUDE") ||
	    zone_word_file(&entry->words[1], name, sizeof(name)))
		return;
	zone_input_include(input, name);
}

/* Errors are reported when the zone is read. */
static void scan(struct zone_input *input)
{
	struct zone_entry entry = { 0 };
	int had;

	while (zone_input_top(input)) {
		had = zone_lex_next(&zone_input_top(input)->lex, &entry);
		if (had > 0)
			follow(input, &entry);
		else if (had != -EINVAL)
			zone_input_pop(input);
	}
	zone_entry_free(&entry);
}

void zone_files_add(struct zone_files *files, const char *file, const char *include_dir)
{
	struct zone_input input;
	size_t i;

	note_both(files, file);
	if (!zone_input_begin(&input, file, include_dir))
		scan(&input);
	for (i = 0; i < input.files.nr; i++)
		note_both(files, input.files.names[i]);
	zone_input_end(&input);
}

void zone_files_free(struct zone_files *files)
{
	size_t i;

	for (i = 0; i < files->nr; i++)
		free(files->names[i]);
	free(files->names);
	files->names = NULL;
	files->nr = 0;
}
