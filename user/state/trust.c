// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * trust.c: follows a path, name by name and through links (trust.h).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "trust.h"

static bool is_ours(const struct stat *st)
{
	return !st->st_uid || st->st_uid == geteuid();
}

/* The group root counts as root. */
static bool others_write(const struct stat *st)
{
	return st->st_mode & S_IWOTH || (st->st_mode & S_IWGRP && st->st_gid);
}

bool trust_is_ours(const struct stat *st)
{
	return is_ours(st) && !others_write(st);
}

/* 0; -EPERM and @why; or -ENOENT: neither it nor anything beyond is there. */
static int check_one(const char *at, bool last, char why[TRUST_TEXT / 2])
{
	struct stat st;

	if (lstat(at, &st))
		return errno == ENOENT ? -ENOENT
				       : 0; /* the caller will get the error when it uses it */
	if (!is_ours(&st)) {
		snprintf(why, TRUST_TEXT / 2,
			 "belongs to user %u, who decides what lies there: if nothing of yours is "
			 "in it, rm -r it, or else chown it to root and look at what it holds",
			 st.st_uid);
		return -EPERM;
	}
	/* The mode of a link means nothing. What is in a sticky directory is checked next. */
	if (S_ISLNK(st.st_mode) || !others_write(&st) || (st.st_mode & S_ISVTX && !last))
		return 0;
	snprintf(why, TRUST_TEXT / 2,
		 "has mode %04o, so others can replace what lies there; chmod go-w it, or use "
		 "another directory",
		 (unsigned int)st.st_mode & 07777);
	return -EPERM;
}

static int walk(const char *path, char at[PATH_MAX], char why[TRUST_TEXT / 2])
{
	int err = 0;
	char *end;

	snprintf(at, PATH_MAX, "%s", path);
	for (end = at + 1; !err; end++) {
		char was = *end;

		if (was && was != '/')
			continue;
		*end = '\0';
		err = check_one(at, !was, why);
		if (!was || err == -EPERM)
			break;
		*end = was;
	}
	return err;
}

/* -EPERM: what lies at @at is @why. */
static int find_fault(const char *path, char at[PATH_MAX], char why[TRUST_TEXT / 2])
{
	char real[PATH_MAX];
	int err = walk(path, at, why);

	if (!err && realpath(path, real))
		err = walk(real, at, why);
	return err == -EPERM ? err : 0;
}

int trust_path(const char *path, char why[TRUST_TEXT])
{
	char at[PATH_MAX], text[TRUST_TEXT / 2];
	int err = find_fault(path, at, text);

	if (err)
		snprintf(why, TRUST_TEXT, "%.*s: %s", 160, at, text);
	return err;
}

int trust_or_tell(const char *path, struct config_errors *errors)
{
	char at[PATH_MAX], why[TRUST_TEXT / 2];
	int err = find_fault(path, at, why);

	if (err)
		config_errors_add(errors, at, 0, "%s", why);
	return err;
}
