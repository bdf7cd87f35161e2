// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * file.c: small files of text (file.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "file.h"

static int read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t some;

	while (len < size) {
		some = read(fd, text + len, size - len);
		if (some < 0 && errno == EINTR)
			continue;
		if (some < 0)
			return -errno;
		if (!some)
			break;
		len += some;
	}
	if (len == size)
		return -EFBIG;
	text[len] = '\0';
	return 0;
}

int file_read(const char *path, char **text)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	*text = malloc(FILE_MOST + 1);
	err = *text ? read_all(fd, *text, FILE_MOST + 1) : -ENOMEM;
	close(fd);
	if (err) {
		free(*text);
		*text = NULL;
	}
	return err;
}

static int write_all(int fd, const char *text, mode_t mode)
{
	size_t left = strlen(text);
	ssize_t some;

	while (left) {
		some = write(fd, text, left);
		if (some < 0 && errno == EINTR)
			continue;
		if (some < 0)
			return -errno;
		text += some;
		left -= some;
	}
	return fchmod(fd, mode) || fsync(fd) ? -errno : 0;
}

/* A name in a directory is safe when the directory is. */
static int sync_dir(const char *path)
{
	char dir[PATH_MAX];
	int fd, err = 0;

	snprintf(dir, sizeof(dir), "%s", path);
	*(strrchr(dir, '/') ?: dir) = '\0';
	fd = open(*dir ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) && errno != EINVAL && errno != EROFS)
		err = -errno;
	close(fd);
	return err;
}

/* Its name is no other than that of one which a crash left. */
static int write_beside(const char *path, const char *text, mode_t mode)
{
	char beside[PATH_MAX];
	int fd, err;

	if ((size_t)snprintf(beside, sizeof(beside), "%s~", path) >= sizeof(beside))
		return -ENAMETOOLONG;
	unlink(beside);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, text, mode);
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(beside, path))
		err = -errno;
	if (err)
		unlink(beside);
	return err ?: sync_dir(path);
}

static bool says(const char *path, const char *text)
{
	char *now = NULL;
	bool same = !file_read(path, &now) && !strcmp(now, text);

	free(now);
	return same;
}

int file_write(const char *path, const char *text, mode_t mode)
{
	if (says(path, text))
		return 0;
	return write_beside(path, text, mode) ?: 1;
}

int file_remove(const char *path)
{
	if (unlink(path))
		return errno == ENOENT ? 0 : -errno;
	return sync_dir(path);
}
