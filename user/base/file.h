/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file.h: small files of text, read and written as a whole.
 */
#ifndef AD_FILE_H
#define AD_FILE_H

#include <sys/types.h>

#define FILE_MOST (256 * 1024) /* bytes */

/* 0 and *@text, with a NUL behind it, to free(); -EFBIG, or another -errno. */
int file_read(const char *path, char **text);
/*
 * Readers find the old file or the new one, also after a crash of the host. Nothing is written if
 * the file says that already. 1: it was written; 0; or -errno.
 */
int file_write(const char *path, const char *text, mode_t mode);
/* The same for a file that goes away; 0 also if there is none. */
int file_remove(const char *path);

#endif
