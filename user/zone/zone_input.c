// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * zone_input.c: opens the files of a zone, within limits (zone_input.h).
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "zone_input.h"

static int __attribute__((format(printf, 2, 3)))
refuse(struct zone_input *input, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(input->why, sizeof(input->why), format, args);
	va_end(args);
	return -EINVAL;
}

/* The directory of @path, in newly allocated memory. */
static char *directory_of(const char *path)
{
	char *copy = strdup(path), *dir = copy ? strdup(dirname(copy)) : NULL;

	free(copy);
	return dir;
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = dir ? strlen(dir) : 0;

	if (!len)
		return false;
	return !strncmp(path, dir, len) && (dir[len - 1] == '/' || path[len] == '/');
}

static bool is_reached(const struct zone_input *input, const char *real)
{
	size_t i;

	for (i = 0; i < sizeof(input->roots) / sizeof(*input->roots); i++)
		if (is_below(real, input->roots[i]))
			return true;
	return false;
}

/* The file may become shorter meanwhile: then only what is left is read. */
static int read_all(struct zone_input *input, struct zone_text *text, int fd, size_t size)
{
	size_t len = 0;
	ssize_t n;

	text->bytes = malloc(size + 1);
	if (!text->bytes)
		return -ENOMEM;
	while (len < size && (n = read(fd, text->bytes + len, size - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse(input, "cannot be read: %s", strerror(errno));
		len += n;
	}
	zone_lex_begin(&text->lex, text->bytes, len);
	return 0;
}

static bool is_open(const struct zone_input *input, const struct stat *st)
{
	unsigned int i;

	for (i = 0; i < input->depth; i++)
		if (input->stack[i].dev == st->st_dev && input->stack[i].ino == st->st_ino)
			return true;
	return false;
}

static int check_file(struct zone_input *input, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return refuse(input, "not a regular file");
	if (is_open(input, st))
		return refuse(input, "this file is being read already: it includes itself");
	if (st->st_size < 0 || (__u64)st->st_size > ZONE_BYTES_MAX - input->bytes)
		return refuse(input, "the files of a zone have more than %llu bytes together",
			      (unsigned long long)ZONE_BYTES_MAX);
	return 0;
}

static int keep_seen(struct zone_input *input, const char *name, const struct stat *st)
{
	struct zone_seen *grown;

	grown = reallocarray(input->seen, input->nr_seen + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	input->seen = grown;
	zone_seen_take(&grown[input->nr_seen++], name, st);
	return 0;
}

/* @fd is open for reading; @real is its path without links. */
static int push_file(struct zone_input *input, int fd, const char *name, const char *real)
{
	struct zone_text *text = &input->stack[input->depth];
	struct stat st;
	int err;

	if (fstat(fd, &st))
		return refuse(input, "%s", strerror(errno));
	err = check_file(input, &st);
	err = err ?: keep_seen(input, name, &st);
	if (err)
		return err;
	memset(text, 0, sizeof(*text));
	text->name = name;
	text->dev = st.st_dev;
	text->ino = st.st_ino;
	text->dir = directory_of(real);
	input->depth++;
	input->bytes += st.st_size;
	return text->dir ? read_all(input, text, fd, st.st_size) : -ENOMEM;
}

/* O_NONBLOCK: opening a pipe without a writer must not block. */
static int open_file(struct zone_input *input, const char *name, const char *real)
{
	int fd = open(real, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), err;

	input->opened++;
	if (fd < 0)
		return refuse(input, "%s", strerror(errno));
	name = zone_files_note(&input->files, name);
	err = name ? push_file(input, fd, name, real) : -ENOMEM;
	close(fd);
	return err;
}

static int find_roots(struct zone_input *input, const char *file, const char *real,
		      const char *include_dir)
{
	char *dir = directory_of(file);

	input->roots[0] = directory_of(real);
	input->roots[1] = dir ? realpath(dir, NULL) : NULL;
	input->roots[2] = include_dir ? realpath(include_dir, NULL) : NULL;
	free(dir);
	return input->roots[0] ? 0 : -ENOMEM;
}

int zone_input_begin(struct zone_input *input, const char *file, const char *include_dir)
{
	char real[PATH_MAX];

	memset(input, 0, sizeof(*input));
	if (!realpath(file, real)) {
		zone_files_note(&input->files, file);
		return refuse(input, "%s", strerror(errno));
	}
	if (find_roots(input, file, real, include_dir))
		return -ENOMEM;
	return open_file(input, file, real);
}

int zone_input_begin_text(struct zone_input *input, const char *name, const char *text, size_t len)
{
	memset(input, 0, sizeof(*input));
	name = zone_files_note(&input->files, name);
	if (!name)
		return -ENOMEM;
	input->stack[0].name = name;
	input->depth = 1;
	zone_lex_begin(&input->stack[0].lex, text, len);
	return 0;
}

void zone_input_end(struct zone_input *input)
{
	size_t i;

	while (input->depth)
		zone_input_pop(input);
	for (i = 0; i < sizeof(input->roots) / sizeof(*input->roots); i++)
		free(input->roots[i]);
	zone_files_free(&input->files);
	free(input->seen);
}

struct zone_text *zone_input_top(struct zone_input *input)
{
	return input->depth ? &input->stack[input->depth - 1] : NULL;
}

void zone_input_pop(struct zone_input *input)
{
	struct zone_text *text = zone_input_top(input);

	free(text->bytes);
	free(text->dir);
	input->depth--;
}

static bool has_control(const char *name)
{
	for (; *name; name++)
		if (iscntrl((unsigned char)*name))
			return true;
	return false;
}

static int include_file(struct zone_input *input, const char *path)
{
	char real[PATH_MAX];

	if (input->depth == ZONE_INCLUDE_DEPTH)
		return refuse(input, "included more than %d files deep", ZONE_INCLUDE_DEPTH);
	if (input->opened == ZONE_FILES_MAX)
		return refuse(input, "more than %d files are included", ZONE_FILES_MAX);
	if (!realpath(path, real))
		return refuse(input, "%s", strerror(errno));
	if (!is_reached(input, real))
		return refuse(input, "$INCLUDE reaches only files below the zone file's own "
				     "directory or `dns.include_dir`");
	return open_file(input, path, real);
}

/* A relative name starts in the directory of the including file, after links were followed. */
int zone_input_include(struct zone_input *input, const char *name)
{
	const struct zone_text *top = zone_input_top(input);
	char path[PATH_MAX], why[sizeof(input->why)];
	int len, err;

	if (!*name || has_control(name))
		return refuse(input, "a file name is empty or has control characters");
	if (!top->dir)
		return refuse(input, "a text that is no file includes nothing");
	len = snprintf(path, sizeof(path), *name == '/' ? "%s%s" : "%s/%s",
		       *name == '/' ? "" : top->dir, name);
	if (len >= (int)sizeof(path))
		return refuse(input, "a file name is too long");
	err = include_file(input, path);
	if (err == -EINVAL) {
		memcpy(why, input->why, sizeof(why));
		refuse(input, "%s: %s", path, why);
	}
	return err;
}
