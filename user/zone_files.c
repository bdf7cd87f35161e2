// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_files.c: looks through zone files for $INCLUDE (zone_files.h). Whether the rest is any good
 * does not matter here.
 */
#include <ctype.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zone_files.h"

#define INCLUDE "$INCLUDE"

static bool files_note(struct zone_files *files, const char *name)
{
	char **grown;
	size_t i;

	for (i = 0; i < files->nr; i++)
		if (!strcmp(files->names[i], name))
			return false;
	grown = reallocarray(files->names, files->nr + 1, sizeof(*grown));
	if (!grown)
		return false;
	files->names = grown;
	grown[files->nr] = strdup(name);
	if (!grown[files->nr])
		return false;
	files->nr++;
	return true;
}

/* The word behind $INCLUDE, which may be quoted; NULL if the line says something else. */
static char *included(char *line)
{
	size_t len = strlen(INCLUDE);
	const char *end = " \t\r\n;";
	char *name;

	if (strncasecmp(line, INCLUDE, len) || !isspace((unsigned char)line[len]))
		return NULL;
	name = line + len + strspn(line + len, " \t");
	if (*name == '"') {
		name++;
		end = "\"\n";
	}
	name[strcspn(name, end)] = '\0';
	return *name ? name : NULL;
}

/* A relative name starts where the file that includes it really lies. */
static void files_include(struct zone_files *files, const char *file, const char *name)
{
	char real[PATH_MAX], path[2 * PATH_MAX];

	if (*name == '/') {
		zone_files_add(files, name);
	} else if (realpath(file, real)) {
		snprintf(path, sizeof(path), "%s/%s", dirname(real), name);
		zone_files_add(files, path);
	}
}

/* Behind a link there is another name, under which it may change too. */
static bool files_note_both(struct zone_files *files, const char *file)
{
	char real[PATH_MAX];

	if (!files_note(files, file))
		return false;
	if (realpath(file, real))
		files_note(files, real);
	return true;
}

void zone_files_add(struct zone_files *files, const char *file)
{
	char *line = NULL, *name;
	size_t size = 0;
	FILE *f;

	if (!files_note_both(files, file))
		return;
	f = fopen(file, "re");
	while (f && getline(&line, &size, f) > 0) {
		name = included(line);
		if (name)
			files_include(files, file, name);
	}
	free(line);
	if (f)
		fclose(f);
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
