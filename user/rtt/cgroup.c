// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cgroup.c: where cgroup v2 is mounted (cgroup.h).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cgroup.h"

#define MOUNT_POINT 4 /* the fifth field (proc_pid_mountinfo(5)) */

/* Blanks and the like are written as "\040". */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; to++) {
		if (text[0] == '\\' && strspn(text + 1, "01234567") >= 3) {
			*to = (text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0');
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

/* The mount point of a line about cgroup v2, or NULL. The line is taken apart. */
static char *take_line(char *line)
{
	char *type = strstr(line, " - "), *field, *rest = line;
	int i;

	if (!type || strncmp(type + 3, "cgroup2 ", 8))
		return NULL;
	*type = '\0';
	for (i = 0; (field = strsep(&rest, " ")) && i < MOUNT_POINT; i++)
		;
	if (field)
		unescape(field);
	return field;
}

int cgroup_find(const char *mounts, char *path, size_t size)
{
	FILE *file = fopen(mounts, "re");
	char *line = NULL, *found = NULL;
	int err = -ENOENT;
	size_t room = 0;

	if (!file)
		return -errno;
	while (!found && getline(&line, &room, file) > 0)
		found = take_line(line);
	if (found)
		err = snprintf(path, size, "%s", found) < (int)size ? 0 : -ENAMETOOLONG;
	free(line);
	fclose(file);
	return err;
}
